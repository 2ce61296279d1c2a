"""Two accounts are two people, unless somebody has, or lately had, both of them in their hands."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock
from ledger.api import Actor, record
from payments.second_person import CREDENTIALS, WINDOW, objection
from tests.cast import staff

pytestmark = pytest.mark.django_db


def had(holder: User, account: User) -> None:
    """`holder` made `account`, or set what it signs in with."""
    with transaction.atomic():
        record(
            "user.password_changed",
            actor=Actor.staff(holder.pk),
            subjects={"user": str(account.pk), CREDENTIALS: str(account.pk)},
            data={},
        )


def may(person: User, *proposers: User | None) -> bool:
    return objection(person, [one.pk if one else None for one in proposers]) is None


def test_who_counts_as_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    ana, rosa, luis, eva = (staff(name) for name in ("ana", "rosa", "luis", "eva"))
    assert may(ana, rosa)
    assert may(ana, None), "a member proposed it on their own page"
    assert objection(ana, [ana.pk]) == "own_proposal"
    assert objection(ana, [None, rosa.pk, ana.pk], own="own_request") == "own_request"

    had(rosa, ana)
    assert objection(ana, [rosa.pk]) == objection(rosa, [ana.pk]) == "same_hands", "both ways"
    assert may(ana, luis)
    assert not may(ana, luis, rosa), "each of them counts"

    had(rosa, luis)
    assert objection(ana, [luis.pk]) == "same_hands", "rosa could be both"

    had(luis, eva)
    assert objection(eva, [rosa.pk]) == "same_hands", "through an account that she made"

    later = clock.now() + WINDOW + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert may(ana, rosa)
    assert may(eva, rosa, luis), "the window is over"


def test_two_accounts_with_one_email_are_one_person() -> None:
    ana, rosa = staff("ana"), staff("rosa")
    assert may(ana, rosa), "no address is nobody's"
    User.objects.filter(pk=rosa.pk).update(email="Ana@example.org")
    ana.email = "ana@example.org"
    assert objection(ana, [rosa.pk]) == "same_email"

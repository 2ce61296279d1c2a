"""The ledger is checked by itself: what was changed beside the program stops new payments, and is shown, once."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_q.models import Schedule

from ledger import clock
from ledger.api import seal
from payments import tasks
from payments.actions import pausing, set_limits
from payments.models import AuthorisationLimit, LedgerCheck, Pause, Payment
from payments.models.pauses import PauseCause
from payments.openpayments.amounts import Amount, Asset
from payments.states import PaymentState, RequestState
from payments.worker import ledger_checks
from tests import cast, comparing
from tests.cast import person, signed_in, staff

pytestmark = pytest.mark.django_db
USD = Asset("USD", 2)


@pytest.fixture(autouse=True)
def limit(db: None) -> AuthorisationLimit:
    """Above 500 dollars a second person decides. Nothing else is there but what the ledger tells of."""
    comparing.carry_over_all()
    return set_limits.set_limit(Amount(500_00, USD), staff("luis"))


def raise_it(limit: AuthorisationLimit, value: int) -> None:
    """As somebody with the database's password would."""
    AuthorisationLimit.objects.filter(pk=limit.pk).update(limit=value)


def causes() -> list[str]:
    return list(Pause.objects.filter(ended_at=None).values_list("cause", flat=True))


def last(kind: LedgerCheck.Kind) -> LedgerCheck:
    return LedgerCheck.objects.get(kind=kind)


def test_where_nothing_was_changed_nothing_is_paused() -> None:
    cast.settled()
    comparing.carry_over_all()
    while seal():
        pass
    tasks.check_ledger_quickly()
    tasks.check_ledger()
    assert causes() == []
    quick, whole = last(LedgerCheck.Kind.QUICK), last(LedgerCheck.Kind.WHOLE)
    assert (quick.faults, whole.faults) == (0, 0), [finding.sentence() for finding in whole.findings]
    assert 0 < quick.rows <= whole.rows
    assert whole.entries


@pytest.mark.parametrize("check", [tasks.check_ledger_quickly, tasks.check_ledger])
def test_a_finding_pauses_everything_once(limit: AuthorisationLimit, check: Any) -> None:
    raise_it(limit, 900_000_00)
    check()
    assert causes() == [PauseCause.LEDGER_FAULTS]
    check()
    pausing.resume(Pause.objects.get().pk, staff("luis"))
    check()
    assert causes() == [], "whoever resumed knew of it"
    raise_it(limit, 500_00)
    check()
    raise_it(limit, 900_000_00)
    check()
    assert causes() == [PauseCause.LEDGER_FAULTS], "it was mended, and done again"


def test_a_deleted_limit_is_found_at_the_next_quick_look(limit: AuthorisationLimit) -> None:
    limit.delete()
    tasks.check_ledger_quickly()
    (found,) = last(LedgerCheck.Kind.QUICK).findings
    assert "is gone from payments_authorisationlimit, and no entry of the ledger says so" in found.sentence()
    assert causes() == [PauseCause.LEDGER_FAULTS]


def test_a_limit_that_was_removed_by_a_person_is_no_finding(limit: AuthorisationLimit) -> None:
    set_limits.remove_limit(limit, staff("luis"))
    tasks.check_ledger_quickly()
    assert causes() == []


def test_where_an_open_payment_goes_is_looked_at_quickly_and_what_is_over_at_night() -> None:
    is_open = cast.paid_to_maria(cast.asked())
    is_over = cast.paid_to_maria(cast.asked(RequestState.APPROVED, form_id="2"), PaymentState.SETTLED)
    comparing.carry_over_all()
    tasks.check_ledger_quickly()
    LedgerCheck.objects.update(
        started_at=clock.now() + timedelta(hours=1), finished_at=clock.now() + timedelta(hours=2)
    )
    for payment in (is_open, is_over):
        Payment.objects.filter(pk=payment.pk).update(receiver_wallet=cast.wallet("mallory"))
    found = ledger_checks.check_quickly()
    assert found
    named = {dict(finding.about)["row"] for finding in found.findings}
    assert is_open.pk in named
    assert is_over.pk not in named
    tasks.check_ledger()
    findings = last(LedgerCheck.Kind.WHOLE).findings
    assert {is_open.pk, is_over.pk} <= {dict(finding.about)["row"] for finding in findings}


def test_one_check_at_a_time_until_it_is_given_up() -> None:
    began = clock.now()
    LedgerCheck.objects.create(kind=LedgerCheck.Kind.QUICK, started_at=began)
    assert ledger_checks.check_quickly() is None
    LedgerCheck.objects.update(started_at=began - ledger_checks.ABANDONED)
    done = ledger_checks.check_quickly()
    assert done
    assert done.is_over


def test_the_overview_says_when_and_what(limit: AuthorisationLimit) -> None:
    auditor = signed_in(person("ines", "ledger.view_entry"))
    assert "All of it was never checked yet" in shown(auditor)
    tasks.check_ledger()
    assert "All of it was checked on" in shown(auditor)
    raise_it(limit, 1)
    tasks.check_ledger_quickly()
    page = shown(auditor)
    assert "1 fault was found." in page
    assert f"The column limit of row {limit.pk} in payments_authorisationlimit" in page


def shown(client: Client) -> str:
    return client.get(reverse("admin:index")).content.decode()


def test_both_are_scheduled() -> None:
    quick, whole = (Schedule.objects.get(name=f"payments.{name}") for name in ("check_ledger_quickly", "check_ledger"))
    assert (quick.schedule_type, quick.minutes) == (Schedule.MINUTES, 5)
    assert whole.schedule_type == Schedule.DAILY

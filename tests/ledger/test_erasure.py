import json

import pytest
from django.db import transaction

from ledger.api import Actor, RefusedContentError, erase, erase_subject, timeline, verify
from ledger.models import Entry, PrivatePart
from tests.ledger import samples

pytestmark = pytest.mark.django_db
STAFF = Actor.staff(4)


def test_what_was_erased_is_gone_and_the_chain_still_verifies() -> None:
    entry = samples.settled(name="María Sabina")
    samples.seal_all()
    assert erase([entry.id], actor=STAFF, reason="member_asked") == 1
    samples.seal_all()
    assert not PrivatePart.objects.exists()
    assert list(verify()) == []
    (row,) = timeline([("payment", "P1")])
    assert row.erased
    assert row.private == {}


def test_an_erasure_is_an_entry_about_what_it_erased() -> None:
    entry = samples.settled(name="Ana")
    erase([entry.id], actor=STAFF, reason="member_asked")
    recorded = Entry.objects.get(kind="ledger.erased")
    body = json.loads(recorded.body)
    assert body["actor"] == {"kind": "staff", "id": "4"}
    assert body["subjects"] == {"entry": [entry.id]}
    assert body["data"] == {"reason": "member_asked"}


def test_erasing_twice_or_nothing_records_nothing() -> None:
    entry = samples.settled(name="Ana")
    plain = samples.settled()
    assert erase([entry.id, entry.id, plain.id, "unknown"], actor=STAFF, reason="member_asked") == 1
    assert erase([entry.id, plain.id], actor=STAFF, reason="member_asked") == 0
    assert erase([], actor=STAFF, reason="member_asked") == 0
    assert Entry.objects.filter(kind="ledger.erased").count() == 1


def test_everything_about_one_subject_can_be_erased() -> None:
    for number in range(3):
        samples.settled(f"P{number}", job="7", name="Ana")
    other = samples.settled("P9", job="8", name="Luz")
    assert erase_subject("job", "7", actor=STAFF, reason="member_asked") == 3
    assert [part.entry_id for part in PrivatePart.objects.all()] == [other.id]


def test_a_long_history_is_erased_in_several_entries() -> None:
    for _ in range(201):
        samples.settled(name="Ana")
    assert erase_subject("job", "7", actor=STAFF, reason="retention") == 201
    assert Entry.objects.filter(kind="ledger.erased").count() == 2
    assert list(verify()) == []


@pytest.mark.parametrize("reason", ["", "Ana asked for it", "x" * 65])
def test_a_reason_is_a_code(reason: str) -> None:
    entry = samples.settled(name="Ana")
    with pytest.raises(RefusedContentError):
        erase([entry.id], actor=STAFF, reason=reason)
    assert PrivatePart.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_erasure_that_fails_half_way_erases_nothing() -> None:
    entry = samples.settled(name="Ana")

    def interrupted() -> None:
        with transaction.atomic():
            erase([entry.id], actor=STAFF, reason="member_asked")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        interrupted()
    assert PrivatePart.objects.exists()
    assert list(verify()) == []

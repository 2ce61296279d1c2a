"""Exceptions over several comparisons: what is found again waits again, what a person ended stays ended."""

import pytest

from ledger.models import StatementException, StatementImport, StatementRow, StatementSource
from ledger.models.statements import SourceKind
from ledger.statements.differences import compare
from ledger.statements.exceptions import Judged, Outcome, assign, keep, open_exceptions, resolve
from ledger.statements.kinds import Resolution
from ledger.statements.lines import ToldRow, new_lines, their_row
from ledger.statements.matching import EXACT_RULES, Terms
from tests.ledger.statements.test_matching import ours, theirs

pytestmark = pytest.mark.django_db


class WalletList:
    """One payment of 100.00, and a list that says of it what it likes."""

    def __init__(self) -> None:
        self.source = StatementSource.objects.create(kind=SourceKind.INCOMING, name="Maria", asset_code="USD")
        statement = StatementImport.objects.create(source=self.source, file_name="list")
        (line,) = new_lines(statement, [ToldRow(theirs(id="x"), number=1)])
        line.save()
        self.line = StatementRow.objects.get()

    def says(self, dollars: int) -> Outcome:
        self.line.value = dollars * 100
        told, mine = their_row(self.line), ours("a", ids=frozenset({"x"}))
        compared = compare([mine], [told], Terms(rules=EXACT_RULES))
        return keep(self.source, compared, Judged({told.key}, {mine.key}))


@pytest.fixture
def wallet() -> WalletList:
    return WalletList()


def found_by_those_open() -> list[int | None]:
    return list(open_exceptions().values_list("found_value", flat=True))


def test_what_was_gone_and_comes_back_waits_again(wallet: WalletList) -> None:
    assert wallet.says(50).opened == 1
    began = open_exceptions().get().first_seen
    assert wallet.says(100).cleared == 1
    assert wallet.says(50) == Outcome(matched=1, opened=1, cleared=0)
    again = open_exceptions().get()
    assert (again.resolved_at, again.resolution, again.found_value) == (None, "", 5000)
    assert again.first_seen > began, "it has not waited all the time"
    assert StatementException.objects.count() == 1
    assert wallet.says(50).opened == 0


def test_whatever_a_list_says_in_whatever_order_one_is_open_of_one_row(wallet: WalletList) -> None:
    for dollars in (50, 100, 60, 50, 60, 50, 70, 60):
        wallet.says(dollars)
        assert found_by_those_open() == ([] if dollars == 100 else [dollars * 100])


def test_whoever_takes_care_of_it_still_does_when_the_amounts_are_those_of_before(wallet: WalletList) -> None:
    for dollars in (50, 100, 60):
        wallet.says(dollars)
    waits = assign(open_exceptions().get().pk, 7, by=7)
    wallet.says(50)
    again = open_exceptions().get()
    assert (again.assigned_to, again.first_seen) == (7, waits.first_seen)


def test_what_a_person_ended_stays_ended_until_it_is_something_else(wallet: WalletList) -> None:
    wallet.says(50)
    ended = resolve(open_exceptions().get().pk, Resolution.ACCEPTED, "Agreed by telephone", by=7)
    for dollars in (50, 100, 50):
        assert wallet.says(dollars).opened == 0
        assert found_by_those_open() == []
    assert wallet.says(60).opened == 1
    assert wallet.says(50) == Outcome(matched=1, opened=0, cleared=1)
    assert found_by_those_open() == []
    ended.refresh_from_db()
    assert (ended.resolution, ended.why) == (Resolution.ACCEPTED, "Agreed by telephone")

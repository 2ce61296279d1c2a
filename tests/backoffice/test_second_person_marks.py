"""What waits for a second person is taken, handed over and put off by who may decide on it, never by who asked."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice import roles
from backoffice.models import QueueMark
from backoffice.to_do.tasks import forget_marks
from jobs import wallet_changes
from jobs.models import WalletChange
from ledger import days
from payments.actions.set_rules import RuleTerms, set_rule
from payments.models.rules import ReceiverState
from payments.openpayments.amounts import Amount
from tests.backoffice.test_following import is_true, told
from tests.backoffice.test_to_do import PAGE, counts, listed
from tests.backoffice.test_waiting import MXN, fill, in_role
from tests.cast import signed_in

pytestmark = pytest.mark.django_db
KINDS = {"second.request", "second.proposal", "second.wallet", "second.renamed", "second.outside"}


@pytest.fixture
def ana() -> User:
    """Who asks for all of it."""
    user = in_role("ana", roles.ADMINISTRATOR)
    set_rule(Amount(1000_00, MXN), user, RuleTerms(receiver=ReceiverState.FIRST))
    return user


@pytest.fixture
def eva() -> User:
    return in_role("eva", roles.ADMINISTRATOR)


def keys(client: Client, whose: str = "all") -> list[str]:
    answer = client.get(PAGE, {"tab": "second", "whose": whose})
    return [row.key for group in answer.context["groups"] for row in group.rows]


def do(client: Client, what: str, rows: list[str], **more: object) -> str:
    answer = client.post(f"{PAGE}marks/", {"tab": "second", "do": what, "row": rows, **more}, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_rows_of_every_kind_are_taken_and_given_back(ana: User, eva: User) -> None:
    fill(ana, "1")
    client = signed_in(eva)
    rows = keys(client)
    assert {row.partition(":")[0] for row in rows} == KINDS
    assert "5 are yours." in do(client, "take", rows)
    assert keys(client, "mine") == rows
    assert {row.owner for row in listed(client, "second")} == {"eva"}
    assert "5 were taken already." in do(signed_in(in_role("ivo", roles.ADMINISTRATOR)), "take", rows)
    do(client, "leave", rows)
    assert keys(client, "mine") == []
    assert counts(client)["second"] == len(rows), "whoever has them, they wait"


def test_who_asked_for_it_neither_takes_it_nor_is_handed_it(ana: User, eva: User) -> None:
    fill(ana, "1")
    proposer, client = signed_in(ana), signed_in(eva)
    rows = keys(client)
    assert keys(proposer) == []
    for what in ("take", "put_off"):
        assert "Mark rows first." in do(proposer, what, rows, until=(days.today() + timedelta(days=1)).isoformat())
    assert "ana may not decide on this" in do(client, "hand", rows, to=ana.pk)
    assert not QueueMark.objects.exists()


def test_a_colleague_is_handed_what_they_may_decide_on_and_no_more(ana: User, eva: User) -> None:
    fill(ana, "1")
    client, luis = signed_in(eva), in_role("luis", roles.FINANCE)
    theirs = keys(signed_in(luis))
    rows = keys(client)
    assert set(theirs) < set(rows)
    assert "luis may not decide on this" in do(client, "hand", rows, to=luis.pk)
    assert keys(signed_in(luis), "mine") == theirs
    assert set(keys(client, "nobodys")) == set(rows) - set(theirs)


def test_what_is_put_off_is_counted_nowhere_and_can_be_brought_back(ana: User, eva: User) -> None:
    fill(ana, "1")
    client = signed_in(eva)
    rows = keys(client)
    page = told(client, f"{PAGE}?tab=second")
    assert is_true(client, page)
    do(client, "put_off", rows[:2], until=(days.today() + timedelta(days=2)).isoformat())
    assert not is_true(client, page)
    assert keys(client) == rows[2:]
    assert counts(client)["second"] == len(rows) - 2
    assert keys(client, "put_off") == rows[:2]
    do(client, "wake", rows[:2])
    assert keys(client) == rows


def test_a_mark_is_forgotten_once_it_was_decided(ana: User, eva: User) -> None:
    fill(ana, "1")
    client = signed_in(eva)
    rows = keys(client)
    do(client, "take", rows)
    change = WalletChange.objects.get()
    wallet_changes.refuse(change.pk, by=eva, why="They did not ask for it.")
    forget_marks()
    left = {f"{mark.queue}:{mark.row}" for mark in QueueMark.objects.all()}
    assert left == set(rows) - {f"second.wallet:{change.pk}"}


def test_more_of_them_cost_no_more_queries(ana: User, eva: User) -> None:
    client = signed_in(eva)

    def cost() -> int:
        client.get(PAGE, {"tab": "second"})
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE, {"tab": "second"})
        return len(queries)

    fill(ana, "1")
    do(client, "take", keys(client))
    few = cost()
    fill(ana, "2")
    do(client, "take", keys(client))
    assert cost() == few

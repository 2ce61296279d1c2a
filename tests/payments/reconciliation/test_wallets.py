"""What wallets list is held against what we say: a second payment that the engine knows nothing of is found by that."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from ledger import clock
from ledger.models import StatementException, StatementImport, StatementRow, StatementSource
from ledger.models.statements import ImportState, SourceKind
from ledger.statements.kinds import DifferenceType, Resolution
from payments.client import client
from payments.engine.advance import advance
from payments.models import IncomingPayment, Payment
from payments.openpayments.client import InteractRequest, Limits, incoming_access, outgoing_access, quote_access
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken, RemoteQuote
from payments.reconciliation import reading
from payments.reconciliation.run import reconcile
from payments.states import GrantState, PaymentState
from payments.tokens import token_of
from tests.driver import SECONDS, Stage, asked_back
from tests.payments.engine.budgets import active, again, drawn
from tests.payments.engine.splits import split

DAY = 86_400.0


def run() -> tuple[int, str]:
    """The exit code of the command, and what it says."""
    said = StringIO()
    try:
        call_command("reconcile", stdout=said)
    except SystemExit as ended:
        return int(ended.code or 0), said.getvalue()
    return 0, said.getvalue()


def found() -> list[tuple[str, str]]:
    """Open exceptions: type, and what of ours they are about."""
    rows = StatementException.objects.filter(resolved_at=None).order_by("type", "id")
    return [(row.type, row.subject) for row in rows]


def with_our_key(stage: Stage) -> dict[str, Any]:
    return {"signer": stage.seller.signer(), "deadline": Deadline.after(10)}


def quote_by_hand(stage: Stage, payment: Payment, **metadata: str) -> RemoteQuote:
    """Somebody with our key asks what the same payment would cost once more."""
    hand, shared, payer, worker = client(), with_our_key(stage), stage.payer, stage.worker
    access = [incoming_access(["create", "read"]), quote_access(["create", "read"])]
    given = hand.request_grant(worker.auth_server, access=access, **shared).token
    assert given
    incoming = hand.create_incoming_payment(
        worker.resource_server,
        token=given,
        wallet_address=worker.canonical_id,
        amount=payment.amount,
        expires_at=None,
        metadata=metadata or None,
        **shared,
    )
    return hand.create_quote(
        payer.resource_server,
        token=given,
        wallet_address=payer.canonical_id,
        receiver=incoming.id,
        incoming_amount=payment.amount,
        **shared,
    )


def order_by_hand(stage: Stage, payment: Payment, **metadata: str) -> str:
    """The payer approves another order, and somebody with our key gives it; the incoming payment that it pays."""
    hand, shared, payer = client(), with_our_key(stage), stage.payer
    quote = quote_by_hand(stage, payment, **metadata)
    asked = hand.request_grant(
        payer.auth_server,
        access=[outgoing_access(["create"], payer.canonical_id, Limits(debit_amount=quote.debit_amount))],
        interact=InteractRequest("https://back.example/finish", "a nonce with plenty of random bits"),
        **shared,
    )
    assert asked.interact
    assert asked.continue_
    reference = asked_back(stage.sandbox.approve(asked.interact.redirect))["interact_ref"]
    allowed = hand.continue_grant(asked.continue_, reference, **shared).token
    assert allowed
    give_order(stage, quote, allowed, **metadata)
    return quote.receiver


def give_order(stage: Stage, quote: RemoteQuote, allowed: AccessToken, **metadata: str) -> None:
    client().create_outgoing_payment(
        stage.payer.resource_server,
        token=allowed,
        wallet_address=stage.payer.canonical_id,
        quote_id=quote.id,
        metadata=metadata or None,
        **with_our_key(stage),
    )
    stage.sandbox.control("POST", "/settle", {})


def list_fault(stage: Stage, do: str, **more: Any) -> None:
    match = {"operation": "list-incoming-payments", "wallet": "maria", **more.pop("match", {})}
    stage.sandbox.faults({"match": match, "do": do, **more})


def readings(stage: Stage) -> list[StatementImport]:
    """Of what the worker received, in order."""
    source = StatementSource.objects.get(kind=SourceKind.INCOMING, account=stage.worker.canonical_id)
    return list(source.imports.order_by("began_at", "id"))


def test_a_payment_ordered_twice_by_hand_is_found_by_reconcile_alone(stage: Stage) -> None:
    payment = stage.payment(stage.settled())
    assert payment.state == PaymentState.SETTLED
    stage.later(DAY)
    assert run()[0] == 0, "nothing is wrong so far"
    assert found() == []

    order_by_hand(stage, payment, externalRef=payment.pk)
    order_by_hand(stage, payment)
    assert stage.received() == 3 * payment.value, "the worker has it three times"
    payment.refresh_from_db()
    assert payment.received_value == payment.value, "and the engine knows of one"

    code, said = run()
    assert code == 1
    twice, strange = StatementException.objects.filter(resolved_at=None).order_by("-type")
    assert (twice.type, twice.subject) == (DifferenceType.PAID_TWICE, payment.pk)
    assert (strange.type, strange.subject) == (DifferenceType.MISSING_HERE, "")
    assert (twice.expected_value, twice.found_value) == (payment.value, 2 * payment.value)
    assert payment.pk in said
    run()
    assert len(found()) == 2, "the same again is nothing new"


def test_what_was_ordered_twice_under_a_standing_budget_is_found_at_the_payers_wallet_alone(stage: Stage) -> None:
    budget = active(stage)
    payment = stage.payment(advance(drawn(stage, budget).pk, SECONDS))
    assert payment.state == PaymentState.SETTLED
    grant = again(budget).grant
    assert grant
    token = token_of(grant)
    assert token
    give_order(stage, quote_by_hand(stage, payment), token)
    give_order(stage, quote_by_hand(stage, payment), token, externalRef=payment.pk)
    assert stage.received() == 3 * payment.value
    list_fault(stage, "500-before", times=None)  # the receivers' wallet says nothing

    assert run()[0] == 1
    rows = StatementException.objects.order_by("type").values_list("type", "subject", "source__kind")
    assert list(rows) == [
        (DifferenceType.MISSING_HERE, "", SourceKind.OUTGOING),
        (DifferenceType.PAID_TWICE, payment.pk, SourceKind.OUTGOING),
    ]
    source = StatementSource.objects.get(kind=SourceKind.OUTGOING)
    assert source.account == stage.payer.canonical_id
    # A look never renews the budget's token: an answer that is lost would end what the funder approved.
    stage.later(DAY)
    run()
    assert source.imports.count() == 1
    assert not stage.sandbox.requests("post-token")
    grant.refresh_from_db()
    assert (grant.state, token_of(grant)) == (GrantState.ACTIVE, token)


def test_what_a_wallet_says_otherwise_is_told_and_gone_when_it_agrees_again(stage: Stage) -> None:
    payment = stage.payment(stage.settled())
    stage.later(DAY)
    list_fault(stage, "wrong-amount")
    run()
    assert found() == [(DifferenceType.OVER, payment.pk)]
    list_fault(stage, "wrong-asset")
    run()
    assert found() == [(DifferenceType.CURRENCY, payment.pk)], "the one before is gone"
    run()
    assert found() == []
    assert {row.resolution for row in StatementException.objects.all()} == {Resolution.CLEARED}


def test_a_payment_that_its_wallet_forgets_is_missing_there(stage: Stage) -> None:
    payment = stage.payment(stage.settled())
    stage.later(DAY)
    run()
    incoming = IncomingPayment.objects.get(payment=payment, received_value__gt=0)
    stage.sandbox.control("POST", "/faults/forget", {"id": incoming.remote_id})
    run()
    assert found() == [(DifferenceType.MISSING_THERE, payment.pk)]
    assert StatementRow.objects.filter(external_id=incoming.remote_id).exists(), "what it said before is kept"


def test_a_wallet_that_fails_in_the_middle_loses_nothing_and_is_read_on_from_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE_SIZE", 1)
    for _ in range(3):
        stage.settled()
    stage.later(DAY)
    list_fault(stage, "500-before", match={"nth": 3})
    code, said = run()
    assert (code, found()) == (2, []), "nothing is called missing by a list that was not read to its end"
    (first,) = readings(stage)
    assert (first.state, first.pages, first.fresh) == (ImportState.INTERRUPTED, 2, 2)
    assert "error of its own" in said
    assert run()[0] == 0
    (again,) = readings(stage)
    assert (again.pk, again.state, again.fresh) == (first.pk, ImportState.COMPLETE, 3)
    stage.later(33 * DAY)
    stage.settled()
    for _ in range(2):
        stage.later(DAY)
        reconcile(60)
    last = readings(stage)[-1]
    assert (last.state, last.pages) == (ImportState.COMPLETE, 2), "afterwards only what can have changed is read"
    assert found() == []


def test_a_list_that_cannot_be_compared_keeps_nobody_from_the_others(stage: Stage) -> None:
    stage.settle(stage.send(stage.ask(lines=split(stage, "dora", "eva"))))
    stage.later(DAY)
    assert run()[0] == 0
    first, other = StatementImport.objects.filter(fresh__gt=0).order_by("began_at")
    StatementRow.objects.filter(source=first.source).update(references=5)  # nothing of ours writes such a row
    stage.later(DAY)
    began = clock.now()
    code, said = run()
    assert (code, "1 list is left for the next run" in said) == (2, True), said
    assert StatementImport.objects.filter(source=other.source, began_at__gte=began).exists()
    assert not StatementSource.objects.exclude(held_until=None).exists()


def test_a_list_without_end_ends_in_a_clear_state(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = stage.payment(stage.settled())
    stage.later(DAY)
    monkeypatch.setattr(reading, "MOST_PAGES", 5)
    for number, (fault, problem) in enumerate(
        (("same-page", "repeats_a_page"), ("empty-pages", "repeats_a_page"), ("endless-list", "never_ends")), 1
    ):
        list_fault(stage, fault, times=None)
        run()
        statement = readings(stage)[-1]
        assert (statement.state, statement.problem, len(readings(stage))) == (ImportState.REFUSED, problem, number)
        assert statement.pages <= 5
        stage.sandbox.clear_faults()
        StatementException.objects.all().delete()
    # What it invented says that it is money, so it is told; nothing of ours is called missing.
    run()
    assert (DifferenceType.MISSING_THERE, payment.pk) not in found()
    assert readings(stage)[-1].state == ImportState.COMPLETE

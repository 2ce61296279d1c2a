"""What must be true of a payment, however often its processes died: asked of both wallets, the rows and the ledger."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from ledger.api import seal, verify
from ledger.models import Entry
from payments.engine.transitions import MOVES
from payments.models import Grant, IncomingPayment, Message, OutgoingPayment, Payment, PaymentRequest, Quote
from payments.models.grants import GrantKind
from payments.models.messages import MessageState, Template
from payments.states import AttemptState, GrantState, PaymentState, RequestState
from tests.faults.naming import Verdict
from tests.faults.world import AMOUNT, BALANCE, PAYER_EMAIL, WORKER_EMAIL, Browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.world import World

#: Nobody is waiting for any of these when all is done.
UNFINISHED_GRANTS = {
    GrantState.INTENDED,
    GrantState.PENDING,
    GrantState.RETURNED,
    GrantState.CONTINUING,
    GrantState.CANCELLING,
}
INITIAL = {
    "request": RequestState.QUOTING,
    "payment": PaymentState.NEW,
    "grant": GrantState.INTENDED,
    "incoming": AttemptState.INTENDED,
    "quote": AttemptState.INTENDED,
    "outgoing": AttemptState.INTENDED,
}
WANTED_MAIL = {(Template.APPROVAL, PAYER_EMAIL), (Template.RECEIPT, PAYER_EMAIL), (Template.PAID, WORKER_EMAIL)}
MOVED = {AttemptState.OPEN, AttemptState.DONE}


def judge(world: World) -> Verdict:
    seal()
    verdict = Verdict(approvals=Browser.opened(world.folder).approvals)
    given_back = Entry.objects.filter(kind=f"grant.{GrantState.CANCELLING}")
    verdict.lost_approvals = sum(_reason(entry) == "approval_lost" for entry in given_back)
    verdict.faults = [*_money(world), *_rows(), *_histories(), *_mail(world, verdict), *lies(world)]
    verdict.faults += [f"ledger: {fault}" for fault in verify()]
    if verdict.approvals != 1 + verdict.lost_approvals:
        verdict.faults.append(f"the payer approved {verdict.approvals} times, {verdict.lost_approvals} were lost")
    return verdict


def lies(world: World) -> Iterator[str]:
    """What the rows say must be true at any moment, also just after a death, before anybody repaired anything."""
    received, spent = _received(world), _spent(world)
    if spent and not OutgoingPayment.objects.exists():
        yield "money left the payer's wallet, and no row says that it was asked to"
    settled = Payment.objects.filter(state=PaymentState.SETTLED).exists()
    if settled and received < AMOUNT.value:
        yield f"a payment is called settled, and its receiver has {received}"
    if received > AMOUNT.value:
        yield f"the receiver got {received} instead of {AMOUNT.value}"
    for order in OutgoingPayment.objects.filter(state__in=MOVED):
        if not order.remote_id:
            yield "an order is called open, and has no id at its wallet"


def _received(world: World) -> int:
    return int(world.sandbox.wallet(world.worker_name)["received"])


def _spent(world: World) -> int:
    return BALANCE - world.sandbox.balance(world.payer_name)


def _money(world: World) -> Iterator[str]:
    request = world.request
    if request is None:
        yield "the request is gone"
        return
    if PaymentRequest.objects.count() != 1 or Payment.objects.count() != 1:
        yield "there is more than one request or payment"
    if (received := _received(world)) != AMOUNT.value:
        yield f"the receiver got {received} instead of {AMOUNT.value}"
    if (spent := _spent(world)) != request.ceiling_debit:
        yield f"the payer was charged {spent} instead of {request.ceiling_debit}"
    payment = Payment.objects.get()
    if (request.state, payment.state) != (RequestState.SETTLED, PaymentState.SETTLED):
        yield f"request {request.state} ({request.reason}), payment {payment.state} ({payment.reason})"
    if payment.received_value != AMOUNT.value:
        yield f"the payment says that {payment.received_value} arrived"
    done = OutgoingPayment.objects.filter(state=AttemptState.DONE).count()
    if done != 1:
        yield f"{done} orders are done instead of one"


def _rows() -> Iterator[str]:
    request = PaymentRequest.objects.first()
    if request and (request.next_attempt_at or request.lease_until):
        yield "the request still waits for the engine"
    for grant in Grant.objects.filter(state__in=UNFINISHED_GRANTS):
        yield f"a grant ({grant.kind}) is still {grant.state}"
    if Grant.objects.filter(kind=GrantKind.OUTGOING, state=GrantState.ACTIVE).exists():
        yield "an approval was not given back"
    for model in (IncomingPayment, Quote, OutgoingPayment):
        if model._default_manager.filter(state=AttemptState.INTENDED).exists():
            yield f"a row of {model.__name__} is still intended"
    if OutgoingPayment.objects.filter(state__in=[AttemptState.UNKNOWN, AttemptState.OPEN]).exists():
        yield "what became of an order is still not known"


def _histories() -> Iterator[str]:
    """The ledger tells one way through the states of each row, allowed by the table, that ends where the row is."""
    told: dict[tuple[str, str], list[str]] = {}
    entries = Entry.objects.order_by("recorded_at", "id").prefetch_related("subject_rows")
    for entry in entries:
        name, _, state = entry.kind.partition(".")
        for subject in entry.subject_rows.all():
            if subject.subject_kind == name:
                told.setdefault((name, subject.subject_id), []).append(state)
    for model, (name, moves) in MOVES.items():
        if name not in INITIAL:
            continue  # no part of a payment: the cast had its keys before the story began
        for row in model._default_manager.all():  # type: ignore[attr-defined]  # MOVES has models only
            states = [state for state in told.get((name, row.pk), []) if state in moves]
            if not states or states[0] != INITIAL[name] or states[-1] != row.state:
                yield f"{name}: the ledger tells {states}, the row is {row.state}"
            for before, after in pairwise(states):
                if after not in moves[before]:
                    yield f"{name}: the ledger tells a move from {before} to {after}"


def _mail(world: World, verdict: Verdict) -> Iterator[str]:
    handed_over = Counter(str(mail["Message-ID"]) for mail in world.mail())
    rows: list[Message] = list(Message.objects.all())
    known = {f"<{row.pk}@" for row in rows}
    for row in rows:
        if row.state == MessageState.SENT and not _came(row, handed_over):
            yield f"a message ({row.template}) is called sent and was never handed over"
        if row.state not in (MessageState.SENT, MessageState.FAILED):
            yield f"a message ({row.template}) is still {row.state}"
        if row.state == MessageState.FAILED and row.reason != "mail_not_needed":
            yield f"a message ({row.template}) was given up: {row.reason}"
    for message_id in handed_over:
        if not any(message_id.startswith(start) for start in known):
            yield "a message was sent that no row knows"
    came = Counter((row.template, row.to_email) for row in rows if _came(row, handed_over))
    for template, address in WANTED_MAIL:
        if came[template, address] != 1:
            yield f"{came[template, address]} different messages ({template}) to {address} instead of one"
    verdict.repeated_mail = sum(times - 1 for times in handed_over.values())


def _came(row: Message, handed_over: Counter[str]) -> bool:
    return any(message_id.startswith(f"<{row.pk}@") for message_id in handed_over)


def _reason(entry: Entry) -> str:
    return str(json.loads(entry.body)["data"].get("reason", ""))

"""Requests and payments brought to a state by the engine's own moves, with all that has come to be by then.

No wallet is asked: incoming payments, quotes, approvals and outgoing payments are what a wallet might have said.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock
from ledger.api import Actor
from payments.engine.transitions import begin, move
from payments.models import Grant, IncomingPayment, OutgoingPayment, Payment, PaymentRequest, Quote, WalletAddress
from payments.models.attempts import counted_outgoing_payment
from payments.models.grants import GrantKind
from payments.openpayments.amounts import LARGEST_VALUE
from payments.states import (
    FINISHED_PAYMENTS,
    IN_FLIGHT,
    OPEN_REQUESTS,
    PAYMENT_MOVES,
    AttemptState,
    GrantState,
    PaymentState,
    RequestState,
)

ACTOR: Final = Actor.system("test")
R, P, G, A = RequestState, PaymentState, GrantState, AttemptState

#: From where a row usually comes. What is not here ends it from wherever it is.
BEFORE: Final[Mapping[str, Mapping[str, str]]] = {
    "PaymentRequest": {
        R.QUOTED: R.QUOTING,
        R.AWAITING_AUTHORISATION: R.QUOTED,
        R.AWAITING_APPROVAL: R.QUOTED,
        R.APPROVED: R.AWAITING_APPROVAL,
        R.SETTLED: R.APPROVED,
        R.SETTLED_OUTSIDE: R.APPROVED,
        R.DECLINED: R.AWAITING_APPROVAL,
        R.EXPIRED: R.AWAITING_APPROVAL,
    },
    "Payment": {
        P.QUOTED: P.NEW,
        P.APPROVED: P.QUOTED,
        P.SENDING: P.APPROVED,
        P.UNKNOWN: P.SENDING,
        P.SENT: P.SENDING,
        P.NEEDS_ATTENTION: P.SENT,
        P.SETTLED: P.SENT,
        P.SETTLED_OUTSIDE: P.NEEDS_ATTENTION,
    },
}
GRANT_WAY: Final = (G.PENDING, G.RETURNED, G.CONTINUING, G.ACTIVE)
COLLECTED: Final = (G.ACTIVE, G.CANCELLING, G.ENDED)
#: What the payer's wallet quotes as its fee, and what it takes in the end, of a thousand.
QUOTED_FEE: Final = 10
CHARGED_FEE: Final = 8


@transaction.atomic
def bring(row: PaymentRequest | Payment, to: str, **columns: Any) -> None:
    """Move `row` to the state `to` by all the states before it; `columns` are set with the last move."""
    row.refresh_from_db()
    for state in _way(row, to):
        more = columns if state == to else {}
        told = _of_request(row, state) if isinstance(row, PaymentRequest) else _of_payment(row, state, **more)
        move(row, state, actor=ACTOR, **{**told, **more})


def _way(row: PaymentRequest | Payment, to: str) -> list[str]:
    if row.state == to:
        return []
    before, way = BEFORE[type(row).__name__], [to]
    if row.state in IN_FLIGHT and to in PAYMENT_MOVES[row.state]:
        return way
    while row.state != before.get(way[0], row.state):
        way.insert(0, before[way[0]])
    return way


def approve(request: PaymentRequest) -> None:
    """The payer approved; nothing was ordered yet."""
    bring(request, R.APPROVED)


def settle(request: PaymentRequest, *failed: str) -> None:
    """All the states from asked to settled; but whoever is named fails, and with them the request."""
    approve(request)
    for payment in _live(request):
        bring(payment, P.FAILED if payment.receiver_name in failed else P.SETTLED)
    paid = request.payments.filter(state=P.SETTLED).exists()
    bring(request, (R.SETTLED_IN_PART if paid else R.FAILED) if failed else R.SETTLED)


def end(request: PaymentRequest, state: RequestState, *, received: int = 0) -> None:
    """The request ends without money, or with `received` minor units for each; so do its payments."""
    if received:
        approve(request)
    if state in BEFORE["PaymentRequest"]:
        bring(request, BEFORE["PaymentRequest"][state])
    for payment in _live(request):
        if received:
            bring(payment, P.NEEDS_ATTENTION, received_value=received)
        bring(payment, P.FAILED if state == R.FAILED else P.CANCELLED)
    bring(request, state)


def grant_of(request: PaymentRequest, **columns: Any) -> Grant:
    """Not asked for yet; to pay all that was shown, unless `columns` say otherwise."""
    return Grant(
        **{
            "request": request,
            "kind": GrantKind.OUTGOING,
            "wallet": request.payer_wallet,
            "auth_server": request.payer_wallet.auth_server,
            "limit_debit": request.ceiling_debit,
            "asset_code": request.asset_code,
            "asset_scale": request.asset_scale,
            **columns,
        }
    )


@transaction.atomic
def granted(request: PaymentRequest, **columns: Any) -> Grant:
    """A grant that was collected: of the payer's approval, unless `columns` say otherwise."""
    grant = grant_of(request, **columns)
    begin(grant, actor=ACTOR)
    return _collected(grant)


def _collected(grant: Grant) -> Grant:
    way = GRANT_WAY if grant.kind == GrantKind.OUTGOING else GRANT_WAY[-1:]
    for state in way[way.index(grant.state) + 1 if grant.state in way else 0 :]:
        move(grant, state, actor=ACTOR)
    return grant


def _live(request: PaymentRequest) -> list[Payment]:
    return list(request.payments.exclude(state__in=FINISHED_PAYMENTS))


def _of_request(request: PaymentRequest, state: str) -> dict[str, Any]:
    """What a request has in `state` that it had not before."""
    now = clock.now()
    for payment in _live(request) if state in (P.QUOTED, P.APPROVED) else []:
        bring(payment, state)
    if state == R.QUOTED and request.ceiling_debit is None:
        quotes = Quote.objects.filter(payment__request=request)
        own = request.payer_wallet.asset
        total = sum(quote.debit_value or 0 for quote in quotes)
        return {"ceiling_debit": total, "asset_code": own.code, "asset_scale": own.scale}
    if state == R.AWAITING_APPROVAL and request.two_people and request.state == R.QUOTED:
        other, _ = User.objects.get_or_create(username="luis", defaults={"is_staff": True})
        move(
            request, R.AWAITING_AUTHORISATION, actor=ACTOR, authorised_by=other, authorised_debit=request.ceiling_debit
        )
    if state == R.AWAITING_APPROVAL:
        return {"sent_at": request.sent_at or now}
    if state == R.APPROVED:
        _approval_of(request)
        return {"approved_at": request.approved_at or now}
    if state in OPEN_REQUESTS:
        return {}
    for grant in request.grants.filter(kind=GrantKind.OUTGOING, state=G.ACTIVE):
        move(grant, G.CANCELLING, actor=ACTOR)
        move(grant, G.ENDED, actor=ACTOR)
    return {"finished_at": request.finished_at or now, "next_attempt_at": None}


def _approval_of(request: PaymentRequest) -> Grant:
    """What the payer approves, and has come back from, or did already."""
    found = request.grants.filter(kind=GrantKind.OUTGOING).exclude(state__in=(G.REFUSED, G.LOST)).last()
    if found is None:
        return granted(request)
    return found if found.state in COLLECTED else _collected(found)


def _of_payment(payment: Payment, state: str, received_value: int | None = None, **_more: Any) -> dict[str, Any]:
    """What a payment has in `state` that it had not before; its attempts follow it there."""
    now = clock.now()
    incoming = payment.incoming_payments.last()
    order = counted_outgoing_payment(payment)
    if incoming and received_value and state != P.SETTLED:
        IncomingPayment.objects.filter(pk=incoming.pk).update(received_value=received_value)
    match state:
        case P.QUOTED:
            _quote(payment)
        case P.APPROVED:
            if payment.waits_for_release:
                # By then its price is an old one; both are made anew when the work is accepted.
                payment.incoming_payments.update(over_at=clock.now())
            return {"grant": _approval_of(payment.request)}
        case P.SENDING:
            assert payment.grant
            if incoming and incoming.over_at:
                _quote(payment)
            begin(OutgoingPayment(payment=payment, quote=payment.quotes.last(), grant=payment.grant), actor=ACTOR)
        case P.UNKNOWN if order:
            move(order, A.UNKNOWN, actor=ACTOR)
        case P.SENT if order:
            _order(order)
            return {"sent_at": payment.sent_at or now}
        case P.SETTLED if order and incoming:
            move(order, A.DONE, actor=ACTOR)
            move(incoming, A.DONE, actor=ACTOR, received_value=payment.value, over_at=clock.now())
            return {"received_value": payment.value, "settled_at": payment.settled_at or now}
        case P.FAILED | P.CANCELLED | P.SETTLED_OUTSIDE:
            if order:
                # What arrived is what the payer's wallet had sent by then.
                stopped = A.FENCED if payment.state == P.NEEDS_ATTENTION else A.FAILED
                move(order, stopped, actor=ACTOR, sent_value=payment.received_value)
            return {"settled_at": now} if state == P.SETTLED_OUTSIDE else {}
    return {}


def _quote(payment: Payment) -> None:
    """The receiver's wallet gave a place to pay to, the payer's a price."""
    own = {"asset_code": payment.asset_code, "asset_scale": payment.asset_scale}
    incoming = IncomingPayment(payment=payment, wallet=payment.receiver_wallet, value=payment.value, **own)
    begin(incoming, actor=ACTOR)
    move(incoming, A.OPEN, actor=ACTOR, remote_id=f"{payment.receiver_wallet.url}/incoming-payments/{incoming.pk}")
    payer, request = payment.request.payer_wallet, payment.request
    debit = payment.fixed_debit
    if debit is None:
        is_foreign = request.asset_code not in ("", payment.asset_code)
        debit = request.ceiling_debit if is_foreign else _with_fee(_in_units_of(payer, payment), QUOTED_FEE)
    quote = Quote(payment=payment, incoming=incoming)
    begin(quote, actor=ACTOR)
    move(
        quote,
        A.OPEN,
        actor=ACTOR,
        remote_id=f"{payer.url}/quotes/{quote.pk}",
        debit_value=debit,
        debit_code=request.asset_code or payer.asset_code,
        debit_scale=payer.asset_scale if request.asset_scale is None else request.asset_scale,
        receive_value=payment.value,
        receive_code=payment.asset_code,
        receive_scale=payment.asset_scale,
    )


def _order(order: OutgoingPayment) -> None:
    """The payer's wallet took the order."""
    payment, quote = order.payment, order.quote
    debit, value = quote.debit_value, _in_units_of(payment.request.payer_wallet, payment)
    if debit == _with_fee(value, QUOTED_FEE):
        debit = _with_fee(value, CHARGED_FEE)
    move(
        order,
        A.OPEN,
        actor=ACTOR,
        remote_id=f"{payment.request.payer_wallet.url}/outgoing-payments/{order.pk}",
        debit_value=debit,
        sent_value=payment.value,
        asset_code=quote.debit_code,
        asset_scale=quote.debit_scale,
    )


def _in_units_of(payer: WalletAddress, payment: Payment) -> int:
    """What the receiver gets, in minor units of the payer's wallet; across currencies, one is worth one."""
    finer = max(0, (payer.asset_scale or 0) - payment.asset_scale)
    value: int = payment.value * 10**finer
    return value


def _with_fee(value: int, of_thousand: int) -> int:
    return min(value * (1000 + of_thousand) // 1000, LARGEST_VALUE)

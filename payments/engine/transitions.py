"""How everything that moves money changes its state: with its ledger entry, in the caller's transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import transaction

from ledger.api import Actor, record, recorded_together
from ledger.content import Json
from payments import states
from payments.books.booking import book, booked_once
from payments.books.position import LIVE_OUTGOING, STOPPED_OUTGOING
from payments.engine.budget_reservations import give_back
from payments.ledger_kinds import MOVES
from payments.models import (
    Grant,
    IncomingPayment,
    OutgoingPayment,
    Payment,
    PaymentRequest,
    Quote,
    SellerKey,
    WalletProof,
)
from payments.models.fields import amount_of
from payments.models.payments import Block
from payments.moving import swap
from payments.openpayments.amounts import Amount
from payments.signals import request_moved
from payments.webhooks.events import tell_endpoints

type_of_row = PaymentRequest | Payment | Grant | IncomingPayment | Quote | OutgoingPayment | SellerKey | WalletProof

#: Moves by which the figures of all of a request's payments may change: its payer is asked, or it is over.
BOOKED_REQUESTS = {states.RequestState.AWAITING_APPROVAL, states.RequestState.APPROVED, *states.DEAD_REQUESTS}
#: By which the payer's wallet says that it took money, or gives it back.
BOOKED_OUTGOING = {*LIVE_OUTGOING, *STOPPED_OUTGOING}

#: Moves to and from these are told to the room above: the payer approved, something is over, or needs a person.
TOLD_REQUESTS: frozenset[str] = frozenset({states.RequestState.APPROVED, *states.PAID_REQUESTS, *states.DEAD_REQUESTS})
TOLD_PAYMENTS: frozenset[str] = states.FINISHED_PAYMENTS | states.NEEDS_A_PERSON

#: Parameters of reasons that name a person or are a person's own words.
PERSONAL = {"name", "words", "why"}

#: What the ledger calls each row; `ledger_kinds.MOVES` has the moves it can make.
NAMES: dict[type, str] = {
    PaymentRequest: "request",
    Payment: "payment",
    Grant: "grant",
    IncomingPayment: "incoming",
    Quote: "quote",
    OutgoingPayment: "outgoing",
    SellerKey: "key",
    WalletProof: "proof",
}


#: The requests that the room above is told of at the end of `one_change`, in their order; None outside of it.
_moved: ContextVar[dict[str, None] | None] = ContextVar("requests_that_moved", default=None)


@contextmanager
def one_change() -> Iterator[None]:
    """A transaction in which much may move: payments are booked, requests told of, entries written at its end."""
    moved: dict[str, None] = {}
    token = _moved.set(moved)
    try:
        with transaction.atomic(), recorded_together():
            with booked_once():
                yield
            for request_id in moved:
                request_moved.send(PaymentRequest, request_id=request_id)
    finally:
        _moved.reset(token)


def begin(row: type_of_row, *, actor: Actor) -> None:
    """Insert `row` in its first state, with the entry that says so."""
    row.save(force_insert=True)
    _tell(row, actor, private=None)
    _book(row, None)


def move(row: type_of_row, to: str, *, actor: Actor, private: Mapping[str, str] | None = None, **columns: Any) -> None:
    """Move `row` from the state it was read in to `to`, setting `columns` with it.

    Raises `Moved` when the row has left that state meanwhile, and `NoSuchMove` for a move that the table does not have.
    """
    blank: dict[str, Any] = {"reason": "", "reason_params": {}}
    if isinstance(row, Payment):
        blank["blocked_by"] = Block.NOTHING
    was_approved = isinstance(row, Payment) and row.grant_id is not None
    was = row.state
    swap(row, to, MOVES[NAMES[type(row)]], **blank | columns)
    _tell(row, actor, private)
    if isinstance(row, Payment) and was_approved and row.state in states.GIVES_BACK:
        # Here, so that no way of ending a payment forgets what it reserved of a standing budget.
        give_back(row)
    _book(row, was)
    _notify(row, was)


def _notify(row: type_of_row, was: str) -> None:
    """Tell the room above, once for each request and change, of what it may have to act on."""
    is_told = (isinstance(row, PaymentRequest) and TOLD_REQUESTS & {was, row.state}) or (
        isinstance(row, Payment) and TOLD_PAYMENTS & {was, row.state}
    )
    request_id = request_id_of(row)
    if not is_told or not request_id:
        return
    if (moved := _moved.get()) is not None:
        moved[request_id] = None
    else:
        request_moved.send(PaymentRequest, request_id=request_id)


def _book(row: type_of_row, was: str | None) -> None:
    """Bring the books to where money is now, where this move can have changed that."""
    match row:
        case Payment() if was is None or _group(was) != _group(row.state):
            book([row.pk])
        case PaymentRequest() if BOOKED_REQUESTS & {was, row.state}:
            book(list(row.payments.values_list("pk", flat=True)))
        case OutgoingPayment() if row.state in BOOKED_OUTGOING:
            book([row.payment_id])
        case Quote() if row.state == states.AttemptState.OPEN and row.payment.state not in states.UNAPPROVED_PAYMENTS:
            # Of what was approved, another price is used from now on.
            book([row.payment_id])


def _group(state: str) -> states.Group:
    return states.PAYMENTS[states.PaymentState(state)].group


def _tell(row: type_of_row, actor: Actor, private: Mapping[str, str] | None) -> None:
    name = NAMES[type(row)]
    record(f"{name}.{row.state}", actor=actor, subjects=subjects_of(row), data=facts(row), private=private)
    if isinstance(row, PaymentRequest | Payment):
        tell_endpoints(row)


def request_id_of(row: type_of_row) -> str | None:
    if isinstance(row, PaymentRequest):
        return row.pk
    if isinstance(row, Payment | Grant):
        return row.request_id
    if isinstance(row, SellerKey | WalletProof):
        return None
    return row.payment.request_id if row.payment else None


def subjects_of(row: type_of_row) -> dict[str, str]:
    """What the entry is about: the row, its payment, its request."""
    subjects = {NAMES[type(row)]: row.pk}
    if isinstance(row, IncomingPayment | Quote | OutgoingPayment) and row.payment_id:
        subjects["payment"] = row.payment_id
    if isinstance(row, SellerKey):
        subjects["seller"] = row.seller_id
    if isinstance(row, WalletProof):
        subjects["wallet"] = str(row.wallet_id)
    if request_id := request_id_of(row):
        subjects["request"] = request_id
    return subjects


def facts(row: type_of_row) -> dict[str, Json]:
    """What the entry says of the row: amounts with asset and scale, ids at the wallet, why. No names, no secrets."""
    told: dict[str, Json] = {}
    match row:
        case PaymentRequest():
            told = {"ceiling": _wire(row.ceiling), "payer_wallet": row.payer_wallet.url, "seller": row.seller_id}
            if row.budget_id:
                told["budget"] = row.budget_id
            if row.authorised_debit is not None:
                told["authorised"] = _wire(amount_of(row.authorised_debit, row.asset_code, row.asset_scale))
            if row.proposed_debit is not None:
                told["proposed"] = _wire(row.proposed)
            if row.state == states.RequestState.AWAITING_AUTHORISATION:
                told["because"] = row.second_person_because
            if row.committed_debit:
                told["ordered"] = _wire(row.committed)
                told["rest"] = _wire(amount_of(row.shown, row.asset_code, row.asset_scale))
        case Payment():
            told = {"amount": _wire(row.amount) if row.value else None, "receiver_wallet": row.receiver_wallet.url}
            if row.pays:
                told["pays"] = _wire(row.pays)
            if row.wallet_since:
                told["wallet_since"] = row.wallet_since.isoformat()
            if row.received_value:
                told["received"] = _wire(row.received)
        case Grant():
            told = {"grant_kind": row.kind, "wallet": row.wallet.url, "limit": _wire(row.limit)}
            if row.interval:
                told["interval"] = row.interval
        case IncomingPayment():
            told = {"amount": _wire(row.amount), "wallet": row.wallet.url, "remote_id": row.remote_id}
        case Quote():
            told = {"debit": _wire(row.debit), "receive": _wire(row.receive), "remote_id": row.remote_id}
        case SellerKey():
            told = {"seller": row.seller_id, "key_id": row.kid, "thumbprint": row.jwk.thumbprint}
        case WalletProof():
            told = {"wallet": row.wallet.url, "seller": row.seller_id}
        case OutgoingPayment():
            debit = amount_of(row.debit_value, row.asset_code, row.asset_scale) or row.quote.debit
            told = {"debit": _wire(debit), "receive": _wire(row.quote.receive), "remote_id": row.remote_id}
    if row.reason:
        told["reason"] = row.reason
        told["reason_params"] = _without_names(row.reason_params)
    return {name: value for name, value in told.items() if value not in (None, "")}


def _without_names(params: Mapping[str, Any]) -> dict[str, Json]:
    """Names of people have no place in bytes that can't be erased."""
    return {
        name: _without_names(value) if isinstance(value, dict) else value
        for name, value in params.items()
        if name not in PERSONAL
    }


def _wire(amount: Amount | None) -> Json:
    return dict(amount.to_wire()) if amount else None

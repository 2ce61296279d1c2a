"""Evidence: what we know of an incoming payment, and what may be concluded from it.

Only an answer of the receiver's own wallet is evidence. That a clock has passed some moment is none, nor is a wallet
that does not answer. An incoming payment is closed for good once its wallet has said twice, at least `APART` from each
other, after it was completed or had expired, that the same amount arrived: an amount may be posted a moment after the
completion is. A wallet that answers, but denies an incoming payment that expired, has said so, too.
"""

from datetime import datetime, timedelta
from typing import Final

from ledger import clock
from ledger.api import Actor, record
from ledger.content import Json
from payments.engine.transitions import facts, subjects_of
from payments.models import IncomingPayment, OutgoingPayment, Payment
from payments.models.attempts import incoming_payments_of, outgoing_payments_of
from payments.models.fields import amount_of

ENGINE: Final = Actor.system("engine")
#: Between the two answers.
APART: Final = timedelta(seconds=60)
#: Clocks differ: an incoming payment that expired only just now may still take what is on its way.
LONG_AFTER: Final = timedelta(hours=1)


def note_read(incoming: IncomingPayment, received: int, *, completed: bool) -> bool:
    """Its wallet says that `received` has arrived, in its own minor units. What once arrived never shrinks.

    Whether that is news: what is concluded from it is then to be recorded.
    """
    now = clock.now()
    received = max(incoming.received_value, received)
    told: dict[str, object] = {"read_at": now, "received_value": received}
    if incoming.closed_at is None and (completed or has_expired(incoming, now)):
        if incoming.over_at is None or incoming.over_value != received:
            told |= {"over_at": now, "over_value": received}
        elif now >= incoming.over_at + APART:
            told |= {"closed_at": now}
    is_news = received != incoming.received_value or len(told) > len({"read_at", "received_value"})
    IncomingPayment.objects.filter(pk=incoming.pk).update(**told)
    for column, value in told.items():
        setattr(incoming, column, value)
    return is_news


def note_denied(incoming: IncomingPayment) -> bool:
    """Its wallet answers that there is no such incoming payment. Whether that is evidence: only once it has expired."""
    if not has_expired(incoming, clock.now()):
        return False
    if note_read(incoming, incoming.received_value, completed=False):
        tell(incoming, "incoming.read", ENGINE)
    return True


def ask_anew(incoming: IncomingPayment, actor: Actor) -> None:
    """It counts as open again: a person wants to know once more what arrived."""
    if incoming.closed_at is not None:
        IncomingPayment.objects.filter(pk=incoming.pk).update(closed_at=None)
        incoming.closed_at = None
        tell(incoming, "incoming.reopened", actor)


def tell(incoming: IncomingPayment, kind: str, actor: Actor) -> None:
    """The entry for what is known of it from now on."""
    received = amount_of(incoming.received_value, incoming.asset_code, incoming.asset_scale)
    assert received, "an incoming payment has its currency"
    told: dict[str, Json] = {**facts(incoming), "received": {**received.to_wire()}}
    record(kind, actor=actor, subjects=subjects_of(incoming), data=told)


def has_expired(incoming: IncomingPayment, now: datetime) -> bool:
    """By any clock that is not off by more than `LONG_AFTER`."""
    return incoming.expires_at is not None and now > incoming.expires_at + LONG_AFTER


def is_closed(incoming: IncomingPayment) -> bool:
    """Nothing more can arrive there, and what arrived is known."""
    return incoming.closed_at is not None


def second_read_at(incoming: IncomingPayment) -> datetime | None:
    """When its wallet is to be asked once more, after it first said that it is over.

    None when it need not be: it is closed for good, or no money was ever to go there.
    """
    if incoming.over_at is None or incoming.closed_at is not None:
        return None
    ordered = OutgoingPayment.objects.filter(quote__incoming=incoming).exists()
    return incoming.over_at + APART if ordered else None


def unclosed(payment: Payment, *, but: IncomingPayment | None = None) -> list[IncomingPayment]:
    """Where money of this payment may still arrive: wherever an outgoing payment was ever to go, and nothing closed it.

    A refusal is no proof that it was not: something between us and the wallet may have repeated the call. `but` is left
    out: it takes no more than its own amount, however often it is paid to.
    """
    ordered = {outgoing.quote.incoming_id for outgoing in outgoing_payments_of(payment)}
    return [
        incoming
        for incoming in incoming_payments_of(payment)
        if incoming.pk in ordered and not is_closed(incoming) and (but is None or incoming.pk != but.pk)
    ]


def may_order(payment: Payment, at: IncomingPayment) -> bool:
    """Whether an (other) outgoing payment to `at` may be created: nothing has arrived, nor can it anywhere else."""
    return payment.received_value == 0 and not unclosed(payment, but=at)

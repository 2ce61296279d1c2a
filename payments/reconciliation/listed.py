"""A row of a wallet's list, as statements have it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from ledger import clock
from ledger.books.sums import Total
from ledger.statements.lines import ToldRow
from ledger.statements.matching import TheirRow
from payments.openpayments.amounts import Amount
from payments.openpayments.textrules import cleaned
from payments.openpayments.types import RemoteIncomingPayment, RemoteOutgoingPayment

#: What the engine writes into what it makes: the payment's id, and that of the order to pay.
NAMED_IN_METADATA = ("externalRef", "attempt")
LONGEST_WORD = 200
LONGEST_DESCRIPTION = 500


def received(found: RemoteIncomingPayment) -> ToldRow:
    """What an incoming payment has received so far."""
    return ToldRow(
        TheirRow(
            key=found.id,
            amount=total(found.received_amount),
            at=_moment(found.created_at),
            id=found.id,
            references=_words(found.metadata),
        ),
        text=_description(found.metadata),
    )


def sent(found: RemoteOutgoingPayment) -> ToldRow:
    """What an outgoing payment took. Nothing while nothing was sent; of one that failed, what was sent before."""
    took = found.sent_amount if found.failed or found.sent_amount.is_zero else found.debit_amount
    return ToldRow(
        TheirRow(
            key=found.id,
            amount=-total(took),
            at=_moment(found.created_at),
            id=found.id,
            # Whom it pays names the payment, whoever ordered it, and whatever they wrote beside it.
            references=_words(found.metadata) | {found.receiver, *([found.quote_id] if found.quote_id else [])},
        ),
        text=_description(found.metadata),
    )


def total(amount: Amount) -> Total:
    return Total(amount.asset.code, amount.asset.scale, amount.value)


def _moment(said: datetime) -> datetime:
    """As the wallet says; no later than tomorrow, for what it makes later can't be listed yet."""
    return min(said, clock.now() + timedelta(days=1))


def _words(metadata: Mapping[str, object]) -> frozenset[str]:
    found: Iterable[object] = (metadata.get(name) for name in NAMED_IN_METADATA)
    return frozenset(word for word in found if isinstance(word, str) and 0 < len(word) <= LONGEST_WORD)


def _description(metadata: Mapping[str, object]) -> str:
    text = metadata.get("description")
    return cleaned(text, LONGEST_DESCRIPTION) if isinstance(text, str) else ""

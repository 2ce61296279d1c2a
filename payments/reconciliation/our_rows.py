"""What we say of a wallet's movements, as matching takes it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from ledger.books.sums import Total
from ledger.statements.matching import OurRow
from payments.books.position import debit_taken
from payments.models import IncomingPayment, OutgoingPayment, Payment
from payments.models.attempts import debit_of

AT_ONCE: Final = 500


def received_at(wallet: str, client: str, since: datetime | None, ids: Iterable[str]) -> list[OurRow]:
    """What the wallet (its id) received through that seller, of incoming payments made since then, or listed by it."""
    rows = IncomingPayment.objects.filter(
        wallet__canonical_id=wallet, payment__request__seller=client, probe=False
    ).select_related("payment__request")
    return [_received(row) for row in _those(rows, since, ids)]


def sent_from(wallet: str, client: str, since: datetime | None, ids: Iterable[str]) -> list[OurRow]:
    """What that seller told the wallet (its id) to pay, by outgoing payments made since then, or listed by it."""
    rows = OutgoingPayment.objects.filter(
        grant__wallet__canonical_id=wallet, payment__request__seller=client
    ).select_related("payment__request", "quote__incoming")
    return [_sent(row) for row in _those(rows, since, ids)]


def _those(rows: QuerySet, since: datetime | None, ids: Iterable[str]) -> Iterator:  # type: ignore[type-arg]
    """Each once; first what the time says, then what only the wallet's clock puts into it."""
    own = rows.filter(created_at__gte=since) if since else rows
    seen = set()
    for row in own.exclude(remote_id="").order_by("created_at", "id").iterator(AT_ONCE):
        seen.add(row.remote_id)
        yield row
    others = [one for one in ids if one not in seen] if since else []
    for start in range(0, len(others), AT_ONCE):
        yield from rows.filter(Q(remote_id__in=others[start : start + AT_ONCE])).order_by("created_at", "id")


def _received(row: IncomingPayment) -> OurRow:
    payment = row.payment
    assert payment, "an incoming payment that is asked for has its payment"
    return OurRow(
        key=row.pk,
        subject=payment.pk,
        amount=Total(row.asset_code, row.asset_scale, row.received_value),
        due=Total(payment.asset_code, payment.asset_scale, payment.value),
        at=row.created_at,
        ids=frozenset({row.remote_id}),
        names=_names(payment),
        is_over=payment.is_over,
    )


def _sent(row: OutgoingPayment) -> OurRow:
    payment, debit = row.payment, row.quote.debit
    code, scale = (debit.asset.code, debit.asset.scale) if debit else (row.asset_code, row.asset_scale or 0)
    return OurRow(
        key=row.pk,
        subject=payment.pk,
        amount=Total(code, scale, -debit_taken(row)),
        due=Total(code, scale, -debit_of(payment, row.quote)),
        at=row.created_at,
        ids=frozenset({row.remote_id}),
        references=frozenset({row.pk, row.quote.remote_id} - {""}),
        names=_names(payment) | frozenset({row.quote.incoming.remote_id} - {""}),
        is_over=payment.is_over,
    )


def _names(payment: Payment) -> frozenset[str]:
    return frozenset({payment.pk})

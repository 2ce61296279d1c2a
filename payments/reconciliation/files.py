"""Files of statements, held against what we say of the account that they are of."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Q

from ledger import clock, days
from ledger.books.sums import Total
from ledger.models import StatementRow, StatementSource
from ledger.statements.differences import compare
from ledger.statements.exceptions import Judged, Outcome, keep
from ledger.statements.kinds import DifferenceType
from ledger.statements.lines import their_row
from ledger.statements.matching import OurRow, Terms
from ledger.statements.reading import NOON, words_of
from payments.books.position import debit_taken
from payments.models import (
    IncomingPayment,
    OutgoingPayment,
    OutsidePayment,
    OutsidePaymentState,
    OutsideSettlement,
    Payment,
)
from payments.models.attempts import debit_of
from payments.reconciliation.accounts import LOOKS_BACK

#: Rows of older statements are no more compared with new ones.
LONGEST: Final = timedelta(days=400)


def compare_file(source: StatementSource) -> Outcome:
    """Compare all that was imported of the last year: a row of one file may be ours of the month before."""
    lines = StatementRow.objects.filter(source=source)
    window = timedelta(days=source.window_days)
    # A day that is still to come is somebody's error, and says nothing of how far the statements go.
    last = lines.filter(at__lte=clock.now() + window).order_by("-at").values_list("at", flat=True).first()
    first = lines.filter(at__gte=last - LONGEST).order_by("at").values_list("at", flat=True).first() if last else None
    if last is None or first is None:
        return Outcome(0, 0, 0)
    theirs = [their_row(line) for line in lines.filter(at__gte=first).order_by("at", "id")]
    ours = list(our_rows(source, first - window, last + window))
    tolerance = Decimal(source.tolerance)
    compared = compare(ours, theirs, Terms(window=window, tolerance=tolerance))
    begins, ends = _whole_days(first, last)
    told = [
        each
        for each in compared.differences
        if each.type != DifferenceType.MISSING_THERE or (each.ours and begins <= each.ours.at < ends)
    ]
    compared.differences[:] = told
    within = {row.key for row in ours if begins <= row.at < ends}
    matched = {row.key for each in compared.matches for row in each.ours}
    return keep(source, compared, Judged(frozenset(row.key for row in theirs), within | matched))


def _whole_days(first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """What the statements cover: whole business days."""
    end = last.astimezone(days.zone()).date() + timedelta(days=1)
    return days.begins(first.astimezone(days.zone()).date()), days.begins(end)


def our_rows(source: StatementSource, since: datetime, until: datetime) -> Iterator[OurRow]:
    """What moved through the wallet that the files are of; or, of a bank outside, what was settled outside by it.

    What moved before, or as far as we know not at all, is there for what names it beyond doubt: see `_named_by`.
    """
    if not source.account:
        yield from _settled_outside(source.way, since, until)
        yield from _paid_outside(source.way, since, until)
        return
    yield from _received(source.account, since, until)
    yield from _sent(source.account, since, until)


def _at(wallet: str, address: str) -> Q:
    """Of the wallet, by its id or by the address that people typed."""
    return Q(**{f"{wallet}__canonical_id": address}) | Q(**{f"{wallet}__url": address})


def _received(account: str, since: datetime, until: datetime) -> Iterator[OurRow]:
    """Of incoming payments that were made long before, too: money may come as long as they live."""
    made = Q(created_at__range=(since - LOOKS_BACK, until), payment__isnull=False, probe=False)
    rows = IncomingPayment.objects.filter(_at("wallet", account), made).exclude(remote_id="")
    for row in rows.select_related("payment__request").order_by("created_at", "id"):
        payment = row.payment
        assert payment, "only those of payments were asked for"
        at = payment.settled_at or row.created_at
        yield OurRow(
            key=row.pk,
            subject=payment.pk,
            amount=Total(row.asset_code, row.asset_scale, row.received_value),
            due=Total(payment.asset_code, payment.asset_scale, payment.value),
            at=at,
            ids=frozenset({row.remote_id, _last_part(row.remote_id)}),
            references=_named_by(
                row, in_time=since <= at <= until, moved=row.received_value, of_payment=payment.received_value
            ),
            names=frozenset({payment.pk}),
            is_over=payment.is_over,
        )


def _sent(account: str, since: datetime, until: datetime) -> Iterator[OurRow]:
    made = Q(created_at__range=(since - LOOKS_BACK, until))
    rows = OutgoingPayment.objects.filter(_at("grant__wallet", account), made)
    found = list(rows.select_related("payment__request", "quote__incoming").order_by("created_at", "id"))
    of_payments = Counter[str]()
    for row in found:
        of_payments[row.payment_id] += debit_taken(row)
    for row in found:
        debit, payment, taken = row.quote.debit, row.payment, debit_taken(row)
        if not debit:
            continue
        yield OurRow(
            key=row.pk,
            subject=payment.pk,
            amount=Total(debit.asset.code, debit.asset.scale, -taken),
            due=Total(debit.asset.code, debit.asset.scale, -debit_of(payment, row.quote)),
            at=row.created_at,
            ids=frozenset({row.remote_id, _last_part(row.remote_id)} - {""}),
            references=frozenset({row.pk})
            | _named_by(row, in_time=since <= row.created_at, moved=taken, of_payment=of_payments[payment.pk]),
            names=frozenset({payment.pk, row.pk}),
            is_over=payment.is_over,
        )


def _named_by(row: IncomingPayment | OutgoingPayment, *, in_time: bool, moved: int, of_payment: int) -> frozenset[str]:
    """By what, beside its own id at the wallet, a row may be known: `moved` is what moved by it, of that payment's all.

    One by which nothing moved, by its payment's id, and only if nothing else of it did: or it would stand in the way of
    the one that paid. One of a time before by nothing: its reference may be used again every month.
    """
    payment = row.payment
    if payment is None or (moved and not in_time) or (of_payment and not moved):
        return frozenset()
    return _references(payment) if moved else frozenset({payment.pk})


def _settled_outside(way: str, since: datetime, until: datetime) -> Iterator[OurRow]:
    """What two people say was paid in that way, though a wallet had been asked: it left our account, or the payer's."""
    rows = OutsideSettlement.objects.filter(
        way=way, confirmed_at__isnull=False, withdrawn_at=None, created_at__range=(since, until)
    )
    for row in rows.select_related("payment__request").order_by("created_at", "id"):
        payment = row.payment
        paid = Total(payment.asset_code, payment.asset_scale, payment.received_value - payment.value)
        yield OurRow(
            key=row.pk,
            subject=payment.pk,
            amount=paid,
            due=paid,
            at=row.created_at,
            references=_references(payment) | _numbers_of(row.evidence),
            names=frozenset({payment.pk}),
            is_over=True,
        )


def _paid_outside(way: str, since: datetime, until: datetime) -> Iterator[OurRow]:
    """What two people say was paid in that way, and was never asked for, at noon of the day that they say."""
    days_said = (since.astimezone(days.zone()).date(), until.astimezone(days.zone()).date())
    rows = OutsidePayment.objects.filter(way=way, state=OutsidePaymentState.CONFIRMED, paid_on__range=days_said)
    for row in rows.order_by("paid_on", "id"):
        paid = Total(row.asset_code, row.asset_scale, -row.value)
        yield OurRow(
            key=row.pk,
            subject=row.pk,
            amount=paid,
            due=paid,
            at=days.begins(row.paid_on) + NOON,
            references=frozenset({row.pk, _written(row.reference)} - {""}) | _numbers_of(row.evidence),
            names=frozenset({row.pk}),
            is_over=True,
        )


def _references(payment: Payment) -> frozenset[str]:
    """Whatever people may have copied into a transfer: our ids, and the reference that the request has."""
    return frozenset({payment.pk, payment.request_id, _written(payment.request.reference)} - {""})


def _numbers_of(evidence: str) -> frozenset[str]:
    """What of it may name a transfer: a word without a digit, such as “transfer”, names any."""
    return frozenset(word for word in words_of(evidence) if any(map(str.isdigit, word)))


def _written(reference: str) -> str:
    return " ".join(reference.upper().split())


def _last_part(url: str) -> str:
    return url.rpartition("/")[2]

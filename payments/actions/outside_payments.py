"""What was paid outside the wallets for work that was never asked for in one: two people say so, then it counts.

The room above knows the work: it looks, under its own lock, that so much is owed and that nothing is on its way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock, days
from ledger.api import Actor, record
from payments.books.outside_payments import book_outside
from payments.locking import lock
from payments.mail.second_person import ask_to_confirm_outside_payment
from payments.models import OutsidePayment, OutsidePaymentState, Seller
from payments.models.outside_payments import OUTSIDE_PAYMENT_MOVES
from payments.moving import swap
from payments.openpayments.amounts import Amount
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal
from payments.second_person import objection

#: Older than that is a year that was mistyped.
OLDEST: Final = timedelta(days=2 * 366)
#: Subjects of an entry, beside the payment itself.
Subjects = Mapping[str, str]


@dataclass(frozen=True)
class Paid:
    """What somebody says was paid."""

    amount: Amount
    on: date
    way: str
    evidence: str


@dataclass(frozen=True)
class PaidWork:
    """What it was paid for, in the words of today, and between whom."""

    seller: Seller
    title: str
    reference: str
    payer_key: str
    payer_name: str
    receiver_key: str
    receiver_name: str
    from_held: bool = False


def report(
    paid: Paid, work: PaidWork, *, by: User, form_id: str, link: Callable[[OutsidePayment], Subjects]
) -> OutsidePayment:
    """`by` says that it was paid. It counts once a second person confirms it. Raises Refusal.

    `link` writes down which work it belongs to, and answers with what its entry is about besides.
    """
    _check(paid)
    with transaction.atomic():
        row = OutsidePayment.objects.create(
            seller=work.seller,
            title=work.title,
            reference=work.reference,
            payer_key=work.payer_key,
            payer_name=work.payer_name,
            receiver_key=work.receiver_key,
            receiver_name=work.receiver_name,
            from_held=work.from_held,
            value=paid.amount.value,
            asset_code=paid.amount.asset.code,
            asset_scale=paid.amount.asset.scale,
            paid_on=paid.on,
            way=paid.way,
            evidence=paid.evidence.strip(),
            form_id=form_id,
            claimed_by=by,
        )
        _tell(row, by, link(row), {"evidence": row.evidence})
        ask_to_confirm_outside_payment(row)
    return row


def confirm(row: OutsidePayment, owed: Amount, *, by: User, about: Subjects) -> None:
    """The second person agrees, while `owed` is still owed: it counts as paid. In the caller's transaction.

    Raises Refusal. `row` is locked.
    """
    if code := objection(by, [row.claimed_by_id], own="own_claim"):
        raise Refusal(code)
    _check_waits(row)
    finest = max(owed.asset.scale, row.asset_scale)
    if owed.rescaled(finest) < row.amount.rescaled(finest):
        raise Refusal("outside_above_owed", owed=format_amount(owed), name=row.receiver_name)
    owed_value = owed.rescaled(finest).value // 10 ** (finest - row.asset_scale)
    swap(row, OutsidePaymentState.CONFIRMED, OUTSIDE_PAYMENT_MOVES, **_decided(by), owed_value=owed_value)
    _tell(row, by, about, {})
    book_outside(row)


def withdraw(row: OutsidePayment, *, by: User, why: str, about: Subjects) -> None:
    """It was not paid after all, says who reported it, or whoever was to confirm it. In the caller's transaction.

    Raises Refusal. `row` is locked.
    """
    words = " ".join(why.split())
    if not words:
        raise Refusal("no_words")
    _check_waits(row)
    swap(row, OutsidePaymentState.WITHDRAWN, OUTSIDE_PAYMENT_MOVES, **_decided(by))
    _tell(row, by, about, {"words": words})


def locked(row_id: str) -> OutsidePayment:
    """As it is now, locked until the caller's transaction ends. Raises DoesNotExist."""
    return lock(OutsidePayment.objects.select_related("claimed_by", "seller"), row_id)


def _check(paid: Paid) -> None:
    if paid.amount.is_zero:
        raise Refusal("nothing_to_pay")
    if not paid.evidence.strip():
        raise Refusal("no_evidence")
    today = days.today()
    if paid.on > today:
        raise Refusal("paid_in_future")
    if paid.on < today - OLDEST:
        raise Refusal("paid_long_ago")


def _check_waits(row: OutsidePayment) -> None:
    if not row.waits:
        raise Refusal("outside_decided", state=str(OutsidePaymentState(row.state).label))


def _decided(by: User) -> dict[str, Any]:
    return {"decided_by": by, "decided_at": clock.now()}


def _tell(row: OutsidePayment, by: User, about: Subjects, private: Mapping[str, str]) -> None:
    names = {"receiver": row.receiver_name, "payer": row.payer_name}
    record(
        f"paid_outside.{row.state}",
        actor=Actor.staff(by.pk),
        subjects={"paid_outside": row.pk, **about},
        data={"amount": dict(row.amount.to_wire()), "way": row.way, "day": row.paid_on.isoformat()},
        private={**names, **private},
    )

"""What is looked for in payments before they are sent, each check a declaration; `jobs` declares its own beside these.

A check looks at all payments of one decision together, in a constant number of queries, each behind an index. It says
what is unusual about which of them, with figures; what follows is a level that administrators set (`risk.levels`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger import clock
from payments.limits import never_paid
from payments.models import Payment, PaymentRequest, RiskLevel, WalletAddress
from payments.models.payments import Purpose
from payments.openpayments.amounts import Amount
from payments.presentation.dates import day
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import SENTENCES
from payments.states import DEAD_PAYMENTS, DEAD_REQUESTS, PAID, PAID_REQUESTS, UNAPPROVED_PAYMENTS

#: Days in which a wallet, or an email address, counts as changed lately, and two payments as alike.
LATELY_DAYS: Final = 30
#: A funder's habit: their last requests that were paid, of which so many payments make a habit.
HABIT_REQUESTS: Final = 50
HABIT_PAYMENTS: Final = 200
LEAST_HABIT: Final = 5
FAR_ABOVE: Final = 3  # times what is usual
MOST_TWINS: Final = 1000  # payments of the last days to the wallets that are looked at

#: By payment, the figures that the sentence of a check names.
Found = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class PlannedPayment:
    """A payment that is about to be decided on. It may not be written down yet: `key` is then the asker's own.

    `about` is what it is for, to the room that asks: opaque here. None where only that room can find it by `key`.
    """

    key: str
    payer_wallet_id: int
    payer_name: str
    wallet: WalletAddress
    wallet_since: datetime | None
    name: str
    amount: Amount | None  # what the receiver gets; None before a wallet has said it
    about: object = None


@dataclass(frozen=True)
class RiskCheck:
    """One thing to look for. `words` say what is unusual in one sentence, with the figures that `find` answers with."""

    name: str
    label: Promise
    words: Promise
    find: Callable[[Sequence[PlannedPayment]], Found]
    default: RiskLevel = RiskLevel.SHOWN

    @property
    def sentence_code(self) -> str:
        """The code of its sentence, where a row keeps why it is not sent."""
        return f"warning_{self.name}"


CHECKS: Final[dict[str, RiskCheck]] = {}


def declare(*checks: RiskCheck) -> None:
    """Let these be looked for, after those that are known; called when the program starts."""
    CHECKS.update({check.name: check for check in checks})
    SENTENCES.update({check.sentence_code: check.words for check in checks})


def planned(payment: Payment) -> PlannedPayment:
    """A payment that is written down. Reads its request and its receiver's wallet."""
    return PlannedPayment(
        key=payment.pk,
        payer_wallet_id=payment.request.payer_wallet_id,
        payer_name=payment.request.payer_name,
        wallet=payment.receiver_wallet,
        wallet_since=payment.wallet_since,
        name=payment.receiver_name,
        amount=payment.amount if payment.value else None,
    )


def _first(payments: Sequence[PlannedPayment]) -> Found:
    never = never_paid(each.wallet.pk for each in payments)
    return {each.key: _who(each) for each in payments if each.wallet.pk in never}


def _who(payment: PlannedPayment) -> dict[str, str]:
    return {"name": payment.name, "wallet": payment.wallet.url}


def _changed(payments: Sequence[PlannedPayment]) -> Found:
    found: dict[str, dict[str, str]] = {}
    lately = clock.now() - timedelta(days=LATELY_DAYS)
    for each in payments:
        since = max((at for at in (each.wallet_since, each.wallet.became_at) if at), default=None)
        if since and since > lately:
            found[each.key] = {**_who(each), "day": day(since)}
    return found


def _unproven(payments: Sequence[PlannedPayment]) -> Found:
    return {each.key: _who(each) for each in payments if each.wallet.proven_at is None}


def _unlike_payer(payments: Sequence[PlannedPayment]) -> Found:
    """Compared are amounts that receivers got, in one currency; of several payers, each with their own."""
    found: dict[str, dict[str, str]] = {}
    for payer in {each.payer_wallet_id for each in payments}:
        usual = _usual(payer)
        for each in payments:
            if each.payer_wallet_id != payer or each.amount is None:
                continue
            before = usual.get(each.amount.asset.code.upper(), [])
            middle = median([amount.to_major() for amount in before]) if len(before) >= LEAST_HABIT else None
            if middle and each.amount.to_major() > FAR_ABOVE * middle:
                nearest = min(before, key=lambda amount: abs(amount.to_major() - middle))
                found[each.key] = {
                    "name": each.name,
                    "payer": each.payer_name,
                    "amount": format_amount(each.amount),
                    "usual": format_amount(nearest),
                    "number": str(len(before)),
                }
    return found


def _usual(payer_wallet_id: int) -> dict[str, list[Amount]]:
    """What receivers got by the payer's last payments, by currency."""
    requests = PaymentRequest.objects.filter(payer_wallet=payer_wallet_id, state__in=sorted(PAID_REQUESTS))
    lately = list(requests.order_by("-created_at").values_list("pk", flat=True)[:HABIT_REQUESTS])
    paid = Payment.objects.filter(request__in=lately, state__in=sorted(PAID), purpose=Purpose.WORK)
    by_code: dict[str, list[Amount]] = {}
    for payment in paid.only("value", "asset_code", "asset_scale").order_by()[:HABIT_PAYMENTS]:
        by_code.setdefault(payment.asset_code.upper(), []).append(payment.amount)
    return by_code


def _twins(payments: Sequence[PlannedPayment]) -> Found:
    """Another payment of as much to the same wallet that was made lately, and is not over without money."""
    keys, wallets = {each.key for each in payments}, {each.wallet.pk for each in payments}
    values = {each.amount.value for each in payments if each.amount}
    since = clock.now() - timedelta(days=LATELY_DAYS)
    others = Payment.objects.filter(receiver_wallet__in=wallets, created_at__gt=since, value__in=values)
    others = others.filter(purpose=Purpose.WORK).exclude(state__in=sorted(DEAD_PAYMENTS))
    others = others.exclude(state__in=sorted(UNAPPROVED_PAYMENTS), request__state__in=sorted(DEAD_REQUESTS))
    seen: dict[tuple[int, Amount], str] = {}
    for other in others.select_related("request").order_by("-created_at")[:MOST_TWINS]:
        if other.pk not in keys:
            seen.setdefault((other.receiver_wallet_id, other.amount), other.request.title)
    found: dict[str, dict[str, str]] = {}
    for each in payments:
        if each.amount is None:
            continue
        if title := seen.get((each.wallet.pk, each.amount)):
            told = {"name": each.name, "amount": format_amount(each.amount), "title": title, "days": str(LATELY_DAYS)}
            found[each.key] = told
    return found


declare(
    RiskCheck(
        "first_payment",
        _("First payment to this wallet"),
        _("Nothing was ever paid to the wallet of %(name)s, %(wallet)s."),
        _first,
    ),
    RiskCheck(
        "wallet_changed",
        _("The wallet changed lately"),
        _("%(name)s has another wallet since %(day)s: %(wallet)s."),
        _changed,
    ),
    RiskCheck(
        "wallet_unproven",
        _("Nobody has proven the wallet"),
        _("Nobody has proven that the wallet of %(name)s, %(wallet)s, is theirs."),
        _unproven,
    ),
    RiskCheck(
        "unlike_payer",
        _("Far above what this funder pays"),
        _("%(name)s would get %(amount)s; by the last %(number)s payments of %(payer)s receivers got about %(usual)s."),
        _unlike_payer,
    ),
    RiskCheck(
        "duplicate",
        _("Looks like a duplicate"),
        _("In the last %(days)s days the wallet of %(name)s had another payment of %(amount)s: “%(title)s”."),
        _twins,
    ),
)

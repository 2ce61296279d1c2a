"""Which payment request needs a second person, and why: by the rules that administrators write.

A rule is one of a currency, in major units, whatever the scale that a wallet counts in. One of every other currency
counts where no rule of the currency itself is about the same. Of all that apply the strictest decides; where there is
no rule, one person is enough. What always needs two people (money that we hold, paying somebody who works here) is
marked on the request.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, assert_never

from django.db.models import Exists, OuterRef, Q, QuerySet

from ledger import clock
from payments import rolling_sums
from payments.models import Payment, PaymentRequest, SecondPersonRule
from payments.models.fields import amount_of
from payments.models.payments import Purpose
from payments.models.rules import ActionKind, Measure, ReceiverState
from payments.models.standing_budgets import budget_of
from payments.openpayments.amounts import Amount, Asset, sum_in_major
from payments.states import PAID, UNSENT

#: In place of a currency's code: all that have no rule of their own about the same.
EVERY_OTHER: Final = "*"
#: Received by ourselves: no stranger's wallet.
OUR_OWN: Final = (Purpose.FEE, Purpose.ESCROW)


@dataclass(frozen=True)
class Because:
    """Why a request needs a second person: the rule as it was then, or None for what always does.

    `total` is what the rule's amount was compared with where that was a person's sum, this request included, in major
    units.
    """

    rule: SecondPersonRule | None
    total: Decimal | None = None
    currency: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the request and the ledger keep it."""
        if self.rule is None:
            return {"always": True}
        told = snapshot_of(self.rule)
        return told if self.total is None else {**told, "total": str(self.total), "currency": self.currency}


def snapshot_of(rule: SecondPersonRule) -> dict[str, Any]:
    """What a rule says, as exact JSON: its amount as it was written."""
    limit = amount_above(rule)
    told: dict[str, Any] = {"every_other": str(limit.to_major())} if rule.asset_code == EVERY_OTHER else {}
    told = told or {"limit": dict(limit.to_wire())}
    if rule.receiver == ReceiverState.CHANGED:
        told["days"] = rule.days
    return {**told, "measure": str(rule.measure), "action": str(rule.action), "receiver": str(rule.receiver)}


def amount_above(rule: SecondPersonRule) -> Amount:
    """With as many decimal places as it was written with."""
    return Amount(rule.limit, Asset(rule.asset_code, rule.asset_scale))


def code_of(asset: Asset) -> str:
    """The currency as rules name it: a wallet that writes its code in small letters has the same rules."""
    return asset.code.upper()


def needs_second_person(request: PaymentRequest) -> bool:
    """Whether a second person must still agree to the most that the payer pays, as far as that has grown by now."""
    return bool(why_second_person(request))


def why_second_person(request: PaymentRequest, *, to_draw: bool = False) -> list[Because]:
    """Every reason for which a second person must still agree; none when nobody has to.

    What they agreed to stands in `authorised_debit`. `to_draw`: it is about to be paid from a standing budget. What one
    person sent alone is right once `rolling_sums.hold` has their row.
    """
    most = amount_of(request.most_debit, request.asset_code, request.asset_scale)
    if request.authorised_debit is not None and (most is None or most.value <= request.authorised_debit):
        return []
    if request.two_people:
        return [Because(None)]
    if most is None:
        return []
    asked = _Asked(request, most, to_draw=to_draw)
    return [because for rule in rules_for(code_of(most.asset)) if (because := asked.because(rule))]


def rules_for(code: str) -> list[SecondPersonRule]:
    """The rules that count in a currency: its own, and those of every other currency that no own one is about."""
    found = list(SecondPersonRule.objects.filter(asset_code__in=[code, EVERY_OTHER]))
    own = {_about(rule) for rule in found if rule.asset_code == code}
    return [rule for rule in found if rule.asset_code == code or _about(rule) not in own]


def _about(rule: SecondPersonRule) -> tuple[str, str, str]:
    return rule.measure, rule.action, rule.receiver


class _Asked:
    """A request as rules look at it; what takes a query is read only for a rule that asks for it."""

    def __init__(self, request: PaymentRequest, most: Amount, *, to_draw: bool) -> None:
        self.request, self.most, self.to_draw = request, most, to_draw

    def because(self, rule: SecondPersonRule) -> Because | None:
        above = amount_above(rule).to_major()
        match Measure(rule.measure):
            case Measure.DAY:
                total = self._total()
                applies = total is not None and total > above
                return Because(rule, total, code_of(self.most.asset)) if applies else None
            case Measure.REQUEST:
                is_above = self.most.to_major() > above
                return Because(rule) if is_above and self._is_about(rule) and self._is_to(rule) else None
            case never:
                assert_never(never)

    def _total(self) -> Decimal | None:
        """What who asked sent alone in the 24 hours until this was sent, with it; None for a budget's own approval.

        Where it grew since: until now.
        """
        request = self.request
        if request.requested_by_id is None or budget_of(request):
            return None
        code = code_of(self.most.asset)
        until = request.sent_at if request.proposed_debit is None else None
        others = rolling_sums.sent_alone(request.requested_by_id, code, until=until, but=request.pk)
        return sum_in_major([self.most, *others])

    def _is_about(self, rule: SecondPersonRule) -> bool:
        match ActionKind(rule.action):
            case ActionKind.ANY:
                return True
            case ActionKind.DRAW:
                return self._draws()
            case ActionKind.BUDGET:
                return budget_of(self.request) is not None
            case ActionKind.REFUND:
                return self._is_refund()
            case ActionKind.ASK:
                return not (self._draws() or budget_of(self.request) or self._is_refund())
            case never:
                assert_never(never)

    def _draws(self) -> bool:
        return self.to_draw or self.request.budget_id is not None

    def _is_refund(self) -> bool:
        return bool(self.request.payments.filter(purpose=Purpose.REFUND).exists())

    def _is_to(self, rule: SecondPersonRule) -> bool:
        """Whether one of those who are still to be paid is as the rule says."""
        match ReceiverState(rule.receiver):
            case ReceiverState.ANY:
                return True
            case ReceiverState.UNPROVEN:
                return self._unsent().filter(receiver_wallet__proven_at=None).exists()
            case ReceiverState.CHANGED:
                since = clock.now() - timedelta(days=rule.days)
                lately = Q(wallet_since__gt=since) | Q(receiver_wallet__became_at__gt=since)
                return self._unsent().filter(lately).exists()
            case ReceiverState.FIRST:
                paid = Payment.objects.filter(receiver_wallet=OuterRef("receiver_wallet"), state__in=PAID)
                return self._unsent().filter(~Exists(paid)).exists()
            case never:
                assert_never(never)

    def _unsent(self) -> QuerySet[Payment]:
        return self.request.payments.filter(state__in=UNSENT).exclude(purpose__in=OUR_OWN)


def alone_today(user_id: int, code: str) -> tuple[Decimal, Amount] | None:
    """What this person sent alone in the last 24 hours in `code`, in major units, and the most that they may.

    None where no rule says so.
    """
    rule = next((one for one in rules_for(code) if one.measure == Measure.DAY), None)
    if rule is None:
        return None
    may = replace(amount_above(rule), asset=Asset(code, rule.asset_scale))
    return sum_in_major(rolling_sums.sent_alone(user_id, code)), may

"""What whoever sends money answers to its warnings: looked at once more under the lock, and kept in the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User

from ledger.api import Actor, record
from payments.models import Payment, RiskOverride
from payments.models.risk import LONGEST_REASON
from payments.presentation.reasons import Refusal
from payments.risk.warnings import RiskWarning, warnings_of

OVERRIDE: Final = "payments.override_risk"
LONGEST_SHOWN = 4000  # characters of sentences that an entry keeps


@dataclass(frozen=True)
class RiskAnswer:
    """Which warnings a person says they have looked at (`RiskWarning.key`), and why they override those that block."""

    looked_at: frozenset[str] = frozenset()
    why: str = ""


#: Of whoever was shown nothing: enough where nothing has to be answered.
NO_ANSWER: Final = RiskAnswer()


def check_answered(payments: Sequence[Payment], answer: RiskAnswer, *, by: User) -> None:
    """Keep what `by` answered to the warnings of `payments` as they are now; the caller has locked their request.

    Raises Refusal for one that has to be looked at and was not, and for one that blocks and was not overridden by
    somebody who may. Then nothing is kept.
    """
    found = [each for each in warnings_of(payments) if each.wants_tick or each.blocks]
    if not found:
        return
    blocks = [each for each in found if each.blocks]
    if blocks and not by.has_perm(OVERRIDE):
        raise Refusal("warning_blocks", warnings=_told(blocks))
    reason = " ".join(answer.why.split())[:LONGEST_REASON]
    if blocks and not reason:
        raise Refusal("warning_wants_reason", warnings=_told(blocks))
    if unseen := [each for each in found if each.key not in answer.looked_at]:
        raise Refusal("warning_not_looked_at", warnings=_told(unseen))
    request_id = payments[0].request_id
    for each in blocks:
        _override(each, request_id, reason, by)
    record(
        "request.warnings_answered",
        actor=Actor.staff(by.pk),
        subjects={"request": request_id},
        data={"warnings": [{"check": each.check.name, "payment": each.payment, "level": each.level} for each in found]},
        private={"shown": _told(found)[:LONGEST_SHOWN], **({"reason": reason} if blocks else {})},
    )


def _override(warning: RiskWarning, request_id: str, reason: str, by: User) -> None:
    row = RiskOverride.objects.create(payment_id=warning.payment, check_name=warning.check.name, reason=reason, by=by)
    record(
        "payment.warning_overridden",
        actor=Actor.staff(by.pk),
        subjects={"payment": warning.payment, "request": request_id, "risk_override": str(row.pk)},
        data={"check": warning.check.name},
        private={"reason": reason},
    )


def _told(warnings: Sequence[RiskWarning]) -> str:
    return " ".join(each.text for each in warnings)

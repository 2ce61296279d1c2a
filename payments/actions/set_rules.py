"""When a second person decides: setting and removing rules. Every change is in the ledger, with what it was before."""

from copy import copy
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from ledger.api import Actor, record
from payments.authorisation import code_of, snapshot_of
from payments.models import SecondPersonRule
from payments.models.rules import CHANGED_DAYS, ActionKind, Measure, ReceiverState
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal


@dataclass(frozen=True)
class RuleTerms:
    """What a rule is about: of what, for what, to whom. A currency has one rule about the same."""

    measure: Measure = Measure.REQUEST
    action: ActionKind = ActionKind.ANY
    receiver: ReceiverState = ReceiverState.ANY
    days: int = CHANGED_DAYS


#: One request of anything, to anybody.
PLAIN = RuleTerms()


def set_rule(limit: Amount, by: User, terms: RuleTerms = PLAIN) -> SecondPersonRule:
    """Ask for a second person above `limit` of its currency, as `terms` say; up to it, inclusive, one is enough.

    Under the code `authorisation.EVERY_OTHER`: in each currency without a rule of its own about the same. Raises
    Refusal for a person's sum of a part of what they send.
    """
    check_terms(terms)
    about: dict[str, Any] = {"measure": terms.measure, "action": terms.action, "receiver": terms.receiver}
    about["asset_code"] = code_of(limit.asset)
    amount = {"asset_scale": limit.asset.scale, "limit": limit.value, "days": terms.days}
    with transaction.atomic():
        before = SecondPersonRule.objects.filter(**about).first()
        row, _created = SecondPersonRule.objects.update_or_create(**about, defaults=amount)
        _tell("set", row, by, before)
    return row


def check_terms(terms: RuleTerms) -> None:
    """Raises Refusal for what no rule can be about."""
    if terms.measure == Measure.DAY and (terms.action, terms.receiver) != (ActionKind.ANY, ReceiverState.ANY):
        raise Refusal("sum_of_everything")


def remove_rule(row: SecondPersonRule, by: User) -> None:
    """From now on that of every other currency counts in its place, or none."""
    with transaction.atomic():
        removed = copy(row)
        row.delete()
        _tell("removed", removed, by, None)


def _tell(event: str, row: SecondPersonRule, by: User, before: SecondPersonRule | None) -> None:
    data = {**snapshot_of(row), **({"before": snapshot_of(before)} if before else {})}
    record(f"limit.{event}", actor=Actor.staff(by.pk), subjects={"limit": str(row.pk)}, data=data)

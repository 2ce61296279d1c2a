"""Rules for a second person as sentences, and why a request waits for one, from what was written down."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, assert_never

from babel.numbers import format_decimal
from django.utils.translation import gettext as _

from payments.models.rules import ActionKind, Measure, ReceiverState
from payments.openpayments.amounts import Amount
from payments.presentation.format_amounts import format_amount, locale_of


def rule_sentence(rule: Mapping[str, Any]) -> str:
    """A rule as `authorisation.snapshot_of` tells it: “Above 500.00 USD, when …: a second person.”."""
    parts = [_above(rule), _about(ActionKind(rule["action"])), _when(ReceiverState(rule["receiver"]), rule)]
    return _("%(conditions)s: a second person.") % {"conditions": ", ".join(filter(None, parts))}


def _above(rule: Mapping[str, Any]) -> str:
    other = rule.get("every_other")
    amount = plain_number_of(other) if other is not None else format_amount(Amount.from_wire(rule["limit"]))
    match Measure(rule["measure"]):
        case Measure.REQUEST:
            words = _("Above %(amount)s of every other currency") if other is not None else _("Above %(amount)s")
        case Measure.DAY:
            words = (
                _("Above %(amount)s of every other currency that one person sends alone in 24 hours")
                if other is not None
                else _("Above %(amount)s that one person sends alone in 24 hours")
            )
        case never:
            assert_never(never)
    return words % {"amount": amount}


def _about(action: ActionKind) -> str:
    match action:
        case ActionKind.ANY:
            return ""
        case ActionKind.ASK:
            return _("when a payer is asked")
        case ActionKind.DRAW:
            return _("when it is paid from a standing budget")
        case ActionKind.BUDGET:
            return _("when a standing budget is set up")
        case ActionKind.REFUND:
            return _("when it is a refund")
        case never:
            assert_never(never)


def _when(receiver: ReceiverState, rule: Mapping[str, Any]) -> str:
    match receiver:
        case ReceiverState.ANY:
            return ""
        case ReceiverState.UNPROVEN:
            return _("when the owner of a receiver's wallet has not proven that it is theirs")
        case ReceiverState.CHANGED:
            return _("when a receiver's wallet changed in the last %(days)s days") % {"days": rule["days"]}
        case ReceiverState.FIRST:
            return _("when nothing was ever paid to a receiver's wallet")
        case never:
            assert_never(never)


def because_sentences(because: Iterable[Mapping[str, Any]]) -> list[str]:
    """Why a request waits for a second person, each reason with what it was compared with."""
    return [_because(each) for each in because]


def _because(told: Mapping[str, Any]) -> str:
    if told.get("always"):
        return _(
            "Whatever the amount, this needs a second person: it is money that we hold, or somebody who works here is"
            " paid."
        )
    sentence = rule_sentence(told)
    if "total" not in told:
        return sentence
    total = f"{plain_number(Decimal(told['total']))}\N{NO-BREAK SPACE}{told['currency']}"
    return _("%(rule)s With this it would be %(total)s.") % {"rule": sentence, "total": total}


def plain_number_of(written: str) -> str:
    """A number that was written with digits and a point."""
    return plain_number(Decimal(written))


def plain_number(number: Decimal, least_places: int = 0) -> str:
    """A number in major units as the reader writes it, with all of its decimal places."""
    exponent = number.as_tuple().exponent
    places = max(least_places, -exponent if isinstance(exponent, int) else 0)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return str(format_decimal(number, format=pattern, locale=locale_of()))

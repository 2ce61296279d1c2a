"""What a proposal is about, and what it changes, in the reader's words: from its own snapshots, not today's rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.models import RiskLevel
from payments.openpayments.amounts import Amount
from payments.presentation.format_amounts import format_amount, percent
from payments.presentation.rule_words import plain_number_of, rule_sentence
from payments.risk.checks import CHECKS

NOTHING: Final = "\N{EN DASH}"

#: As snapshots have them.
Snapshot = Mapping[str, Any]


@dataclass(frozen=True)
class ChangedRow:
    """One thing that changes."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ProposalWords:
    """How one kind of proposal is worded."""

    title: Callable[[str], str]  # from its subject
    rows: Callable[[Snapshot, Snapshot], list[ChangedRow]]


def title(kind: str, subject: str) -> str:
    return WORDS[kind].title(subject)


def changed_rows(kind: str, before: Snapshot, after: Snapshot) -> list[ChangedRow]:
    """What changes, in the order of the form that proposed it."""
    return WORDS[kind].rows(before, after)


def _rule_rows(before: Snapshot, after: Snapshot) -> list[ChangedRow]:
    return [ChangedRow(_("Rule"), rule_sentence(before) if before else _("None"), _sentence_or_none(after))]


def _sentence_or_none(after: Snapshot) -> str:
    return rule_sentence(after) if after else _("None")


def _proof_rows(before: Snapshot, after: Snapshot) -> list[ChangedRow]:
    return [ChangedRow(_("Largest payment to an unproven wallet"), _limit(before), _limit(after))]


def _limit(snapshot: Snapshot) -> str:
    if "every_other" in snapshot:
        return _("%(amount)s of every other currency") % {"amount": plain_number_of(snapshot["every_other"])}
    return format_amount(Amount.from_wire(snapshot["limit"])) if snapshot else _("No limit")


def _level_rows(before: Snapshot, after: Snapshot) -> list[ChangedRow]:
    return [ChangedRow(_("Level"), _level(before), _level(after))]


def _level(snapshot: Snapshot) -> str:
    return str(RiskLevel(snapshot["level"]).label) if snapshot else _("As it was at first")


def _check_title(subject: str) -> str:
    label = str(CHECKS[subject].label) if subject in CHECKS else subject
    return _("The warning “%(warning)s”") % {"warning": label}


#: Of a seller, in the order of its form.
SELLER_FIELDS: Final[Mapping[str, Promise]] = {
    "in_use": gettext_lazy("In use"),
    "name": gettext_lazy("Name"),
    "wallet": gettext_lazy("Wallet address"),
    "is_default": gettext_lazy("Default"),
    "may_hold_money": gettext_lazy("May hold money"),
    "approval_email": gettext_lazy("Approvals go to"),
    "approval_language": gettext_lazy("Language of approvals"),
    "fee_share": gettext_lazy("Platform fee"),
    "fee_each": gettext_lazy("Fee for each worker"),
}


def _seller_rows(before: Snapshot, after: Snapshot) -> list[ChangedRow]:
    return [
        ChangedRow(str(label), _value(name, before.get(name)), _value(name, after.get(name)))
        for name, label in SELLER_FIELDS.items()
        if before.get(name) != after.get(name)
    ]


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value is None or value == "":
        return NOTHING
    if name == "fee_share":
        return f"{percent(value)} %"
    return format_amount(Amount.from_wire(dict(value))) if isinstance(value, Mapping) else str(value)


WORDS: Final[dict[str, ProposalWords]] = {
    "rule": ProposalWords(lambda _subject: _("A rule for a second person"), _rule_rows),
    "proof_limit": ProposalWords(lambda _subject: _("The limit for unproven wallets"), _proof_rows),
    "risk_level": ProposalWords(_check_title, _level_rows),
    "seller": ProposalWords(lambda subject: _("The seller %(seller)s") % {"seller": subject}, _seller_rows),
}


def also_word(kind: str, words: ProposalWords) -> None:
    """Let a room above word proposals of its own. Called when the program starts."""
    WORDS[kind] = words

"""What an entry of the ledger says, in one plain sentence of the reader's language.

Only words are kept here: amounts, addresses and reasons come from the entry itself, never from today's rows.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ledger.api import TimelineRow
from payments.links import LinkUse
from payments.models import OutsideSettlement, RiskLevel
from payments.models.mail_stops import StopKind
from payments.models.messages import Template
from payments.models.payments import Decision
from payments.openpayments.amounts import Amount, AmountError
from payments.presentation.format_amounts import format_amount
from payments.presentation.ledger_words import WORDS
from payments.presentation.proposal_words import changed_rows, title
from payments.presentation.reasons import sentence
from payments.presentation.rule_words import because_sentences, rule_sentence
from payments.risk.checks import CHECKS

Tone = Literal["neutral", "info", "good", "warn", "bad", "outside"]

ICONS: Final[dict[str, str]] = {
    "request": "request_quote",
    "payment": "payments",
    "grant": "key",
    "incoming": "call_received",
    "quote": "calculate",
    "outgoing": "call_made",
    "message": "mail",
    "mail_stop": "unsubscribe",
    "wallet": "account_balance_wallet",
    "seller": "storefront",
    "key": "key",
    "proof": "badge",
    "proof_limit": "shield_person",
    "risk_level": "warning",
    "limit": "shield_person",
    "chart": "account_tree",
    "journal": "book_2",
    "pause": "pause_circle",
    "proposal": "how_to_vote",
    "glass": "emergency",
    "installation": "database",
    "queue": "engineering",
    "api_key": "vpn_key",
    "api_ask": "vpn_key",
    "incoming_ask": "vpn_key",
    "marketplace": "hub",
    "paid_outside": "handshake",
    "staff_note": "edit_note",
}
TONES: Final[dict[str, Tone]] = {
    "settled": "good",
    "approved": "good",
    "done": "good",
    "ended": "neutral",
    "sent": "info",
    "open": "info",
    "awaiting_approval": "info",
    "awaiting_authorisation": "info",
    "pending": "info",
    "unknown": "warn",
    "needs_attention": "warn",
    "settled_in_part": "warn",
    "settled_outside": "outside",
    "outside_reported": "outside",
    "confirmed": "outside",
    "fenced": "warn",
    "lost": "warn",
    "expired": "warn",
    "started": "warn",
    "amount_grew": "warn",
    "missing": "warn",
    "broken": "bad",
    "rejected": "bad",
    "superseded": "warn",
    "proven": "good",
    "late_answer": "warn",
    "shown_link_used": "warn",
    "failed": "bad",
    "refused": "bad",
    "declined": "bad",
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_ALLOWED_FOR: Final[dict[str, Promise]] = {
    "incoming-payment": gettext_lazy("to receive money"),
    "quote": gettext_lazy("to get a quote"),
    "outgoing-payment": gettext_lazy("to pay"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One entry for people: `text` is what happened, `detail` why (may be empty), `icon` a Material symbol."""

    text: str
    detail: str = ""
    icon: str = "info"
    tone: Tone = "neutral"

    def __str__(self) -> str:
        return f"{self.text} {self.detail}".strip()


#: Of rooms above: each answers None for an entry that is not its own.
_others: Final[list[Callable[[TimelineRow], Sentence | None]]] = []


def also_ask(describe_own: Callable[[TimelineRow], Sentence | None]) -> None:
    """Let a room above word its own entries where they are about rows of this one. Called when the program starts."""
    if describe_own not in _others:
        _others.append(describe_own)


def describe(row: TimelineRow) -> Sentence:
    """`row` as a sentence. A kind that nobody has words for yet is named as it is: nothing is left out."""
    if row.kind not in WORDS:
        for describe_own in _others:
            if sentence_of_another := describe_own(row):
                return sentence_of_another
    subject, _dot, event = row.kind.partition(".")
    told = _told(row.data, row.private)
    for words in WORDS.get(row.kind, ()):
        if set(_PLACEHOLDER.findall(str(words))) <= told.keys():
            text = str(words) % told
            break
    else:
        text = _("Recorded: %(kind)s.") % {"kind": row.kind}
    return Sentence(
        text=text,
        detail=_why(row.data, told) or row.private.get("reason", "") or told.get("because", ""),
        icon=ICONS.get(subject, "info"),
        tone=TONES.get(event, "neutral"),
    )


def _told(data: Mapping[str, Any], private: Mapping[str, str]) -> dict[str, str]:
    """What the words may speak of: amounts as people read them, addresses without their path, names if still kept."""
    told: dict[str, str] = {}
    for name, value in data.items():
        if isinstance(value, Mapping) and "assetCode" in value:
            if amount := _amount(value):
                told[name] = amount
        elif isinstance(value, str | int) and value != "":
            told[name] = str(value)
    if told.get("check") in CHECKS:
        told["warning"] = str(CHECKS[told["check"]].label)
    if told.get("level") in RiskLevel.values:
        told["level"] = str(RiskLevel(told["level"]).label)
    if "measure" in data:
        told["rule"] = rule_sentence(data)
    if "what" in data and "of" in data:
        told |= _of_proposal(data)
    if "because" in data:
        told["because"] = " ".join(because_sentences(data["because"]))
    for name in ("wallet", "payer_wallet", "receiver_wallet"):
        if name in told:
            told[f"{name}_host"] = urlsplit(told[name]).netloc or told[name]
    if "grant_kind" in told:
        told["what_for"] = str(_ALLOWED_FOR.get(told["grant_kind"], told["grant_kind"]))
    if told.get("decision") in Decision.values:
        told["decision"] = str(Decision(told["decision"]).label)
    if told.get("way") in OutsideSettlement.Means.values:
        told["way"] = str(OutsideSettlement.Means(told["way"]).label)
    if told.get("did") in LinkUse.values:
        told["did"] = str(LinkUse(told["did"]).label)
    if told.get("template") in Template.values:
        told["template"] = str(Template(told["template"]).label)
    if told.get("kind") in StopKind.values:
        told["stopped"] = str(StopKind(told["kind"]).label)
    return {**told, **{name: value for name, value in private.items() if value}}


def _of_proposal(data: Mapping[str, Any]) -> dict[str, str]:
    rows = changed_rows(data["what"], data["was"], data["becomes"])
    changes = "; ".join(f"{row.label}: {row.before} → {row.after}" for row in rows)
    return {"proposal_title": title(data["what"], data["of"]), "changes": f"{changes.rstrip('.')}."}


def _amount(wire: Mapping[str, Any]) -> str:
    try:
        return format_amount(Amount.from_wire(dict(wire)))
    except AmountError:
        return ""


def _why(data: Mapping[str, Any], told: Mapping[str, str]) -> str:
    """The sentence of the reason's code, with what the entry itself tells where its parameters are silent."""
    code = data.get("reason")
    if not code:
        return ""
    known = {**told, "host": told.get("wallet_host", "")}
    text = sentence(str(code), {**known, **data.get("reason_params", {})})
    return "" if _PLACEHOLDER.search(text) else text

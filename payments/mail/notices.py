"""The words of messages that are about no payment request: what they tell of is kept with them."""

from datetime import date
from typing import Any, Final

from babel.dates import format_date
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import links
from payments.mail import reminded
from payments.mail.fitting import fitted
from payments.mail.pages import ADDRESSEE, MailReader, own_page
from payments.mail.queue import REMINDING
from payments.mail.stops import CAN_BE_STOPPED
from payments.models import Message, OutsideSettlement, WalletProof
from payments.models.messages import Template
from payments.openpayments.amounts import Amount
from payments.presentation.format_amounts import format_amount, locale_of
from payments.presentation.reasons import OWN_REASONS

SUBJECTS: Final[dict[str, Promise]] = {
    Template.REMINDER: gettext_lazy("A reminder: %(title)s"),
    Template.LAST_DAY: gettext_lazy("Last day to approve: %(title)s"),
    Template.SELECTED: gettext_lazy("You were selected: %(title)s"),
    Template.LET_GO: gettext_lazy("No longer selected: %(title)s"),
    Template.STATEMENT: gettext_lazy("Your statement: %(title)s"),
    Template.PAID_OUTSIDE: gettext_lazy("You were paid outside your wallet: %(title)s"),
    Template.PAID_FOR_PAYER: gettext_lazy("Paid for you outside your wallet: %(title)s"),
    Template.PROOF: gettext_lazy("Please prove that your wallet is yours"),
    Template.WALLET_CHANGE: gettext_lazy("Was it you? Your wallet address is to change"),
    Template.WALLET_CHANGED: gettext_lazy("Where your payments go from now on"),
    Template.EMAIL_CHANGE: gettext_lazy("Was it you? Your email address has changed"),
    Template.ACCOUNT: gettext_lazy("Look at this: %(title)s"),
    Template.SECOND_PERSON: gettext_lazy("Please decide: %(title)s"),
    Template.DECISION: gettext_lazy("Decided: %(title)s"),
    Template.NOT_APPROVED: gettext_lazy("Not approved: %(title)s"),
    Template.ALONE: gettext_lazy("Decided by one person alone: %(title)s"),
    Template.CHECKPOINT: gettext_lazy("Checkpoint of our ledger"),
    Template.PAUSED: gettext_lazy("All new payments are paused"),
    Template.EXPORT: gettext_lazy("Ready to download: %(title)s"),
    Template.MENTION: gettext_lazy("A note names you: %(title)s"),
    Template.DIGEST: gettext_lazy("To do: %(title)s"),
    Template.WEBHOOK_OFF: gettext_lazy("Switched off: the webhook %(title)s"),
}


#: Of something that its reader may not have done: the page would be somebody else's.
WAS_IT_YOU: Final = frozenset({Template.EMAIL_CHANGE, Template.WALLET_CHANGE, Template.WALLET_CHANGED})
#: Besides, to people who have no page of their own: staff, and whoever audits the ledger.
WITHOUT_PAGE: Final = WAS_IT_YOU | {
    Template.CHECKPOINT,
    Template.PAUSED,
    Template.EXPORT,
    Template.MENTION,
    Template.DIGEST,
    Template.WEBHOOK_OFF,
}
#: To people who pay: they have another page than those who receive.
TO_PAYERS: Final = frozenset({Template.STATEMENT, Template.PAID_FOR_PAYER, *REMINDING})
#: Of what two people say was paid outside the wallets.
OUTSIDE: Final = frozenset({Template.PAID_OUTSIDE, Template.PAID_FOR_PAYER})


def subject(message: Message) -> str:
    return str(SUBJECTS[message.template]) % {"title": message.title}


def context(message: Message, reader: MailReader) -> dict[str, Any]:
    """All that the words of `message` need stands in its details."""
    key = message.details.get("key", "")
    receives = message.template not in TO_PAYERS
    page = "" if message.template in WITHOUT_PAGE else own_page(key, message.to_email, reader, receives=receives)
    return {
        "language": translation.get_language(),
        "message": message,
        "name": message.to_name,
        "own_page": page,
        "receives": receives,
        **message.details,
        **(_proof(message.proof, reader) if message.proof else {}),
        # Of a page that asks who they are: it may be shown to anybody.
        **({"link": links.site_url(message.details["path"])} if "path" in message.details else {}),
        **({"setting_link": links.site_url(message.details["setting"])} if "setting" in message.details else {}),
        **(_paused(message) if message.template == Template.PAUSED else {}),
        **(_selected(message, page) if message.template == Template.SELECTED else {}),
        **({"request": message.details} if message.template == Template.LET_GO else {}),
        **({"link": f"{page}/{message.details['month']}"} if message.template == Template.STATEMENT and page else {}),
        **(_paid_outside(message, page) if message.template in OUTSIDE else {}),
        **(reminded.context(message, reader) if message.template in REMINDING else {}),
        "no_mail": _no_mail(message, reader),
    }


def _no_mail(message: Message, reader: MailReader) -> str:
    """Where its reader stops mails of its kind: nobody else is shown that."""
    shown = message.template not in CAN_BE_STOPPED or reader != ADDRESSEE or not message.pk
    return "" if shown else links.no_mail_url(message.pk)


def _selected(message: Message, page: str) -> dict[str, Any]:
    return {"request": message.details, "amount": _amount(message), "link": page}


def _paid_outside(message: Message, page: str) -> dict[str, Any]:
    told = message.details
    way = OutsideSettlement.Means(told["way"]).label
    when = format_date(date.fromisoformat(told["paid_on"]), "long", locale=locale_of())
    return {"request": told, "amount": _amount(message), "way": way, "when": when, "link": page}


def _paused(message: Message) -> dict[str, Any]:
    why = OWN_REASONS.get(str(message.details.get("cause")), "")
    return {"why": why, "link": links.site_url(reverse("admin:payments_pause_changelist"))}


def _amount(message: Message) -> Amount | None:
    wire = message.details.get("amount")
    return Amount.from_wire(wire) if wire else None


def _proof(proof: WalletProof, reader: MailReader) -> dict[str, Any]:
    return {
        "proof": proof,
        "wallet": proof.wallet.url,
        "seller": proof.seller.name,
        "link": reader.instead_of_links or links.proof_url(proof.pk, reader.shown_to),
    }


def short(message: Message) -> str:
    """For a text message; empty where there is none."""
    if message.template == Template.SELECTED:
        chosen = _("%(name)s, you were selected for “%(title)s”. You receive %(amount)s once your work is accepted.")
        told = {"name": message.to_name, "title": message.title, "amount": format_amount(_amount(message))}
        return fitted(chosen, told)
    if message.template == Template.LET_GO:
        released = _("%(name)s, you are no longer selected for “%(title)s”. A mistake? Tell us.")
        return fitted(released, {"name": message.to_name, "title": message.title})
    if message.template == Template.WALLET_CHANGED:
        words = _("%(name)s, your payments go to %(after)s from now on. Was it not you? Tell us now.")
        return words % {"name": message.to_name, "after": message.details["after"]}
    if message.template != Template.WALLET_CHANGE:
        return ""
    words = _("%(name)s, your wallet for payments is to change to %(after)s. Was it not you? Tell us now.")
    return words % {"name": message.to_name, "after": message.details["after"]}

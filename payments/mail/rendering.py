"""The words of a message, made when it is sent or looked at: no link and no rendered text is kept."""

import re
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import links
from payments.mail import notices
from payments.mail.fitting import fitted
from payments.mail.pages import ADDRESSEE, MailReader, own_page
from payments.mail.queue import ASKING, TO_RECEIVER, TROUBLES
from payments.models import Message, PaymentRequest
from payments.models.messages import Template
from payments.models.standing_budgets import budget_of
from payments.presentation import amount_rows, budget_summary
from payments.presentation.attention_text import missing
from payments.presentation.cost_summary import cost_summary_of
from payments.presentation.format_amounts import format_amount
from payments.presentation.languages import supported
from payments.presentation.reasons import sentence
from payments.presentation.receiver_reasons import why_not_here
from payments.presentation.status import Status, payment_status, request_status
from payments.states import PaymentState, RequestState

LONGEST_SUBJECT = 150  # characters
EMPTY_LINES = re.compile(r"\n{3,}")

SUBJECTS: dict[str, str | Promise] = {
    Template.APPROVAL: gettext_lazy("Please approve: %(title)s"),
    Template.APPROVAL_AGAIN: gettext_lazy("Please approve once more: %(title)s"),
    Template.EXPIRED: gettext_lazy("Not approved in time: %(title)s"),
    Template.RECEIPT: gettext_lazy("Receipt: %(title)s"),
    Template.PAID: gettext_lazy("You were paid %(amount)s: %(title)s"),
    Template.FAILED: gettext_lazy("The payment did not work: %(title)s"),
    Template.CANCELLED: gettext_lazy("No longer needed: %(title)s"),
    Template.BUDGET: gettext_lazy("Please approve once: %(title)s"),
    Template.BUDGET_DRAW: gettext_lazy("Paid from your standing budget: %(title)s"),
    Template.BUDGET_OVER: gettext_lazy("It is over: %(title)s"),
    Template.LATE: gettext_lazy("Your payment is late: %(title)s"),
    Template.NOT_PAID: gettext_lazy("Your payment did not work: %(title)s"),
}


#: Subjects of messages about what was not settled in the wallets, or not all of it.
OUTSIDE_SUBJECTS: dict[str, str | Promise] = {
    Template.RECEIPT: gettext_lazy("Settled outside the wallets: %(title)s"),
    Template.PAID: gettext_lazy("Were you paid %(amount)s outside your wallet? %(title)s"),
}


#: Subjects of messages about what was paid only in part.
PARTLY_SUBJECTS: dict[str, str | Promise] = {Template.RECEIPT: gettext_lazy("Receipt for a part: %(title)s")}


@dataclass(frozen=True)
class Rendered:
    """A message in its reader's language. `short` fits a text message; empty where there is none."""

    subject: str
    text: str
    html: str
    short: str


def render(message: Message, reader: MailReader = ADDRESSEE) -> Rendered:
    """The message as it reads now; of one to somebody whose data was erased, that it was."""
    if not message.to_email:
        return _erased(message)
    with translation.override(supported(message.language)):
        context = _context_of(message, reader)
        subject = _one_line(_subject(message) if message.request else notices.subject(message))
        context["subject"] = subject
        return Rendered(
            subject,
            EMPTY_LINES.sub("\n\n", render_to_string(f"mail/{message.template}.txt", context)).strip() + "\n",
            render_to_string(f"mail/{message.template}.html", context),
            _short(message) if message.request else notices.short(message),
        )


def _erased(message: Message) -> Rendered:
    words = _("What this email said was erased with the personal data of whom it was to.")
    return Rendered(str(message.get_template_display()), f"{words}\n", f"<p>{escape(words)}</p>", "")


def _context_of(message: Message, reader: MailReader) -> dict[str, Any]:
    if message.request is None:
        return notices.context(message, reader)
    return _context(message, message.request, reader)


def _context(message: Message, request: PaymentRequest, reader: MailReader) -> dict[str, Any]:
    bill = cost_summary_of(request, proposed=message.template in ASKING)
    return {
        "language": translation.get_language(),
        "message": message,
        "name": message.to_name,
        "request": request,
        "payment": message.payment,
        "amount": message.payment.amount if message.payment else None,
        "seller": request.seller.name or request.seller_id,
        "bill": bill,
        "asked": amount_rows.asked(bill),
        "asked_parts": amount_rows.parts(amount_rows.asked(bill)),
        "charged": amount_rows.charged(bill),
        "charged_parts": amount_rows.parts(amount_rows.charged(bill)),
        "why": _why(message),
        "status": _status(message, request),
        "link": reader.instead_of_links or links.approval_url(_linked(message, request), reader.shown_to),
        "own_page": _own_page(message, reader),
        "receives": message.template in TO_RECEIVER,
        **_outside(message),
        **_budget(request),
    }


def _status(message: Message, request: PaymentRequest) -> Status:
    """What the payment, or the request, that the message tells of is called now."""
    return payment_status(message.payment) if message.payment else request_status(request, request.payments.all())


def _linked(message: Message, request: PaymentRequest) -> PaymentRequest:
    """Whose page the message leads to: a draw's, to the budget, where its funder can stop it."""
    if message.template == Template.BUDGET_DRAW and request.budget:
        return request.budget.request
    return request


def _budget(request: PaymentRequest) -> dict[str, Any]:
    """What is told of a standing budget: that the message is about, or that its payment came from."""
    budget = budget_of(request) or request.budget
    if budget is None:
        return {"budget": None}
    return {
        "budget": budget,
        "every": budget_summary.every(budget),
        "terms": budget_summary.terms(budget),
        "draw_rows": budget_summary.draw_rows(request),
    }


def _own_page(message: Message, reader: MailReader) -> str:
    if message.template in TO_RECEIVER and message.payment:
        return own_page(message.payment.receiver_key, message.to_email, reader, receives=True)
    assert message.request, "a notice finds its page itself"
    if message.to_email != message.request.payer_email:  # accounts: the page could stop approvals, which is not theirs
        return ""
    return own_page(message.request.payer_key, message.to_email, reader, receives=False)


def _outside(message: Message) -> dict[str, Any]:
    """What is told of a settlement outside the wallets: whether there was one, how, and how much of it."""
    payment = message.payment
    claim = payment.outside_settlements.filter(withdrawn_at=None).first() if payment else None
    return {
        "outside": _is_outside(message),
        "partly": _is_partly(message),
        "way": claim.get_way_display() if claim else "",
        "outside_amount": missing(payment) if payment else None,
    }


def _is_outside(message: Message) -> bool:
    if message.template in TO_RECEIVER and message.payment:
        return message.payment.state == PaymentState.SETTLED_OUTSIDE
    return message.request is not None and message.request.state == RequestState.SETTLED_OUTSIDE


def _is_partly(message: Message) -> bool:
    return message.request is not None and message.request.state == RequestState.SETTLED_IN_PART


def _why(message: Message) -> str:
    """Why this message was written, where something went another way than planned."""
    if message.payment and message.template in TROUBLES:
        return why_not_here(message.payment)
    if message.payment and message.payment.reason:
        return sentence(message.payment.reason, message.payment.reason_params)
    return sentence(message.request.reason, message.request.reason_params) if message.request else ""


def _subject(message: Message) -> str:
    outside = _is_outside(message)
    partly = message.template == Template.RECEIPT and _is_partly(message)
    amount = format_amount(missing(message.payment) if outside else message.payment.amount) if message.payment else ""
    subjects = {**SUBJECTS, **(OUTSIDE_SUBJECTS if outside else PARTLY_SUBJECTS if partly else {})}
    return str(subjects[message.template]) % {"title": message.title, "amount": amount}


def _one_line(words: str) -> str:
    # On one line whatever was typed as a title: a line break here would begin another header.
    line = " ".join("".join(character if character.isprintable() else " " for character in words).split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def _short(message: Message) -> str:
    """For a text message: at most `fitting.LONGEST_SHORT` characters, whatever was typed as a title."""
    payment = message.payment
    if message.template not in TO_RECEIVER or payment is None:
        return ""
    told = {**_names(message), "amount": format_amount(payment.amount), "id": payment.id}
    match message.template:
        case Template.LATE:
            words = _("%(name)s, your payment of %(amount)s for “%(title)s” is late. %(why)s We look at it. %(id)s")
            return fitted(words, {**told, "why": _why(message)})
        case Template.NOT_PAID:
            words = _(
                "%(name)s, your payment of %(amount)s for “%(title)s” did not work. %(why)s What did not arrive is "
                "still owed to you. %(id)s"
            )
            return fitted(words, {**told, "why": _why(message)})
    if _is_outside(message):
        words = _(
            "%(name)s, we record that you were paid %(amount)s for “%(title)s” outside your wallet. Not so? Tell us."
        )
        return fitted(words, {**told, "amount": format_amount(missing(payment))})
    words = _("%(name)s, you were paid %(amount)s for “%(title)s”. It is in your wallet. Payment %(id)s.")
    return fitted(words, told)


def _names(message: Message) -> dict[str, str]:
    return {"name": message.to_name, "title": message.title}

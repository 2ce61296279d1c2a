"""One payment as the page tells it: where it stands, whose turn it is, what the wallets said, what to reply."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import quote

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from backoffice.page_actions import PageAction
from jobs.find_work import Unasked
from payments.admin.attention_panel import claim_of
from payments.admin.request_actions import VALID_IN
from payments.models import Payment
from payments.presentation import where_it_stands
from payments.presentation.format_amounts import format_amount, format_gets
from payments.presentation.next_step import NextStep
from payments.presentation.status import Status, payment_status
from payments.presentation.where_it_stands import Evidence
from payments.states import NEEDS_A_PERSON, Turn

#: All that is read here of many payments, in a constant number of queries.
PREFETCHED: Final = ("incoming_payments", "outgoing_payments", "outside_settlements__claimed_by")
NOT_ASKED: Final = Status("not_asked", gettext_lazy("Not asked for"), "warning")


@dataclass(frozen=True)
class Reply:
    """To the worker, in their language. `mail` opens it in the reader's own mail program; empty without an address."""

    text: str
    mail: str


@dataclass(frozen=True)
class PaymentCard:
    """What one payment, or what nobody asked for yet, looks like on the page. `look` asks the wallets anew."""

    key: str
    title: str
    who: str
    payer: str
    amount: str
    status: Status
    step: NextStep
    since: datetime | None
    link: str
    reply: Reply
    evidence: list[Evidence] = field(default_factory=list)
    look: PageAction | None = None

    @property
    def field(self) -> str:
        """The id of the field that holds the reply."""
        return f"reply-{self.key}"

    @property
    def tone(self) -> str:
        return self.status.tone

    @property
    def turn(self) -> str | Promise:
        return self.step.turn.label


def payments(http: HttpRequest, found: list[Payment]) -> list[PaymentCard]:
    """Those that are not over come first; among each, the newest."""
    prefetch_related_objects(found, *PREFETCHED)
    return [_payment(http, one) for one in sorted(found, key=lambda one: one.is_over)]


def unasked(found: Iterable[Unasked]) -> list[PaymentCard]:
    return [_unasked(one) for one in found]


def _payment(http: HttpRequest, payment: Payment) -> PaymentCard:
    return PaymentCard(
        key=payment.pk,
        title=payment.request.shown_title,
        who=payment.receiver_name,
        payer=payment.request.payer_name,
        amount=format_gets(payment),
        status=payment_status(payment),
        step=where_it_stands.for_staff(payment, claim_of(payment)),
        since=payment.settled_at or payment.changed_at,
        link=reverse("admin:payments_payment_change", args=[payment.pk]),
        reply=_reply(payment),
        evidence=where_it_stands.evidence(payment),
        look=_look(http, payment),
    )


def _look(http: HttpRequest, payment: Payment) -> PageAction | None:
    """The dialog that has the wallets asked now; None where there is nothing to ask, or this person may not."""
    may = http.user.has_perm
    if payment.state in NEEDS_A_PERSON:
        path = reverse("admin:payments_payment_look_again", args=[payment.pk])
        return _again(path) if may("payments.resolve_payment") else None
    allowed = may("payments.request_paymentrequest") or may("payments.authorise_paymentrequest")
    if payment.is_over or payment.request.state not in VALID_IN["look_again"] or not allowed:
        return None
    return _again(reverse("admin:payments_paymentrequest_look_again", args=[payment.request_id]))


def _again(path: str) -> PageAction:
    return PageAction(_("Look again"), "refresh", path, dialog=True)


def _reply(payment: Payment) -> Reply:
    with override(payment.receiver_language):
        text = _letter(
            payment.receiver_name,
            payment.request.shown_title,
            format_gets(payment),
            where_it_stands.for_receiver(payment),
            payment.pk,
        )
        return Reply(text, _mail(payment.receiver_email, payment.request.shown_title, text))


def _unasked(one: Unasked) -> PaymentCard:
    row, worker = one.application, one.application.worker
    return PaymentCard(
        key=f"application-{row.pk}",
        title=row.job.title,
        who=worker.name,
        payer="",
        amount=format_amount(one.amount),
        status=NOT_ASKED,
        step=NextStep(Turn.STAFF, _unasked_for_staff(one)),
        since=row.changed_at,
        link=reverse("admin:jobs_job_change", args=[row.job_id]),
        reply=_unasked_reply(one),
    )


def _unasked_for_staff(one: Unasked) -> str:
    if not one.accepted:
        return _("Nobody asked the funder yet: no work is accepted so far. Review it, then ask for the payment.")
    if one.application.worker.wallet is None:
        return _("The work is accepted, but the worker has no wallet yet. Ask them for it, then ask for the payment.")
    return _("The work is accepted, and nobody asked the funder for the payment yet. Ask for it on the job's page.")


def _unasked_reply(one: Unasked) -> Reply:
    job, worker = one.application.job, one.application.worker
    with override(worker.language):
        if not one.accepted:
            told = _("The funder was not asked to pay yet: that happens once your work is accepted.")
        elif worker.wallet is None:
            told = _("Your work is accepted. To pay you we need the address of your wallet; please send it to us.")
        else:
            told = _("Your work is accepted, and the funder was not asked to pay yet. That is for us to do next.")
        text = _letter(worker.name, job.title, format_amount(one.amount), told, "")
        return Reply(text, _mail(worker.email, job.title, text))


def _letter(name: str, title: str, amount: str, told: str, key: str) -> str:
    """In the language that is active."""
    lines = [
        _("Hello %(name)s,") % {"name": name},
        "",
        _("about your payment of %(amount)s for “%(title)s”:") % {"amount": amount, "title": title},
        told,
        *(["", _("If you write to us about it, quote %(payment)s.") % {"payment": key}] if key else []),
    ]
    return "\n".join(lines)


def _mail(address: str, subject: str, text: str) -> str:
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject)}&body={quote(text)}" if address else ""

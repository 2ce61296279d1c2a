"""The queues of money: requests on their way to a payer, or back from one, and payments that stopped."""

from typing import Any, Final

from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.page_actions import PageAction
from backoffice.queue_counts import MOST
from backoffice.to_do.shapes import Todo, TodoGroup, one_group
from backoffice.waiting import WaitingItem, items_of
from jobs import to_do
from payments.admin.attention_panel import claim_of
from payments.mail.stops import bounced, normal
from payments.models import Message, Payment, PaymentRequest, Reminder
from payments.models.messages import MessageState, Template
from payments.models.payments import Block
from payments.presentation.dates import age, day
from payments.presentation.format_amounts import format_amount
from payments.presentation.next_step import attention_step
from payments.presentation.reasons import sentence
from payments.risk.answers import OVERRIDE
from payments.states import RequestState

#: How marks call the rows of a kind that waits for a second person.
SECOND: Final = "second.{}"
#: What asks a payer, or asks them again.
ASKING = (Template.APPROVAL, Template.APPROVAL_AGAIN, Template.BUDGET)


def stopped_payments() -> QuerySet[Payment]:
    """Approved, and not sent because of a warning."""
    return Payment.objects.filter(blocked_by=Block.WARNING).select_related("request").order_by("changed_at", "pk")


def stopped_requests() -> QuerySet[PaymentRequest]:
    """Asked for by a program, which can't answer the warning."""
    return _quoted().filter(api_ask__stopped_at__isnull=False).select_related("api_ask").order_by("created_at", "pk")


def quoted_requests() -> QuerySet[PaymentRequest]:
    """All others that have their quote."""
    return _quoted().exclude(api_ask__stopped_at__isnull=False).order_by("created_at", "pk")


def _quoted() -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.filter(state=RequestState.QUOTED)


def not_sent(_request: HttpRequest, found: list[PaymentRequest]) -> list[TodoGroup]:
    def row(request: PaymentRequest) -> Todo:
        link = _page(request)
        return _of_request(
            request,
            about=_("Quoted, and not sent to the payer yet."),
            action=PageAction(_("Look at it and send"), "send", link),
        )

    return one_group([row(request) for request in found])


def at_payer(http: HttpRequest, found: list[PaymentRequest]) -> list[TodoGroup]:
    sent = Message.objects.filter(request__in=found, template__in=ASKING, state=MessageState.SENT)
    reminded = Reminder.objects.filter(request__in=found, message__state=MessageState.SENT)
    told = {
        **dict(sent.order_by().values_list("request").annotate(last=Max("sent_at"))),
        # Later than the mail that asked.
        **dict(reminded.order_by().values_list("request").annotate(last=Max("message__sent_at"))),
    }
    stopped = bounced([request.payer_email for request in found])
    may = http.user.has_perm("payments.request_paymentrequest")

    def row(request: PaymentRequest) -> Todo:
        last = told.get(request.pk)
        ends = _("The link ends on %(day)s.") % {"day": day(request.expires_at)}
        written = _("Last written to %(age)s ago.") % {"age": age(last)} if last else _("No email went out yet.")
        again = PageAction(_("Send again"), "forward_to_inbox", _dialog(request, "send_again"), dialog=True)
        lost = normal(request.payer_email) in stopped
        trouble = _("Mail to them comes back: reach them another way.") if lost else ""
        return _of_request(request, about=f"{written} {ends}", action=again if may else None, blocks=trouble)

    return one_group([row(request) for request in found])


def ended(http: HttpRequest, found: list[PaymentRequest]) -> list[TodoGroup]:
    jobs, refunded, budgets = to_do.jobs_of(found), to_do.refunded_by(found), to_do.budgets_of(found)
    may = http.user.has_perm("payments.request_paymentrequest")

    def next_step(request: PaymentRequest) -> PageAction:
        """To ask again; a refund and a budget are asked for anew on their own pages."""
        if request.pk in refunded:
            page = reverse("admin:payments_payment_change", args=[refunded[request.pk]])
            return PageAction(_("Open the payment"), "open_in_new", page)
        if request.pk in budgets:
            page = reverse("admin:payments_standingbudget_change", args=[budgets[request.pk]])
            return PageAction(_("Open the budget"), "open_in_new", page)
        job = jobs[request.pk]
        if may:
            link = reverse("admin:jobs_job_request_payment", args=[job])
            return PageAction(_("Ask again"), "request_quote", link, dialog=True)
        return PageAction(_("Open the job"), "open_in_new", reverse("admin:jobs_job_change", args=[job]))

    def row(request: PaymentRequest) -> Todo:
        why = sentence(request.reason, request.reason_params)
        return _of_request(
            request, about=": ".join(filter(None, [str(request.get_state_display()), why])), action=next_step(request)
        )

    return one_group([row(request) for request in found])


def attention(_request: HttpRequest, found: list[Payment]) -> list[TodoGroup]:
    def row(payment: Payment) -> Todo:
        link = reverse("admin:payments_payment_change", args=[payment.pk])
        step = attention_step(payment, claim_of(payment))
        return Todo(
            key=str(payment.pk),
            title=payment.request.shown_title,
            who=payment.receiver_name,
            amount=format_amount(payment.amount),
            about=f"{sentence(payment.reason, payment.reason_params)} {step.text}".strip(),
            since=payment.changed_at,
            link=link,
            action=PageAction(_("Look and decide"), "front_hand", link),
        )

    return one_group([row(payment) for payment in found])


def warned(http: HttpRequest, _found: list[Any]) -> list[TodoGroup]:
    """Payments that were approved, and requests of programs: two kinds, so they are read here."""
    may = http.user.has_perm(OVERRIDE)
    may_send = http.user.has_perm("payments.request_paymentrequest")

    def asked(request: PaymentRequest) -> Todo:
        send = PageAction(_("Look at it and send"), "send", _page(request))
        return _of_request(
            request,
            about=_("A program asked for it, and a warning has to be answered before it is sent."),
            action=send if may_send else None,
        )

    def row(payment: Payment) -> Todo:
        link = reverse("admin:payments_payment_change", args=[payment.pk])
        ask = _("Ask somebody who may override it.")
        return Todo(
            title=payment.request.shown_title,
            who=payment.receiver_name,
            amount=format_amount(payment.amount),
            about=" ".join([sentence(payment.reason, payment.reason_params), *([] if may else [ask])]),
            since=payment.changed_at,
            link=link,
            action=PageAction(_("Look and decide"), "front_hand", link) if may else None,
        )

    rows = [row(payment) for payment in stopped_payments()[:MOST]]
    return one_group([*rows, *(asked(request) for request in stopped_requests()[:MOST])])


def second_person(_request: HttpRequest, found: list[Any]) -> list[TodoGroup]:
    """What this person may decide on, as the page of everything that waits for two tells it."""

    def row(item: WaitingItem) -> Todo:
        return Todo(
            key=f"{SECOND.format(item.waits)}:{item.key}",
            title=item.title,
            who=item.who,
            amount="",
            about=f"{item.kind}: {' '.join(item.why)}",
            since=item.since,
            link=item.link,
            action=PageAction(_("Look at it and decide"), "how_to_vote", item.link),
        )

    return one_group([row(item) for item in items_of(found)])


def _of_request(request: PaymentRequest, about: str, action: PageAction | None, blocks: str = "") -> Todo:
    return Todo(
        key=str(request.pk),
        title=request.shown_title,
        who=request.payer_name,
        amount=format_amount(request.ceiling),
        about=about,
        since=request.finished_at or request.sent_at or request.created_at,
        link=_page(request),
        action=action,
        blocks=blocks,
    )


def _page(request: PaymentRequest) -> str:
    return reverse("admin:payments_paymentrequest_change", args=[request.pk])


def _dialog(request: PaymentRequest, action: str) -> str:
    return reverse(f"admin:payments_paymentrequest_{action}", args=[request.pk])

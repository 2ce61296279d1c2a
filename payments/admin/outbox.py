"""The Outbox: every mail we wrote, as its reader gets it, and whether the mail server took it."""

from collections.abc import Callable
from typing import Any, cast

from csp.decorators import csp_replace
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display

from ledger.api import Actor
from ledger.filters import BusinessDaysFilter
from payments import links
from payments.actions import mail_stops
from payments.admin.dialogs import DecisionOn, SeenForm, Sentence, dialog_action
from payments.admin.mail_stops import MAY_STOP, WhyStopForm
from payments.admin.readonly import ReadOnlyAdmin
from payments.locking import lock
from payments.mail.pages import MailReader
from payments.mail.queue import TO_RECEIVER, queue_again
from payments.mail.rendering import Rendered, render
from payments.mail.stops import bounced
from payments.models import Message
from payments.models.messages import MessageState
from payments.presentation.reasons import Refusal, sentence

TONES = {
    MessageState.QUEUED: "info",
    MessageState.SENDING: "info",
    MessageState.SENT: "success",
    MessageState.FAILED: "danger",
}
#: The mail is our own words around what people typed; still, nothing in it may run, load or submit.
PREVIEW_POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'none'"],
    "img-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
HIDDEN_LINK = "https://…"
#: Links of a framed mail open in a tab of their own.
NEW_TAB = '<base target="_blank">'


class AgainForm(SeenForm):
    """Sends one more copy; the same dialog submitted twice sends one."""

    is_current = True  # what it showed names the copy, so the second click finds it sent

    def now(self) -> str:
        return str(Message.objects.filter(occasion__startswith=_again(str(self.object_id))).count())


def _again(message_id: str) -> str:
    return f"again:{message_id}:"


on_message = DecisionOn(lambda pk: lock(Message.objects.all(), pk), back="changelist")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("state_label", "template_label", "recipient", "about", "created_at", "attempts")
    list_display_links = ("state_label", "template_label")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("template", ChoicesDropdownFilter),
        ("created_at", BusinessDaysFilter),
    )
    search_fields = ("to_name", "to_email", "request__id", "payment__id", "request__title", "details__title")
    search_help_text = _("Name, email, request or payment id, title")
    fields = ("template_label", "recipient", "state", "why", "attempts", "created_at", "next_attempt_at", "sent_at")
    readonly_fields = ("template_label", "recipient", "why")
    actions_detail = ("send_once_more", "mark_bounced")
    change_form_template = "admin/payments/message/change_form.html"

    # Reading

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        found: QuerySet[Message] = super().get_queryset(request)
        return found.select_related(
            "request__seller", "request__payer_wallet", "payment", "proof__wallet", "proof__seller"
        )

    @display(description=_("state"), label={str(state): tone for state, tone in TONES.items()}, ordering="state")
    def state_label(self, row: Message) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("what"), ordering="template")
    def template_label(self, row: Message) -> str:
        return row.get_template_display()

    @display(description=_("to"), ordering="to_name")
    def recipient(self, row: Message) -> str:
        return f"{row.to_name} <{row.to_email}>"

    @display(description=_("about"), ordering="request__title")
    def about(self, row: Message) -> str:
        return row.title

    @display(description=_("reason"))
    def why(self, row: Message) -> str:
        return sentence(row.reason, row.reason_params)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        row = context["original"]
        rendered = self._rendered(request, row)
        more = {
            "title": rendered.subject,
            "subtitle": None,
            "rendered": rendered,
            "preview_url": reverse("admin:payments_message_preview", args=[row.pk]),
            "link": self._link(request, row),
            "stops": bounced([row.to_email]).values(),
        }
        answer: HttpResponse = super().render_change_form(request, {**context, **more}, *args, **options)
        return answer

    def get_urls(self) -> list[URLPattern]:
        # django-csp types its decorators for views without arguments only.
        view = cast("Callable[[HttpRequest], HttpResponseBase]", xframe_options_sameorigin(self.preview_view))
        preview = csp_replace(PREVIEW_POLICY)(view)
        own = path("<str:object_id>/preview/", self.admin_site.admin_view(preview), name="payments_message_preview")
        return [own, *super().get_urls()]

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The HTML part alone, for a frame that can do nothing."""
        row = self.get_queryset(request).filter(pk=object_id).first()
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        html = self._rendered(request, row).html
        return HttpResponse(html.replace("<head>", f"<head>{NEW_TAB}", 1))

    def _link(self, request: HttpRequest, row: Message) -> str:
        """The page that the mail leads to; empty for whoever may not use it, and where there is none."""
        if not self.has_link_permission(request) or row.template in TO_RECEIVER:
            return ""
        if row.proof:
            return links.proof_url(row.proof.pk, request.user.pk)
        return links.approval_url(row.request, request.user.pk) if row.request else ""

    def _rendered(self, request: HttpRequest, row: Message) -> Rendered:
        if self.has_link_permission(request):
            return render(row, MailReader(shown_to=request.user.pk))
        return render(row, MailReader(instead_of_links=HIDDEN_LINK))

    def has_link_permission(self, request: HttpRequest) -> bool:
        """The link acts for whoever holds it, so those who may only look don't get it."""
        return request.user.has_perm("payments.request_paymentrequest")

    # Acting

    def has_again_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.request_paymentrequest")

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        ended = Message.objects.filter(pk=object_id, state__in=[MessageState.SENT, MessageState.FAILED])
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [one for one in allowed if ended.exists() or one.method.original_function_name == "mark_bounced"]

    @dialog_action(
        _("Send again"),
        permission="again",
        icon="forward_to_inbox",
        title=_("Send this email again?"),
        description=_("The same person gets the same email once more, with today's figures."),
        form=AgainForm,
        submit=_("Send again"),
    )
    @on_message
    def send_once_more(self, row: Message, by: User, form: AgainForm) -> Sentence:
        queue_again(row, occasion=_again(row.pk) + form.cleaned_data["seen"], actor=Actor.staff(by.pk))
        return _("The email is on its way to %(name)s.") % {"name": row.to_name}

    def has_stop_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(MAY_STOP)

    @dialog_action(
        _("The address bounced"),
        permission="stop",
        icon="unsubscribe",
        path="bounced",
        title=_("Mail nothing to this address any more?"),
        description=_(
            "For when mail to it came back. Nothing is mailed there until somebody lifts it, and pages say so where it"
            " matters. What waits to be sent there ends as not sent."
        ),
        form=WhyStopForm,
        submit=_("Stop mail to it"),
    )
    @on_message
    def mark_bounced(self, row: Message, by: User, form: WhyStopForm) -> Sentence:
        if not row.to_email:
            raise Refusal("mail_refused")
        stop = mail_stops.mark_bounced(row.to_email, form.cleaned_data["why"], by=by, about={"message": row.pk})
        return _("Nothing is mailed to %(email)s any more.") % {"email": stop.email}

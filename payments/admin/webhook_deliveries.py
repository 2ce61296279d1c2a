"""The delivery log: every event on its way to every endpoint, what was sent and answered, when it is tried next."""

import json

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from ledger.filters import BusinessDaysFilter
from ledger.stamps import stamp
from payments.actions import webhook_endpoints
from payments.admin.columns import Badge
from payments.admin.dialogs import DecisionOn, SeenForm, Sentence, dialog_action, number_of
from payments.admin.readonly import ReadOnlyAdmin
from payments.locking import lock
from payments.models import WebhookDelivery
from payments.models.webhooks import DeliveryState
from payments.presentation.reasons import sentence

TONES = {DeliveryState.WAITING: "info", DeliveryState.DELIVERED: "success", DeliveryState.FAILED: "danger"}

on_delivery = DecisionOn(lambda pk: lock(WebhookDelivery.objects.select_related("endpoint"), number_of(pk)))


class ResendForm(SeenForm):
    """One more sending; the same dialog submitted twice asks for one."""

    def now(self) -> str:
        found = WebhookDelivery.objects.filter(pk=number_of(self.object_id))
        return str(found.values_list("changed_at", "attempts").first())


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("state_label", "type", "endpoint", "about", "created_at", "attempts", "status", "tried_next")
    list_display_links = ("state_label", "type")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("endpoint", RelatedDropdownFilter),
        ("created_at", BusinessDaysFilter),
    )
    list_select_related = ("endpoint",)
    search_fields = ("event_id__exact", "about__exact", "request__id__exact")
    search_help_text = gettext_lazy("Id of the event, the payment or the payment request")
    fields = (
        *("state_label", "type", "endpoint", "event_id", "request_link", "created_at", "attempts", "tried_at"),
        *("tried_next", "status", "took_ms", "why", "answer_text", "body_text"),
    )
    readonly_fields = ("state_label", "request_link", "tried_next", "why", "answer_text", "body_text")
    actions_detail = ("send_again",)

    @display(
        description=gettext_lazy("state"), label={str(state): tone for state, tone in TONES.items()}, ordering="state"
    )
    def state_label(self, row: WebhookDelivery) -> Badge:
        return Badge(row.state, row.get_state_display())

    @display(description=gettext_lazy("next attempt"))
    def tried_next(self, row: WebhookDelivery) -> str:
        if row.next_attempt_at is None:
            return "-"
        return _("When the endpoint is on again") if row.endpoint.off_at else stamp(row.next_attempt_at)

    @display(description=gettext_lazy("payment request"))
    def request_link(self, row: WebhookDelivery) -> str:
        if not row.request_id:
            return "-"
        path = reverse("admin:payments_paymentrequest_change", args=[row.request_id])
        return format_html('<a href="{}">{}</a>', path, row.request_id)

    @display(description=gettext_lazy("why it was not taken"))
    def why(self, row: WebhookDelivery) -> str:
        return sentence(row.reason, row.reason_params) or "-"

    @display(description=gettext_lazy("answer"))
    def answer_text(self, row: WebhookDelivery) -> str:
        return _preformatted(row.answer)

    @display(description=gettext_lazy("what is sent"))
    def body_text(self, row: WebhookDelivery) -> str:
        return _preformatted(json.dumps(json.loads(row.body), indent=2, ensure_ascii=False))

    def has_resend_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.resend_webhookdelivery")

    @dialog_action(
        gettext_lazy("Send again"),
        permission="resend",
        icon="refresh",
        title=gettext_lazy("Send this event again?"),
        description=gettext_lazy("The same event, with the same id: whoever has it already can tell."),
        form=ResendForm,
        submit=gettext_lazy("Send it"),
    )
    @on_delivery
    def send_again(self, row: WebhookDelivery, by: User, _form: ResendForm) -> Sentence:
        webhook_endpoints.send_again(row, by=by)
        return _("The event is sent again.")


def _preformatted(text: str) -> str:
    return format_html('<pre class="text-sm">{}</pre>', text) if text else "-"

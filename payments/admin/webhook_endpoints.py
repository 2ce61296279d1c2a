"""Webhook endpoints: who is told of what. Everything is done in dialogs; a secret is shown once, to whoever made it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Avg, Count, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from ledger import clock
from ledger.stamps import stamp
from payments.actions import webhook_endpoints
from payments.actions.webhook_endpoints import EndpointTerms
from payments.admin.columns import Badge
from payments.admin.dialogs import DecisionOn, SeenForm, Sentence, dialog_action, go, staff
from payments.admin.readonly import ReadOnlyAdmin
from payments.admin.shown_secret import earlier_secret, secret_to_show, show_secret_once
from payments.locking import lock
from payments.mail.colleagues import name_of
from payments.models import Marketplace, WebhookDelivery, WebhookEndpoint
from payments.models.webhooks import DeliveryState, WebhookEvent
from payments.openpayments.urls import LONGEST_URL
from payments.presentation.reasons import Refusal

LATELY = timedelta(days=7)

on_endpoint = DecisionOn(lambda pk: lock(WebhookEndpoint.objects.select_related("kept_by"), pk))


class KeeperField(forms.ModelChoiceField):  # type: ignore[type-arg]  # subscripted at run time it is another class
    def label_from_instance(self, obj: Any) -> str:
        return name_of(obj)


class TermsForm(SeenForm):
    """What an endpoint is called, where it lies, what it wants to hear of, who keeps it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, widget=UnfoldAdminTextInputWidget())
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=LONGEST_URL,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Where the events are sent, such as https://shop.example/webhooks."),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"), choices=WebhookEvent.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )
    kept_by = KeeperField(
        label=gettext_lazy("Kept by"),
        queryset=User.objects.filter(is_active=True, is_staff=True).order_by("username"),
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("Gets an email when it is switched off because it takes nothing any more."),
    )

    def clean_url(self) -> str:
        try:
            return webhook_endpoints.checked_url(self.cleaned_data["url"])
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def terms(self) -> EndpointTerms:
        return EndpointTerms(**{name: self.cleaned_data[name] for name in ("name", "url", "events", "kept_by")})


class EndpointForm(TermsForm):
    marketplace = forms.ModelChoiceField(
        label=gettext_lazy("Marketplace"),
        queryset=Marketplace.objects.all(),
        required=False,
        empty_label=gettext_lazy("Our own"),
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy(
            "The endpoint of another marketplace is told of what that one's keys asked for, and of nothing else."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kept_by"].initial = self.request.user.pk

    def now(self) -> str:
        return str(WebhookEndpoint.objects.count())


class RowForm(SeenForm):
    """About the endpoint as it was when the dialog was opened."""

    @cached_property
    def row(self) -> WebhookEndpoint | None:
        return WebhookEndpoint.objects.filter(pk=self.object_id).first()

    def now(self) -> str:
        return self.row.changed_at.isoformat() if self.row else ""


class ChangeEndpointForm(TermsForm, RowForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "url", "events", "kept_by"):
            self.fields[name].initial = getattr(self.row, name, None)


class TestForm(RowForm):
    """Sends one event, however often the same dialog is confirmed."""

    def now(self) -> str:
        told = WebhookDelivery.objects.filter(endpoint=str(self.object_id)).order_by("-pk")
        return str(told.values_list("pk", flat=True).first())


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    list_display = ("condition", "name", "url", "marketplace", "events_label", "keeper")
    list_display_links = ("condition", "name")
    list_select_related = ("kept_by", "marketplace")
    fields = (
        *("condition", "name", "url", "marketplace", "events_label", "keeper"),
        *("lately", "failing", "earlier_secret", "created_at"),
    )
    readonly_fields = ("condition", "events_label", "keeper", "lately", "failing", "earlier_secret")
    actions_list = ("add_endpoint",)
    actions_detail = ("change_endpoint", "send_test", "rotate", "switch_off", "switch_on")
    change_form_template = "admin/payments/webhookendpoint/change_form.html"

    class Media:
        js = ("admin_copy.js",)

    @display(
        description=gettext_lazy("state"),
        label={"on": "success", "failing": "warning", "off": "danger"},
        ordering="off_at",
    )
    def condition(self, row: WebhookEndpoint) -> Badge:
        if row.off_at:
            return Badge("off", row.get_off_because_display())
        return Badge("failing", _("Does not answer as it should")) if row.failures else Badge("on", _("In use"))

    @display(description=gettext_lazy("events"))
    def events_label(self, row: WebhookEndpoint) -> str:
        labels = dict(WebhookEvent.choices)
        return format_html_join(", ", "{}", ((labels.get(event, event),) for event in row.events))

    @display(description=gettext_lazy("kept by"))
    def keeper(self, row: WebhookEndpoint) -> str:
        return name_of(row.kept_by)

    @display(description=gettext_lazy("in the last seven days"))
    def lately(self, row: WebhookEndpoint) -> str:
        """Of what was written since: how much was taken, given up, waits, and how long a call took."""
        of_state = {state: Count("pk", filter=Q(state=state)) for state in DeliveryState.values}
        since = row.deliveries.filter(created_at__gte=clock.now() - LATELY)
        found = since.aggregate(took=Avg("took_ms", filter=Q(state=DeliveryState.DELIVERED)), **of_state)
        words = _("%(delivered)s delivered, %(waiting)s waiting, %(failed)s given up") % found
        took = found["took"]
        if took is None:
            return words
        each = _("%(ms)s ms each") % {"ms": round(took)}
        return f"{words} · {each}"

    @display(description=gettext_lazy("takes nothing since"))
    def failing(self, row: WebhookEndpoint) -> str:
        return stamp(row.failing_since) if row.failing_since else "-"

    @display(description=gettext_lazy("earlier secret counts until"))
    def earlier_secret(self, row: WebhookEndpoint) -> str:
        return earlier_secret(row)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        row: WebhookEndpoint = context["original"]
        log = reverse("admin:payments_webhookdelivery_changelist")
        more = {"secret": secret_to_show(request, row), "log_url": f"{log}?endpoint__id__exact={row.pk}"}
        answer: HttpResponse = super().render_change_form(request, {**context, **more}, *args, **options)
        answer["Cache-Control"] = "no-store"
        return answer

    def has_manage_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.manage_webhookendpoint")

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        row = WebhookEndpoint.objects.filter(pk=object_id).first()
        left_out = {"switch_off", "send_test"} if row and row.off_at else {"switch_on"}
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [one for one in allowed if one.method.original_function_name not in left_out]

    @dialog_action(
        gettext_lazy("Set up an endpoint"),
        permission="manage",
        icon="add",
        path="set-up",
        variant=ActionVariant.PRIMARY,
        title=gettext_lazy("Set up a webhook endpoint"),
        description=gettext_lazy(
            "Another program is told of the events that you choose: ids, states and amounts, nothing about people."
            " Its secret is shown once, on the next page."
        ),
        form=EndpointForm,
        submit=gettext_lazy("Set it up"),
    )
    def add_endpoint(self, request: HttpRequest, form: EndpointForm) -> HttpResponse:
        if not form.is_current:
            messages.warning(request, str(form.outdated))
            return go(request, reverse("admin:payments_webhookendpoint_changelist"))
        whose = form.cleaned_data["marketplace"]
        made = webhook_endpoints.add_endpoint(form.terms(), by=staff(request), marketplace=whose)
        show_secret_once(request, made)
        return go(request, reverse("admin:payments_webhookendpoint_change", args=[made.pk]))

    @dialog_action(
        gettext_lazy("Change"),
        permission="manage",
        icon="edit",
        title=gettext_lazy("Change this endpoint"),
        form=ChangeEndpointForm,
        submit=gettext_lazy("Change it"),
    )
    @on_endpoint
    def change_endpoint(self, row: WebhookEndpoint, by: User, form: ChangeEndpointForm) -> Sentence:
        webhook_endpoints.change_endpoint(row, form.terms(), by=by)
        return _("The endpoint is changed.")

    @dialog_action(
        gettext_lazy("Send a test event"),
        permission="manage",
        icon="send",
        title=gettext_lazy("Send a test event?"),
        description=gettext_lazy("An event of the type webhook.test, sent and tried again like any other."),
        form=TestForm,
        submit=gettext_lazy("Send it"),
    )
    @on_endpoint
    def send_test(self, row: WebhookEndpoint, by: User, _form: TestForm) -> Sentence:
        sent = webhook_endpoints.send_test(row, by=by)
        return _("The test event %(id)s is on its way. The delivery log shows what came of it.") % {"id": sent.event_id}

    @dialog_action(
        gettext_lazy("New secret"),
        permission="manage",
        icon="key",
        title=gettext_lazy("Make a new secret?"),
        description=gettext_lazy(
            "It is shown once, on the next page. For a day everything is signed with the earlier one, too."
        ),
        form=RowForm,
        submit=gettext_lazy("Make it"),
    )
    @DecisionOn(lambda pk: lock(WebhookEndpoint.objects.all(), pk), then=show_secret_once)
    def rotate(self, row: WebhookEndpoint, by: User, _form: RowForm) -> Sentence:
        webhook_endpoints.rotate_endpoint(row, by=by)
        return _("The new secret counts from now on.")

    @dialog_action(
        gettext_lazy("Switch off"),
        permission="manage",
        icon="power_settings_new",
        title=gettext_lazy("Switch this endpoint off?"),
        description=gettext_lazy("What happens meanwhile is not told to it. What waits is sent when it is on again."),
        form=BaseDialogForm,
        submit=gettext_lazy("Switch it off"),
    )
    @on_endpoint
    def switch_off(self, row: WebhookEndpoint, by: User, _form: BaseDialogForm) -> Sentence:
        webhook_endpoints.stop_endpoint(row, by=by)
        return _("The endpoint is switched off.")

    @dialog_action(
        gettext_lazy("Switch on"),
        permission="manage",
        icon="power",
        variant=ActionVariant.PRIMARY,
        title=gettext_lazy("Switch this endpoint on?"),
        description=gettext_lazy("What waits for it is sent at once."),
        form=BaseDialogForm,
        submit=gettext_lazy("Switch it on"),
    )
    @on_endpoint
    def switch_on(self, row: WebhookEndpoint, by: User, _form: BaseDialogForm) -> Sentence:
        webhook_endpoints.resume_endpoint(row, by=by)
        return _("The endpoint is switched on.")

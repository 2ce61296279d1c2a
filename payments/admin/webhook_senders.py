"""Who may send us webhooks. What they say makes us look; it is never believed."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from payments.actions import webhook_endpoints
from payments.admin.columns import Badge
from payments.admin.dialogs import DecisionOn, SeenForm, Sentence, dialog_action, go, staff
from payments.admin.readonly import ReadOnlyAdmin
from payments.admin.shown_secret import earlier_secret, secret_to_show, show_secret_once
from payments.locking import lock
from payments.models import WebhookSender
from payments.presentation.reasons import sentence
from payments.webhooks.signing import is_secret

LONGEST_SECRET = 200

on_sender = DecisionOn(lambda pk: lock(WebhookSender.objects.all(), pk))


class SecretForm(SeenForm):
    """A secret that the other program made, or none, to have one made here."""

    secret = forms.CharField(
        label=gettext_lazy("Secret (only if the other program made it)"),
        required=False,
        max_length=LONGEST_SECRET,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("It begins with whsec_. Left empty, one is made here and shown once, on the next page."),
    )

    def clean_secret(self) -> str:
        secret: str = self.cleaned_data["secret"].strip()
        if secret and not is_secret(secret):
            raise forms.ValidationError(sentence("webhook_secret"))
        return secret


class NewSenderForm(SecretForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, widget=UnfoldAdminTextInputWidget())
    field_order = ("name", "secret")

    def now(self) -> str:
        return str(WebhookSender.objects.count())


class SenderForm(SeenForm):
    """About the sender as it was when the dialog was opened."""

    @cached_property
    def row(self) -> WebhookSender | None:
        return WebhookSender.objects.filter(pk=self.object_id).first()

    def now(self) -> str:
        return self.row.changed_at.isoformat() if self.row else ""


class RotateForm(SenderForm, SecretForm):
    pass


@admin.register(WebhookSender)
class WebhookSenderAdmin(ReadOnlyAdmin):
    list_display = ("condition", "name", "created_at")
    list_display_links = ("condition", "name")
    fields = ("condition", "name", "earlier_secret", "created_at")
    readonly_fields = ("condition", "earlier_secret")
    actions_list = ("add_sender",)
    actions_detail = ("rotate", "switch_off", "switch_on")
    change_form_template = "admin/payments/webhookendpoint/change_form.html"

    class Media:
        js = ("admin_copy.js",)

    @display(description=gettext_lazy("state"), label={"on": "success", "off": "danger"}, ordering="off_at")
    def condition(self, row: WebhookSender) -> Badge:
        return Badge("off", _("Switched off")) if row.off_at else Badge("on", _("In use"))

    @display(description=gettext_lazy("earlier secret counts until"))
    def earlier_secret(self, row: WebhookSender) -> str:
        return earlier_secret(row)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        more = {"secret": secret_to_show(request, context["original"])}
        answer: HttpResponse = super().render_change_form(request, {**context, **more}, *args, **options)
        answer["Cache-Control"] = "no-store"
        return answer

    def has_manage_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.manage_webhooksender")

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        row = WebhookSender.objects.filter(pk=object_id).first()
        left_out = "switch_off" if row and row.off_at else "switch_on"
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [one for one in allowed if one.method.original_function_name != left_out]

    @method_decorator(sensitive_post_parameters("secret"))
    @dialog_action(
        gettext_lazy("Add a sender"),
        permission="manage",
        icon="add",
        path="set-up",
        variant=ActionVariant.PRIMARY,
        title=gettext_lazy("Let another program send us webhooks"),
        description=gettext_lazy(
            "What it says is not believed: it makes us ask the wallets now instead of at the next look."
        ),
        form=NewSenderForm,
        submit=gettext_lazy("Add it"),
    )
    def add_sender(self, request: HttpRequest, form: NewSenderForm) -> HttpResponse:
        if not form.is_current:
            messages.warning(request, str(form.outdated))
            return go(request, reverse("admin:payments_webhooksender_changelist"))
        told = form.cleaned_data
        made = webhook_endpoints.add_sender(told["name"], told["secret"], by=staff(request))
        if not told["secret"]:
            show_secret_once(request, made)
        return go(request, reverse("admin:payments_webhooksender_change", args=[made.pk]))

    @method_decorator(sensitive_post_parameters("secret"))
    @dialog_action(
        gettext_lazy("New secret"),
        permission="manage",
        icon="key",
        title=gettext_lazy("Take another secret?"),
        description=gettext_lazy("For a day, what is signed with the earlier one is taken, too."),
        form=RotateForm,
        submit=gettext_lazy("Take it"),
    )
    @DecisionOn(lambda pk: lock(WebhookSender.objects.all(), pk), then=show_secret_once)
    def rotate(self, row: WebhookSender, by: User, form: RotateForm) -> Sentence:
        webhook_endpoints.rotate_sender(row, form.cleaned_data["secret"], by=by)
        return _("The new secret counts from now on.")

    @dialog_action(
        gettext_lazy("Switch off"),
        permission="manage",
        icon="power_settings_new",
        title=gettext_lazy("Take nothing from this sender any more?"),
        form=BaseDialogForm,
        submit=gettext_lazy("Switch it off"),
    )
    @on_sender
    def switch_off(self, row: WebhookSender, by: User, _form: BaseDialogForm) -> Sentence:
        webhook_endpoints.switch_sender(row, on=False, by=by)
        return _("The sender is switched off.")

    @dialog_action(
        gettext_lazy("Switch on"),
        permission="manage",
        icon="power",
        variant=ActionVariant.PRIMARY,
        title=gettext_lazy("Take what this sender sends again?"),
        form=BaseDialogForm,
        submit=gettext_lazy("Switch it on"),
    )
    @on_sender
    def switch_on(self, row: WebhookSender, by: User, _form: BaseDialogForm) -> Sentence:
        webhook_endpoints.switch_sender(row, on=True, by=by)
        return _("The sender is switched on.")

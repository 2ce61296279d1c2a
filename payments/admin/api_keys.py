"""Keys of programs, and the marketplaces they belong to. A key is shown once, to whoever made it."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from ledger import clock
from payments import api_tokens
from payments.actions import api_keys, return_addresses
from payments.admin.columns import Badge
from payments.admin.dialogs import DecisionOn, SeenForm, Sentence, dialog_action, go, staff
from payments.admin.readonly import ReadOnlyAdmin
from payments.encryption import seal, unseal
from payments.models import ApiKey, ApiScope, Marketplace, Seller
from payments.presentation.reasons import Refusal

USUAL_DAYS: Final = 365
MOST_DAYS: Final = 731
#: Where the session of whoever made a key has it, encrypted, until its page has shown it.
NEW_KEY: Final = "new_api_key"


class NewApiKeyForm(BaseDialogForm):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("The program that uses it, such as “Shop, production”."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May be used to"),
        choices=ApiScope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy("It never may more than you: what it asks for counts as asked for by you."),
    )
    marketplace = forms.ModelChoiceField(
        label=gettext_lazy("Marketplace"),
        queryset=Marketplace.objects.all(),
        required=False,
        empty_label=gettext_lazy("Our own"),
        widget=UnfoldAdminSelectWidget(),
    )
    days = forms.IntegerField(
        label=gettext_lazy("Can be used for how many days"),
        min_value=1,
        max_value=MOST_DAYS,
        initial=USUAL_DAYS,
        widget=UnfoldAdminIntegerFieldWidget(),
    )


class NewMarketplaceForm(BaseDialogForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, widget=UnfoldAdminTextInputWidget())
    seller = forms.ModelChoiceField(
        label=gettext_lazy("Seller"),
        queryset=Seller.objects.filter(retired_at=None),
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("The account of ours that asks for its money. It can choose no other one."),
    )

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if Marketplace.objects.filter(name=name).exists():
            raise ValidationError(_("There is a marketplace of this name already."))
        return name


class ReturnAddressesForm(SeenForm):
    addresses = forms.CharField(
        label=gettext_lazy("Return addresses"),
        required=False,
        max_length=return_addresses.MOST * return_addresses.LONGEST,
        widget=UnfoldAdminTextareaWidget(attrs={"autocomplete": "off", "spellcheck": "false", "rows": 6}),
        help_text=gettext_lazy(
            "One on each line, such as https://shop.example/orders: that address, and all that begins with it and a"
            " slash. Nothing else is offered to payers."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["addresses"].initial = "\n".join(self.row.return_addresses) if self.row else ""

    def clean_addresses(self) -> str:
        """What can't stand in the list is said here, where it was written, and all of it stays."""
        written: str = self.cleaned_data["addresses"]
        try:
            return_addresses.checked_list(written.split())
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal
        return written

    @cached_property
    def row(self) -> Marketplace | None:
        return Marketplace.objects.filter(pk=self.object_id).first()

    def now(self) -> str:
        return self.row.changed_at.isoformat() if self.row else ""


on_marketplace = DecisionOn(lambda pk: Marketplace.objects.get(pk=pk))
on_key = DecisionOn(lambda pk: ApiKey.objects.get(pk=pk))


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("name", "condition", "shown", "marketplace", "acts_for", "expires_at", "last_used_at")
    list_select_related = ("marketplace", "acts_for")
    fields = readonly_fields = (
        *("name", "condition", "shown", "uses", "marketplace", "acts_for", "created_at"),
        *("expires_at", "revoked_at", "last_used_at"),
    )
    search_fields = ("name", "id")
    actions_list = ("make_key",)
    actions_detail = ("replace_key", "revoke_key")
    change_form_before_template = "admin/payments/apikey/new.html"

    @display(description=gettext_lazy("state"), label={"on": "success", "over": "default"})
    def condition(self, row: ApiKey) -> Badge:
        if row.revoked_at:
            return Badge("over", _("Revoked"))
        return Badge("on", _("In use")) if row.is_usable else Badge("over", _("Expired"))

    @display(description=gettext_lazy("begins with"))
    def shown(self, row: ApiKey) -> str:
        return api_tokens.shown(row.pk)

    @display(description=gettext_lazy("may be used to"))
    def uses(self, row: ApiKey) -> str:
        return ", ".join(str(ApiScope(scope).label) for scope in row.scopes)

    def has_make_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.add_apikey")

    def has_end_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.change_apikey")

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        row = ApiKey.objects.filter(pk=object_id).first()
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return allowed if row and row.is_usable else []

    @dialog_action(
        gettext_lazy("New key…"),
        permission="make",
        icon="add",
        path="make",
        title=gettext_lazy("Make a key for a program?"),
        description=gettext_lazy("It is shown once, on the next page. Whoever has it can ask in your name."),
        form=NewApiKeyForm,
        submit=gettext_lazy("Make the key"),
    )
    def make_key(self, request: HttpRequest, form: NewApiKeyForm) -> HttpResponse:
        told, by = form.cleaned_data, staff(request)
        scopes = [ApiScope(scope) for scope in told["scopes"]]
        until = clock.now() + timedelta(days=told["days"])
        made = api_keys.make(told["name"], scopes, by=by, marketplace=told["marketplace"], expires_at=until)
        return _show_once(request, *made)

    @dialog_action(
        gettext_lazy("Replace"),
        permission="make",
        icon="autorenew",
        title=gettext_lazy("Make a key that replaces this one?"),
        description=gettext_lazy(
            "The new one is shown once, on the next page, and acts for you. This one can still be used for a day, so"
            " that the program can be given the new one."
        ),
        submit=gettext_lazy("Replace"),
    )
    def replace_key(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        try:
            made = api_keys.replace(object_id, by=staff(request))
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return go(request, reverse("admin:payments_apikey_change", args=[object_id]))
        return _show_once(request, *made)

    @dialog_action(
        gettext_lazy("Revoke"),
        permission="end",
        icon="block",
        variant=ActionVariant.DANGER,
        title=gettext_lazy("Answer this key no more?"),
        description=gettext_lazy("From now on whatever is asked for with it is refused. This can't be taken back."),
        submit=gettext_lazy("Revoke"),
    )
    @on_key
    def revoke_key(self, row: ApiKey, by: User, _form: BaseDialogForm) -> Sentence:
        return _("Revoked: “%(name)s”") % {"name": api_keys.revoke(row.pk, by=by).name}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        told = {"new_key": _once(request, object_id), **(extra_context or {})}
        answer: HttpResponse = super().change_view(request, object_id, form_url, told)
        answer["Cache-Control"] = "no-store"
        return answer


def _show_once(request: HttpRequest, key: ApiKey, token: str) -> HttpResponse:
    request.session[NEW_KEY] = {"key": key.pk, "sealed": seal(key.pk, {"token": token})}
    return go(request, reverse("admin:payments_apikey_change", args=[key.pk]))


def _once(request: HttpRequest, key_id: str) -> str:
    """The token of a key that this session just made; nothing the second time."""
    kept = request.session.get(NEW_KEY)
    if not kept or kept["key"] != key_id:
        return ""
    del request.session[NEW_KEY]
    return unseal(key_id, kept["sealed"])["token"]


@admin.register(Marketplace)
class MarketplaceAdmin(ReadOnlyAdmin):
    list_display = ("name", "seller", "created_at")
    list_select_related = ("seller",)
    fields = readonly_fields = ("name", "seller", "led_back_to", "created_at")
    actions_list = ("add_marketplace",)
    actions_detail = ("set_return_addresses",)

    @display(description=gettext_lazy("return addresses"))
    def led_back_to(self, row: Marketplace) -> str:
        listed = format_html_join(mark_safe("<br>"), "{}", ((address,) for address in row.return_addresses))
        return listed or "\N{EN DASH}"

    def has_make_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.add_marketplace")

    @dialog_action(
        gettext_lazy("New marketplace…"),
        permission="make",
        icon="add",
        path="make",
        title=gettext_lazy("Let another marketplace ask through the API?"),
        description=gettext_lazy("Then make a key for it. It sees what it asked for, and nothing else."),
        form=NewMarketplaceForm,
        submit=gettext_lazy("Add the marketplace"),
    )
    def add_marketplace(self, request: HttpRequest, form: NewMarketplaceForm) -> HttpResponse:
        told = form.cleaned_data
        api_keys.add_marketplace(told["name"], told["seller"], by=staff(request))
        return go(request, reverse("admin:payments_marketplace_changelist"))

    @dialog_action(
        gettext_lazy("Return addresses…"),
        permission="make",
        icon="keyboard_return",
        title=gettext_lazy("Where may its payers be led back to?"),
        description=gettext_lazy("A request of its keys can name one of these; its payer is offered the way back."),
        form=ReturnAddressesForm,
        submit=gettext_lazy("Set the addresses"),
    )
    @on_marketplace
    def set_return_addresses(self, row: Marketplace, by: User, form: ReturnAddressesForm) -> Sentence:
        market = return_addresses.set_addresses(row.pk, form.cleaned_data["addresses"].split(), by=by)
        return _("Payers of “%(name)s” are led back to nothing but what the list has now.") % {"name": market.name}

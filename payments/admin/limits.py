"""Authorisation limits, written in major units."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from payments.actions.set_limits import remove_limit, set_limit, set_proof_limit
from payments.admin.dialogs import staff
from payments.limits import limit_of
from payments.models import AuthorisationLimit, ProofLimit
from payments.openpayments.amounts import Amount, AmountError, Asset
from payments.presentation.format_amounts import format_amount

EXAMPLE_SCALE = 2


class LimitForm(forms.ModelForm[Any]):
    """A limit of either kind: an amount in a currency."""

    amount = forms.CharField(
        label=gettext_lazy("Largest amount without a second person"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Such as 500.00, without separators."),
    )

    class Meta:
        model = AuthorisationLimit
        fields = ("asset_code", "asset_scale")
        widgets = {"asset_code": UnfoldAdminTextInputWidget(), "asset_scale": UnfoldAdminIntegerFieldWidget()}
        help_texts = {"asset_scale": gettext_lazy("Decimal places of the wallets' smallest unit: 2 for USD and MXN.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "amount" in self.fields and isinstance(self.instance, ProofLimit):
            self.fields["amount"].label = _("Largest payment to a wallet whose owner has not proven that it is theirs")
        if self.instance.pk:
            self.fields["amount"].initial = str(limit_of(self.instance).to_major())
        elif "asset_scale" in self.fields:
            self.fields["asset_scale"].initial = EXAMPLE_SCALE

    def clean_asset_code(self) -> str:
        return str(self.cleaned_data["asset_code"]).strip().upper()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        code = cleaned.get("asset_code", self.instance.asset_code)
        scale = cleaned.get("asset_scale", self.instance.asset_scale)
        if code and scale is not None and "amount" in cleaned:
            try:
                cleaned["limit"] = Amount.from_major(cleaned["amount"].strip(), Asset(code, scale))
            except AmountError as error:
                self.add_error("amount", _words(error, scale))
        return cleaned


def _words(error: AmountError, scale: int) -> str:
    match error.code:
        case "too_precise":
            return _("This currency has %(scale)s decimal places.") % {"scale": scale}
        case "too_large":
            return _("This is more than a wallet can hold.")
        case _:
            return _("Write an amount such as 500.00: digits, with at most one point.")


class LimitAdmin(ModelAdmin):
    form = LimitForm
    list_display = ("asset_code", "amount")
    list_per_page = 25
    actions = None

    @display(description=gettext_lazy("largest amount"))
    def amount(self, row: AuthorisationLimit | ProofLimit) -> str:
        return format_amount(limit_of(row))

    def get_readonly_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("asset_code", "asset_scale") if obj else ()

    def save_model(
        self, request: HttpRequest, obj: AuthorisationLimit | ProofLimit, form: LimitForm, _change: Any
    ) -> None:
        set_it = set_limit if isinstance(obj, AuthorisationLimit) else set_proof_limit
        saved = set_it(form.cleaned_data["limit"], by=staff(request))
        obj.pk, obj.limit = saved.pk, saved.limit

    def delete_model(self, request: HttpRequest, obj: AuthorisationLimit | ProofLimit) -> None:
        remove_limit(obj, by=staff(request))


admin.site.register(AuthorisationLimit, LimitAdmin)
admin.site.register(ProofLimit, LimitAdmin)

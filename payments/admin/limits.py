"""Limits, written in major units: above which a second person authorises, and a wallet must be proven."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from payments.actions.set_limits import remove_limit, set_limit, set_proof_limit
from payments.admin.dialogs import staff
from payments.limits import EVERY_OTHER, limit_of
from payments.models import AuthorisationLimit, ProofLimit
from payments.openpayments.amounts import Amount, AmountError, Asset
from payments.presentation.format_amounts import format_amount, format_number

#: Characters, as the column holds.
LONGEST_CODE = 16


class LimitForm(forms.ModelForm[Any]):
    """A limit of either kind: an amount in a currency."""

    asset_code = forms.CharField(
        label=gettext_lazy("Currency"),
        max_length=LONGEST_CODE,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy(
            "Such as USD: for every wallet in that currency, however small its smallest unit. Leave it empty for every"
            " other currency, that is, each that has no limit of its own."
        ),
    )
    amount = forms.CharField(
        label=gettext_lazy("Largest amount without a second person"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Such as 500.00, without separators."),
    )

    class Meta:
        model = AuthorisationLimit
        fields = ("asset_code",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "amount" in self.fields and isinstance(self.instance, ProofLimit):
            self.fields["amount"].label = _("Largest payment to a wallet whose owner has not proven that it is theirs")
        if self.instance.pk:
            self.fields["amount"].initial = str(limit_of(self.instance).to_major())

    def clean_asset_code(self) -> str:
        return str(self.cleaned_data["asset_code"]).strip().upper() or EVERY_OTHER

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        code = cleaned.get("asset_code", self.instance.asset_code)
        if code and "amount" in cleaned:
            written = cleaned["amount"].strip()
            try:
                cleaned["limit"] = Amount.from_major(written, Asset(code, len(written.partition(".")[2])))
            except AmountError as error:
                self.add_error("amount", _words(error))
        return cleaned


def _words(error: AmountError) -> str:
    if error.code == "too_large":
        return _("This is more than a wallet can hold.")
    return _("Write an amount such as 500.00: digits, with at most one point.")


class LimitAdmin(ModelAdmin):
    form = LimitForm
    list_display = ("currency", "amount")
    list_per_page = 25
    list_before_template = "admin/payments/limits/about.html"
    actions = None

    @display(description=gettext_lazy("currency"), ordering="asset_code")
    def currency(self, row: AuthorisationLimit | ProofLimit) -> str:
        return _("Every other currency") if row.asset_code == EVERY_OTHER else row.asset_code

    @display(description=gettext_lazy("largest amount"))
    def amount(self, row: AuthorisationLimit | ProofLimit) -> str:
        limit = limit_of(row)
        return format_number(limit) if row.asset_code == EVERY_OTHER else format_amount(limit)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        told = {"about": _about(self.model), "every_other": _of_every_other(self.model)}
        answer: HttpResponse = super().changelist_view(request, {**told, **(extra_context or {})})
        return answer

    def get_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("currency", "amount") if obj else ("asset_code", "amount")

    def get_readonly_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("currency", "asset_code") if obj else ()

    def save_model(
        self, request: HttpRequest, obj: AuthorisationLimit | ProofLimit, form: LimitForm, _change: Any
    ) -> None:
        set_it = set_limit if isinstance(obj, AuthorisationLimit) else set_proof_limit
        saved = set_it(form.cleaned_data["limit"], by=staff(request))
        obj.pk, obj.limit = saved.pk, saved.limit

    def delete_model(self, request: HttpRequest, obj: AuthorisationLimit | ProofLimit) -> None:
        remove_limit(obj, by=staff(request))


def _about(model: type[Model]) -> str:
    if model is ProofLimit:
        return _(
            "A limit counts for every wallet in its currency. To a wallet whose owner has not proven that it is theirs,"
            " no more than this is paid at once. It is looked at again when the money is about to move."
        )
    return _(
        "A limit counts for every wallet in its currency. Above it, somebody else than who asked must authorise a"
        " payment request, and do so again when the amount grows. It is looked at again when the money is about to"
        " move."
    )


def _of_every_other(model: type[Model]) -> str:
    """What a currency without a limit of its own has."""
    row = model._default_manager.filter(asset_code=EVERY_OTHER).first()  # noqa: SLF001 - Django's public name
    if row is None:
        return _(
            "Currencies that are not in this list have no limit: there, no amount is too large. To change that, add a"
            " limit and leave its currency empty; with 0, every amount is above it."
        )
    return _("Currencies that are not in this list have the limit of every other currency, in their own units.")


admin.site.register(AuthorisationLimit, LimitAdmin)
admin.site.register(ProofLimit, LimitAdmin)

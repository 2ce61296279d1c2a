"""An amount as administrators write it, above which something is asked for: in a currency, or in every other one."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from payments.authorisation import EVERY_OTHER
from payments.openpayments.amounts import Amount, AmountError, Asset
from payments.presentation.typed_amounts import without_groups

#: Characters, as the column holds.
LONGEST_CODE = 16


class AboveForm(forms.ModelForm[Any]):
    """Its `cleaned_data["limit"]` is the amount, in the currency that was written or that the row has."""

    asset_code = forms.CharField(
        label=gettext_lazy("Currency"),
        max_length=LONGEST_CODE,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy(
            "Such as USD: for every wallet in that currency, however small its smallest unit. Leave it empty for every"
            " other currency, that is, each that has none of its own."
        ),
    )
    amount = forms.CharField(
        label=gettext_lazy("Above"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Such as 500.00. With 0, every amount is above it."),
    )

    def clean_asset_code(self) -> str:
        return str(self.cleaned_data["asset_code"]).strip().upper() or EVERY_OTHER

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        code = cleaned.get("asset_code", self.instance.asset_code)
        if code and "amount" in cleaned:
            written = cleaned["amount"].strip()
            try:
                cleaned["limit"] = written_amount(written, code)
            except AmountError as error:
                self.add_error("amount", amount_words(error))
        return cleaned


def written_amount(written: str, code: str) -> Amount:
    """With as many decimal places as were written. Raises AmountError."""
    text = without_groups(written, "" if code == EVERY_OTHER else code)
    return Amount.from_major(text, Asset(code, len(text.partition(".")[2])))


def amount_words(error: AmountError) -> str:
    if error.code == "too_large":
        return _("This is more than a wallet can hold.")
    return _("Write an amount such as 500.00: digits, with at most one point.")

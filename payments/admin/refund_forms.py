"""The dialog that asks for money back: how much, of what can still go back; from whom, to whom."""

from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from payments.actions.refunds import changes_currency, refundable
from payments.admin.dialogs import RefusableForm
from payments.identifiers import new_ulid
from payments.models import Payment
from payments.openpayments.amounts import Amount, AmountError
from payments.presentation.reasons import Refusal
from payments.presentation.typed_amounts import read_typed


@dataclass(frozen=True)
class Side:
    """Who sends back to whom, and how much at most."""

    sender: str
    sender_wallet: str
    receiver: str
    receiver_wallet: str
    left: Amount
    buys: str = ""  # the receiver's currency, where it is another one


class AmountForm(RefusableForm):
    """The hidden id makes two clicks one request; what could still go back comes back, so that it can be compared."""

    form_before_template = "admin/payments/payment/refund.html"

    amount = forms.CharField(
        label=_("Amount to send back"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    form_id = forms.CharField(widget=forms.HiddenInput, max_length=40)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        left = self.side().left
        self.fields["amount"].initial = f"{left.to_major():f}"
        self.fields["seen"].initial = f"{left.value}"
        self.fields["form_id"].initial = new_ulid()

    def side(self) -> Side:
        raise NotImplementedError

    def clean_amount(self) -> Amount:
        text, asset = self.cleaned_data["amount"].strip(), self.side().left.asset
        try:
            return read_typed(text, asset)
        except AmountError as error:
            raise forms.ValidationError(str(Refusal("not_an_amount", text=text, currency=asset.code))) from error

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        # Said beside the amount: hidden fields have no place for it.
        if cleaned.get("seen") is None or "form_id" not in cleaned:
            self.add_error("amount", str(Refusal("form_of_another_refund")))
        return cleaned

    def clean_seen(self) -> Amount | None:
        """What the dialog said can still go back; None for what it can't have said."""
        text = self.cleaned_data["seen"]
        try:
            return Amount(int(text), self.side().left.asset) if text.isdecimal() else None
        except AmountError:
            return None

    def refused(self, refusal: Refusal) -> Self:
        """With the amount as it was written; what can go back, as it is now. Raises Http404 when nothing can."""
        data = self.data.copy()
        data["seen"] = f"{self._anew(data).side().left.value}"
        again = self._anew(data)
        again.is_valid()
        again.add_error("amount", str(refusal))
        return again

    def _anew(self, data: Any) -> Self:
        return type(self)(self.request, self.object_id, data=data)

    def get_before_template_context(self, _request: HttpRequest, _object_id: object = None) -> dict[str, Any]:
        return {"side": self.side()}


class RefundForm(AmountForm):
    """Of one payment."""

    def side(self) -> Side:
        found = Payment.objects.select_related("request__payer_wallet", "receiver_wallet")
        row = get_object_or_404(found.prefetch_related("refunds__payment__request"), pk=self.object_id)
        to = row.request
        whose = (row.receiver_name, row.receiver_wallet.url, to.payer_name, to.payer_wallet.url)
        return Side(*whose, refundable(row), to.payer_wallet.asset_code if changes_currency(row) else "")


def is_refund(action: dict[str, Any]) -> bool:
    """Of the actions that a payment's page offers."""
    return str(action["path"]).rstrip("/").endswith("refund")

"""The dialog in which staff write down what a funder is asked to allow."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from jobs.models import Member
from payments.actions.standing_budgets import LAST_DAY, MOST_PERIODS, BudgetTerms, business_day
from payments.admin.dialogs import number_of
from payments.identifiers import new_ulid
from payments.models import Seller
from payments.models.standing_budgets import Unit
from payments.openpayments.amounts import AmountError
from payments.presentation.typed_amounts import read_typed

EXAMPLE = gettext_lazy("Such as 500.00, in the currency of the funder's wallet.")


def _amount(label: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=40, help_text=EXAMPLE, widget=UnfoldAdminTextInputWidget())


class BudgetTermsForm(BaseDialogForm):
    form_before_template = "admin/jobs/member/budget.html"

    limit = _amount(gettext_lazy("Limit per period"))
    largest = _amount(gettext_lazy("Largest single payment"))
    unit = forms.ChoiceField(
        label=gettext_lazy("Period"), choices=Unit, initial=Unit.MONTH, widget=UnfoldAdminSelectWidget()
    )
    count = forms.IntegerField(
        label=gettext_lazy("Number of periods"),
        min_value=1,
        max_value=MOST_PERIODS,
        initial=6,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    starts_on = forms.DateField(
        label=gettext_lazy("First day"),
        help_text=gettext_lazy("Day 1 to 28 of a month, today or later."),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )
    seller = forms.ModelChoiceField(
        label=gettext_lazy("Who asks, and pays from it?"),
        queryset=Seller.objects.none(),
        empty_label=None,
        help_text=gettext_lazy("A standing budget pays only what this account asks for."),
        widget=UnfoldAdminSelectWidget(),
    )
    form_id = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["form_id"].initial = new_ulid()
        self._set_sellers()
        today = business_day()
        if today.day <= LAST_DAY:
            self.fields["starts_on"].initial = today.isoformat()

    def _set_sellers(self) -> None:
        field = self.fields["seller"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Seller.objects.filter(retired_at=None).order_by("-is_default", "pk")
        field.initial = next(iter(field.queryset), None)
        if len(field.queryset) <= 1:
            # Without any, the refusal says what to do.
            field.required = False
            field.widget = forms.HiddenInput()

    @cached_property
    def member(self) -> Member:
        return get_object_or_404(Member.objects.select_related("wallet"), pk=number_of(self.object_id))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("limit", "largest"):
            if name in cleaned and (wallet := self.member.wallet) and wallet.is_known:
                try:
                    cleaned[name] = read_typed(cleaned[name], wallet.asset)
                except AmountError:
                    self.add_error(name, _("Write an amount such as 500.00: digits, with at most one point."))
        if not (self.member.wallet and self.member.wallet.is_known):
            self.add_error("limit", _("The wallet of this member was never reached. Check it first."))
        return cleaned

    def terms(self) -> BudgetTerms:
        told = self.cleaned_data
        return BudgetTerms(told["limit"], told["largest"], Unit(told["unit"]), told["count"], told["starts_on"])

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        return {"member": self.member}

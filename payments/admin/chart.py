"""The chart of accounts: what each seller calls the accounts of the journal."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from payments.actions import set_chart
from payments.admin.dialogs import staff
from payments.books.journal.accounts import is_account
from payments.models import AccountName
from payments.models.charts import DEFAULT_ACCOUNTS, AccountRole
from payments.presentation.reasons import sentence


class AccountForm(forms.ModelForm[AccountName]):
    class Meta:
        model = AccountName
        fields = ("seller", "role", "account")
        help_texts = {"account": _("Such as 4000:Fees, from the whole to the part, with colons between.")}

    def clean_account(self) -> str:
        account = str(self.cleaned_data["account"]).strip()
        if not is_account(account):
            raise ValidationError(sentence("account_name", {}))
        return account


@admin.register(AccountName)
class ChartAdmin(ModelAdmin):
    form = AccountForm
    list_display = ("account", "what", "seller", "otherwise")
    list_filter = ("seller",)
    list_per_page = 50
    list_select_related = ("seller",)
    when_empty = _(
        "The journal calls every account by its usual name. Add one to have a seller's account called otherwise."
    )
    actions = None

    @display(description=_("what is booked there"), ordering="role")
    def what(self, row: AccountName) -> str:
        return row.get_role_display()

    @display(description=_("called otherwise"))
    def otherwise(self, row: AccountName) -> str:
        return DEFAULT_ACCOUNTS[AccountRole(row.role)]

    def get_readonly_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("seller", "role") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Going back to the usual name is a change as well."""
        return bool(self.has_change_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: AccountName, form: AccountForm, _change: Any) -> None:
        account = form.cleaned_data["account"]
        kept = set_chart.set_account(obj.seller_id, AccountRole(obj.role), account, by=staff(request))
        obj.pk = kept.pk

    def log_addition(self, *_args: Any, **_kwargs: Any) -> None:
        """The ledger tells of each change."""

    log_change = log_addition
    log_deletions = log_addition

    def delete_model(self, request: HttpRequest, obj: AccountName) -> None:
        set_chart.use_default(obj, by=staff(request))

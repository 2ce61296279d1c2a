"""Limits for unproven wallets, written in major units: above them a wallet must be proven."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from payments.actions import guarded
from payments.admin.amounts import AboveForm
from payments.admin.dialogs import staff
from payments.admin.proposing import ProposingAdmin
from payments.authorisation import EVERY_OTHER
from payments.limits import limit_of
from payments.models import ProofLimit
from payments.presentation.format_amounts import format_amount, format_number


class LimitForm(AboveForm):
    """A limit: an amount in a currency."""

    class Meta:
        model = ProofLimit
        fields = ("asset_code",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "amount" in self.fields:
            self.fields["amount"].label = _("Largest payment to a wallet whose owner has not proven that it is theirs")
            if self.instance.pk:
                self.fields["amount"].initial = str(limit_of(self.instance).to_major())


@admin.register(ProofLimit)
class LimitAdmin(ProposingAdmin):
    kind = guarded.PROOF_LIMIT
    form = LimitForm
    list_display = ("currency", "amount")
    list_per_page = 25
    list_before_template = "admin/payments/limits/about.html"

    @display(description=gettext_lazy("currency"), ordering="asset_code")
    def currency(self, row: ProofLimit) -> str:
        return _("Every other currency") if row.asset_code == EVERY_OTHER else row.asset_code

    @display(description=gettext_lazy("largest amount"))
    def amount(self, row: ProofLimit) -> str:
        limit = limit_of(row)
        return format_number(limit) if row.asset_code == EVERY_OTHER else format_amount(limit)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        about = _(
            "A limit counts for every wallet in its currency. To a wallet whose owner has not proven that it is"
            " theirs, no more than this is paid at once. It is looked at again when the money is about to move."
        )
        told = {"about": about, "every_other": _of_every_other()}
        answer: HttpResponse = super().changelist_view(request, {**told, **(extra_context or {})})
        return answer

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Removing it is a change as well, and proposed like any other."""
        return bool(self.has_change_permission(request, obj))

    def get_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("currency", "amount") if obj else ("asset_code", "amount")

    def get_readonly_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("currency", "asset_code") if obj else ()

    def save_model(self, request: HttpRequest, _obj: ProofLimit, form: LimitForm, _change: Any) -> None:
        limit = form.cleaned_data["limit"]
        self.propose(request, lambda: guarded.propose_proof_limit(limit, by=staff(request)))

    def delete_model(self, request: HttpRequest, obj: ProofLimit) -> None:
        self.propose(request, lambda: guarded.propose_no_proof_limit(obj, by=staff(request)))


def _of_every_other() -> str:
    """What a currency without a limit of its own has."""
    if not ProofLimit.objects.filter(asset_code=EVERY_OTHER).exists():
        return _(
            "Currencies that are not in this list have no limit: there, no amount is too large. To change that, add a"
            " limit and leave its currency empty; with 0, every amount is above it."
        )
    return _("Currencies that are not in this list have the limit of every other currency, in their own units.")

"""The dialogs of a payment request's actions: each shows the amounts it is about."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from payments import limits
from payments.actions import standing_budgets
from payments.actions.requests import LONGEST_WORDS
from payments.admin.dialogs import SeenForm
from payments.admin.glass import AloneForm
from payments.admin.second_person_panel import second_person_panel
from payments.admin.warnings_form import WarnedForm
from payments.models import Message, Payment, PaymentRequest, StandingBudget
from payments.presentation import budget_summary
from payments.presentation.cost_summary import cost_summary_of
from payments.risk.warnings import unsent_of
from payments.states import RequestState


class RequestForm(SeenForm):
    form_before_template = "admin/payments/paymentrequest/dialog.html"

    @cached_property
    def row(self) -> PaymentRequest:
        return get_object_or_404(PaymentRequest.objects.select_related("payer_wallet", "seller"), pk=self.object_id)

    def now(self) -> str:
        """State, amounts, link and mails: the ones a person decides on."""
        row = self.row
        parts = (row.state, row.ceiling_debit, row.proposed_debit, row.link_version, row.messages.count())
        return ".".join(map(str, parts))

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        """What has grown, and is to be authorised, with what it has grown to."""
        bill = cost_summary_of(self.row, proposed=self.row.state == RequestState.AWAITING_AUTHORISATION)
        told = second_person_panel(self.row)
        return {"request_row": self.row, "bill": bill, "unproven": limits.unproven(self.row), **told}


class SendForm(WarnedForm, RequestForm):
    """What sends money, or asks for it, or for it once more."""

    def warned_payments(self) -> list[Payment]:
        return unsent_of(self.row.pk)


class DrawForm(SendForm):
    """What it takes of the standing budget, beside what is left of that."""

    form_before_template = "admin/payments/paymentrequest/draw.html"

    @cached_property
    def budget(self) -> StandingBudget | None:
        return standing_budgets.most_left(standing_budgets.for_request(self.row))

    def now(self) -> str:
        budget = self.budget
        period = budget and budget_summary.current(budget)
        parts = (super().now(), budget and budget.pk, budget and budget.state, period and period.reserved_value)
        return ".".join(map(str, parts))

    def get_before_template_context(self, request: HttpRequest, object_id: int | str | None = None) -> dict[str, Any]:
        context = super().get_before_template_context(request, object_id)
        if self.budget is None:
            return context
        rows = budget_summary.this_period(budget_summary.summary_of(self.budget))
        return {**context, "every": budget_summary.every(self.budget), "period_rows": rows}


class ProofForm(RequestForm):
    """Shows who must prove which wallet."""

    form_before_template = "admin/payments/paymentrequest/proof_dialog.html"

    def now(self) -> str:
        asked = Message.objects.filter(proof__wallet__payments__request=self.row).distinct().count()
        return f"{super().now()}.{asked}"


class RejectRequestForm(RequestForm):
    why = forms.CharField(
        label=_("Why not?"),
        max_length=LONGEST_WORDS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Whoever asked for it reads this."),
    )


class AloneRequestForm(AloneForm, SendForm):
    pass

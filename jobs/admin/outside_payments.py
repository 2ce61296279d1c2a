"""Work that was paid outside the wallets: what was reported, and the second person's decision on it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from jobs import paid_outside
from ledger.api import timeline
from ledger.filters import BusinessDaysFilter
from payments.admin.columns import Summed
from payments.admin.dialogs import DecisionOn, SeenForm, Sentence, dialog_action, staff
from payments.admin.readonly import ReadOnlyAdmin
from payments.mail.second_person import CONFIRM_OUTSIDE
from payments.models import OutsidePayment, OutsidePaymentState
from payments.presentation import timeline_lines
from payments.presentation.format_amounts import format_amount
from payments.presentation.timeline_text import describe
from payments.second_person import objection

LONGEST_WORDS = 500  # characters
TIMELINE_LIMIT = 50
TONES = {
    OutsidePaymentState.WAITING: "warning",
    OutsidePaymentState.CONFIRMED: "success",
    OutsidePaymentState.WITHDRAWN: "default",
}


class ConfirmOutsidePaymentForm(SeenForm):
    """Shows what is confirmed, and is good for just that."""

    form_before_template = "admin/jobs/outsidepayment/dialog.html"

    @cached_property
    def row(self) -> OutsidePayment:
        return get_object_or_404(OutsidePayment.objects.select_related("claimed_by"), pk=self.object_id)

    def now(self) -> str:
        return self.row.state

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        return {"row": self.row}


class WithdrawOutsidePaymentForm(ConfirmOutsidePaymentForm):
    why = forms.CharField(
        label=_("Why?"), max_length=LONGEST_WORDS, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


#: `jobs.paid_outside` takes the job, then the report.
on_report = DecisionOn(lambda pk: OutsidePayment.objects.get(pk=pk))


@admin.register(OutsidePayment)
class OutsidePaymentAdmin(ReadOnlyAdmin):
    list_display = ("receiver_name", "title", "amount", "way", "paid_on", "state_label", "claimed_by", "decided_by")
    summed = (Summed("value", _("amount")),)
    list_filter = ("state", "way", "asset_code", ("created_at", BusinessDaysFilter), ("paid_on", RangeDateFilter))
    when_empty = _(
        "Work that was paid by bank or in cash is reported on its job's page, and a second person confirms it."
    )
    search_fields = ("id", "receiver_name", "payer_name", "title", "reference")
    search_help_text = _("Payment id, receiver, payer, title")
    fields = ("id",)
    readonly_fields = fields
    change_form_template = "admin/jobs/outsidepayment/change_form.html"
    actions_detail = ("confirm_payment", "withdraw_report")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutsidePayment]:
        found: QuerySet[OutsidePayment] = super().get_queryset(request)
        people = ("claimed_by", "decided_by", "seller")
        return found.select_related(*people, "payout__application__job", "payout__application__worker")

    @display(description=_("amount"), ordering="value")
    def amount(self, row: OutsidePayment) -> str:
        return format_amount(row.amount)

    @display(description=_("state"), label={tone: tone for tone in TONES.values()}, ordering="state")
    def state_label(self, row: OutsidePayment) -> tuple[str, str]:
        state = OutsidePaymentState(row.state)
        return TONES[state], str(state.label)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        row, offered = context["original"], context["actions_detail"]
        more = {
            "title": row.title,
            "subtitle": None,
            "row": row,
            "status": self.state_label(row),
            "application": row.payout.application,
            "timeline": timeline_lines.lines(timeline([("paid_outside", row.pk)], TIMELINE_LIMIT), describe),
            "ways": offered,
            "actions_detail": [],
        }
        return super().render_change_form(request, {**context, **more}, *args, **options)

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        row = OutsidePayment.objects.filter(pk=object_id, state=OutsidePaymentState.WAITING).first()
        if row is None:
            return []
        offered = {"withdraw_report"}
        if objection(staff(request), [row.claimed_by_id]) is None:
            offered.add("confirm_payment")
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [one for one in allowed if one.method.original_function_name in offered]

    def has_confirm_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(CONFIRM_OUTSIDE)

    def has_withdraw_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whoever reported it, and whoever may confirm it."""
        if request.user.has_perm(CONFIRM_OUTSIDE):
            return True
        return OutsidePayment.objects.filter(pk=object_id or "", claimed_by=staff(request)).exists()

    @dialog_action(
        _("Confirm: it was paid"),
        permission="confirm",
        icon="verified_user",
        variant=ActionVariant.PRIMARY,
        path="confirm",
        title=_("Confirm that this was paid outside the wallets?"),
        description=_("You are the second person: you have checked the evidence. It counts as paid from now on."),
        form=ConfirmOutsidePaymentForm,
        submit=_("I have checked it"),
    )
    @on_report
    def confirm_payment(self, row: OutsidePayment, by: User, _form: ConfirmOutsidePaymentForm) -> Sentence:
        paid_outside.confirm(row.pk, by=by)
        return _("Confirmed: it counts as paid.")

    @dialog_action(
        _("Withdraw the report"),
        permission="withdraw",
        icon="undo",
        path="withdraw",
        title=_("Was it not paid outside after all?"),
        description=_("The report stays in the history as withdrawn. What is owed can be asked for again."),
        form=WithdrawOutsidePaymentForm,
        submit=_("Withdraw"),
    )
    @on_report
    def withdraw_report(self, row: OutsidePayment, by: User, form: WithdrawOutsidePaymentForm) -> Sentence:
        paid_outside.withdraw(row.pk, by=by, why=form.cleaned_data["why"])
        return _("The report was withdrawn.")

"""Standing budgets: what was allowed, spent and left, compared with the wallet; pause, resume and stop."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant

from ledger.stamps import day_stamp
from payments.actions import standing_budgets
from payments.actions.requests import lock_request
from payments.admin.dialogs import WAIT_SECONDS, DecisionOn, SeenForm, Sentence, dialog_action
from payments.admin.filters import CurrencyFilter
from payments.admin.readonly import ReadOnlyAdmin
from payments.models import StandingBudget
from payments.models.standing_budgets import BudgetState
from payments.presentation import budget_summary
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import sentence
from payments.worker.advance_now import advance_now

NOTHING = "\N{EN DASH}"
TONES = {
    BudgetState.DRAFT: "warning",
    BudgetState.ASKED: "info",
    BudgetState.ACTIVE: "success",
    BudgetState.PAUSED: "warning",
    BudgetState.STOPPED: "default",
    BudgetState.ENDED: "default",
    BudgetState.EXPIRED: "default",
    BudgetState.REFUSED: "danger",
}
VALID_IN = {
    "compare": {BudgetState.ACTIVE, BudgetState.PAUSED},
    "pause": {BudgetState.ACTIVE},
    "resume": {BudgetState.PAUSED},
    "stop": {BudgetState.ACTIVE, BudgetState.PAUSED},
}


class BudgetForm(SeenForm):
    """A dialog that shows how the budget stands."""

    form_before_template = "admin/payments/standingbudget/dialog.html"

    @cached_property
    def row(self) -> StandingBudget:
        return get_object_or_404(StandingBudget.objects.select_related("request", "grant"), pk=self.object_id)

    def now(self) -> str:
        row = self.row
        period = budget_summary.summary_of(row).period
        return ".".join(map(str, (row.state, period and period.number, period and period.reserved_value)))

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        row = self.row
        now = budget_summary.summary_of(row)
        return {"budget": row, "every": budget_summary.every(row), "period_rows": budget_summary.this_period(now)}


def _held(budget_id: str) -> StandingBudget:
    """The budget, and first, as the engine does, the request of its approval."""
    lock_request(StandingBudget.objects.values_list("request_id", flat=True).get(pk=budget_id))
    return StandingBudget.objects.get(pk=budget_id)


def _ask_wallet(_request: HttpRequest, row: StandingBudget) -> None:
    advance_now(row.request_id, WAIT_SECONDS)


on_budget = DecisionOn(_held, then=_ask_wallet)


class RunningFilter(DropdownFilter):
    """Budgets that the funder approved, with a period that runs now."""

    title = _("period")
    parameter_name = "running"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Runs now"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[StandingBudget]) -> QuerySet[StandingBudget]:
        if not self.value():
            return queryset
        return queryset.filter(pk__in=budget_summary.running_periods().values("budget"))


@admin.register(StandingBudget)
class StandingBudgetAdmin(ReadOnlyAdmin):
    list_display = ("state_label", "payer", "allowed", "spent", "left", "next_reset")
    list_display_links = ("state_label", "payer")
    list_filter = (RunningFilter, CurrencyFilter)
    search_fields = ("id", "request__id", "request__payer_name", "request__payer_email")
    search_help_text = _("Id, funder")
    actions_detail = ("compare", "pause", "resume", "stop")
    fields = ("id",)
    readonly_fields = fields
    change_form_template = "admin/payments/standingbudget/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[StandingBudget]:
        found: QuerySet[StandingBudget] = super().get_queryset(request)
        return found.select_related("request", "request__payer_wallet", "request__seller", "grant").prefetch_related(
            "periods__budget"
        )

    @display(description=_("state"), label={tone: tone for tone in TONES.values()})
    def state_label(self, row: StandingBudget) -> tuple[str, str]:
        return TONES[row.state], str(row.state.label)

    @display(description=_("funder"), ordering="request__payer_name")
    def payer(self, row: StandingBudget) -> str:
        return row.request.payer_name

    @display(description=_("allowed"), ordering="limit_value")
    def allowed(self, row: StandingBudget) -> str:
        return budget_summary.every(row)

    @display(description=_("spent or on its way"))
    def spent(self, row: StandingBudget) -> str:
        period = budget_summary.current(row)
        return format_amount(period.reserved) if period else NOTHING

    @display(description=_("left"))
    def left(self, row: StandingBudget) -> str:
        period = budget_summary.current(row)
        return format_amount(period.left) if period else NOTHING

    @display(description=_("starts anew"))
    def next_reset(self, row: StandingBudget) -> str:
        period = budget_summary.current(row)
        return day_stamp(period.ends_at) if period and period.ends_at < row.ends_at else NOTHING

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        row: StandingBudget = context["original"]
        now = budget_summary.summary_of(row)
        more = {
            "title": row.request.payer_name,
            "heading": row.request.payer_name,
            "subtitle": None,
            "budget": row,
            "state": row.state.label,
            "tone": TONES[row.state],
            "every": budget_summary.every(row),
            "why": sentence(row.request.reason, row.request.reason_params),
            "terms": budget_summary.terms(row),
            "period_rows": budget_summary.this_period(now),
            "standing": now,
            "asks": row.state in {BudgetState.DRAFT, BudgetState.ASKED},
        }
        answer: HttpResponse = super().render_change_form(request, {**context, **more}, *args, **options)
        return answer

    # Acting

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        row = StandingBudget.objects.select_related("request").filter(pk=object_id).first()
        if row is None:
            return []
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [one for one in allowed if row.state in VALID_IN[one.method.original_function_name]]

    def has_manage_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.manage_standingbudget")

    @dialog_action(
        _("Compare with the wallet"),
        permission="manage",
        icon="compare_arrows",
        title=_("Ask the funder's wallet what it counts as spent?"),
        description=_("Its figure is shown beside ours. Nothing is paid."),
        form=BudgetForm,
        submit=_("Compare"),
    )
    @on_budget
    def compare(self, row: StandingBudget, _by: User, _form: BudgetForm) -> Sentence:
        standing_budgets.compare(row.pk)
        return _("The wallet was asked.")

    @dialog_action(
        _("Pause"),
        permission="manage",
        icon="pause_circle",
        title=_("Pause this standing budget?"),
        description=_("Nothing is paid from it until it is resumed. What is on its way still arrives."),
        form=BudgetForm,
        submit=_("Pause"),
    )
    @on_budget
    def pause(self, row: StandingBudget, by: User, _form: BudgetForm) -> Sentence:
        standing_budgets.pause(row.pk, by=by)
        return _("Paused. Nothing is paid from it until it is resumed.")

    @dialog_action(
        _("Resume"),
        permission="manage",
        icon="play_circle",
        variant=ActionVariant.PRIMARY,
        title=_("Resume this standing budget?"),
        description=_("What waited for it is paid now."),
        form=BudgetForm,
        submit=_("Resume"),
    )
    @on_budget
    def resume(self, row: StandingBudget, by: User, _form: BudgetForm) -> Sentence:
        standing_budgets.resume(row.pk, by=by)
        return _("Resumed.")

    @dialog_action(
        _("Stop for good"),
        permission="manage",
        icon="cancel",
        variant=ActionVariant.DANGER,
        title=_("Stop this standing budget for good?"),
        description=_(
            "The approval is given back at the wallet and the funder is told. To go on later, they must approve"
            " anew. What is on its way still arrives."
        ),
        form=BudgetForm,
        submit=_("Stop it"),
    )
    @on_budget
    def stop(self, row: StandingBudget, by: User, _form: BudgetForm) -> Sentence:
        standing_budgets.stop(row.pk, by=by)
        return _("Stopped. Nothing more is paid from it.")

"""Standing budgets: what was allowed, spent and left, compared with the wallet; pause, resume and stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from payments.actions import standing_budgets
from payments.actions.requests import lock_request
from payments.admin.dialogs import SeenForm, attempt, go
from payments.admin.readonly import ReadOnlyAdmin
from payments.models import StandingBudget
from payments.models.standing_budgets import BudgetState
from payments.presentation import budget_summary
from payments.presentation.dates import day
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import sentence
from payments.worker.advance_now import advance_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from unfold.dataclasses import UnfoldAction

#: How long a person waits for the wallet before their page shows how it stands.
SECONDS = 8.0
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

    def row(self) -> StandingBudget:
        found = StandingBudget.objects.select_related("request", "grant").filter(pk=self.object_id).first()
        if found is None:
            raise Http404
        return found

    def now(self) -> str:
        row = self.row()
        period = budget_summary.summary_of(row).period
        return ".".join(map(str, (row.state, period and period.number, period and period.reserved_value)))

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        row = self.row()
        now = budget_summary.summary_of(row)
        return {"budget": row, "every": budget_summary.every(row), "period_rows": budget_summary.this_period(now)}


@admin.register(StandingBudget)
class StandingBudgetAdmin(ReadOnlyAdmin):
    list_display = ("state_label", "payer", "allowed", "spent", "left", "next_reset")
    list_display_links = ("state_label", "payer")
    search_fields = ("id", "request__id", "request__payer_name", "request__payer_email")
    search_help_text = gettext_lazy("Id, funder")
    actions_detail = ("compare", "pause", "resume", "stop")
    fields = ("id",)
    readonly_fields = fields
    change_form_template = "admin/payments/standingbudget/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[StandingBudget]:
        found: QuerySet[StandingBudget] = super().get_queryset(request)
        return found.select_related("request", "request__payer_wallet", "request__seller", "grant").prefetch_related(
            "periods__budget"
        )

    @display(description=gettext_lazy("state"), label={tone: tone for tone in TONES.values()})
    def state_label(self, row: StandingBudget) -> tuple[str, str]:
        return TONES[row.state], str(row.state.label)

    @display(description=gettext_lazy("funder"), ordering="request__payer_name")
    def payer(self, row: StandingBudget) -> str:
        return row.request.payer_name

    @display(description=gettext_lazy("allowed"), ordering="limit_value")
    def allowed(self, row: StandingBudget) -> str:
        return budget_summary.every(row)

    @display(description=gettext_lazy("spent or on its way"))
    def spent(self, row: StandingBudget) -> str:
        period = budget_summary.current(row)
        return format_amount(period.reserved) if period else NOTHING

    @display(description=gettext_lazy("left"))
    def left(self, row: StandingBudget) -> str:
        period = budget_summary.current(row)
        return format_amount(period.left) if period else NOTHING

    @display(description=gettext_lazy("starts anew"))
    def next_reset(self, row: StandingBudget) -> str:
        period = budget_summary.current(row)
        return day(period.ends_at) if period and period.ends_at < row.ends_at else NOTHING

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        row: StandingBudget = context["original"]
        now = budget_summary.summary_of(row)
        more = {
            "title": row.request.payer_name,
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

    @action(
        description=gettext_lazy("Compare with the wallet"),
        permissions=["manage"],
        icon="compare_arrows",
        dialog={
            "title": gettext_lazy("Ask the funder's wallet what it counts as spent?"),
            "description": gettext_lazy("Its figure is shown beside ours. Nothing is paid."),
            "form_class": BudgetForm,
            "form_submit_text": gettext_lazy("Compare"),
        },
    )
    def compare(self, request: HttpRequest, form: BudgetForm, object_id: str) -> HttpResponse:
        def act(_by: User) -> str:
            standing_budgets.compare(object_id)
            return _("The wallet was asked.")

        return _act(request, form, object_id, act)

    @action(
        description=gettext_lazy("Pause"),
        permissions=["manage"],
        icon="pause_circle",
        dialog={
            "title": gettext_lazy("Pause this standing budget?"),
            "description": gettext_lazy(
                "Nothing is paid from it until it is resumed. What is on its way still arrives."
            ),
            "form_class": BudgetForm,
            "form_submit_text": gettext_lazy("Pause"),
        },
    )
    def pause(self, request: HttpRequest, form: BudgetForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            standing_budgets.pause(object_id, by=by)
            return _("Paused. Nothing is paid from it until it is resumed.")

        return _act(request, form, object_id, act)

    @action(
        description=gettext_lazy("Resume"),
        permissions=["manage"],
        icon="play_circle",
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": gettext_lazy("Resume this standing budget?"),
            "description": gettext_lazy("What waited for it is paid now."),
            "form_class": BudgetForm,
            "form_submit_text": gettext_lazy("Resume"),
        },
    )
    def resume(self, request: HttpRequest, form: BudgetForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            standing_budgets.resume(object_id, by=by)
            return _("Resumed.")

        return _act(request, form, object_id, act)

    @action(
        description=gettext_lazy("Stop for good"),
        permissions=["manage"],
        icon="cancel",
        variant=ActionVariant.DANGER,
        dialog={
            "title": gettext_lazy("Stop this standing budget for good?"),
            "description": gettext_lazy(
                "The approval is given back at the wallet and the funder is told. To go on later, they must approve"
                " anew. What is on its way still arrives."
            ),
            "form_class": BudgetForm,
            "form_submit_text": gettext_lazy("Stop it"),
        },
    )
    def stop(self, request: HttpRequest, form: BudgetForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            standing_budgets.stop(object_id, by=by)
            return _("Stopped. Nothing more is paid from it.")

        return _act(request, form, object_id, act)


def _act(request: HttpRequest, form: BudgetForm, object_id: str, act: Callable[[User], str]) -> HttpResponse:
    """Act once, on exactly what the dialog showed; then the wallet is asked at once."""
    assert request.user.is_authenticated, "the admin lets nobody else in"
    by, row, done = request.user, form.row(), False
    with transaction.atomic():
        lock_request(row.request_id)
        if form.is_current:
            done = attempt(request, lambda: act(by))
        else:
            messages.warning(
                request,
                _("Something changed since you opened the dialog, so nothing was done. Look again, then decide."),
            )
    if done:
        advance_now(row.request_id, SECONDS)
    return go(request, reverse("admin:payments_standingbudget_change", args=[object_id]))

"""The funder's page of a standing budget: what they are asked to allow; then what was paid, and how to stop it."""

from collections.abc import Sequence
from typing import Any, assert_never

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from payments.models import StandingBudget
from payments.models.standing_budgets import BudgetState
from payments.pages.approval_link import OpenedApprovalLink
from payments.pages.phases import Progress
from payments.presentation import budget_summary
from payments.presentation.reasons import sentence


def render(
    opened: OpenedApprovalLink,
    budget: StandingBudget,
    progress: Progress,
    notices: Sequence[dict[str, str]],
    button: str,
) -> str:
    """`notices` come first; `button` is the label of what approves, while it can be approved."""
    now = budget_summary.summary_of(budget)
    stands = budget.state in {BudgetState.ACTIVE, BudgetState.PAUSED}
    context: dict[str, Any] = {
        "opened": opened,
        "status_url": opened.url("approve-status"),
        "ask": opened.request,
        "seller": opened.request.seller.name or opened.request.seller_id,
        "progress": progress,
        "heading": _("Your standing budget") if stands else _("Standing budget"),
        "notices": [*notices, *([] if notices or progress.acts else [_how_it_stands(budget)])],
        "acts": progress.acts and not opened.is_superseded,
        "stands": stands,
        "may_stop": stands and not opened.is_superseded,
        "every": budget_summary.every(budget),
        "terms": budget_summary.terms(budget),
        "standing": now,
        "period_rows": budget_summary.this_period(now),
        "accepted": opened.request.shown,
        "button": button,
    }
    return render_to_string("public/standing.html", context)


def _how_it_stands(budget: StandingBudget) -> dict[str, str]:
    why = sentence(budget.request.reason, budget.request.reason_params)
    match budget.state:
        case BudgetState.ACTIVE:
            text = _("Payments within this limit are made without asking you again. You get an email for each of them.")
            return {"kind": "good", "title": _("You approved this"), "text": text}
        case BudgetState.PAUSED:
            return {"kind": "info", "title": _("Paused"), "text": _("Nothing is paid from it for now.")}
        case BudgetState.STOPPED:
            return {"kind": "info", "title": _("Stopped"), "text": why or _("Nothing more is paid from it.")}
        case BudgetState.ENDED:
            text = _("Its last period is over. Nothing more is paid from it.")
            return {"kind": "info", "title": _("It has ended"), "text": text}
        case BudgetState.EXPIRED:
            text = _("It was not approved in time. Nothing is paid from it.")
            return {"kind": "info", "title": _("This request has expired"), "text": text}
        case BudgetState.REFUSED:
            text = why or _("Nothing is paid from it.")
            return {"kind": "info", "title": _("It was not set up"), "text": text}
        case BudgetState.DRAFT | BudgetState.ASKED:
            text = _("You get an email when it is ready for you.")
            return {"kind": "info", "title": _("Being prepared"), "text": text}
        case never:
            assert_never(never)

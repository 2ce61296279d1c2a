"""A funder's own page: what waits for them, what they approved and can still stop, receipts, statements."""

from typing import Any, Final
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from jobs import links, monthly_statements, statement_files, statements
from jobs.contacts import payer_of
from jobs.pages.member_link import OpenedMemberLink, open_member_link
from ledger import clock
from payments.actions import requests, standing_budgets
from payments.actions.shown_links import tell_use_of_approval
from payments.links import LinkUse
from payments.models import (
    BudgetPeriod,
    Draw,
    OutsidePayment,
    OutsidePaymentState,
    Payment,
    PaymentRequest,
    StandingBudget,
)
from payments.models.standing_budgets import BudgetState, budget_of
from payments.pages.approval_link import nothing_here, page
from payments.pages.headers import private_page
from payments.presentation import budget_summary
from payments.presentation.cost_summary import CostSummary, cost_line_of
from payments.presentation.reasons import Refusal, sentence
from payments.states import PAID_REQUESTS, UNSENT, RequestState

#: Rows of each kind that are shown: the first of these numbers, and the next whenever more is asked for.
STEPS: Final = (10, 30, 100, 300)
MOST_BUDGETS: Final = 12
REFUSED: Final = 409


# The link is what authorises, not a cookie: see `payments.pages.approve`.
@csrf_exempt
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def funder(http: HttpRequest, token: str) -> HttpResponse:
    opened = open_member_link(http, token, name="funder", kind=links.FUNDER)
    if isinstance(opened, HttpResponse):
        return opened
    with translation.override(opened.language):
        return _act(http, opened) if http.method == "POST" else _show(opened, step=_step(http))


@private_page
@require_safe
def statement(http: HttpRequest, token: str, month: str) -> HttpResponse:
    """One month, to be read, kept or printed."""
    opened = open_member_link(http, token, name="funder", kind=links.FUNDER)
    if isinstance(opened, HttpResponse):
        return opened
    first = statements.read_month(month)
    if first is None:
        return nothing_here(http)
    with translation.override(opened.language):
        member = opened.member
        context = {
            "opened": opened,
            "member": member,
            "details": payer_of(member).details,
            "statement": statements.of(member, first),
            "file": opened.url("statement_file", first.key),
        }
        return page(render_to_string("public/statement.html", context))


@private_page
@require_safe
def statement_file(http: HttpRequest, token: str, month: str) -> HttpResponse:
    """One month as a file for their accounts."""
    opened = open_member_link(http, token, name="funder", kind=links.FUNDER)
    if isinstance(opened, HttpResponse):
        return opened
    first = statements.read_month(month)
    if first is None:
        return nothing_here(http)
    with translation.override(opened.language):
        content = statement_files.as_csv(opened.member, first)
    disposition = f'attachment; filename="statement-{first.key}.csv"'
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


def _act(http: HttpRequest, opened: OpenedMemberLink) -> HttpResponse:
    """Stop an approval of theirs: what is not ordered yet will not be. Or switch monthly statements."""
    if wanted := http.POST.get("statements"):
        monthly_statements.switch(opened.member.pk, opened.shown_to, on=wanted == "on")
        return HttpResponseRedirect(opened.page)
    own = PaymentRequest.objects.filter(payer_key=opened.member.key, state=RequestState.APPROVED)
    request = own.filter(pk=http.POST.get("stop", "").replace("\0", "")).first()
    if request is None:
        return HttpResponseRedirect(opened.page)
    budget = budget_of(request)
    try:
        with transaction.atomic():
            if budget:
                standing_budgets.stop_by_payer(budget.pk)
            else:
                requests.cancel(request.pk, by=None)
            if opened.shown_to:
                tell_use_of_approval(request.pk, opened.shown_to, LinkUse.STOP)
    except Refusal as refusal:
        return _show(opened, refusal=str(refusal), status=REFUSED)
    return HttpResponseRedirect(opened.page)


def _step(http: HttpRequest) -> int:
    """How often more was asked for; nonsense is never."""
    wanted = http.GET.get("more", "")
    return int(wanted) if wanted in {str(step) for step in range(len(STEPS))} else 0


def _show(opened: OpenedMemberLink, *, refusal: str = "", status: int = 200, step: int = 0) -> HttpResponse:
    """What can still be approved begins with what ends first, all else with the newest."""
    mine = PaymentRequest.objects.filter(payer_key=opened.member.key)
    own = _with_bills(mine.filter(standing_budget=None))
    asked = mine.filter(state=RequestState.AWAITING_APPROVAL, expires_at__gt=clock.now(), standing_budget__isnull=False)
    waits = own.filter(state=RequestState.AWAITING_APPROVAL, expires_at__gt=clock.now()).order_by("expires_at")
    live = own.filter(state=RequestState.APPROVED).order_by("-approved_at", "-pk")
    settled = own.filter(state__in=[*PAID_REQUESTS, RequestState.SETTLED_IN_PART]).order_by("-finished_at")
    paid_outside = OutsidePayment.objects.filter(payer_key=opened.member.key, state=OutsidePaymentState.CONFIRMED)
    outside = paid_outside.select_related("seller").order_by("-paid_on", "-pk")
    # One more of each than is shown says whether there is more.
    most = STEPS[step] + 1
    rows = {"waiting": list(waits[:most]), "live": list(live[:most]), "receipts": list(settled[:most])}
    paid = list(outside[:most])
    shown = {name: [_card(request, opened) for request in some[: STEPS[step]]] for name, some in rows.items()}
    is_cut = {**{name: len(some) == most for name, some in rows.items()}, "outside": len(paid) == most}
    context = {
        "opened": opened,
        "member": opened.member,
        "refusal": refusal,
        **shown,
        "asked_budgets": [
            _asked(request, opened)
            for request in asked.select_related("standing_budget", "seller").order_by("expires_at")
        ],
        "budgets": _budgets(mine, opened),
        "outside": paid[: STEPS[step]],
        "is_cut": is_cut,
        "more": _with_more(opened.page, step + 1) if step + 1 < len(STEPS) else "",
        "months": statements.months(opened.member),
    }
    return page(render_to_string("public/funder.html", context), status)


def _with_more(address: str, step: int) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'more': step})}"


def _with_bills(requests: QuerySet[PaymentRequest]) -> QuerySet[PaymentRequest]:
    return requests.select_related("seller").prefetch_related(
        "payments__receiver_wallet", "payments__quotes", "payments__outgoing_payments__quote"
    )


def _card(request: PaymentRequest, opened: OpenedMemberLink) -> dict[str, Any]:
    payments: list[Payment] = list(request.payments.all())
    for payment in payments:
        payment.request = request
    bill = CostSummary(request, [cost_line_of(payment) for payment in payments])
    may_stop = any(payment.state in UNSENT for payment in payments)
    return {"request": request, "bill": bill, "link": opened.approval_url(request), "may_stop": may_stop}


def _asked(request: PaymentRequest, opened: OpenedMemberLink) -> dict[str, Any]:
    budget: StandingBudget = request.standing_budget
    budget.request = request
    return {"request": request, "every": budget_summary.every(budget), "link": opened.approval_url(request)}


def _budgets(mine: QuerySet[PaymentRequest], opened: OpenedMemberLink) -> list[dict[str, Any]]:
    """Those that were ever approved, the ones that stand first, in a constant number of queries."""
    found = StandingBudget.objects.filter(request__in=mine, request__approved_at__isnull=False)
    newest = found.select_related("request__seller", "grant").order_by("-created_at")[:MOST_BUDGETS]
    drawn = Draw.objects.select_related("payment__request").order_by("-created_at", "-pk")
    periods = BudgetPeriod.objects.prefetch_related(Prefetch("draws", drawn))
    rows = [_budget(budget, opened) for budget in newest.prefetch_related(Prefetch("periods", periods))]
    return sorted(rows, key=lambda row: not row["stands"])


def _budget(budget: StandingBudget, opened: OpenedMemberLink) -> dict[str, Any]:
    period = budget_summary.current(budget)
    for one in budget.periods.all():
        one.budget = budget
    draws = [draw for one in reversed(budget.periods.all()) for draw in one.draws.all()]
    return {
        "budget": budget,
        "every": budget_summary.every(budget),
        "stands": budget.state in {BudgetState.ACTIVE, BudgetState.PAUSED},
        "why": sentence(budget.request.reason, budget.request.reason_params),
        "rows": budget_summary.rows_of(budget, period),
        "terms": budget_summary.terms(budget),
        "draws": [
            {"draw": draw, "link": opened.approval_url(draw.payment.request)}
            for draw in draws[: budget_summary.MOST_DRAWS]
        ],
        "link": opened.approval_url(budget.request),
    }

"""The overview's further pages: payments, funders, workers, quality; of the days and the currency of their address."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from backoffice.dashboard.figures import causes, funnel, people, quality, trends
from backoffice.dashboard.figures.people import KindOfPeople
from backoffice.dashboard.links import may_see
from backoffice.dashboard.period import Period
from backoffice.dashboard.tabs import TABS, chosen, may_open
from ledger.models import Entry, Movement
from payments.models import Grant, PaymentRequest, WebhookDelivery

Tell = Callable[[HttpRequest, Period], dict[str, Any]]


def overview_page(name: str, tell: Tell) -> Callable[[HttpRequest], HttpResponse]:
    """The view of one tab; `tell` makes what its template, `admin/dashboard/<name>.html`, shows beside the head."""

    def view(request: HttpRequest) -> HttpResponse:
        (tab,) = (tab for tab in TABS if tab.name == name)
        if not may_open(request, tab):
            raise PermissionDenied
        told = chosen(request, name)
        context = {**admin.site.each_context(request), "title": tab.title, "told": told}
        return TemplateResponse(
            request, f"admin/dashboard/pages/{name}.html", {**context, **tell(request, told["period"])}
        )

    return view


def _payments(request: HttpRequest, period: Period) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if may_see(request, Movement):
        told["trends"] = trends.received(period)
    if may_see(request, PaymentRequest):
        told |= {"funnel": funnel.funnel(period), "waits": funnel.waits(period), "ends": causes.ends(period)}
    return told


def _people(kind: KindOfPeople) -> Tell:
    def tell(_request: HttpRequest, period: Period) -> dict[str, Any]:
        days = {"from": period.span.first.isoformat(), "to": period.span.last.isoformat(), "currency": period.currency}
        report = f"{reverse('admin:report', args=[kind.report])}?{urlencode(days)}"
        return {"rankings": people.ranked(period, kind), "report": report}

    return tell


def _quality(request: HttpRequest, period: Period) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if may_see(request, WebhookDelivery):
        told["webhooks"], told["taken"] = quality.webhooks(period)
    if may_see(request, Entry):
        told["redirects"] = quality.redirects(period)
    if may_see(request, Grant):
        told["errors"] = causes.wallet_errors(period)
    return told


payments_view = overview_page("overview_payments", _payments)
funders_view = overview_page("overview_funders", _people(people.FUNDERS))
workers_view = overview_page("overview_workers", _people(people.WORKERS))
quality_view = overview_page("overview_quality", _quality)

"""Every number of the overview and its pages, held against the rows behind its link and against finance's reports."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.urls import resolve

from backoffice.dashboard.currency_cards import CurrencyCard, cards
from backoffice.dashboard.figures import causes, funnel, people, quality, trends
from backoffice.dashboard.figures.shapes import ShownFigure
from backoffice.dashboard.period import Period
from backoffice.finance.movements.rows import select
from backoffice.finance.reports.catalogue import make
from backoffice.finance.reports.shapes import Report
from jobs import job_payments, payables
from jobs.models import Application
from ledger import days
from ledger.books.figures import tell
from ledger.models import Movement
from payments.models import Payment, StandingBudget
from payments.presentation.budget_summary import running_periods


def looked_at(query: str = "") -> HttpRequest:
    """By somebody who may see everything."""
    request = HttpRequest()
    request.method, request.GET = "GET", QueryDict(query)
    request.user, _new = User.objects.get_or_create(username="raiz", is_staff=True, is_superuser=True)
    return request


def this_month() -> Period:
    return Period.read({})


def shown_figures() -> Iterator[tuple[str, ShownFigure]]:
    """What moved this month and what is under way, with the currency."""
    for card in cards(looked_at(), this_month()):
        for one in (*(each.now for each in card.flows), *(each.figure for each in card.stages)):
            yield card.currency, one


def check_dashboards(first: date) -> None:
    """Of this month, of the quarter, and of all days since the first."""
    for address in ({}, {"period": "quarter"}, {"from": first.isoformat(), "to": days.today().isoformat()}):
        period = Period.read(address)
        told = cards(looked_at(), period)
        pages = [
            told,
            trends.received(period),
            [funnel.funnel(period), funnel.waits(period), causes.ends(period)],
            [people.ranked(period, kind) for kind in (people.FUNDERS, people.WORKERS)],
            [quality.webhooks(period), quality.redirects(period), causes.wallet_errors(period)],
        ]
        numbers = list(_numbers(pages))
        assert len(numbers) > 20, "there is something to check"
        for number in numbers:
            _check_number(number)
        _check_cards(told, period)
        _check_people(period)


def _numbers(thing: Any) -> Iterator[Any]:
    """Whatever has rows behind a link, however deep it stands."""
    if is_dataclass(thing) and hasattr(thing, "link") and hasattr(thing, "count"):
        yield thing
    elif isinstance(thing, causes.Answers):
        yield quality.CountedRows(thing.title, thing.asked, thing.link)
        yield quality.CountedRows(thing.title, thing.in_vain, thing.in_vain_link)
    elif is_dataclass(thing):
        for each in fields(thing):
            yield from _numbers(getattr(thing, each.name))
    elif isinstance(thing, list | tuple):
        for each in thing:
            yield from _numbers(each)


def _check_number(number: Any) -> None:
    path, _, query = number.link.partition("?")
    page = resolve(path).func.model_admin  # type: ignore[attr-defined]  # of the admin
    if page.model is Movement:
        _check_movements(number, QueryDict(query).dict())
        return
    request = looked_at(query)
    found = list(page.get_changelist_instance(request).get_queryset(request))
    assert len(found) == number.count, (number, found)
    if isinstance(number, ShownFigure):
        assert _major(found) == number.total.major, number


def _check_movements(number: ShownFigure, query: dict[str, str]) -> None:
    found = select(query)
    told = tell([query["figure"]], Q(pk__in=found.values("pk"))).total(query["figure"], number.total.code)
    assert told.major == number.total.major, number
    if number.count:
        assert found.values("subject").distinct().count() == number.count, number


def _major(found: list[Any]) -> Decimal:
    """What rows come to that are no movements."""
    assert found
    match found[0]:
        case Payment():
            rests = (Decimal(max(0, row.value - row.received_value)).scaleb(-row.asset_scale) for row in found)
            return sum(rests, Decimal(0))
        case Application():
            rows = payables.with_money(Application.objects.filter(pk__in=[row.pk for row in found]))
            return sum((job_payments.remaining_of(row.job.budget, row).to_major() for row in rows), Decimal(0))
        case StandingBudget():
            periods = [running_periods().get(budget=row) for row in found]
            return sum((period.reserved.to_major() for period in periods), Decimal(0))
        case other:
            raise AssertionError(other)


def _check_cards(told: list[CurrencyCard], period: Period) -> None:
    """What moved and what is held is what finance's reports of the same days say; what is under way, of today."""
    for span, which in ((period.span, "now"), (period.before, "before")):
        payments = make("payments", span.first, span.last)
        for card in told:
            for one in card.flows:
                figure = getattr(one, which)
                sections = ("received", "beside")
                assert figure.total.major == _of(payments, sections, card.currency, figure.code, "moved"), figure
    balance, held = (make(code, period.span.first, period.span.last) for code in ("balance", "held"))
    payments = make("payments", period.span.first, period.span.last)
    for card in told:
        for stage in card.stages:
            assert stage.figure.total.major == _of(balance, ("stages",), card.currency, stage.figure.code, "closing")
        if card.held:
            assert card.held.total.major == _of(held, ("held",), card.currency, "together", "closing")
        if card.trend:
            assert card.trend.whole.total.major == _of(payments, ("received",), card.currency, "received", "moved")


def _check_people(period: Period) -> None:
    for kind, section in ((people.FUNDERS, "cost"), (people.WORKERS, "brought")):
        report = make(kind.report, period.span.first, period.span.last)
        for ranking in people.ranked(period, kind):
            for one in ranking.whole:
                column = -_of(report, (section,), ranking.currency, "together", one.code)
                assert one.total.major in {column, -column}, (ranking.currency, one)


def _of(report: Report, sections: tuple[str, ...], currency: str, line: str, column: str) -> Decimal:
    for code in sections:
        section = report.section(code, currency)
        if section and (total := section.column(column).get(line)):
            return total.major
    return Decimal(0)

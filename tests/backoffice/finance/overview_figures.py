"""Every number of the overview and its pages, held against the rows behind its link and against finance's reports."""

from collections import defaultdict
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
from backoffice.dashboard.figures.moved import FLOWS
from backoffice.dashboard.figures.shapes import ShownFigure
from backoffice.dashboard.figures.under_way import STAGES
from backoffice.dashboard.period import Period
from backoffice.finance.movements.rows import select
from backoffice.finance.reports.catalogue import make
from backoffice.finance.reports.shapes import Report
from jobs import job_payments, payables
from jobs.models import Application
from jobs.owed import owed_workers
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
        assert number.total.major == (_major(found) if found else 0), number


def _check_movements(number: ShownFigure, query: dict[str, str]) -> None:
    found = select(query)
    told = tell([query["figure"]], Q(pk__in=found.values("pk"))).total(query["figure"], number.total.code)
    assert told.major == number.total.major, number
    if number.count:
        assert found.values("subject").distinct().count() == number.count, number


def _major(found: list[Any]) -> Decimal:
    """What rows come to that are no movements."""
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
    """What finance's reports of the same days tell is shown, and nothing else; so is all that is owed."""
    shown: dict[tuple[str, str, str], Decimal] = {}
    for card in told:
        for flow in card.flows:
            for time, one in (("now", flow.now), ("before", flow.before)):
                shown[time, card.currency, one.code] = one.total.major
        for figure in (*(stage.figure for stage in card.stages), card.held, card.owed and card.owed.whole):
            if figure:
                shown["now", card.currency, figure.code] = figure.total.major
        if card.trend:
            shown["trend", card.currency, "received"] = card.trend.whole.total.major
    assert {place: value for place, value in shown.items() if value} == dict(_by_finance(period))


def _by_finance(period: Period) -> Iterator[tuple[tuple[str, str, str], Decimal]]:
    """By time, currency and figure, whatever is not nothing."""
    for time, span in (("now", period.span), ("before", period.before)):
        for currency, figure, value in _told(make("payments", span.first, span.last), ("received", "beside"), "moved"):
            if figure in FLOWS:
                yield (time, currency, figure), value
            if (time, figure) == ("now", "received"):
                yield ("trend", currency, figure), value
    for code, section in (("balance", "stages"), ("held", "held")):
        report = make(code, period.span.first, period.span.last)
        for currency, figure, value in _told(report, (section,), "closing"):
            if figure in STAGES or (code, figure) == ("held", "together"):
                yield ("now", currency, "held" if code == "held" else figure), value
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for row in payables.with_money(owed_workers()):
        left = job_payments.remaining_of(row.job.budget, row)
        owed[left.asset.code] += left.to_major()
    yield from ((("now", currency, "owed"), value) for currency, value in owed.items() if value)


def _told(report: Report, sections: tuple[str, ...], column: str) -> Iterator[tuple[str, str, Decimal]]:
    for section in report.sections:
        if section.code in sections:
            for line, total in section.column(column).items():
                if total.value:
                    yield section.currency, line, total.major


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

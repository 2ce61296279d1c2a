"""The pages of reports: all of them, and one each. They read; whoever may see movements may see them."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.finance.reports import names, periods
from backoffice.finance.reports.catalogue import REPORTS, make
from backoffice.finance.reports.charts import ReportChart, charts
from backoffice.finance.reports.filters import Filters
from backoffice.finance.reports.periods import Span
from backoffice.finance.reports.shapes import Line, Part, Report, Section
from ledger.books.figures import FIGURES, SUMS
from ledger.distinct import distinct_values
from payments.models import Seller, WalletAddress
from payments.models.payments import Purpose
from payments.presentation.dates import zone_name

PERMISSION: Final = "ledger.view_movement"
#: So many lines of a section are shown; a file has all.
MOST_LINES: Final = 300


@dataclass(frozen=True)
class ShownSection:
    """`hidden` lines are not shown; days on which nothing happened are drawn only."""

    section: Section
    chart: ReportChart | None
    lines: list[Line]
    hidden: int


def index_view(request: HttpRequest) -> HttpResponse:
    _check(request)
    kinds = [(kind, reverse("admin:report", args=[kind.code])) for kind in REPORTS.values()]
    context = {**admin.site.each_context(request), "title": _("Reports"), "kinds": kinds}
    return TemplateResponse(request, "admin/finance/reports.html", context)


def report_view(request: HttpRequest, code: str) -> HttpResponse:
    """One report: of the days, and narrowed to what, the address says."""
    _check(request)
    if code not in REPORTS:
        raise Http404
    kind, address = REPORTS[code], request.GET.dict()
    asked = periods.read(address)
    span = asked or periods.month_of(periods.presets()[0].first)
    filters = Filters.read(address)
    report = make(code, span.first, span.last, filters)
    context = {
        **admin.site.each_context(request),
        "title": kind.title,
        "kind": kind,
        "report": report,
        "span": span,
        "unreadable": asked is None,
        "sections": _shown(report),
        "presets": [(each, _address({**each.query, **filters.query()}), each == span) for each in periods.presets()],
        "filters": filters,
        "narrowed": _narrowed(span, filters),
        "choices": _choices(),
        "zone": zone_name(),
    }
    return TemplateResponse(request, "admin/finance/report.html", context)


def figures_view(request: HttpRequest) -> HttpResponse:
    """What each figure means."""
    _check(request)
    sums = [
        (FIGURES[whole], [FIGURES[code] for code in plus], [FIGURES[code] for code in minus])
        for whole, plus, minus in SUMS
    ]
    context = {**admin.site.each_context(request), "title": _("What each figure means")}
    context |= {"figures": sorted(FIGURES.values(), key=lambda one: str(one.label).casefold()), "sums": sums}
    return TemplateResponse(request, "admin/finance/figures.html", context)


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _shown(report: Report) -> list[ShownSection]:
    drawn = charts(report)
    return [_show(one, drawn.get((one.code, one.currency))) for one in report.sections]


def _show(section: Section, chart: ReportChart | None) -> ShownSection:
    lines = [line for line in section.lines if not section.in_time or line.is_sum or _moved(section, line)]
    hidden = max(0, len(lines) - 1 - MOST_LINES)
    return ShownSection(section, chart, [*lines[:MOST_LINES], lines[-1]] if hidden else lines, hidden)


def _moved(section: Section, line: Line) -> bool:
    pairs = zip(section.columns, line.figures, strict=True)
    return any(one.total.value for column, one in pairs if column.part == Part.MOVEMENT)


def _address(query: dict[str, str]) -> str:
    return f"?{urlencode(query)}"


def _narrowed(span: Span, filters: Filters) -> list[tuple[str, str]]:
    """What was chosen by a link, in words, each with the address without it."""
    found = []
    for name, key in (("funder", filters.funder), ("worker", filters.worker)):
        if key:
            called = names.of_people(name, [(key,)])[key,].title
            rest = {other: value for other, value in filters.query().items() if other != name}
            found.append((str(called), _address({**span.query, **rest})))
    return found


def _choices() -> dict[str, list[tuple[str, str]]]:
    return {
        "currency": [(code, code) for code in distinct_values(WalletAddress, "asset_code")],
        "seller": [(row.pk, row.name) for row in Seller.objects.only("pk", "name").order_by("name")],
        "purpose": [(value, str(label)) for value, label in Purpose.choices],
    }

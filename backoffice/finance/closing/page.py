"""The page of all months: the next one to close with what is open of it, and those that are closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backoffice.finance.closing.checklist import CheckResult, look, stopping, title_of
from backoffice.finance.closing.month_names import month_called, month_name, people, person
from backoffice.finance.reports.catalogue import REPORTS
from ledger import clock, days
from ledger.books.closing import closable_from, next_to_close
from ledger.books.figures import FIGURES
from ledger.books.sums import Total
from ledger.models import Closing
from ledger.months import CalendarMonth
from ledger.stamps import short
from payments.presentation.format_totals import format_total_number

#: Ten years; who looks for older ones has their address.
MOST_SHOWN: Final = 120


@dataclass(frozen=True)
class MonthLine:
    """One month of the list; `closing` is None for one that is open."""

    key: str
    name: str
    closing: Closing | None = None
    who: str = ""
    was_reopened: bool = False


@require_safe
def periods_view(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("ledger.view_closing"):
        raise PermissionDenied
    month = next_to_close()
    checks = look(month, thoroughly=False) if month and clock.now() >= closable_from(month) else []
    context = {
        **admin.site.each_context(request),
        "title": _("Periods"),
        "month": month_name(month) if month else "",
        "checks": checks,
        "closable_from": short(closable_from(month)) if month else "",
        "is_over": bool(checks),
        "action": _close_action(request, checks),
        "months": _lines(month),
        "may_download": request.user.has_perm("payments.download_journal"),
        "chart": reverse("admin:payments_accountname_changelist"),
        "may_see_chart": request.user.has_perm("payments.view_accountname"),
    }
    return TemplateResponse(request, "admin/finance/closing/periods.html", context)


def _close_action(request: HttpRequest, checks: list[CheckResult]) -> dict[str, Any] | None:
    """The button, for whoever may close, once the month is over and nothing stops it."""
    if not checks or stopping(checks) or not request.user.has_perm("ledger.close_period"):
        return None
    return {
        "path": reverse("admin:ledger_closing_close_next"),
        "icon": "event_available",
        "title": _("Close the month"),
    }


def _lines(month: CalendarMonth | None) -> list[MonthLine]:
    closed = list(Closing.objects.select_related("reopening")[:MOST_SHOWN])
    names = people(row.closed_by for row in closed)
    return [*_open_months(month), *(_line(row, names) for row in closed)]


def _open_months(month: CalendarMonth | None) -> list[MonthLine]:
    """From the present one back to the first that is not closed."""
    found: list[MonthLine] = []
    while month and month.first <= days.today() and len(found) < MOST_SHOWN:
        found.insert(0, MonthLine(str(month), month_name(month)))
        month = month.following
    return found


def _line(row: Closing, names: Mapping[str, str]) -> MonthLine:
    return MonthLine(row.month, month_called(row.month), row, names[row.closed_by], hasattr(row, "reopening"))


@dataclass(frozen=True)
class FigureLine:
    label: str
    opening: str
    moved: str
    closing: str


@dataclass(frozen=True)
class StoredReport:
    title: str
    numbers: int
    link: str  # to the same report as it is told today; empty for one that there is no more


def told_of(row: Closing) -> dict[str, Any]:
    """What the page of a closed month shows: what was kept then, not what is reckoned today."""
    return {
        "closing": row,
        "who": person(row.closed_by),
        "left_open": [(title_of(code), count) for code, count in row.left_open.items()],
        "currencies": [(code, _figures(code, told)) for code, told in sorted(row.totals.items())],
        "stored": [_stored(row, code, kept) for code, kept in row.reports.items()],
        "reopening": getattr(row, "reopening", None),
        "reopened_by": person(row.reopening.reopened_by) if hasattr(row, "reopening") else "",
        "entry": reverse("admin:ledger_entry_change", args=[row.entry_id]),
    }


def _figures(code: str, told: dict[str, list[str]]) -> list[FigureLine]:
    named = {figure: FIGURES[figure].label for figure in FIGURES if figure in told}
    return [FigureLine(str(label), *_numbers(code, told[figure])) for figure, label in named.items()]


def _numbers(code: str, written: list[str]) -> list[str]:
    """All with as many decimals as the finest of them."""
    scale = max(len(text.partition(".")[2]) for text in written)
    return [format_total_number(Total(code, scale, int(Decimal(text).scaleb(scale)))) for text in written]


def _stored(row: Closing, code: str, kept: dict[str, Any]) -> StoredReport:
    numbers = sum(len(line["figures"]) for section in kept["sections"] for line in section["lines"])
    if code not in REPORTS:
        return StoredReport(code, numbers, "")
    link = f"{reverse('admin:report', args=[code])}?{urlencode({'month': row.month})}"
    return StoredReport(str(REPORTS[code].title), numbers, link)

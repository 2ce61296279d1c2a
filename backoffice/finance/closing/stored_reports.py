"""The reports that a closing keeps: the numbers alone. Who is who is in no row that nobody can erase."""

from typing import Any

from backoffice.finance.reports.catalogue import REPORTS, make
from backoffice.finance.reports.shapes import Report, Section
from ledger.content import Json
from ledger.months import CalendarMonth


def reports_of(month: CalendarMonth) -> dict[str, Json]:
    """Every report of the month, by its code."""
    return {code: _kept(make(code, month.first, month.last)) for code in REPORTS}


def _kept(report: Report) -> dict[str, Any]:
    return {"zone": report.zone, "sections": [_section(section) for section in report.sections]}


def _section(section: Section) -> dict[str, Any]:
    return {
        "code": section.code,
        "currency": section.currency,
        "columns": [column.code for column in section.columns],
        "lines": [
            {"key": line.key, "figures": [f"{one.total.major:f}" for one in line.figures]} for line in section.lines
        ],
    }

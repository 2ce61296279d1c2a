"""`{{ total|total_number:2 }}`, and the address of a figure's rows, for the pages of finance."""

from typing import Final
from urllib.parse import urlencode

from django import template
from django.urls import reverse

from backoffice.finance.reports.shapes import Column, Line, ReportFigure, Section
from ledger.books.figures import FIGURES
from ledger.books.sums import Total
from payments.presentation.format_totals import format_total_number

register: Final = template.Library()


@register.filter
def total_number(amount: Total, places: int) -> str:
    """Where its currency is said beside it, with so many decimal places."""
    return format_total_number(amount, places=places)


@register.filter
def rows(figure: ReportFigure) -> str:
    """The list of the movements that it sums up; empty for a sum of others."""
    return f"{reverse('admin:ledger_movement_changelist')}?{urlencode(figure.rows)}" if figure.rows else ""


@register.filter
def told(line: Line, section: Section) -> list[tuple[Column, ReportFigure]]:
    """The figures of a line, each with its column."""
    return list(zip(section.columns, line.figures, strict=True))


@register.filter
def meaning(figure: str) -> str:
    """Of a figure, by its code."""
    return str(FIGURES[figure].meaning)

"""Which days and which currency the overview's pages tell of, as their address says it, and the days before them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Self
from urllib.parse import urlencode

from django.db.models import Q, TextChoices
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.finance.reports import periods
from backoffice.finance.reports.periods import Span
from ledger import days


class Preset(TextChoices):
    """Days that go on with the calendar. What still runs is told until today."""

    TODAY = "today", gettext_lazy("Today")
    WEEK = "week", gettext_lazy("This week")
    MONTH = "month", gettext_lazy("This month")
    LAST_MONTH = "last_month", gettext_lazy("Last month")
    QUARTER = "quarter", gettext_lazy("This quarter")


USUAL: Final = Preset.MONTH
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True)
class Period:
    """`span` is told, compared with `before`: as many days of the week, month or quarter before, as far as it has them.

    `preset` is empty for days that were chosen freely; `currency`, where all are told. `unreadable`: the address says
    what can't be, and the usual days are told instead.
    """

    span: Span
    before: Span
    preset: str = ""
    currency: str = ""
    unreadable: bool = False

    @classmethod
    def read(cls, address: Mapping[str, str]) -> Self:
        currency = address.get("currency", "").strip()[:32]
        chosen = address.get("period", "")
        if not chosen and (address.get("from") or address.get("to")):
            free = periods.read({name: address.get(name, "") for name in ("from", "to")})
            if free:
                return cls(free, _as_long_before(free), currency=currency)
            chosen = "unreadable"
        preset = Preset(chosen) if chosen in Preset.values else USUAL
        span, before = of_preset(preset, days.today())
        return cls(span, before, preset.value, currency, unreadable=bool(chosen) and chosen not in Preset.values)

    @property
    def query(self) -> dict[str, str]:
        """As an address says it; nothing where it is the usual."""
        found: dict[str, str] = {}
        if not self.preset:
            found = {"from": self.span.first.isoformat(), "to": self.span.last.isoformat()}
        elif self.preset != USUAL:
            found = {"period": self.preset}
        return {**found, **({"currency": self.currency} if self.currency else {})}

    def address(self, **changed: str) -> str:
        """The query of the same page with something else chosen; an empty value takes it away."""
        chosen = {**self.query, **changed}
        if "period" in changed:
            chosen = {name: value for name, value in chosen.items() if name not in {"from", "to"}}
        return f"?{urlencode({name: value for name, value in chosen.items() if value})}"

    def tells(self, currency: str) -> bool:
        return self.currency in {"", currency}

    def on(self, column: str) -> Q:
        """Rows whose moment in `column` is in these days."""
        after = days.begins(self.span.last + timedelta(days=1))
        return Q(**{f"{column}__gte": days.begins(self.span.first), f"{column}__lt": after})

    def days(self, column: str) -> dict[str, str]:
        """The same as the filter of a list has it."""
        return {f"{column}_from": self.span.first.isoformat(), f"{column}_to": self.span.last.isoformat()}

    @property
    def name(self) -> str:
        return name(self.span)

    @property
    def name_before(self) -> str:
        return name(self.before)


def name(span: Span) -> str:
    """The day, or both, in the reader's language."""
    if span.first == span.last:
        return date_format(span.first)
    return _("%(first)s to %(last)s") % {"first": date_format(span.first), "last": date_format(span.last)}


def of_preset(preset: Preset, today: date) -> tuple[Span, Span]:
    """The days until `today`, and those that they are compared with."""
    match preset:
        case Preset.TODAY:
            return Span(today, today), Span(today - timedelta(days=1), today - timedelta(days=1))
        case Preset.WEEK:
            monday = today - timedelta(days=today.weekday())
            return Span(monday, today), Span(monday - WEEK, today - WEEK)
        case Preset.MONTH:
            month = periods.month_of(today)
            return Span(month.first, today), _as_far(month.first, today, periods.month_of(periods.before(month)))
        case Preset.LAST_MONTH:
            last = periods.month_of(periods.before(periods.month_of(today)))
            return last, periods.month_of(periods.before(last))
        case Preset.QUARTER:
            quarter = periods.quarter_of(today)
            return Span(quarter.first, today), _as_far(
                quarter.first, today, periods.quarter_of(periods.before(quarter))
            )


def _as_far(first: date, today: date, whole: Span) -> Span:
    """Of `whole` as many days as there are from `first` to `today`."""
    return Span(whole.first, min(whole.last, whole.first + (today - first)))


def _as_long_before(span: Span) -> Span:
    last = periods.before(span)
    return Span(last - (span.last - span.first), last)

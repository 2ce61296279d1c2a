"""How long money has been under way: since its payer was asked for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Min, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.books.sums import until
from ledger.models import Movement

STAGES = ("waiting", "approved", "on_its_way", "attention")


@dataclass(frozen=True)
class AgeBand:
    """From `least` days of age to `most`, which is not in it."""

    code: str
    title: str | Promise
    least: int
    most: int | None

    def since(self, moment: datetime) -> tuple[datetime | None, datetime | None]:
        """After which moment, and until which, what has this age at `moment` began."""
        first = None if self.most is None else moment - timedelta(days=self.most)
        last = moment - timedelta(days=self.least) if self.least else None
        return first, last

    def has(self, began: datetime, moment: datetime) -> bool:
        first, last = self.since(moment)
        return (first is None or began > first) and (last is None or began <= last)


BANDS: Final = (
    AgeBand("day", _("Less than 24 h"), 0, 1),
    AgeBand("days", _("1 to 3 days"), 1, 3),
    AgeBand("week", _("3 to 7 days"), 3, 7),
    AgeBand("older", _("More than 7 days"), 7, None),
)


@dataclass(frozen=True)
class OpenSubject:
    """One payment that is not over: minor units of one currency, by the column of `Movement` that they stand in."""

    since: datetime
    code: str
    scale: int
    columns: dict[str, int]


def open_subjects(last: date, which: Q) -> Iterator[OpenSubject]:
    """Those of the movements `which` of whom something was under way at the end of `last`: one query."""
    for row in _open(last, which):
        columns = {name: row[f"sum_{name}"] for name in STAGES}
        yield OpenSubject(row["since"], row["received_code"], row["received_scale"], columns)


def asked_between(last: date, first_asked: datetime | None, last_asked: datetime | None) -> Q:
    """Movements of those of whom something was under way at the end of `last`, asked for between these moments."""
    found = _open(last, Q())
    asked = Q()
    if first_asked:
        asked &= Q(since__gt=first_asked)
    if last_asked:
        asked &= Q(since__lte=last_asked)
    return Q(subject__in=found.filter(asked).values("subject"))


def _open(last: date, which: Q) -> QuerySet[Movement, dict[str, Any]]:
    """What of one payment is anywhere is never more than what was asked for it, so that sums fit their columns."""
    sums = {f"sum_{name}": Sum(name) for name in STAGES}
    rows = Movement.objects.filter(until(last) & which).order_by().values("subject", "received_code", "received_scale")
    return rows.annotate(since=Min("at"), **sums).exclude(**dict.fromkeys(sums, 0))

"""What a column of an export can be. `lists.py` says which list has which.

A column says what it needs of each row, and makes the cells of many rows at once: in a million rows most is alike.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, TypeAlias

from django.conf import settings
from django.db.models import F, Func, TextField
from django.db.models.expressions import Combinable
from django.utils.functional import Promise, lazystr
from django.utils.text import format_lazy
from import_export.fields import Field
from import_export.resources import Resource

from backoffice.finance.exports.files.cells import AmountCells, ColumnCells, DayCells, MomentCells, TextCells
from ledger import days

Label: TypeAlias = str | Promise
#: What `values_list` takes: a column of the row, or of one that it points to (`request__title`), or an expression.
Read: TypeAlias = str | Combinable


class ListColumns(Resource):
    """The columns of one list's file, in their order."""

    @classmethod
    def get_display_name(cls) -> str:
        """What the library's form calls it, where there are several to choose from."""
        return cls.__name__


class ExportedColumn(Field):
    """`reads`: what it needs of each row."""

    def __init__(self, label: Label, *reads: Read) -> None:
        super().__init__(column_name=label)
        self.reads = reads

    def cells(self, *read: Sequence[Any]) -> ColumnCells:
        """Of many rows; `read` are the values of each of `reads`."""
        raise NotImplementedError


class PlainColumn(ExportedColumn):
    """As text, or as the number that it is."""

    def cells(self, *read: Sequence[Any]) -> ColumnCells:
        return TextCells(read[0])


class ToldColumn(ExportedColumn):
    """What a function says of what is read; it is asked once for all rows of a block that have the same."""

    def __init__(self, label: Label, tell: Callable[..., str | int | None], *reads: Read) -> None:
        super().__init__(label, *reads)
        self._tell = tell

    def cells(self, *read: Sequence[Any]) -> ColumnCells:
        rows = list(zip(*read, strict=True))
        told = {row: self._tell(*row) for row in set(rows)}
        return TextCells([told[row] for row in rows])


class DayColumn(ExportedColumn):
    def cells(self, *read: Sequence[Any]) -> ColumnCells:
        return DayCells(read[0])


class MoneyColumn(ExportedColumn):
    """An amount in major units; `currency_of` beside it names its currency."""

    def cells(self, *read: Sequence[Any]) -> ColumnCells:
        return AmountCells(*read)


class UnlessUnknownColumn(MoneyColumn):
    """An amount that is not known yet where it is 0 and the column beside it has another one."""

    def cells(self, *read: Sequence[Any]) -> ColumnCells:
        values, others, codes, scales = read
        known = [value if value or other is None else None for value, other in zip(values, others, strict=True)]
        return AmountCells(known, codes, scales)


class MomentText(Func):
    """A moment in UTC as text to the second: a million of them are not worth an object each."""

    output_field = TextField()
    template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # It has no type for moments: this is how Django keeps them.
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, 19)", **extra)


class MomentColumn(ExportedColumn):
    """A moment in one time zone, which the head names."""

    def __init__(self, label: Label, attribute: str, zone: Callable[[], tzinfo]) -> None:
        super().__init__(label, MomentText(F(attribute)))
        self._zone = zone

    def cells(self, *read: Sequence[Any]) -> ColumnCells:
        zone, (texts,) = self._zone(), read
        if zone is UTC:
            return MomentCells(texts)
        hours = {hour: _hour_in(zone, hour) for hour in {text[:13] for text in texts if text}}
        return MomentCells(
            [text and (here + text[13:] if (here := hours[text[:13]]) else _moment_in(zone, text)) for text in texts]
        )


def _hour_in(zone: tzinfo, hour: str) -> str:
    """What is called `hour` (`2026-11-22 18`) in UTC, in `zone`; empty where minutes differ or the clock is set."""
    begins = datetime.fromisoformat(f"{hour}:00:00+00:00")
    here, ends = begins.astimezone(zone), (begins + timedelta(minutes=59, seconds=59)).astimezone(zone)
    alike = here.utcoffset() == ends.utcoffset() and (here.minute, here.second) == (0, 0)
    return f"{here:%Y-%m-%d %H}" if alike else ""


def _moment_in(zone: tzinfo, text: str) -> str:
    return f"{datetime.fromisoformat(f'{text}+00:00').astimezone(zone):%Y-%m-%d %H:%M:%S}"


def plain(label: Label, attribute: str) -> PlainColumn:
    return PlainColumn(label, attribute)


def told(label: Label, tell: Callable[..., str | int | None], *reads: Read) -> ToldColumn:
    """What a function says of these."""
    return ToldColumn(label, tell, *reads)


def choice(label: Label, attribute: str, choices: Collection[tuple[str, str | Promise]]) -> ToldColumn:
    """What people call the code in that column."""
    words = dict(choices)
    return told(label, lambda code: None if code is None else str(words.get(code, code)), attribute)


def day_of(label: Label, attribute: str) -> DayColumn:
    return DayColumn(label, attribute)


def moments(label: Label, attribute: str) -> tuple[MomentColumn, MomentColumn]:
    """The same moment twice: in UTC, and in the time zone of the business."""
    here = format_lazy("{} ({})", label, lazystr(_ZoneName()))
    in_utc = MomentColumn(format_lazy("{} (UTC)", label), attribute, lambda: UTC)
    return in_utc, MomentColumn(here, attribute, days.zone)


class _ZoneName:
    """The setting, as it is when a file is made."""

    def __str__(self) -> str:
        return str(settings.BUSINESS_TIME_ZONE)


UNIT: Final = "asset"


def amount(label: Label, value: Read, unit: str = UNIT) -> MoneyColumn:
    """`unit` begins the names of the columns with code and scale: without them nobody said what it is counted in."""
    return MoneyColumn(label, value, f"{unit}_code", f"{unit}_scale")


def amount_unless_unknown(label: Label, value: str, other: str, unit: str = UNIT) -> UnlessUnknownColumn:
    """Nothing where `value` is 0 and `other` has an amount."""
    return UnlessUnknownColumn(label, value, other, f"{unit}_code", f"{unit}_scale")


def currency_of(label: Label, unit: str = UNIT) -> PlainColumn:
    return plain(label, f"{unit}_code")

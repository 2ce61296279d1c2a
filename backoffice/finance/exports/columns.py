"""What a column of an export can be. `lists.py` says which list has which."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.functional import Promise, lazystr
from django.utils.text import format_lazy
from import_export.fields import Field
from import_export.resources import Resource

from backoffice.finance.exports.files.cells import CellValue
from ledger import days
from ledger.books.sums import Total

Label = str | Promise


class ListColumns(Resource):
    """The columns of one list's file, in their order."""

    @classmethod
    def get_display_name(cls) -> str:
        """What the library's form calls it, where there are several to choose from."""
        return cls.__name__


class PlainColumn(Field):
    """A column of the row, or of a row that it points to (`request__title`): as text, or as the number that it is."""

    def export(self, instance: Any, **_options: Any) -> CellValue:
        value = self.get_value(instance)
        return value if value is None or isinstance(value, int) else str(value)


class DayColumn(Field):
    def export(self, instance: Any, **_options: Any) -> CellValue:
        day: CellValue = self.get_value(instance)
        return day


class MomentColumn(Field):
    """A moment in one time zone, which the head names."""

    def __init__(self, attribute: str, label: Label, zone: Callable[[], ZoneInfo | Any]) -> None:
        super().__init__(attribute=attribute, column_name=label)
        self._zone = zone

    def export(self, instance: Any, **_options: Any) -> CellValue:
        moment: datetime | None = self.get_value(instance)
        return moment.astimezone(self._zone()).replace(microsecond=0) if moment else None


class MoneyColumn(Field):
    """An amount in major units; `_UnitColumn` beside it names its currency."""

    def __init__(self, value: str, unit: str, label: Label) -> None:
        super().__init__(attribute=value, column_name=label)
        self._code, self._scale = f"{unit}_code", f"{unit}_scale"

    def export(self, instance: Any, **_options: Any) -> CellValue:
        value, code, scale = self.get_value(instance), getattr(instance, self._code), getattr(instance, self._scale)
        # Without them nobody has said yet what it is counted in.
        return Total(code, scale, value) if value is not None and code and scale is not None else None


def plain(label: Label, attribute: str) -> PlainColumn:
    return PlainColumn(attribute=attribute, column_name=label)


def told(label: Label, tell: Callable[[Any], CellValue]) -> Field:
    """What a function says of the row."""
    return Field(column_name=label, dehydrate_method=tell)


def day_of(label: Label, attribute: str) -> DayColumn:
    return DayColumn(attribute=attribute, column_name=label)


def moments(label: Label, attribute: str) -> tuple[MomentColumn, MomentColumn]:
    """The same moment twice: in UTC, and in the time zone of the business."""
    here = format_lazy("{} ({})", label, lazystr(_ZoneName()))
    return MomentColumn(attribute, format_lazy("{} (UTC)", label), lambda: UTC), MomentColumn(
        attribute, here, days.zone
    )


class _ZoneName:
    """The setting, as it is when a file is made."""

    def __str__(self) -> str:
        return str(settings.BUSINESS_TIME_ZONE)


UNIT: Final = "asset"


def amount(label: Label, value: str, unit: str = UNIT) -> MoneyColumn:
    """`unit` begins the names of the columns with code and scale."""
    return MoneyColumn(value, unit, label)


def currency_of(label: Label, unit: str = UNIT) -> PlainColumn:
    return plain(label, f"{unit}_code")

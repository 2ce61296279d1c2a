"""Filters for the admin's lists."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter, RangeDateTimeFilter
from unfold.utils import parse_date_str, parse_datetime_str

from ledger import days
from ledger.models import Entry


class MomentRangeFilter(RangeDateTimeFilter):  # type: ignore[misc]  # Unfold ships no types
    """Unfold's range of moments, in UTC as the list tells them. A day without a time counts as a whole."""

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for end, lookup, time in (("from", "gte", "00:00:00"), ("to", "lte", "23:59:59.999999")):
            moment = self._moment(end, time)
            if moment:
                queryset = queryset.filter(**{f"{self.parameter_name}__{lookup}": moment})
        return queryset

    def _moment(self, end: str, time: str) -> datetime | None:
        day = self.used_parameters.get(f"{self.parameter_name}_{end}_0")
        time = self.used_parameters.get(f"{self.parameter_name}_{end}_1") or time
        moment: datetime | None = parse_datetime_str(f"{day} {time}")
        return moment.replace(tzinfo=UTC) if moment else None


class BusinessDaysFilter(RangeDateFilter):  # type: ignore[misc]  # Unfold ships no types
    """Unfold's range of days on a moment, both ends included: whole days in the business's time zone."""

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if first := self._day("from"):
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": days.begins(first)})
        if (last := self._day("to")) and last < date.max:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": days.begins(last + timedelta(days=1))})
        return queryset

    def _day(self, end: str) -> date | None:
        day: date | None = parse_date_str(self.used_parameters.get(f"{self.parameter_name}_{end}"))
        return day


class SealedFilter(DropdownFilter):  # type: ignore[misc]  # Unfold ships no types
    """Entries that have their place in the chain, or wait for it."""

    title = _("place in the chain")
    parameter_name = "sealed"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("Waiting")), ("yes", _("Sealed"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        if self.value() in ("no", "yes"):
            return queryset.filter(unsealed__isnull=self.value() == "yes")
        return queryset

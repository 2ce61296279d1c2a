"""How a list's filter for days is written in its address, so that a regular export asks for the days that are over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from django.http import QueryDict

from ledger import days


@dataclass(frozen=True)
class DayFilter:
    """`name` begins the parameters of its two ends. Days are the business's; a filter `in_utc` takes moments."""

    name: str
    in_utc: bool = False

    def parameters(self, first: date, last: date) -> Mapping[str, str]:
        """Both days included."""
        if not self.in_utc:
            return {f"{self.name}_from": first.isoformat(), f"{self.name}_to": last.isoformat()}
        begins = days.begins(first).astimezone(UTC)
        ends = days.begins(last + timedelta(days=1)).astimezone(UTC) - timedelta(microseconds=1)
        return {
            f"{self.name}_from_0": f"{begins:%Y-%m-%d}",
            f"{self.name}_from_1": f"{begins:%H:%M:%S}",
            f"{self.name}_to_0": f"{ends:%Y-%m-%d}",
            f"{self.name}_to_1": f"{ends:%H:%M:%S.%f}",
        }

    def is_used(self, query: str) -> bool:
        return any(values != [""] for name, values in QueryDict(query).lists() if self._is_its(name))

    def without(self, query: str) -> str:
        """The address without it."""
        asked = QueryDict(query, mutable=True)
        for name in [name for name in asked if self._is_its(name)]:
            del asked[name]
        return asked.urlencode()

    def applied(self, query: str, first: date, last: date) -> str:
        """The address with these days in place of its own."""
        asked = QueryDict(self.without(query), mutable=True)
        asked.update(dict(self.parameters(first, last)))
        return asked.urlencode()

    def _is_its(self, parameter: str) -> bool:
        return parameter.startswith((f"{self.name}_from", f"{self.name}_to"))

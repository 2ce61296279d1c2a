"""The filters of the queue. Without one, it shows what is open."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from ledger import clock
from ledger.models import StatementException
from ledger.models.statements import Age, seen_between

Rows = QuerySet[StatementException]


class StillOpenFilter(DropdownFilter):  # type: ignore[misc]  # Unfold ships no types
    title = _("open or resolved")
    parameter_name = "shown"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("resolved", _("Resolved")), ("all", _("All"))]

    def queryset(self, _request: HttpRequest, queryset: Rows) -> Rows:
        match self.value():
            case "resolved":
                return queryset.filter(resolved_at__isnull=False)
            case "all":
                return queryset
            case _:
                return queryset.filter(resolved_at=None)


class AgeFilter(DropdownFilter):  # type: ignore[misc]  # Unfold ships no types
    title = _("age")
    parameter_name = "age"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return list(Age.choices)

    def queryset(self, _request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value()
        if not value:
            return queryset
        if value not in Age.values:
            return queryset.none()
        after, until = seen_between(Age(value), clock.now())
        if after is not None:
            queryset = queryset.filter(first_seen__gt=after)
        return queryset.filter(first_seen__lte=until) if until is not None else queryset


class WhoseFilter(DropdownFilter):  # type: ignore[misc]  # Unfold ships no types
    title = _("taken care of by")
    parameter_name = "whose"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("Me")), ("nobody", _("Nobody yet"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        match self.value():
            case "mine":
                return queryset.filter(assigned_to=request.user.pk)
            case "nobody":
                return queryset.filter(assigned_to=None)
            case None:
                return queryset
            case _:
                return queryset.none()

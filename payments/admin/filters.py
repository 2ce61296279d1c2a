"""Filters of this room's lists, also for links from elsewhere: what they let through is what totals count."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, TextFilter

from ledger.distinct import distinct_values
from payments.models import WalletAddress
from payments.models.requests import STUCK
from payments.presentation.status import PAYMENT_STATUSES, REQUEST_STATUSES, Status
from payments.presentation.status_groups import GROUPS, REACHED, Reached
from payments.presentation.wallet_answers import BY_MODEL
from payments.states import Group

NOTHING = Q(pk__in=[])
#: In an address: that a row has no reason.
NO_REASON: Final = "-"


class ConditionFilter(DropdownFilter):
    """A choice between conditions. A value that is none of them, from an address written by hand, finds nothing."""

    conditions: Mapping[str, Q]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(self.conditions.get(value, NOTHING)) if value else queryset


class GroupFilter(ConditionFilter):
    title = _("progress")
    parameter_name = "group"
    conditions = GROUPS

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, label) for code, label in Group.choices if code in GROUPS]


class StatusFilter(ConditionFilter):
    """What each row of the list is called."""

    title = _("status")
    parameter_name = "status"
    statuses: Mapping[Status, Q]

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [(status.code, status.label) for status in self.statuses]

    def __init_subclass__(cls) -> None:
        cls.conditions = {status.code: condition for status, condition in cls.statuses.items()}


class PaymentStatusFilter(StatusFilter):
    statuses = PAYMENT_STATUSES


class RequestStatusFilter(StatusFilter):
    statuses = REQUEST_STATUSES


class ReachedFilter(ConditionFilter):
    title = _("stage reached")
    parameter_name = "reached"
    conditions = REACHED

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return list(Reached.choices)


class StuckFilter(ConditionFilter):
    title = _("program")
    parameter_name = "stuck"
    conditions = {"yes": Q(crashes__gte=STUCK)}

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str | Promise]]:
        return [("yes", _("Fails at it"))]


class UnansweredFilter(DropdownFilter):
    """Failures that nobody did anything about: what was asked for again, a room above knows."""

    title = _("what failed")
    parameter_name = "unanswered"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str | Promise]]:
        return [("yes", _("Nothing was done since"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        found = NOTHING
        for condition in _unanswered if self.value() == "yes" else ():
            found |= condition()
        return queryset.filter(found)


_unanswered: Final[list[Callable[[], Q]]] = []


def also_unanswered(condition: Callable[[], Q]) -> None:
    """Let a room above say which failed requests wait for somebody. Called when the program starts."""
    if condition not in _unanswered:
        _unanswered.append(condition)


class _LinkedFilter(TextFilter):
    """Set by links of other pages, and told only where it is."""

    def has_output(self) -> bool:
        return bool(self.value())


class ReasonFilter(_LinkedFilter):
    """Rows that are as they are for one reason, by its code."""

    title = _("reason")
    parameter_name = "reason"

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{self.parameter_name: "" if value == NO_REASON else value}) if value else queryset


class AskedHostFilter(_LinkedFilter):
    """Of what was asked of wallets: the host that was."""

    title = _("wallet host")
    parameter_name = "host"

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{BY_MODEL[queryset.model].host: self.value()}) if self.value() else queryset


class InVainFilter(DropdownFilter):
    """What was asked of wallets and came to nothing."""

    title = _("answer")
    parameter_name = "answer"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str | Promise]]:
        return [("none", _("Refused, failed or missing"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.filter(BY_MODEL[queryset.model].in_vain if self.value() == "none" else NOTHING)


class PauseFilter(ConditionFilter):
    title = _("state")
    parameter_name = "condition"
    conditions = {"on": Q(ended_at=None), "over": Q(ended_at__isnull=False)}

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str | Promise]]:
        return [("on", _("Paused")), ("over", _("Over"))]


class CurrencyFilter(DropdownFilter):
    """By the row's own currency; those that our wallets hold can be chosen."""

    title = _("currency")
    parameter_name = "currency"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in distinct_values(WalletAddress, "asset_code")]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(asset_code=self.value()) if self.value() else queryset

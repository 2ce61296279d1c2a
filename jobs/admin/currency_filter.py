"""Filters by money that jobs are to pay: its currency, and what is owed of it and for how long."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from jobs.models import Application, Job
from jobs.owed import owed_workers
from ledger.books.ages import BANDS
from ledger.distinct import distinct_values


class BudgetCurrencyFilter(DropdownFilter):
    title = _("currency")
    parameter_name = "budget_code"
    column = "budget_code"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in distinct_values(Job, "budget_code")]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class BudgetCurrencyOfJobFilter(BudgetCurrencyFilter):
    column = "job__budget_code"


class OwedFilter(DropdownFilter):
    """Whose work is accepted, and whom nobody asked to be paid yet; `all`, or those of one age."""

    title = _("owed")
    parameter_name = "owed"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("All that is owed")), *((band.code, band.title) for band in BANDS)]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        bands = {"all": None, **{band.code: band for band in BANDS}}
        if not self.value():
            return queryset
        if self.value() not in bands:
            return queryset.none()
        return queryset.filter(pk__in=owed_workers(bands[self.value()]).order_by().values("pk"))

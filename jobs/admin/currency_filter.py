"""The currencies that jobs are paid in, to choose from."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from jobs.models import Job
from ledger.distinct import distinct_values


class BudgetCurrencyFilter(DropdownFilter):
    title = _("currency")
    parameter_name = "budget_code"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in distinct_values(Job, "budget_code")]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        return queryset.filter(budget_code=self.value()) if self.value() else queryset

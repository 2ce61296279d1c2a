"""The filter of sources by what of a month was not read yet."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from backoffice.finance.closing.month_names import month_name
from ledger.books.closing import next_to_close
from ledger.models import StatementSource
from ledger.months import CalendarMonth
from payments.reconciliation.unread import unread_lists


class UnreadFilter(DropdownFilter):  # type: ignore[misc]  # Unfold ships no types
    """Wallets' lists that were not read since a month ended. An address may name any month."""

    title = _("not read since the end of")
    parameter_name = "unread"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        named = CalendarMonth.read(self.value() or "")
        months = {month for month in (named, next_to_close()) if month}
        return [(str(month), month_name(month)) for month in sorted(months)]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[StatementSource]) -> QuerySet[StatementSource]:
        if not self.value():
            return queryset
        month = CalendarMonth.read(self.value())
        return queryset.filter(pk__in=unread_lists(month.begins_at, month.ends_at)) if month else queryset.none()

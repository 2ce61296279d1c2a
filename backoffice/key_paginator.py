"""Pages of a list: first the keys of one page, from the nearer end, then its rows with all that is told of them."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet


class KeyPaginator(Paginator[Any]):
    """What is joined to a row, or reckoned of it, is so for the rows of one page, and not for all that it skips."""

    def page(self, number: int | str) -> Page[Any]:
        valid = self.validate_number(number)
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # the admin's lists are querysets
        first = (valid - 1) * self.per_page
        last = min(first + self.per_page, self.count)
        keys = rows.values_list("pk", flat=True)
        from_end = self.count - last
        found = keys.reverse()[from_end : self.count - first] if first > from_end else keys[first:last]
        # Told one by one: beside many joins, PostgreSQL would come to a subquery last.
        return Page(rows.filter(pk__in=list(found)), valid, self)

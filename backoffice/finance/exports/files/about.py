"""What a file says of itself, so that it can be understood, and checked, by somebody who has nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class About:
    """`filters` are label and value of each, as the list shows them; `as_of` is UTC."""

    export_id: str
    title: str
    made_for: str
    as_of: datetime
    filters: list[tuple[str, str]] = field(default_factory=list)

    def lines(self, rows: int) -> Iterator[tuple[str, str | int]]:
        yield _("List"), self.title
        yield _("Export id"), self.export_id
        yield _("Made for"), self.made_for
        yield _("As of, in UTC"), f"{self.as_of:%Y-%m-%d %H:%M:%S}"
        yield _("Time zone of the business"), settings.BUSINESS_TIME_ZONE
        for label, value in self.filters:
            yield _("Filter: %(filter)s") % {"filter": label}, value
        yield _("Rows"), rows

    def total_label(self, column: str) -> str:
        return _("Total: %(column)s") % {"column": column}

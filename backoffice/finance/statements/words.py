"""Files of statements in words: why one, or a row of one, can't be read, and what helps."""

from collections.abc import Mapping as Params
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.statements import mapping
from ledger.statements.reading import LARGEST_FILE, MOST_ROWS

PARTS: Final[dict[str, Promise]] = {
    mapping.DAY: _("Date"),
    mapping.AMOUNT: _("Amount, with its sign"),
    mapping.MONEY_IN: _("Money in"),
    mapping.MONEY_OUT: _("Money out"),
    mapping.ID: _("Id of the row"),
    mapping.REFERENCE: _("Reference"),
    mapping.TEXT: _("Text"),
    mapping.CURRENCY: _("Currency"),
}
#: Of a whole file.
PROBLEMS: Final[dict[str, Promise]] = {
    "empty": _("The file is empty."),
    "too_large": _(
        "The file is larger than %(megabytes)s MB. Ask for a statement of fewer days, and import one after the other."
    ),
    "too_many_rows": _(
        "The file has more than %(rows)s rows. Ask for a statement of fewer days, and import one after the other."
    ),
    "no_text": _("This is no text with rows (CSV). Save the statement as CSV, then upload it."),
    "broken_quotes": _(
        "A quotation mark is opened and not closed, or closed too early (line %(line)s or above it), so rows would be"
        " lost. Correct it in the file, then upload it again."
    ),
    "no_rows": _("There are no rows below the names of the columns. Check that it is the right file."),
    "missing_columns": _("The file has no column “%(names)s”. Say below which column it is now."),
    "not_mapped": _("Say which column is the date, and which the amount."),
    "bad_rows": _(
        "Some rows can't be read, so nothing was imported. Correct them in the file, or choose other columns."
    ),
    "nothing_new": _("Every row of this file is there already. Nothing was imported."),
    "over": _("This file was imported or discarded already."),
}
#: Of one row.
BAD_ROWS: Final[dict[str, Promise]] = {
    "no_day": _("There is no date."),
    "unreadable_day": _("“%(text)s” is no date as this file writes them."),
    "day_to_come": _("“%(text)s” is still to come, so nothing can have moved on it."),
    "no_amount": _("There is no amount."),
    "unreadable_amount": _("“%(text)s” is no amount as this file writes them."),
    "too_large": _("“%(text)s” has too many digits."),
    "no_currency": _("There is no currency."),
    "too_few_columns": _("The row ends too early: “%(text)s”"),
    "other_row_of_this_id": _(
        "The id “%(text)s” stands above, or was imported before, with other contents. If this column is no id of the"
        " row, choose another, or none."
    ),
}


def problem_of(code: str, params: Params[str, Any] | None = None) -> str:
    """Why a file is not imported, and what to do; empty where nothing is in the way."""
    told = {"megabytes": LARGEST_FILE // 2**20, "rows": f"{MOST_ROWS:,}", **(params or {})}
    return str(PROBLEMS[code]) % told if code else ""


def bad_row(row: Params[str, Any]) -> str:
    return str(BAD_ROWS[row["code"]]) % {"text": row["text"]}

"""Statements in words: why one did not come to its end."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.models import StatementImport
from payments.presentation.reasons import sentence

PROBLEMS: Final[dict[str, Promise]] = {
    "no_time": _("There was no time to read all of it. The next run goes on there."),
    "repeats_a_page": _(
        "The wallet lists the same page again and again, so its list has no end. What it listed so far is kept; the "
        "next run begins anew. Tell whoever runs the wallet."
    ),
    "never_ends": _(
        "The wallet lists more than 100,000 rows, so its list seems to have no end. What it listed so far is kept; the "
        "next run begins anew. Tell whoever runs the wallet."
    ),
}


def problem_sentence(statement: StatementImport) -> str:
    """Empty for a statement that came to its end."""
    if statement.problem in PROBLEMS:
        return str(PROBLEMS[statement.problem])
    return sentence(statement.problem, statement.problem_params) if statement.problem else ""

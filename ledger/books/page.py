"""The page of the documentation that says what each figure means; made from `figures.py`."""

from collections.abc import Iterator
from typing import Final

from django.utils import translation

from ledger.books.figures import FIGURES, SUMS, Figure

MINUS: Final = "\N{MINUS SIGN}"
HEAD: Final = """\
# What each figure means

Made by `python manage.py list_figures` from `ledger/books/figures.py`; a test keeps it current. The admin shows the
same at `/admin/figures/`, and every heading of a report leads there.

Overview, funders' statements, reports, closed months, files and the journal take their figures from that one module.
A receipt says what `payments/books/position.py` says of its payments, and an invariant (`booked_as_it_is`) holds that
against what is booked of them.

Each figure is a sum of **movements**: by how much a payment's columns changed, written down once, in the transaction
that changed them, with the day of the business's calendar (`BUSINESS_TIME_ZONE`). Nothing changes a movement, so what
a figure was at the end of a day stays what it was. *Opening* is everything until the day before the first, *closing*
everything until the last; opening + movements = closing.

All is told per currency and never across. What a receiver gets and what a payer pays are two amounts, even in one
currency; each figure is in one of them.

"""


def page() -> str:
    with translation.override("en"):
        return HEAD + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    for title, is_paid in (("In the receiver's currency", False), ("In the payer's currency", True)):
        yield f"## {title}\n"
        yield "| figure | means | counts |\n|---|---|---|"
        yield from (_row(figure) for figure in FIGURES.values() if figure.is_paid == is_paid)
        yield ""
    yield "## What adds up to what\n"
    for whole, plus, minus in SUMS:
        parts = " + ".join(_name(code) for code in plus) + "".join(f" {MINUS} {_name(code)}" for code in minus)
        yield f"- {_name(whole)} = {parts}"


def _name(code: str) -> str:
    return f"*{FIGURES[code].label}*"


def _row(figure: Figure) -> str:
    return f"| **{figure.label}** (`{figure.code}`) | {figure.meaning} | {'; '.join(_counts(figure))} |"


def _counts(figure: Figure) -> Iterator[str]:
    """In columns of `Movement`, and of which movements."""
    yield " + ".join(f"`{name}`" for name in figure.plus) + "".join(f" {MINUS} `{name}`" for name in figure.minus)
    if figure.purposes:
        yield f"for {', '.join(sorted(figure.purposes))}"
    if figure.returns:
        yield f"that gives back a {figure.returns}"
    if figure.holds is not None:
        yield "into what is held" if figure.holds > 0 else "out of what is held"
    if figure.currencies != "any":
        yield "within one currency" if figure.currencies == "one" else "between two currencies"
    for other in figure.less:
        yield f"less {_name(other.code)}"

"""What figures come to by the rows of exported files alone, as whoever opens one would reckon it."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.test import Client

from backoffice.dashboard.figures.shapes import ShownFigure, written
from jobs import statements
from jobs.models import Member
from ledger.books.figures import tell
from ledger.books.sums import Total, between
from payments.models.payments import Purpose
from tests.backoffice.exports.asked import csv_parts, download, export, told_totals
from tests.backoffice.finance.overview_figures import shown_figures

MOVEMENTS: Final = "/admin/ledger/movement/"
Line = dict[str, str]
#: Figures that are one column of a file, of movements for some purposes: which column, and for what.
FORWARD: Final = (Purpose.WORK, Purpose.FEE, Purpose.ESCROW)
COLUMNS: Final[dict[str, tuple[str, tuple[Purpose, ...]]]] = {
    "asked": ("Asked", tuple(Purpose)),
    "received": ("Received", tuple(Purpose)),
    "paid_to_workers": ("Received", (Purpose.WORK,)),
    "our_fee": ("Received", (Purpose.FEE,)),
    "taken_in_to_hold": ("Received", (Purpose.ESCROW,)),
    "sent_back": ("Received", (Purpose.REFUND,)),
    "outside": ("Settled outside", tuple(Purpose)),
    "approved": ("Approved by the payer", tuple(Purpose)),
    "debited": ("Debited", tuple(Purpose)),
    "charged": ("Debited", FORWARD),
    "given_back": ("Debited", (Purpose.REFUND,)),
}


def check_exports(client: Client, first: date, last: date) -> None:
    """Files of the same days say what statements, overview and books say; and their totals what their rows say."""
    lines = _exported(client, MOVEMENTS, f"?day_from={first}&day_to={last}")
    told = tell(COLUMNS, between(first, last))
    for figure, (column, purposes) in COLUMNS.items():
        found = _summed([line for line in lines if line["Purpose"] in _labels(purposes)], column)
        assert found == {code: total.major for code in told.currencies if (total := told.total(figure, code)).value}
    _check_statements(lines, first, last)
    for currency, shown in shown_figures():
        _check_shown(client, shown, currency)


def _check_statements(lines: list[Line], first: date, last: date) -> None:
    for member in Member.objects.all():
        for month in statements.months(member):
            statement = statements.of(member, month)
            assert first <= month.last
            assert month.first <= last
            of_month = [line for line in lines if line["Day"].startswith(month.key)]
            paid = [line for line in of_month if line["Payer"] == member.key and line["Purpose"] in _labels(FORWARD)]
            back = [line for line in of_month if line["Receiver"] == member.key and line["Purpose"] == "Refund"]
            assert _summed(paid, "Debited") == _majors(statement.charged)
            assert _summed(paid, "Settled outside") == _majors(statement.outside)
            assert _summed(back, "Received") == _majors(statement.sent_back)
            assert _summed(back, "Settled outside") == _majors(statement.back_outside)


def _check_shown(client: Client, cell: ShownFigure, currency: str) -> None:
    """The list that a number of the overview leads to, as a file."""
    path, _, query = cell.link.partition("?")
    lines = _exported(client, path, f"?{query}")
    if path == MOVEMENTS:
        shown: Any = client.get(cell.link).context_data
        amounts = _summed(lines, COLUMNS[cell.code][0])
        assert amounts == {total.code: total.major for total in shown["totals"] if total.value}, cell
        count = len({line["Payment"] for line in lines})
    else:
        rest = [_number(line, "Amount to receive") - _number(line, "Received") for line in lines]
        amounts, count = {currency: sum((max(each, Decimal(0)) for each in rest), Decimal(0))}, len(lines)
    assert count == cell.count, cell
    amount = amounts.get(currency, Decimal(0))
    assert cell.amount == (written(_total(amount, currency)) if amount else ""), cell


def _exported(client: Client, where: str, query: str) -> list[Line]:
    """The rows of the file; its control totals are theirs."""
    made = export(client, where, query)
    assert made.reason == "", (where, query)
    lines, after = csv_parts(download(client, made))
    assert made.rows == len(lines)
    for (column, code), total in told_totals(after, begins="Total: ").items():
        assert _summed(lines, column).get(code, 0) == total, (where, query, column)
    return lines


def _summed(lines: list[Line], column: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line[column]:
            found[_currency(line, column)] += Decimal(line[column])
    return {code: total for code, total in found.items() if total}


def _currency(line: Line, column: str) -> str:
    """What stands behind the column, as far as the next that names a currency."""
    heads = list(line)
    return next(line[head] for head in heads[heads.index(column) :] if head.startswith("Currency"))


def _number(line: Line, column: str) -> Decimal:
    return Decimal(line[column] or 0)


def _total(amount: Decimal, code: str) -> Total:
    scale = -min(0, int(amount.as_tuple().exponent))
    return Total(code, max(scale, 2), int(amount.scaleb(max(scale, 2))))


def _majors(totals: list[Total]) -> dict[str, Decimal]:
    return {total.code: total.major for total in totals}


def _labels(purposes: tuple[Purpose, ...]) -> set[str]:
    return {str(purpose.label) for purpose in purposes}

"""The journal as CSV: a line for each posting."""

import csv
from collections.abc import Iterator
from typing import Final

from ledger.spreadsheet_text import neutral
from payments.books.journal.bookings import Booking, Days, bookings
from payments.books.journal.plain_text import one_line

COLUMNS: Final = (
    *("date", "transaction", "account", "role", "amount", "currency", "payment", "request", "purpose"),
    *("title", "reference", "corrects"),
)


class _Line:
    """A file of one line, for `csv` to write to."""

    def __init__(self) -> None:
        self.written = ""

    def write(self, text: str) -> None:
        self.written = text


def as_csv(which: Days) -> Iterator[str]:
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(COLUMNS)
    yield line.written
    for booking in bookings(which):
        for cells in _lines(booking):
            writer.writerow(cells)
            yield line.written


def _lines(booking: Booking) -> Iterator[list[str]]:
    for posting in booking.postings:
        yield [
            booking.day.isoformat(),
            f"{booking.payment}-{booking.number}",
            neutral(posting.account),
            posting.role,
            f"{posting.total.major:f}",
            neutral(posting.total.code),
            booking.payment,
            booking.request,
            booking.purpose,
            neutral(one_line(booking.title)),
            neutral(one_line(booking.reference)),
            booking.corrects.isoformat() if booking.corrects else "",
        ]

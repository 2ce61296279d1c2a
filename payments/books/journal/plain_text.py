"""The journal in hledger's plain text. Free text of people can't become anything else there than a description."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from ledger.books.sums import Total
from payments.books.journal.accounts import Charts
from payments.books.journal.bookings import Booking, Days, Posting, bookings, opening

LONGEST_DESCRIPTION: Final = 200
_WIDTH: Final = 44
#: What begins a comment, or has a part of its own, in a description.
_SIGNS: Final = str.maketrans({";": ",", "|": "/"})


def hledger(which: Days) -> Iterator[str]:
    """The lines of a file that stands for itself: opening balances, then a transaction for each booking."""
    yield f"; {which.first} {which.last}\n"
    yield "decimal-mark .\n"
    yield from (f"account {name}\n" for name in Charts().names(which.seller))
    before = opening(which)
    if before:
        yield "\n"
        yield from _transaction(which.first, "opening", "Opening balances", "", before)
    for booking in bookings(which):
        yield "\n"
        yield from _transaction(booking.day, booking.payment, description(booking), _tags(booking), booking.postings)


def _transaction(day: date, code: str, text: str, tags: str, postings: Iterable[Posting]) -> Iterator[str]:
    yield f"{day} * ({code}) {text}\n".replace(" \n", "\n")
    if tags:
        yield f"    ; {tags}\n"
    for posting in postings:
        yield f"    {posting.account.ljust(_WIDTH)}  {amount(posting.total)}\n"


def description(booking: Booking) -> str:
    """Title and reference on one line, without what ends a description."""
    words = " ".join(each for each in (booking.title, booking.reference and f"[{booking.reference}]") if each)
    return one_line(words).translate(_SIGNS)


def one_line(text: str) -> str:
    """Without control characters and separators of lines, cut to `LONGEST_DESCRIPTION`."""
    clean = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    return " ".join(clean.split())[:LONGEST_DESCRIPTION]


def _tags(booking: Booking) -> str:
    """Ids and words of ours alone: what is free text could name a tag that hledger obeys, such as a date."""
    told = {"request": booking.request, "number": str(booking.number), "purpose": booking.purpose}
    if booking.corrects:
        told["corrects"] = booking.corrects.isoformat()
    return ", ".join(f"{name}:{value}" for name, value in told.items())


def amount(total: Total) -> str:
    """Exact, with its currency in quotes, as hledger wants names with anything but letters."""
    return f"{total.major:f} {commodity(total.code)}"


def commodity(code: str) -> str:
    """Different for different codes, whatever stands in them."""
    if re.fullmatch(r"[A-Za-z]+", code):
        return code
    escaped = re.sub(r'[%";\s]', lambda found: f"%{ord(found[0]):X}", code)
    return f'"{escaped}"'

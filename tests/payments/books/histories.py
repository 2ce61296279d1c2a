"""Random histories of payments as the books have them: each figure where it may be, whatever came before."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

from ledger.books.keeping import Booked, booked, keep

CURRENCIES = (("USD", 2), ("MXN", 2), ("JPY", 0), ("XRP", 9), ('A"B;C', 3))
#: What for, whether it is held, from whom, to whom.
WAYS = (
    ("work", 0, "member:1", "member:2"),
    ("fee", 0, "member:1", "seller:platform"),
    ("fee", 0, "seller:platform", "seller:platform"),
    ("escrow", 1, "member:1", "seller:platform"),
    ("work", -1, "seller:platform", "member:2"),
    ("refund", -1, "seller:platform", "member:1"),
    ("refund", 1, "member:2", "seller:platform"),
    ("refund", 0, "seller:platform", "member:1"),
    ("refund", 0, "member:2", "member:1"),
    ("work", 0, "", "member:3"),
)
PLACES = ("waiting", "approved", "on_its_way", "attention", "outside", "ended")


def write(random: Random, payments: int, first: date, days: int) -> None:
    """Movements of that many payments, at random moments of these days."""
    for number in range(payments):
        _payment(random, f"P{number:05}", first, days)


def _payment(random: Random, subject: str, first: date, days: int) -> None:
    purpose, holds, payer, receiver = random.choice(WAYS)
    received_in = random.choice(CURRENCIES)
    paid_in = random.choice((received_in, received_in, random.choice(CURRENCIES)))
    moments = sorted(random.uniform(0, days) for _ in range(random.randint(1, 6)))
    for moment, figures in zip(moments, _positions(random, len(moments)), strict=True):
        so_far: Booked = booked([subject])[subject]
        rows = so_far.differences((received_in, figures), (paid_in, figures))
        for number, row in enumerate(rows, so_far.number + 1):
            row.at = datetime(first.year, first.month, first.day, 12, tzinfo=UTC) + timedelta(days=moment)
            row.subject, row.number, row.request, row.seller = subject, number, subject, "platform"
            row.purpose, row.holds, row.payer, row.receiver = purpose, holds, payer, receiver
        keep(rows)


def _positions(random: Random, many: int) -> Iterator[Counter[str]]:
    """Wherever it may be, one after the other, as long as all sums hold."""
    asked, pays_exactly = random.choice((1, 999, 100_00, 2**40)), random.random() < 0.2
    for step in range(many):
        received = random.choice((0, 0, 1, asked // 2, asked, asked, asked + 7))
        ending = random.choice(("settled", "ended", "")) if step == many - 1 else ""
        promised = random.choice((0, asked + 30, asked))
        debited = random.choice((0, promised, promised // 3))
        over = max(0, received - asked)
        figures = Counter(asked=asked, received=received, over=over, promised=promised, debited=debited)
        figures[random.choice(PLACES)] = max(0, asked - received)
        figures["unused" if ending else "open"] = promised - debited
        worth = "worth_paid" if pays_exactly else "worth"
        match ending:
            case "settled":
                figures += Counter({"surplus": over, worth: promised if pays_exactly else asked})
                figures["saved"] = promised - debited
            case "ended":
                figures += Counter({"received_ended": received, "debited_ended": debited, worth: received})
            case _:
                figures += Counter({"in_transit": debited, "early": received})
        yield figures

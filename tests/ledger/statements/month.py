"""A seeded month of payments in four currencies, the statement of it, and what was planted that is wrong in it."""

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ledger.books.sums import Total
from ledger.statements.kinds import DifferenceType
from ledger.statements.lines import content_of
from ledger.statements.matching import OurRow, TheirRow

BEGIN = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAYS = 31
CURRENCIES = (("USD", 2), ("MXN", 2), ("JPY", 0), ("XRP", 6))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Month:
    ours: list[OurRow] = field(default_factory=list)
    theirs: list[TheirRow] = field(default_factory=list)
    #: What is wrong: the type, and the subject that it is about ("" where nobody can tell).
    planted: Counter[tuple[DifferenceType, str]] = field(default_factory=Counter)


def month(payments: int, seed: int, each: int) -> Month:
    """`payments` of it, and `each` type of difference planted so often. The rest agrees, in four ways of agreeing."""
    dice, made, types = random.Random(seed), Month(), list(DifferenceType)
    for number in range(payments):
        mine = _payment(number, dice)
        made.ours.append(mine)
        kind = types[number // 2 % len(types)] if number % 2 and number // 2 < each * len(types) else None
        if kind is None:
            made.theirs += _agreeing(mine, number, dice)
        else:
            made.planted[kind, "" if kind == DifferenceType.MISSING_HERE else mine.subject] += 1
            made.ours[-1], wrong = _wrong(kind, mine, number)
            made.theirs += wrong
    dice.shuffle(made.theirs)
    return made


def currency_of(number: int) -> tuple[str, int]:
    """Of that payment, code and scale: every type of difference comes in every currency."""
    return CURRENCIES[(number // 2 + number // 16) % len(CURRENCIES)]


def _payment(number: int, dice: random.Random) -> OurRow:
    code, scale = currency_of(number)
    # Every amount is one of a kind: two of the same amount would be each other's, whichever is missing.
    amount = Total(code, scale, (number + 1) * 1000 + dice.randrange(10) * 10)
    return OurRow(
        key=f"row-{number}",
        subject=f"P{number:05}",
        amount=amount,
        due=amount,
        at=BEGIN + timedelta(seconds=dice.randrange(DAYS * 86_400)),
        ids=frozenset({f"https://wallet.example/incoming-payments/{number}"}),
        references=frozenset({f"P{number:05}"}),
        is_over=True,
    )


def _told(mine: OurRow, key: str, *, amount: Total | None = None, by_id: bool = True, named: bool = True) -> TheirRow:
    told = amount or mine.amount
    row = TheirRow(
        key=key,
        amount=told,
        at=mine.at + HOUR,
        id=next(iter(mine.ids)) if by_id else "",
        references=mine.references if named else frozenset(),
    )
    return replace(row, content=content_of(row.id or (told, row.at, sorted(row.references))))


def _agreeing(mine: OurRow, number: int, dice: random.Random) -> list[TheirRow]:
    key, amount = f"line-{number}", mine.amount
    match dice.randrange(5):
        case 0:
            return [_told(mine, key)]
        case 1:
            return [_told(mine, key, by_id=False)]
        case 2:
            return [replace(_told(mine, key, by_id=False, named=False), at=mine.at + 40 * HOUR)]
        case 3:
            part = Total(amount.code, amount.scale, amount.value // 3)
            return [
                _told(mine, f"{key}a", amount=part, by_id=False),
                _told(mine, f"{key}b", amount=amount - part, by_id=False),
            ]
        case _:
            # As a bank writes it: at another scale.
            finer = Total(amount.code, amount.scale + 2, amount.value * 100)
            return [_told(mine, key, amount=finer, by_id=False)]


def _wrong(kind: DifferenceType, mine: OurRow, number: int) -> tuple[OurRow, list[TheirRow]]:
    key, amount = f"line-{number}", mine.amount
    once = _told(mine, key)
    match kind:
        case DifferenceType.MISSING_HERE:
            stranger = replace(_told(mine, f"{key}x", by_id=False, named=False), amount=_more(amount, 7))
            return mine, [once, replace(stranger, content=f"strange {number}")]
        case DifferenceType.MISSING_THERE:
            return mine, []
        case DifferenceType.OVER:
            return mine, [_told(mine, key, amount=_more(amount, 3))]
        case DifferenceType.UNDER:
            return mine, [_told(mine, key, amount=_more(amount, -3))]
        case DifferenceType.DUPLICATE:
            said = _told(mine, key, by_id=False)
            return mine, [said, replace(said, key=f"{key}x")]
        case DifferenceType.CURRENCY:
            return mine, [_told(mine, key, amount=Total("EUR", 2, amount.value))]
        case DifferenceType.LATE:
            if number // 16 % 2:
                return mine, [replace(once, at=mine.at + 5 * DAY)]
            # It had ended with nothing, and then it came.
            nothing = Total(amount.code, amount.scale, 0)
            return replace(mine, amount=nothing), [once]
        case DifferenceType.PAID_TWICE:
            again = replace(once, key=f"{key}x", id=f"{once.id}x", content=content_of(once.id, "x"))
            return mine, [once, again]


def _more(amount: Total, by: int) -> Total:
    return Total(amount.code, amount.scale, amount.value + by)

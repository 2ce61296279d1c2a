"""Faults by which a list has no end: whatever page is asked for, the answer says that there is another."""

import json
from collections.abc import Callable
from http import HTTPStatus
from random import Random
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from payments.sandbox.faults.exchange import RecordedAnswer, Strike, StruckExchange, after_the_work

Rows = list[dict[str, Any]]


def endless(rows_of: Callable[[Rows, Random], Rows]) -> Strike:
    """Each page is made by `rows_of` from the rows of the first that was asked for since the fault was set."""
    firsts: WeakKeyDictionary[Random, RecordedAnswer] = WeakKeyDictionary()

    async def struck(exchange: StruckExchange, _: float) -> None:
        if exchange.answer.status == HTTPStatus.OK:
            firsts.setdefault(exchange.dice, exchange.answer)
        first = firsts.get(exchange.dice, exchange.answer)
        page = json.loads(first.body)
        page["result"] = rows_of(page.get("result", []), exchange.dice)
        page["pagination"] = {"hasNextPage": True, "hasPreviousPage": False, "endCursor": _drawn(exchange.dice)}
        await exchange.reply(first.with_body(json.dumps(page, separators=(",", ":")).encode()))

    return after_the_work(struck)


def same_rows(rows: Rows, _: Random) -> Rows:
    return rows


def no_rows(_: Rows, __: Random) -> Rows:
    return []


def new_rows(rows: Rows, dice: Random) -> Rows:
    return [{**row, "id": f"{row['id'].rpartition('/')[0]}/{_drawn(dice)}"} for row in rows]


def _drawn(dice: Random) -> str:
    return str(UUID(int=dice.getrandbits(128)))

"""Faults whose answers never come, come in part, or come late."""

import asyncio
import contextlib

from payments.sandbox.faults.exchange import StruckExchange


async def cut_off(exchange: StruckExchange, _: float) -> None:
    await exchange.cut(reset=True)


async def hang(exchange: StruckExchange, seconds: float) -> None:
    """Say nothing until the client leaves or the time is over, then cut the connection."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await exchange.receive())["type"] != "http.disconnect":
                pass
    await exchange.cut(reset=True)


async def truncate(exchange: StruckExchange, _: float) -> None:
    """Half of the answer. Half of no body is no answer at all."""
    body = exchange.answer.body
    if body:
        await exchange.start(exchange.answer)
        await exchange.send_part(body[: len(body) // 2])
    await exchange.cut(reset=False)


async def delay(exchange: StruckExchange, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await exchange.app(exchange.scope, exchange.receive, exchange.send)


async def drip(exchange: StruckExchange, seconds: float) -> None:
    await exchange.start(exchange.answer)
    for byte in exchange.answer.body:
        await exchange.send_part(bytes([byte]))
        await asyncio.sleep(seconds)
    await exchange.send_part(b"", more=False)

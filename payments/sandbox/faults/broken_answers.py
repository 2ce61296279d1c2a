"""Faults whose answers are none that a client could use: refusals, crashes, redirects, and what is not JSON."""

import json

from payments.sandbox.faults.exchange import RecordedAnswer, Strike, StruckExchange

HUGE_CHUNKS = 256
CHUNK = b"x" * 65536


def plain(status: int, body: bytes) -> Strike:
    return _always(RecordedAnswer(status).with_body(body, "text/plain; charset=utf-8"))


def refusal(status: int) -> Strike:
    body = json.dumps({"error": {"code": str(status), "description": "asked to refuse"}}).encode()
    return _always(RecordedAnswer(status).with_body(body, "application/json"))


def _always(answer: RecordedAnswer) -> Strike:
    async def struck(exchange: StruckExchange, _: float) -> None:
        await exchange.reply(answer)

    return struck


redirect = _always(RecordedAnswer(302, [(b"location", b"http://127.0.0.1:1/elsewhere"), (b"content-length", b"0")]))


async def garbage(exchange: StruckExchange, _: float) -> None:
    await exchange.reply(exchange.answer.with_body(b"\x00\xff\xfe{]garbage"))


async def not_json(exchange: StruckExchange, _: float) -> None:
    await exchange.reply(exchange.answer.with_body(b"<!doctype html><p>Down for maintenance", "text/html"))


async def huge(exchange: StruckExchange, _: float) -> None:
    length = str(len(CHUNK) * HUGE_CHUNKS).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await exchange.start(RecordedAnswer(exchange.answer.status_with_body, headers))
    for number in range(HUGE_CHUNKS):
        await exchange.send_part(CHUNK, more=number < HUGE_CHUNKS - 1)

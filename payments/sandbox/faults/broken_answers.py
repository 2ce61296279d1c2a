"""Faults whose answers are none that a client could use: refusals, crashes, redirects, and what is not JSON."""

import json

from payments.sandbox.faults.exchange import RecordedAnswer, Strike, StruckExchange

HUGE_CHUNKS = 256
CHUNK = b"x" * 65536


def plain(status: int, body: bytes) -> Strike:
    return _always(RecordedAnswer(status).with_body(body, "text/plain; charset=utf-8"))


def refusal(status: int) -> Strike:
    return _always(_refused(status, {"code": str(status), "description": "asked to refuse"}))


def _refused(status: int, error: dict[str, str]) -> RecordedAnswer:
    return RecordedAnswer(status).with_body(json.dumps({"error": error}).encode(), "application/json")


def _always(answer: RecordedAnswer) -> Strike:
    async def struck(exchange: StruckExchange, _: float) -> None:
        await exchange.reply(answer)

    return struck


async def too_many(exchange: StruckExchange, seconds: float) -> None:
    answer = _refused(429, {"code": "429", "description": "too many requests"})
    answer.headers.append((b"retry-after", str(round(seconds)).encode()))
    await exchange.reply(answer)


async def unknown_client(exchange: StruckExchange, _: float) -> None:
    """What each of the two servers says when it cannot find the client's key."""
    if exchange.scope["path"].startswith("/auth"):
        await exchange.reply(_refused(400, {"code": "invalid_client", "description": "could not determine client"}))
        return
    description = "Signature validation error: could not find the key of the client"
    await exchange.reply(_refused(401, {"code": "401", "description": description}))


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

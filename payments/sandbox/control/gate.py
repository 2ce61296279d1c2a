"""Every request to the provider comes through here: it is logged, and spoilt when a fault says so."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from payments.sandbox.control import lies
from payments.sandbox.control.connections import Connections
from payments.sandbox.control.faults import AFTER, LIES, Rule
from payments.sandbox.control.journal import Entry
from payments.sandbox.operations import operation_of
from payments.sandbox.provider import USER_AGENT, Provider

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

HUGE_CHUNKS = 256
CHUNK = b"x" * 65536
LARGEST_KEPT_BODY = 2 * 1024 * 1024


@dataclass
class Answer:
    """What the provider would have sent."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def collect(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message["headers"])
        else:
            self.body += message.get("body", b"")

    @property
    def is_json(self) -> bool:
        return any(value.startswith(b"application/json") for name, value in self.headers if name == b"content-type")

    @property
    def status_with_body(self) -> int:
        """A 204 has no body: the client is to see one."""
        return HTTPStatus.OK if self.status == HTTPStatus.NO_CONTENT else self.status

    def with_body(self, body: bytes, content_type: str | None = None) -> "Answer":
        replaced = {b"content-length"} | ({b"content-type"} if content_type else set())
        headers = [(name, value) for name, value in self.headers if name.lower() not in replaced]
        headers.append((b"content-length", str(len(body)).encode()))
        if content_type:
            headers.append((b"content-type", content_type.encode()))
        return Answer(self.status_with_body, headers, body)


class Gate:
    """ASGI middleware, the outermost."""

    def __init__(self, app: App, provider: Provider, connections: Connections) -> None:
        self._app = app
        self._provider = provider
        self._connections = connections

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        operation = operation_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if operation is None:
            await self._app(scope, receive, send)
            return
        agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
        entry = Entry(operation, scope["method"], scope["path"], from_wallet=agent == USER_AGENT)
        self._provider.journal.add(entry)
        send = _noting_status(entry, send)
        rule = None
        if faults := self._provider.faults:
            wallets: set[str] = set()
            if faults.name_wallets:
                body, receive = await _kept_body(receive)
                wallets = self._wallets_in(scope, body)
            rule = faults.pick(operation, wallets, from_wallet=entry.from_wallet)
        if rule is None:
            await self._app(scope, receive, send)
            return
        entry.fault = rule.do
        await _Spoiler(self._app, self._connections, scope, receive, send).spoil(rule)

    def _wallets_in(self, scope: MutableMapping[str, Any], body: bytes) -> set[str]:
        """The names of this provider's wallets that the request is about, as far as it says so itself."""
        text = f"{scope['path']} {scope['query_string'].decode('latin-1')} {body.decode('utf-8', 'replace')}"
        resource = re.search(r"/op/(incoming|outgoing|quote)[a-z-]*/([^/ ]+)", text)
        names = {
            wallet.name for wallet in self._provider.wallets.all() if re.search(rf"/{re.escape(wallet.name)}\b", text)
        }
        if resource:
            table = "quotes" if resource[1] == "quote" else resource[1]
            row = self._provider.store.one(f"select wallet from {table} where id = ?", resource[2])  # noqa: S608
            names |= {row["wallet"]} if row else set()
        return names


async def _kept_body(receive: Receive) -> tuple[bytes, Receive]:
    """The request's body, and a `receive` that brings it once more."""
    messages: list[Message] = []
    body = b""
    while len(body) < LARGEST_KEPT_BODY:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
        if not message.get("more_body"):
            break

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return body, again


def _noting_status(entry: Entry, send: Send) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
        await send(message)

    return noting


@dataclass
class _Spoiler:
    """One request that goes wrong."""

    app: App
    connections: Connections
    scope: MutableMapping[str, Any]
    receive: Receive
    send: Send

    async def spoil(self, rule: Rule) -> None:
        if rule.do in AFTER or rule.do in LIES:
            answer = Answer()
            await self.app(self.scope, self.receive, answer.collect)
            await self._spoil_answer(rule, answer)
        elif rule.do == "delay":
            await asyncio.sleep(rule.seconds)
            await self.app(self.scope, self.receive, self.send)
        else:
            await self._answer_without_work(rule)

    async def _answer_without_work(self, rule: Rule) -> None:
        match rule.do:
            case "down" | "reset-before":
                await self._cut(reset=True)
            case "hang":
                await self._hang(rule.seconds)
            case "500-before":
                await self._plain(500, b"Internal Server Error")
            case "garbage-before":
                await self._plain(200, b"\x00\xff\xfe garbage")
            case "redirect":
                await self._send(
                    Answer(302, [(b"location", b"http://127.0.0.1:1/elsewhere"), (b"content-length", b"0")])
                )
            case _:
                status = int(rule.do.removeprefix("status:"))
                body = json.dumps({"error": {"code": str(status), "description": "asked to refuse"}}).encode()
                await self._send(Answer(status, [(b"content-type", b"application/json")]).with_body(body))

    async def _spoil_answer(self, rule: Rule, answer: Answer) -> None:
        match rule.do:
            case "reset-after":
                await self._cut(reset=True)
            case "hang-after":
                await self._hang(rule.seconds)
            case "500-after":
                await self._plain(500, b"Internal Server Error")
            case "garbage":
                await self._send(answer.with_body(b"\x00\xff\xfe{]garbage"))
            case "not-json":
                await self._send(answer.with_body(b"<!doctype html><p>Down for maintenance", "text/html"))
            case "truncate" if not answer.body:
                await self._cut(reset=False)
            case "truncate":
                await self._start(answer)
                await self.send(
                    {"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True}
                )
                await self._cut(reset=False)
            case "huge":
                await self._huge(answer)
            case "drip":
                await self._drip(answer, rule.seconds)
            case lie if answer.is_json:
                told = json.dumps(lies.told(lie, json.loads(answer.body)), separators=(",", ":")).encode()
                await self._send(answer.with_body(told))
            case _:
                # A 204 and a plain text say nothing that could be turned round.
                await self._send(answer)

    async def _huge(self, answer: Answer) -> None:
        length = str(len(CHUNK) * HUGE_CHUNKS).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await self._start(Answer(answer.status_with_body, headers))
        for number in range(HUGE_CHUNKS):
            await self.send({"type": "http.response.body", "body": CHUNK, "more_body": number < HUGE_CHUNKS - 1})

    async def _drip(self, answer: Answer, seconds: float) -> None:
        """One byte at a time, `seconds` apart."""
        await self._start(answer)
        for position in range(len(answer.body)):
            await self.send(
                {"type": "http.response.body", "body": answer.body[position : position + 1], "more_body": True}
            )
            await asyncio.sleep(seconds)
        await self.send({"type": "http.response.body", "body": b""})

    async def _hang(self, seconds: float) -> None:
        """Say nothing until the client leaves or the time is over, then cut the connection."""
        try:
            async with asyncio.timeout(seconds):
                while (await self.receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            pass
        await self._cut(reset=True)

    async def _plain(self, status: int, body: bytes) -> None:
        await self._send(Answer(status, [(b"content-type", b"text/plain; charset=utf-8")]).with_body(body))

    async def _send(self, answer: Answer) -> None:
        await self._start(answer)
        await self.send({"type": "http.response.body", "body": answer.body})

    async def _start(self, answer: Answer) -> None:
        await self.send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})

    async def _cut(self, *, reset: bool) -> None:
        await self.connections.cut(self.scope["client"], reset=reset)

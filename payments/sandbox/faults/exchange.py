"""One request that is struck by a fault, and the answer that the provider would have given: what faults work with."""

import random
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from payments.sandbox.faults.connections import Connections

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class RecordedAnswer:
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

    def with_body(self, body: bytes, content_type: str | None = None) -> "RecordedAnswer":
        replaced = {b"content-length"} | ({b"content-type"} if content_type else set())
        headers = [(name, value) for name, value in self.headers if name.lower() not in replaced]
        headers.append((b"content-length", str(len(body)).encode()))
        if content_type:
            headers.append((b"content-type", content_type.encode()))
        return RecordedAnswer(self.status_with_body, headers, body)


@dataclass
class StruckExchange:
    """A request on its way to `app`. `answer` is empty until `app` did its work."""

    app: App
    connections: Connections
    scope: Scope
    receive: Receive
    send: Send
    #: Of the rule that strikes: what a fault draws, it draws with them.
    dice: random.Random
    answer: RecordedAnswer = field(default_factory=RecordedAnswer)

    async def reply(self, answer: RecordedAnswer) -> None:
        await self.start(answer)
        await self.send_part(answer.body, more=False)

    async def start(self, answer: RecordedAnswer) -> None:
        await self.send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})

    async def send_part(self, part: bytes, *, more: bool = True) -> None:
        await self.send({"type": "http.response.body", "body": part, "more_body": more})

    async def cut(self, *, reset: bool) -> None:
        """Cut the connection, with a TCP reset or as if the answer were over."""
        await self.connections.cut(self.scope["client"], self.scope["server"], reset=reset)


Strike = Callable[[StruckExchange, float], Awaitable[None]]


def after_the_work(strike: Strike) -> Strike:
    """The provider does what it was asked before `strike` sees to the answer."""

    async def struck(exchange: StruckExchange, seconds: float) -> None:
        await exchange.app(exchange.scope, exchange.receive, exchange.answer.collect)
        await strike(exchange, seconds)

    return struck

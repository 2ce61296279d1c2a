"""Every request to the provider comes through here: it is logged, and goes wrong when a fault says so."""

import re
from urllib.parse import unquote

from payments.sandbox.control.request_log import LoggedRequest
from payments.sandbox.faults.connections import Connections
from payments.sandbox.faults.exchange import App, Message, Receive, Scope, Send, StruckExchange
from payments.sandbox.faults.rules import FaultRules
from payments.sandbox.operations import operation_of
from payments.sandbox.provider import USER_AGENT, WalletProvider

LARGEST_KEPT_BODY = 2 * 1024 * 1024


class FaultMiddleware:
    """ASGI middleware, the outermost."""

    def __init__(self, app: App, provider: WalletProvider, rules: FaultRules, connections: Connections) -> None:
        self._app = app
        self._provider = provider
        self._rules = rules
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = operation_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if operation is None:
            await self._app(scope, receive, send)
            return
        agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
        logged = LoggedRequest(operation, scope["method"], scope["path"], from_wallet=agent == USER_AGENT)
        self._provider.request_log.add(logged)
        send = _noting_status(logged, send)
        rule, now = None, self._provider.clock.timestamp()
        self._rules.drop_past(now)
        if self._rules:
            wallets: set[str] = set()
            if self._rules.name_wallets:
                body, receive = await _kept_body(receive)
                wallets = self._wallets_in(scope, body)
            rule = self._rules.pick(operation, wallets, from_wallet=logged.from_wallet)
        if rule is None:
            await self._app(scope, receive, send)
            return
        logged.fault = rule.name
        exchange = StruckExchange(self._app, self._connections, scope, receive, send, rule.dice)
        await rule.fault.strike(exchange, rule.seconds)

    def _wallets_in(self, scope: Scope, body: bytes) -> set[str]:
        """The names of this provider's wallets that the request is about, as far as it says so itself."""
        query = unquote(scope["query_string"].decode("latin-1"))
        text = f"{scope['path']} {query} {body.decode('utf-8', 'replace')}"
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


def _noting_status(logged: LoggedRequest, send: Send) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            logged.status = message["status"]
        await send(message)

    return noting

"""A client of wallets that sends whatever a test wants, well signed unless told otherwise."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import httpx

from payments.openpayments import keys
from payments.openpayments.signing import Signer, compact_json, sign_request
from tests.sandbox.process import SandboxProcess

FINISH_URI = "http://127.0.0.1:1/payments/finish?request=7"
NONCE = "a-nonce-of-the-client"
READY_SECONDS = 10


@dataclass
class WalletClient:
    """Signs as `signer`. `http` is shared by the clients of one test."""

    signer: Signer
    http: httpx.Client

    @classmethod
    def at(cls, sandbox: SandboxProcess, http: httpx.Client, name: str = "shop", **wallet: Any) -> Self:
        """A client with a wallet of its own at the provider, its key published there."""
        key = keys.generate_key()
        address = sandbox.create_wallet(name, keys=[dict(keys.public_jwk(key, f"{name}-key").to_wire())], **wallet)
        return cls(Signer(address, f"{name}-key", key), http)

    def send(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        token: str | None = None,
        created: datetime | None = None,
        change: Callable[[httpx.Request], None] | None = None,
    ) -> httpx.Response:
        """`change` may tamper with the signed request."""
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = f"GNAP {token}"
        content = None if body is None else compact_json(body)
        request = self.http.build_request(method, url, headers=headers, content=content)
        sign_request(request, self.signer, created or datetime.now(UTC))
        if change is not None:
            change(request)
        return self.http.send(request)

    def ask(self, sandbox: SandboxProcess, access: list[dict[str, Any]], **more: Any) -> httpx.Response:
        """A grant request."""
        body = {"client": self.signer.client, "access_token": {"access": access}, **more}
        return self.send("POST", f"{sandbox.url}/auth", body)

    def token(self, sandbox: SandboxProcess, kind: str, *actions: str, **more: Any) -> str:
        """A token that no person has to allow."""
        answer = self.ask(sandbox, [{"type": kind, "actions": list(actions), **more}])
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"]["value"])

    def incoming(
        self, sandbox: SandboxProcess, wallet: str, amount: dict[str, Any] | None, **more: Any
    ) -> httpx.Response:
        """A new incoming payment, by a token of its own."""
        token = self.token(sandbox, "incoming-payment", "create")
        body = {"walletAddress": wallet, **more}
        if amount is not None:
            body["incomingAmount"] = amount
        return self.send("POST", f"{sandbox.url}/op/incoming-payments", body, token=token)

    def quote(self, sandbox: SandboxProcess, wallet: str, receiver: str, **amount: Any) -> httpx.Response:
        token = self.token(sandbox, "quote", "create")
        body = {"walletAddress": wallet, "receiver": receiver, "method": "ilp", **amount}
        return self.send("POST", f"{sandbox.url}/op/quotes", body, token=token)

    def ask_to_pay(
        self, sandbox: SandboxProcess, wallet: str, limits: dict[str, Any] | None = None, *, finish: bool = True
    ) -> httpx.Response:
        """A grant request for outgoing payments, which a person has to allow."""
        access = {
            "type": "outgoing-payment",
            "actions": ["create", "read", "list"],
            "identifier": wallet,
            **({} if limits is None else {"limits": limits}),
        }
        return self.ask(sandbox, [access], interact=interact(finish=finish))

    def allowed_to_pay(self, sandbox: SandboxProcess, wallet: str, limits: dict[str, Any] | None = None) -> str:
        """A token for outgoing payments that the person allowed."""
        sandbox.settings(waitSeconds=0)
        asked = self.ask_to_pay(sandbox, wallet, limits).json()
        finish = httpx.URL(sandbox.approve(asked["interact"]["redirect"]))
        answer = self.continue_(asked["continue"], finish.params["interact_ref"])
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"]["value"])

    def continue_(self, continuation: dict[str, Any], interact_ref: str | None = None) -> httpx.Response:
        body = None if interact_ref is None else {"interact_ref": interact_ref}
        return self.send("POST", continuation["uri"], body, token=continuation["access_token"]["value"])

    def pay(self, sandbox: SandboxProcess, wallet: str, quote: str, token: str, **more: Any) -> httpx.Response:
        body = {"walletAddress": wallet, "quoteId": quote, **more}
        return self.send("POST", f"{sandbox.url}/op/outgoing-payments", body, token=token)


def interact(*, finish: bool = True) -> dict[str, Any]:
    way_back = {"finish": {"method": "redirect", "uri": FINISH_URI, "nonce": NONCE}} if finish else {}
    return {"start": ["redirect"], **way_back}


def amount(value: int, code: str = "USD", scale: int = 2) -> dict[str, Any]:
    return {"value": str(value), "assetCode": code, "assetScale": scale}


def error(answer: httpx.Response) -> tuple[int, str | None, str]:
    """Status, code and description of a refusal."""
    body = answer.json()["error"]
    return answer.status_code, body.get("code"), body["description"]


def eventually(check: Callable[[], bool]) -> None:
    """Wait, not long, until something that happens in another process is so."""
    deadline = time.monotonic() + READY_SECONDS
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)

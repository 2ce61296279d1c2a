"""The demo's two wallet providers, as their control API over HTTP offers them."""

from typing import Any
from urllib.parse import urlsplit

import httpx

from payments.openpayments.keys import Jwk


class DemoProvider:
    """One sandbox provider, steered with the key that it was started with."""

    def __init__(self, port: int, control_key: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        shown = {"Authorization": f"Bearer {control_key}"}
        self._http = httpx.Client(base_url=f"{self.url}/sandbox", timeout=10, trust_env=False, headers=shown)

    def open(  # noqa: PLR0913 - what an account is
        self,
        name: str,
        public_name: str,
        asset: tuple[str, int],
        balance: int,
        *,
        fee: dict[str, int] | None = None,
        keys: list[Jwk] | None = None,
    ) -> str:
        """Open an account with `balance` minor units; its wallet address."""
        body = {
            "name": name,
            "publicName": public_name,
            "assetCode": asset[0],
            "assetScale": asset[1],
            "balance": str(balance),
            "fee": fee or {},
            "keys": [key.to_wire() for key in keys or []],
        }
        return str(self._call("POST", "/wallets", body)["id"])

    def set_balance(self, name: str, balance: int) -> None:
        self._call("POST", f"/wallets/{name}/balance", {"set": str(balance)})

    def pay_in(self, incoming: str, value: int) -> None:
        """Somebody pays `value` minor units into the incoming payment, past everything that we know of."""
        self._call("POST", "/faults/pay-in", {"id": incoming, "amount": str(value)})

    def settings(self, **changes: Any) -> None:
        self._call("POST", "/settings", changes)

    def approve(self, page: str) -> str:
        """What the payer's click on their wallet's page does: the address that they are sent back to."""
        interaction = urlsplit(page).path.rpartition("/")[2]
        return str(self._call("POST", f"/interactions/{interaction}/approve", {})["redirect"])

    def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._http.request(method, path, json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

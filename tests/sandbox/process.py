"""A sandbox provider as a real process, for every test that needs a wallet."""

import os
import random
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx

PROJECT = Path(__file__).resolve().parents[2]
#: Where Linux says which ports it gives to whoever connects.
GIVEN_PORTS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST_PORT: Final = 10_000
START_SECONDS = 20
STOP_SECONDS = 5
#: The provider closes a connection that was idle for five seconds; a request must not meet that.
KEPT = httpx.Limits(keepalive_expiry=2)


# Whatever process starts one, those that it starts can steer it.
os.environ.setdefault("SANDBOX_CONTROL_KEY", secrets.token_urlsafe(32))


class SandboxRefusedError(Exception):
    """The control API said no."""


class SandboxProcess:
    """`with SandboxProcess() as sandbox:` starts a provider on a free port of 127.0.0.1 and stops it at the end.

    With `data` (a SQLite file) it can be stopped and started again with everything it knew, on the same port. With
    `public_url` (something in front of it) that is how others reach it, and what its addresses begin with. When it is
    `split`, its authorization server and its resource server have hosts of their own.
    """

    def __init__(
        self,
        *,
        name: str = "Maguey Wallet",
        data: Path | None = None,
        clock_file: Path | None = None,
        port: int | None = None,
        public_url: str | None = None,
        split: bool = False,
    ) -> None:
        self.port = port or free_port()
        own_url = f"http://127.0.0.1:{self.port}"
        self.url = public_url or own_url
        self.trusted_host = urlsplit(self.url).netloc
        self._arguments = ["--port", str(self.port), "--name", name, "--public-url", self.url]
        ports = (free_port(), free_port()) if split else ()
        for server, own_port in zip(("authorization", "resource"), ports, strict=False):
            self._arguments += [f"--{server}-port", str(own_port)]
        #: What an operator has to name: whom the provider's addresses lead to.
        self.trusted_hosts = [self.trusted_host, *(f"127.0.0.1:{own_port}" for own_port in ports)]
        if data is not None:
            self._arguments += ["--data", str(data)]
        if clock_file is not None:
            self._arguments += ["--clock-file", str(clock_file)]
        self._process: subprocess.Popen[bytes] | None = None
        #: What its controls ask for: of all sandboxes of one run, so that another process can steer one.
        self.control_key = os.environ["SANDBOX_CONTROL_KEY"]
        shown = {"Authorization": f"Bearer {self.control_key}"}
        self._http = httpx.Client(base_url=own_url, timeout=10, trust_env=False, headers=shown, limits=KEPT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._http.close()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        command = [sys.executable, "-m", "payments.sandbox", *self._arguments]
        self._process = subprocess.Popen(command, cwd=PROJECT)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"the sandbox ended with {self._process.returncode}")
            if time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("the sandbox did not start in time")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the process: afterwards connections are refused."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
        self._process = None

    def create_wallet(
        self,
        name: str,
        *,
        asset: str = "USD",
        scale: int = 2,
        balance: int = 1_000_000,
        public_name: str | None = "",
        fee: dict[str, int] | None = None,
        keys: list[dict[str, Any]] | None = None,
    ) -> str:
        """Open an account and return its wallet address. Amounts in minor units; `public_name=None` leaves it out."""
        answer = self.control(
            "POST",
            "/wallets",
            {
                "name": name,
                "publicName": name.replace("-", " ").title() if public_name == "" else public_name,
                "assetCode": asset,
                "assetScale": scale,
                "balance": str(balance),
                "fee": fee or {},
                "keys": keys or [],
            },
        )
        return str(answer["id"])

    def wallet(self, name: str) -> dict[str, Any]:
        """What the provider knows of an account: `balance`, `received`, `sent` (texts of minor units), `keyIds` …"""
        return self.control("GET", f"/wallets/{name}")

    def balance(self, name: str) -> int:
        return int(self.wallet(name)["balance"])

    def change_wallet(self, wallet: str, /, **changes: Any) -> dict[str, Any]:
        """`publicName`, `disabled`, `fee`, `name` with `keepOld`."""
        return self.control("PATCH", f"/wallets/{wallet}", changes)

    def change_keys(
        self, name: str, *, add: list[dict[str, Any]] | None = None, remove: list[str] | None = None
    ) -> None:
        self.control("PUT", f"/wallets/{name}/keys", {"add": add or [], "remove": remove or []})

    def set_balance(self, name: str, minor_units: int) -> None:
        self.control("POST", f"/wallets/{name}/balance", {"set": str(minor_units)})

    def faults(self, *rules: dict[str, Any]) -> None:
        """Add faults: `{"match": {"operation": "create-outgoing-payment"}, "do": "500-after", "times": 1}` …"""
        self.control("POST", "/faults", list(rules))

    def away(self, seconds: float, do: str = "down", **match: str) -> None:
        """For so long by its clock the provider serves nobody: `down` resets connections, `status:503` answers so."""
        self.faults({"match": {"operation": "*", "from": "any", **match}, "do": do, "lastsSeconds": seconds})

    def clear_faults(self) -> None:
        self.control("DELETE", "/faults")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings by their wire names, e.g. `waitSeconds=0`; all of them as they are now."""
        return self.control("POST", "/settings", changes)

    def clock(self, offset_seconds: float) -> None:
        """Put the provider's clock this far from real time; what is due by then is settled."""
        self.control("POST", "/clock", {"offsetSeconds": offset_seconds})

    def approve(self, interact_redirect_url: str) -> str:
        """What the payer's click does; the finish URL that the browser is sent to (empty without one)."""
        return self._decide(interact_redirect_url, "approve")

    def reject(self, interact_redirect_url: str) -> str:
        return self._decide(interact_redirect_url, "reject")

    def _decide(self, interact_redirect_url: str, decision: str) -> str:
        interaction = urlsplit(interact_redirect_url).path.rpartition("/")[2]
        return self.control("POST", f"/interactions/{interaction}/{decision}")["redirect"] or ""

    def requests(self, operation: str | None = None, *, from_wallets: bool = False) -> list[dict[str, Any]]:
        """The requests seen, oldest first; those of wallets among themselves only when asked for."""
        path = "/requests" if operation is None else f"/requests?operation={operation}"
        seen: list[dict[str, Any]] = self.control("GET", path)["requests"]
        return [request for request in seen if from_wallets or not request["fromWallet"]]

    def clear_requests(self) -> None:
        self.control("DELETE", "/requests")

    def forget(self, resource_url: str) -> None:
        """Make a payment, quote or grant vanish."""
        self.control("POST", "/faults/forget", {"id": resource_url})

    def complete(self, incoming_payment_url: str) -> None:
        """The receiver completes an incoming payment."""
        self.control("POST", "/faults/complete", {"id": incoming_payment_url})

    def pay_in(self, incoming_payment_url: str, minor_units: int) -> int:
        """Somebody else pays an incoming payment; how much was accepted."""
        answer = self.control("POST", "/faults/pay-in", {"id": incoming_payment_url, "amount": str(minor_units)})
        return int(answer["accepted"])

    def cancel(self, outgoing_payment_url: str, reason: str = "Cancelled by the account holder") -> None:
        """The payer's wallet cancels a payment that was not sent yet."""
        self.control("POST", "/faults/cancel", {"id": outgoing_payment_url, "reason": reason})

    def settle(self, outgoing_payment_url: str | None = None) -> dict[str, int]:
        """Move the money of one payment, or of all that are due; how many `ended`, and how many are still `open`."""
        body = {} if outgoing_payment_url is None else {"id": outgoing_payment_url}
        return self.control("POST", "/settle", body)

    def rotate_key(self, wallet: str) -> None:
        """The wallet signs with a new key of its own."""
        self.control("POST", f"/wallets/{wallet}/rotate-key")

    def reset(self) -> None:
        """Forget all wallets, settings, faults and requests."""
        self.control("POST", "/reset")

    def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One call of the control API. Raises SandboxRefusedError."""
        answer = self._http.request(method, f"/sandbox{path}", json=body)
        if answer.is_error:
            raise SandboxRefusedError(f"{method} {path}: {answer.status_code} {answer.text}")
        result: dict[str, Any] = answer.json()
        return result

    def _answers(self) -> bool:
        try:
            return self._http.get("/sandbox").is_success
        except httpx.TransportError:
            return False


def free_port(beside: int = 0) -> int:
    """One on which nobody listens, nor on the next `beside` of them.

    Below those that the system gives to whoever connects: on a busy machine one of these is taken again in a moment.
    """
    lowest_given = int(GIVEN_PORTS.read_text(encoding="ascii").split()[0]) if GIVEN_PORTS.exists() else LOWEST_PORT
    dice = random.SystemRandom()
    while lowest_given > LOWEST_PORT + beside:
        port = dice.randrange(LOWEST_PORT, lowest_given - beside)
        if all(map(_is_free, range(port, port + beside + 1))):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

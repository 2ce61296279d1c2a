"""One wallet provider: what its servers, pages and controls share."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from payments.sandbox.authorization.grants import Grants, Tokens
from payments.sandbox.clock import Clock
from payments.sandbox.control.request_log import RequestLog
from payments.sandbox.settings import Settings
from payments.sandbox.store import Store
from payments.sandbox.wallets import Wallets

USER_AGENT = "tequio-sandbox"


@dataclass(frozen=True, slots=True)
class Config:
    """Origins are as others reach them, without a trailing slash.

    `base_url` is that of the wallet addresses; the two servers that they name may have others.
    """

    base_url: str
    name: str
    data: str
    clock_file: Path | None
    authorization_origin: str
    resource_origin: str


class WalletProvider:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.name = config.name
        self.base_url = config.base_url
        self.store = Store(config.data)
        self.clock = Clock(config.clock_file)
        self.settings = Settings()
        self.wallets = Wallets(self.store, config.base_url)
        self.grants = Grants(self.store, self.clock)
        self.tokens = Tokens(self.store, self.clock)
        self.request_log = RequestLog()
        # Other wallets may be slow, and some tests make them hang: nothing here waits longer than this.
        self.http = httpx.AsyncClient(
            timeout=10,
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"},
            limits=httpx.Limits(max_connections=200, keepalive_expiry=2),
        )
        self._load()

    @property
    def auth_url(self) -> str:
        return f"{self.config.authorization_origin}/auth"

    @property
    def resource_url(self) -> str:
        return f"{self.config.resource_origin}/op"

    def origin_of(self, path: str) -> str:
        """The one origin at which `path` is served: what a request to it is signed for."""
        if path.startswith("/auth"):
            return self.config.authorization_origin
        return self.config.resource_origin if path.startswith("/op") else self.base_url

    def change_settings(self, wire: dict[str, Any]) -> None:
        """Raises ValueError for unknown names and unusable values."""
        self.settings = self.settings.changed(wire)
        self._save("settings", self.settings.to_wire())

    def change_clock(self, offset_seconds: float) -> None:
        self.clock.offset_seconds = offset_seconds
        self._save("clock", offset_seconds)

    def reset(self) -> None:
        """As if just started with empty data."""
        self.store.clear()
        self.settings = Settings()
        self.clock.offset_seconds = 0
        self.request_log.clear()

    async def close(self) -> None:
        await self.http.aclose()
        self.store.close()

    def _save(self, name: str, value: Any) -> None:
        self.store.run("insert or replace into settings (name, value) values (?, ?)", name, json.dumps(value))

    def _load(self) -> None:
        saved = {row["name"]: json.loads(row["value"]) for row in self.store.all("select * from settings")}
        self.settings = Settings().changed(saved.get("settings", {}))
        self.clock.offset_seconds = saved.get("clock", 0)

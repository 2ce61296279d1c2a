"""The demo's own settings, made on its first start and kept in its folder. Nothing of a real installation is read."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(os.environ.get("DEMO_FOLDER", ROOT / "var" / "demo"))
PEOPLE = ("admin", "rosa", "luis", "ines")
DEFAULT_PORT = 8000
DEFAULT_WALLET_PORT = 9100
#: Its presence says that the first start filled the demo to the end.
COMPLETE = "complete"
FOREIGN = ("_FILE", "SELLER_", "OPEN_PAYMENTS_", "EMAIL_", "SECURE_")


@dataclass(frozen=True)
class Ports:
    site: int
    funders_wallet: int
    workers_wallet: int

    def all(self) -> tuple[int, int, int]:
        return self.site, self.funders_wallet, self.workers_wallet


def ports() -> Ports:
    """Where the demo listens: DEMO_PORT, and DEMO_WALLET_PORT with the one after it."""
    wallet = int(os.environ.get("DEMO_WALLET_PORT", DEFAULT_WALLET_PORT))
    return Ports(int(os.environ.get("DEMO_PORT", DEFAULT_PORT)), wallet, wallet + 1)


def prepare() -> None:
    """Put the demo's settings into this process's environment, before Django reads them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = _kept()
    listening = ports()
    for name in list(os.environ):
        if any(part in name for part in FOREIGN):
            del os.environ[name]
    os.environ.update(
        ENVIRONMENT="development",
        SECRET_KEY=kept["secret_key"],
        SECRET_KEY_FALLBACKS="",
        FIELD_ENCRYPTION_KEYS=kept["encryption_key"],
        DATABASE_URL=f"sqlite:///{FOLDER / 'tequio.sqlite3'}",
        BASE_URL=f"http://127.0.0.1:{listening.site}",
        ALLOWED_HOSTS="127.0.0.1,localhost",
        EMAIL_URL="dummy:",
        DEFAULT_FROM_EMAIL="Tequio <payments@tequio.example>",
        OPEN_PAYMENTS_TRUSTED_HOSTS=",".join(
            f"127.0.0.1:{port}" for port in (listening.funders_wallet, listening.workers_wallet)
        ),
        LEDGER_WITNESS_FILE=str(FOLDER / "ledger-witness.json"),
        CLOCK_OFFSET_FILE=str(FOLDER / "clock-offset"),
        WORKERS="3",
        LOG_LEVEL="INFO",
    )


def begin_anew_unless_complete() -> bool:
    """Whether the demo has to be filled; what an interrupted first start left behind is removed before."""
    if (FOLDER / COMPLETE).exists():
        return False
    for pattern in ("*.sqlite3*", "ledger-witness*", "clock-offset"):
        for path in FOLDER.glob(pattern):
            path.unlink()
    return True


def mark_complete() -> None:
    (FOLDER / COMPLETE).touch()


def passwords() -> dict[str, str]:
    """The sign-ins, by user name."""
    found: dict[str, str] = _kept()["passwords"]
    return found


def _kept() -> dict[str, Any]:
    path = FOLDER / "secrets.json"
    if not path.exists():
        made = {
            "secret_key": secrets.token_urlsafe(64),
            "encryption_key": Fernet.generate_key().decode(),
            "passwords": {name: f"{name}-{secrets.token_hex(4)}" for name in PEOPLE},
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(made), encoding="utf-8")
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept

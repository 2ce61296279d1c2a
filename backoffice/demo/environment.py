"""The demo's own settings, made on its first start and kept in its folder. Nothing of a real installation is read."""

import json
import os
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from backoffice.installation.private_files import make_private
from ledger.checkpoints.make_key import make_key

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(os.environ.get("DEMO_FOLDER") or ROOT / "var" / "demo").absolute()
PEOPLE = ("admin", "rosa", "luis", "ines")
DEFAULT_PORT = 8000
DEFAULT_WALLET_PORT = 9100
LAST_PORT = 65535
#: How to have it elsewhere, for whoever must.
ELSEWHERE = "DEMO_PORT=8080 DEMO_WALLET_PORT=9200 DEMO_FOLDER=/tmp/demo make demo"
#: Its presence says that the first start filled the demo to the end.
COMPLETE = "complete"
#: The key that signs the demo's ledger, and where its checkpoints go.
CHECKPOINT_KEY, CHECKPOINTS = "checkpoint-key.pem", "checkpoints"
FOREIGN = ("_FILE", "SELLER_", "LEDGER_", "OPEN_PAYMENTS_", "EMAIL_", "SECURE_")


class WrongSetting(Exception):
    """A setting of the demo that can't be; the message is a sentence for whoever set it."""


@dataclass(frozen=True)
class Ports:
    site: int
    funders_wallet: int
    workers_wallet: int

    def all(self) -> tuple[int, int, int]:
        return self.site, self.funders_wallet, self.workers_wallet


def ports() -> Ports:
    """Where the demo listens: DEMO_PORT, and DEMO_WALLET_PORT with the one after it. Raises WrongSetting."""
    site = _port("DEMO_PORT", DEFAULT_PORT, LAST_PORT)
    wallet = _port("DEMO_WALLET_PORT", DEFAULT_WALLET_PORT, LAST_PORT - 1)
    if site in {wallet, wallet + 1}:
        raise WrongSetting(
            f"DEMO_PORT is {site}, and the wallets listen on {wallet} and {wallet + 1} (DEMO_WALLET_PORT and the port "
            "after it). Choose three different ports."
        )
    return Ports(site, wallet, wallet + 1)


def _port(name: str, default: int, last: int) -> int:
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= last):
        raise WrongSetting(f"{name} is “{text}”. It has to be the number of a port, from 1 to {last}.")
    return int(text)


def prepare() -> None:
    """Put the demo's settings into this process's environment, before Django reads them.

    Ends the process with a sentence when a port or the folder can't be used.
    """
    try:
        listening = ports()
        FOLDER.mkdir(parents=True, exist_ok=True)
        make_private(FOLDER.iterdir())
        kept = _kept()
        if not (FOLDER / CHECKPOINT_KEY).exists():
            make_key(FOLDER / CHECKPOINT_KEY)
    except WrongSetting as why:
        sys.exit(str(why))
    except OSError as why:
        sys.exit(f"The folder of the demo, {FOLDER}, can't be used: {why.strerror}. DEMO_FOLDER names another one.")
    for name in list(os.environ):
        if any(part in name for part in FOREIGN):
            del os.environ[name]
    os.environ.update(
        ENVIRONMENT="development",
        SECRET_KEY=kept["secret_key"],
        SECRET_KEY_FALLBACKS="",
        FIELD_ENCRYPTION_KEYS=kept["encryption_key"],
        VAR_DIR=str(FOLDER),
        DATABASE_URL=f"sqlite:///{FOLDER / 'tequio.sqlite3'}",
        BASE_URL=f"http://127.0.0.1:{listening.site}",
        ALLOWED_HOSTS="127.0.0.1,localhost",
        EMAIL_URL="dummy:",
        DEFAULT_FROM_EMAIL="Tequio <payments@tequio.example>",
        OPEN_PAYMENTS_TRUSTED_HOSTS=",".join(
            f"127.0.0.1:{port}" for port in (listening.funders_wallet, listening.workers_wallet)
        ),
        # No second factor, no password: whoever looks at the demo is on this machine.
        SECOND_FACTOR_REQUIRED="false",
        CONFIRM_SIGN_IN_MINUTES="720",
        # Its invented people are paid at once; to see the proof, set a limit for unproven wallets.
        PROOF_BEFORE_FIRST_PAYMENT="false",
        ONE_CLICK_SIGN_IN="rosa,luis,ines,admin",
        LEDGER_CHECKPOINT_KEY_FILE=str(FOLDER / CHECKPOINT_KEY),
        LEDGER_CHECKPOINT_DIR=str(FOLDER / CHECKPOINTS),
        CLOCK_OFFSET_FILE=str(FOLDER / "clock-offset"),
        WORKERS="3",
        LOG_LEVEL="INFO",
    )


def begin_anew_unless_complete() -> bool:
    """Whether the demo has to be filled; what an interrupted first start left behind is removed before."""
    if (FOLDER / COMPLETE).exists():
        return False
    for pattern in ("*.sqlite3*", "clock-offset"):
        for path in FOLDER.glob(pattern):
            path.unlink()
    shutil.rmtree(FOLDER / CHECKPOINTS, ignore_errors=True)
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

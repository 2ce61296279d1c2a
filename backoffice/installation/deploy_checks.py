"""What `manage.py check --deploy` says of an installation that runs, and could be safer."""

import ipaddress
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004 - Django's name

from backoffice.environment import FROM_FILES
from backoffice.installation.private_files import BESIDE
from backoffice.installation.production import OTHERS

CHECKED_TLS: Final = ("require", "verify-ca", "verify-full")


def check_installation(**_kwargs: Any) -> list[CheckMessage]:
    return [*_database(), *_files(), *_settings()]


def _database() -> Iterator[CheckMessage]:
    database = settings.DATABASES["default"]
    host, told = database.get("HOST", ""), database.get("OPTIONS", {})
    is_remote = bool(host) and not host.startswith("/") and host not in {"localhost", "127.0.0.1", "::1"}
    if is_remote and told.get("sslmode") not in CHECKED_TLS:
        yield Warning(
            f"The database is at {host}, and nothing says that the way there is encrypted.",
            hint="Add ?sslmode=verify-full (or require) to DATABASE_URL.",
            id="backoffice.W001",
        )


def _files() -> Iterator[CheckMessage]:
    for path in _private_paths():
        if path.exists() and path.stat().st_mode & OTHERS:
            yield Warning(
                f"Others on this machine can read {path}.", hint=f"Run: chmod 600 {path}", id="backoffice.W002"
            )


def _private_paths() -> Iterator[Path]:
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        yield from (Path(f"{database['NAME']}{suffix}") for suffix in BESIDE)
    if settings.LEDGER_CHECKPOINT_KEY_FILE:
        yield Path(settings.LEDGER_CHECKPOINT_KEY_FILE)
    yield from (Path(os.environ[f"{name}_FILE"]) for name in FROM_FILES if f"{name}_FILE" in os.environ)


def _settings() -> Iterator[CheckMessage]:
    for entry in settings.OPEN_PAYMENTS_TRUSTED_HOSTS:
        try:
            is_private = ipaddress.ip_address(urlsplit(f"//{entry}").hostname or "").is_private
        except ValueError:
            continue
        if is_private:
            yield Warning(
                f"OPEN_PAYMENTS_TRUSTED_HOSTS names {entry}, an address inside a private network.",
                hint="Whatever listens there can be called by whoever may enter a wallet address. Is it a wallet?",
                id="backoffice.W003",
            )
    if logging.getLogger().getEffectiveLevel() <= logging.DEBUG:
        yield Warning(
            "LOG_LEVEL is DEBUG: libraries then write more about people than anybody needs.",
            hint="Set LOG_LEVEL to INFO, or take it out.",
            id="backoffice.W004",
        )

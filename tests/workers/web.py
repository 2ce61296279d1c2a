"""The site alone, as gunicorn serves it: no worker, no wallets."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx
from cryptography.fernet import Fernet

from tests.browser.programs import Programs
from tests.databases import fresh_database
from tests.sandbox.process import free_port

KEPT_FROM_OUTSIDE: Final = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


@contextmanager
def web(folder: Path, *options: str, database_url: str = "") -> Iterator[str]:
    """Its address, once it answers. `options` are gunicorn's. On a database of its own, unless there is one."""
    with ExitStack() as stack:
        url = f"http://127.0.0.1:{free_port()}"
        environment = {
            **{name: os.environ[name] for name in KEPT_FROM_OUTSIDE if name in os.environ},
            "SECRET_KEY": secrets.token_urlsafe(64),
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "ENVIRONMENT": "development",
            "DATABASE_URL": database_url or stack.enter_context(fresh_database(folder)),
            "BASE_URL": url,
            "EMAIL_URL": "memory:",
        }
        programs = Programs(folder, environment)
        stack.callback(programs.stop)
        served = ("backoffice.wsgi", "--config", "python:backoffice.web_server", "--bind", url.removeprefix("http://"))
        programs.start("web", "-m", "gunicorn", *served, *options)
        programs.wait_for(lambda: _answers(url), "the site")
        yield url


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False

"""What is fine on the machine of whoever tries it, and never where money moves: it stops the start, with a sentence."""

import ipaddress
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

#: Readable or writable by anybody but the owner.
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
#: What sends mail to nobody, or prints it: approval links would be lost, or stand in a log.
NO_MAIL: Final = ("console", "dummy", "locmem", "filebased")
MEANS_YES: Final = ("1", "true", "yes", "on")


def refuse_debugging() -> None:
    """Somebody who sets these expects what this program never does, and should know that it doesn't."""
    for name in ("DEBUG", "DJANGO_DEBUG", "PYTHONDEVMODE"):
        if os.environ.get(name, "").lower() in MEANS_YES:
            raise ImproperlyConfigured(f"{name} is for development: take it out of the environment.")


def refuse_own_address(base_url: str) -> None:
    host = urlsplit(base_url).hostname or ""
    if _is_local(host) or _literal(host) is not None or "." not in host:
        raise ImproperlyConfigured(
            f"BASE_URL must name the site as people reach it, such as https://pay.example.org, not {base_url!r}."
        )


def refuse_local_wallets(trusted: Iterable[str]) -> None:
    for entry in trusted:
        host = (urlsplit(f"//{entry}").hostname or "").lower()
        if _is_local(host):
            raise ImproperlyConfigured(
                f"OPEN_PAYMENTS_TRUSTED_HOSTS names {entry!r}, which is this machine or its own network card: a wallet "
                "there could reach whatever else listens here. Take it out; it is for the sandbox only."
            )


def refuse_lost_mail(backend: str) -> None:
    if any(name in backend for name in NO_MAIL):
        raise ImproperlyConfigured(
            "EMAIL_URL must name a mail server, such as submission://user:password@mail.example.org:587: "
            "payers get their links by email."
        )


def refuse_open_key_file(name: str, path: str) -> None:
    """A private key that others on the machine can read is not private. Nothing to do without a path."""
    if not path:
        return
    try:
        with Path(path).open("rb"):
            mode = Path(path).stat().st_mode
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: {path} cannot be read ({error.strerror}).") from error
    if mode & OTHERS:
        raise ImproperlyConfigured(f"{name}: others can read {path}. Run: chmod 600 {path}")


def _is_local(host: str) -> bool:
    literal = _literal(host)
    if literal is not None:
        return literal.is_loopback or literal.is_unspecified or literal.is_link_local
    return host in {"localhost", "localhost.localdomain", "ip6-localhost"} or host.endswith(".localhost")


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address

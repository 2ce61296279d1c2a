"""What others have to do with: the mail server, and this site as others reach it."""

import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.mail import get_connection
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.doctor.diagnoses import Diagnosis, bad, ok, warn
from backoffice.health import SERVICE
from backoffice.installation.mark import is_ours
from payments.openpayments.wirejson import UnreadableJsonError, parse_json

SECONDS: Final = 8.0
MOST_READ: Final = 64 * 1024
SMTP: Final = "django.core.mail.backends.smtp.EmailBackend"


def mail_server() -> Iterator[Diagnosis]:
    """It is spoken to, and signed in to; nothing is sent."""
    if settings.EMAIL_BACKEND != SMTP:
        told = _("Set EMAIL_URL, such as submission://user:password@mail.example.org:587.")
        yield warn("mail server", _("Mail goes to no mail server."), told)
        return
    at = {"host": settings.EMAIL_HOST, "port": settings.EMAIL_PORT}
    connection = get_connection()
    try:
        connection.open()
        connection.close()
    except smtplib.SMTPAuthenticationError:
        told = _("Correct the user and the password in EMAIL_URL.")
        yield bad("mail server", _("The mail server %(host)s:%(port)s refuses our name or password.") % at, told)
    except (smtplib.SMTPException, OSError) as error:
        text = _("The mail server %(host)s:%(port)s can't be used (%(why)s).") % {**at, "why": _words(error)}
        told = _("Payers get their links by email. See that EMAIL_URL is right and that this machine may reach it.")
        yield bad("mail server", text, told)
    else:
        yield ok("mail server", _("The mail server %(host)s:%(port)s answers.") % at)


def public_address() -> Iterator[Diagnosis]:
    """Asked by its public name, as payers and wallets do: that we answer there, and know what stands before us."""
    at = {"url": settings.BASE_URL}
    try:
        health, finish = _get(reverse("health")), _get(reverse("finish"))
    except (httpx.HTTPError, OSError) as error:
        text = _("Nobody answers at %(url)s (%(why)s): payers can't come back from their wallet.")
        told = _(
            "See its name in the DNS, its certificate, the proxy and the firewall, and that this machine may reach it"
            " by that name."
        )
        yield bad("public address", text % {**at, "why": _words(error)}, told)
        return
    if health.status == HTTPStatus.BAD_REQUEST:
        told = _("Let the proxy pass on the name that was asked for (Host), and let ALLOWED_HOSTS list it.")
        yield bad("public address", _("At %(url)s this site refuses the name that it is called by.") % at, told)
    elif health.json.get("service") != SERVICE:
        text = _("At %(url)s somebody else answers (%(status)d).")
        told = _("Let the name lead to the proxy, and the proxy to this site; or correct BASE_URL.")
        yield bad("public address", text % {**at, "status": health.status}, told)
    elif not is_ours(health.json.get("installation")):
        text = _("At %(url)s another installation answers, or one with another SECRET_KEY: it knows none of our links.")
        told = _("Give every process the same SECRET_KEY, and restart it; or correct BASE_URL.")
        yield bad("public address", text % at, told)
    else:
        yield ok("public address", _("This site answers at %(url)s.") % at)
        yield _finish_address(finish)


def _finish_address(answer: "_Answered") -> Diagnosis:
    at = {"url": f"{settings.BASE_URL}{reverse('finish')}"}
    if answer.location and urlsplit(answer.location)[1:3] == urlsplit(at["url"])[1:3]:
        told = _("Set BEHIND_PROXY=true, and let the proxy send X-Forwarded-Proto: https.")
        text = _("%(url)s sends people to itself for ever: the site does not know that they came by https.")
        return bad("finish address", text % at, told)
    if answer.code != "unknown_payment":
        text = _("%(url)s does not lead to our page (%(status)d): payers can't come back from their wallet.")
        told = _("Let the proxy pass on every path of this site.")
        return bad("finish address", text % {**at, "status": answer.status}, told)
    return ok("finish address", _("Payers come back to %(url)s.") % at)


@dataclass(frozen=True)
class _Answered:
    status: int
    location: str
    json: dict[str, Any]

    @property
    def code(self) -> str:
        """By which our API says what is wrong; nothing where somebody else answers."""
        details = self.json.get("details")
        return str(details.get("code", "")) if isinstance(details, dict) else ""


def _get(path: str) -> "_Answered":
    """What is answered there; of the body no more than ours ever has. Raises httpx.HTTPError and OSError."""
    headers = {"Accept": "application/json", "User-Agent": "Tequio doctor"}
    with (
        httpx.Client(verify=_trusted(), trust_env=False, timeout=SECONDS, headers=headers) as http,
        http.stream("GET", f"{settings.BASE_URL}{path}") as answer,
    ):
        content = bytearray()
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > MOST_READ:
                break
        return _Answered(answer.status_code, answer.headers.get("location", ""), _object(bytes(content)))


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities of this machine: as whatever browser runs here would judge the certificate."""
    return ssl.create_default_context()


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = parse_json(content)
    except UnreadableJsonError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__

"""What the environment says, checked once at start: a weak or missing setting stops the program with a sentence."""

import base64
import binascii
import re
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from environs import Env

from backoffice.installation.strength import bits, is_common

MINIMUM_SECRET_LENGTH = 50
#: As `strength.bits` estimates it: fifty random digits have more, and nothing that somebody repeats.
MINIMUM_SECRET_BITS = 96
FERNET_KEY_BYTES = 32
#: 32 random bytes have more.
MINIMUM_KEY_BITS = 96
MOST_WORKERS = 64
MOST_CONFIRM_MINUTES = 12 * 60
#: A link for approval ends then: see `payments.models.requests`.
LINK_DAYS = 14
MOST_PERSONAL_DATA_DAYS = 36_525  # a hundred years
MINIMUM_TOKEN_LENGTH = 32
#: What may also come from a file.
FROM_FILES = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "FIELD_ENCRYPTION_KEYS",
    "DATABASE_URL",
    "EMAIL_URL",
    "METRICS_TOKEN",
)
LOG_FORMATS = ("text", "json")
MAKE_SECRET = 'python -c "import secrets; print(secrets.token_urlsafe(64))"'  # noqa: S105 - how to make one
MAKE_KEY = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
HOST_AND_PORT = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def read_environment() -> Env:
    """The process environment; `NAME_FILE` names a file that holds the value of `NAME`."""
    env = Env()
    for suffix in FROM_FILES:
        _read_from_file(suffix)
    return env


def _read_from_file(name: str) -> None:
    import os  # noqa: PLC0415 - only this function may write to the environment

    file_name = os.environ.get(f"{name}_FILE")
    if file_name and name not in os.environ:
        try:
            os.environ[name] = Path(file_name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: {file_name} cannot be read ({error.strerror}).") from error


def required(env: Env, name: str, what_it_is: str) -> str:
    value: str = env.str(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: {what_it_is}")
    return value


def secret_key(env: Env) -> str:
    return _strong("SECRET_KEY", required(env, "SECRET_KEY", "a long random text that signs links and sessions."))


def secret_key_fallbacks(env: Env) -> list[str]:
    """Earlier secret keys: what they signed is still accepted, so they are held to the same strength."""
    keys: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
    return [_strong("SECRET_KEY_FALLBACKS", key) for key in keys]


def metrics_token(env: Env) -> str:
    """What a monitoring system shows to read our figures; nothing lets nobody in."""
    token: str = env.str("METRICS_TOKEN", "")
    is_weak = len(token) < MINIMUM_TOKEN_LENGTH or bits([ord(character) for character in token]) < MINIMUM_SECRET_BITS
    if token and (is_weak or not token.isascii() or not token.isprintable()):
        raise ImproperlyConfigured(
            f"METRICS_TOKEN is too weak: use at least {MINIMUM_TOKEN_LENGTH} random characters. "
            f"Make one with: {MAKE_SECRET}"
        )
    return token


def _strong(name: str, key: str) -> str:
    is_random = bits([ord(character) for character in key]) >= MINIMUM_SECRET_BITS and not is_common(key)
    if len(key) < MINIMUM_SECRET_LENGTH or not is_random:
        raise ImproperlyConfigured(
            f"{name} is too weak: use at least {MINIMUM_SECRET_LENGTH} random characters. Make them with: {MAKE_SECRET}"
        )
    return key


def encryption_keys(env: Env) -> list[str]:
    """Fernet keys, newest first: the first one encrypts, all of them decrypt."""
    what = "one or more Fernet keys, comma separated; they encrypt private keys and access tokens."
    keys = [part.strip() for part in required(env, "FIELD_ENCRYPTION_KEYS", what).split(",") if part.strip()]
    for key in keys:
        try:
            length = len(base64.urlsafe_b64decode(key.encode()))
        except (binascii.Error, ValueError):
            length = 0
        if length != FERNET_KEY_BYTES:
            raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS: each key must be 32 bytes in url-safe base64.")
        if bits(base64.urlsafe_b64decode(key.encode())) < MINIMUM_KEY_BITS:
            raise ImproperlyConfigured(f"FIELD_ENCRYPTION_KEYS: a key is not random. Make one with: {MAKE_KEY}")
    return keys


def refuse_repeated(secrets: list[str], encryption: list[str]) -> None:
    """A key that serves twice can't be retired, and whoever learns it learns more than one thing."""
    for name, keys in (("SECRET_KEY and SECRET_KEY_FALLBACKS", secrets), ("FIELD_ENCRYPTION_KEYS", encryption)):
        if len(set(keys)) < len(keys):
            raise ImproperlyConfigured(f"{name}: one key stands there twice. Take one of the two out.")
    if any(_same(secret, key) for secret in secrets for key in encryption):
        raise ImproperlyConfigured(
            f"SECRET_KEY and FIELD_ENCRYPTION_KEYS share a key: use one for each purpose. Make one with: {MAKE_KEY}"
        )


def _same(secret: str, key: str) -> bool:
    return key.rstrip("=") in secret or secret.rstrip("=") in key


def allowed_hosts(env: Env, own_url: str) -> list[str]:
    """The hosts that the site answers to; the one of its own address unless others are named."""
    hosts: list[str] = env.list("ALLOWED_HOSTS", [urlsplit(own_url).hostname or ""])
    if any("*" in host or host.startswith(".") for host in hosts):
        raise ImproperlyConfigured("ALLOWED_HOSTS must name hosts: * or .example.org would let others forge our links.")
    return hosts


def base_url(env: Env, *, https_required: bool) -> str:
    """Where people reach this site, without a trailing slash."""
    url = required(env, "BASE_URL", "the public address of this site, such as https://pay.example.org")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ImproperlyConfigured(f"BASE_URL must be an address such as https://pay.example.org, not {url!r}.")
    if https_required and parts.scheme != "https":
        raise ImproperlyConfigured("BASE_URL must start with https:// outside development.")
    return url.rstrip("/")


def ledger_origin(env: Env, url: str) -> str:
    """The name under which this installation's ledger is known: that of its log and of the key that signs for it."""
    origin: str = env.str("LEDGER_ORIGIN", f"{urlsplit(url).netloc}/ledger")
    if not re.fullmatch(r"[^\s+]+", origin):
        raise ImproperlyConfigured("LEDGER_ORIGIN is a name without spaces and plus signs: pay.example.org/ledger.")
    return origin


def log_format(env: Env) -> str:
    """Whether log lines are for people or for programs."""
    name: str = env.str("LOG_FORMAT", "text")
    if name not in LOG_FORMATS:
        raise ImproperlyConfigured(f"LOG_FORMAT must be text or json, not {name!r}.")
    return name


def trusted_hosts(env: Env) -> list[str]:
    """`host:port` of wallets that may be private, loopback or without TLS; none unless the operator says so."""
    hosts: list[str] = env.list("OPEN_PAYMENTS_TRUSTED_HOSTS", [])
    for host in hosts:
        if not HOST_AND_PORT.fullmatch(host):
            raise ImproperlyConfigured(
                f"OPEN_PAYMENTS_TRUSTED_HOSTS must list hosts with their ports, such as localhost:4100, not {host!r}."
            )
    return hosts


def workers(env: Env) -> int:
    """How many processes the queue starts on this machine."""
    text = env.str("WORKERS", "2")
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKERS:
        raise ImproperlyConfigured(f"WORKERS must be a whole number from 1 to {MOST_WORKERS}, not {text!r}.")
    return int(text)


def confirm_sign_in_minutes(env: Env) -> int:
    """How many minutes after showing who they are somebody may move money without showing it again."""
    text = env.str("CONFIRM_SIGN_IN_MINUTES", "30")
    if not text.isdecimal() or not 1 <= int(text) <= MOST_CONFIRM_MINUTES:
        raise ImproperlyConfigured(
            f"CONFIRM_SIGN_IN_MINUTES must be a whole number from 1 to {MOST_CONFIRM_MINUTES}, not {text!r}."
        )
    return int(text)


def personal_data_days(env: Env) -> int:
    """How many days after money of theirs last moved a member's name and addresses are kept at least."""
    text = env.str("PERSONAL_DATA_DAYS", "1826")
    if not text.isdecimal() or int(text) > MOST_PERSONAL_DATA_DAYS:
        raise ImproperlyConfigured(
            f"PERSONAL_DATA_DAYS must be a whole number from 0 to {MOST_PERSONAL_DATA_DAYS}, not {text!r}."
        )
    return int(text)


def reminder_days(env: Env) -> tuple[int, ...]:
    """How many days after they were asked payers who have not answered are reminded; "none" for never."""
    text = env.str("REMINDER_DAYS", "3,7").strip()
    parts = [] if text in {"", "none"} else [part.strip() for part in text.split(",")]
    days = tuple(int(part) for part in parts if part.isdecimal())
    if len(days) < len(parts) or list(days) != sorted(set(days)) or not all(0 < each < LINK_DAYS for each in days):
        raise ImproperlyConfigured(
            f"REMINDER_DAYS must list growing numbers of days from 1 to {LINK_DAYS - 1}, as 3,7, or none, not {text!r}."
        )
    return days


def time_zone(env: Env) -> str:
    """The zone whose business days and months the books follow."""
    name: str = env.str("BUSINESS_TIME_ZONE", "America/Mexico_City")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImproperlyConfigured(
            f"BUSINESS_TIME_ZONE must name a time zone such as America/Mexico_City, not {name!r}."
        ) from error
    return name

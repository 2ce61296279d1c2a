"""A weak or missing setting stops the start with a sentence that says what to do."""

import base64
import json
import os
import secrets
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from backoffice import environment
from backoffice.installation.strength import bits

ROOT = Path(__file__).resolve().parents[2]


def production() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "BASE_URL": "https://pay.example.org",
        "DATABASE_URL": "sqlite:///:memory:",
    }


def start(environment: dict[str, str], show: str = "") -> subprocess.CompletedProcess[str]:
    program = f"from backoffice import settings; print({show or 'settings.BASE_URL'})"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def fernet(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


ALPHABET = "abcdefghijklmnopqrstuvwxyz"
RANDOM = secrets.token_urlsafe(64)
KEY = Fernet.generate_key().decode()

REFUSALS: dict[str, tuple[dict[str, str | None], str]] = {
    "no secret key": ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
    "a short secret key": ({"SECRET_KEY": "abcdef" * 5}, "SECRET_KEY is too weak"),
    "a monotonous secret key": ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY is too weak"),
    "the alphabet as a secret key": ({"SECRET_KEY": ALPHABET * 3}, "SECRET_KEY is too weak"),
    "a phrase that is repeated": ({"SECRET_KEY": "Tortilla!7" * 8}, "SECRET_KEY is too weak"),
    "Django's own for development": ({"SECRET_KEY": f"django-insecure-{RANDOM}"}, "SECRET_KEY is too weak"),
    "a secret key that was never changed": ({"SECRET_KEY": f"ChangeMe-{RANDOM}"}, "Make them with: python -c"),
    "a weak old secret key": ({"SECRET_KEY_FALLBACKS": "old"}, "SECRET_KEY_FALLBACKS"),
    "an old secret key that is the new one": (
        {"SECRET_KEY": RANDOM, "SECRET_KEY_FALLBACKS": RANDOM},
        "one key stands there twice",
    ),
    "no encryption key": ({"FIELD_ENCRYPTION_KEYS": ""}, "FIELD_ENCRYPTION_KEYS is not set"),
    "an encryption key that is none": ({"FIELD_ENCRYPTION_KEYS": "c2hvcnQ="}, "each key must be 32 bytes"),
    "an encryption key outside base64": ({"FIELD_ENCRYPTION_KEYS": "not base64!"}, "each key must be 32 bytes"),
    "an encryption key of zeros": ({"FIELD_ENCRYPTION_KEYS": fernet(bytes(32))}, "a key is not random"),
    "an encryption key that counts": ({"FIELD_ENCRYPTION_KEYS": fernet(bytes(range(32)))}, "a key is not random"),
    "an encryption key of two bytes": ({"FIELD_ENCRYPTION_KEYS": fernet(b"ab" * 16)}, "a key is not random"),
    "an encryption key twice": ({"FIELD_ENCRYPTION_KEYS": f"{KEY},{KEY}"}, "one key stands there twice"),
    "one key for both": (
        {"FIELD_ENCRYPTION_KEYS": KEY, "SECRET_KEY": f"{KEY}{RANDOM}"},
        "SECRET_KEY and FIELD_ENCRYPTION_KEYS share a key",
    ),
    "no public address": ({"BASE_URL": ""}, "BASE_URL is not set"),
    "an address without a scheme": ({"BASE_URL": "pay.example.org"}, "BASE_URL must be an address"),
    "an address with a path": ({"BASE_URL": "https://example.org/pay"}, "BASE_URL must be an address"),
    "an address without TLS": ({"BASE_URL": "http://pay.example.org"}, "BASE_URL must start with https://"),
    "this machine as its public address": ({"BASE_URL": "https://localhost"}, "as people reach it"),
    "a number as its public address": ({"BASE_URL": "https://203.0.113.9"}, "as people reach it"),
    "a number of IPv6 as its public address": ({"BASE_URL": "https://[2001:db8::1]"}, "as people reach it"),
    "a bare name as its public address": ({"BASE_URL": "https://tequio"}, "as people reach it"),
    "every host of a domain": ({"ALLOWED_HOSTS": ".example.org"}, "ALLOWED_HOSTS must name hosts"),
    "every host of a domain, with a star": ({"ALLOWED_HOSTS": "*.example.org"}, "ALLOWED_HOSTS must name hosts"),
    "debugging": ({"DEBUG": "True"}, "DEBUG is for development"),
    "mail that is printed": ({"EMAIL_URL": "console:"}, "EMAIL_URL must name a mail server"),
    "mail that goes nowhere": ({"EMAIL_URL": "dummy:"}, "EMAIL_URL must name a mail server"),
    "any host at all": ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name hosts"),
    "an unknown environment": ({"ENVIRONMENT": "staging"}, "ENVIRONMENT must be production or development"),
    "another kind of database": (
        {"DATABASE_URL": "mysql://root@localhost/tequio"},
        "DATABASE_URL must name an SQLite or PostgreSQL database",
    ),
    "a movable clock": ({"CLOCK_OFFSET_FILE": "offset"}, "CLOCK_OFFSET_FILE moves the clock"),
    "a secret in a file that is not there": (
        {"SECRET_KEY": None, "SECRET_KEY_FILE": "/nonexistent/key"},
        "SECRET_KEY_FILE: /nonexistent/key cannot be read",
    ),
    "a trusted host with a path": (
        {"OPEN_PAYMENTS_TRUSTED_HOSTS": "http://wallet.test/"},
        "OPEN_PAYMENTS_TRUSTED_HOSTS must list hosts",
    ),
    **{
        f"a wallet at {host}": ({"OPEN_PAYMENTS_TRUSTED_HOSTS": f"wallet.example:443,{host}"}, "which is this machine")
        for host in (
            "localhost:4100",
            "127.0.0.1:4100",
            "127.9.9.9",
            "[::1]:4100",
            "[::ffff:127.0.0.1]:1",
            "0.0.0.0:80",
            "169.254.169.254:80",
            "a.localhost:1",
        )
    },
    "a key file that is not there": ({"SELLER_PRIVATE_KEY_PATH": "/nonexistent/k.pem"}, "cannot be read"),
    "a format of logs that is none": ({"LOG_FORMAT": "xml"}, "LOG_FORMAT must be text or json"),
    "a short token for the figures": ({"METRICS_TOKEN": "let-me-in"}, "METRICS_TOKEN is too weak"),
    "no worker": ({"WORKERS": "0"}, "WORKERS must be a whole number from 1 to 64"),
    "workers in words": ({"WORKERS": "many"}, "WORKERS must be a whole number from 1 to 64"),
    "one click in production": ({"ONE_CLICK_SIGN_IN": "rosa"}, "ONE_CLICK_SIGN_IN lets anyone in without a password"),
    "no confirmation": ({"CONFIRM_SIGN_IN_MINUTES": "0"}, "CONFIRM_SIGN_IN_MINUTES must be a whole number from 1"),
    "no number of days": ({"PERSONAL_DATA_DAYS": "five years"}, "PERSONAL_DATA_DAYS must be a whole number"),
    "days to remind in words": ({"REMINDER_DAYS": "soon"}, "REMINDER_DAYS must list growing numbers of days"),
    "days to remind that shrink": ({"REMINDER_DAYS": "7,3"}, "REMINDER_DAYS must list growing numbers of days"),
    "a reminder after the end": ({"REMINDER_DAYS": "3,14"}, "REMINDER_DAYS must list growing numbers of days"),
    "an unknown time zone": ({"BUSINESS_TIME_ZONE": "Mexico"}, "BUSINESS_TIME_ZONE must name a time zone"),
}


#: Starts once for each environment in its input, in one process, and says how each start ended.
STARTS = """
import importlib, json, os, sys
for case in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(case)
    sys.modules.pop("backoffice.settings", None)
    try:
        importlib.import_module("backoffice.settings")
        print(json.dumps("started"))
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"))
"""


@pytest.fixture(scope="module")
def endings() -> dict[str, str]:
    """How the start ended, by case."""
    cases = []
    for changes, _sentence in REFUSALS.values():
        told = {**production(), **changes}
        cases.append({name: value for name, value in told.items() if value is not None})
    done = subprocess.run(
        [sys.executable, "-c", STARTS],
        cwd=ROOT,
        env=production(),
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return dict(zip(REFUSALS, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("case", REFUSALS)
def test_a_bad_setting_stops_the_start_with_its_sentence(endings: dict[str, str], case: str) -> None:
    assert endings[case].startswith("ImproperlyConfigured: ")
    assert REFUSALS[case][1] in endings[case]


def test_good_settings_start() -> None:
    result = start(production())
    assert (result.returncode, result.stdout.strip()) == (0, "https://pay.example.org"), result.stderr


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    environment = production()
    secret = tmp_path / "secret"
    secret.write_text(environment.pop("SECRET_KEY") + "\n")
    environment["SECRET_KEY_FILE"] = str(secret)
    assert start(environment).returncode == 0


def test_production_asks_for_a_second_factor_and_development_does_not() -> None:
    shown = "settings.SECOND_FACTOR_REQUIRED, settings.CONFIRM_SIGN_IN_MINUTES"
    assert start(production(), shown).stdout.strip() == "True 30"
    assert start({**production(), "ENVIRONMENT": "development"}, shown).stdout.strip() == "False 30"


def test_no_random_key_is_called_weak() -> None:
    for _ in range(2000):
        assert bits(secrets.token_bytes(32)) >= environment.MINIMUM_KEY_BITS
        for text in (secrets.token_urlsafe(38), secrets.token_hex(25), str(secrets.randbelow(9 * 10**49) + 10**49)):
            assert bits(text.encode()) >= environment.MINIMUM_SECRET_BITS


def test_a_key_file_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    key = tmp_path / "k.pem"
    key.touch(mode=0o600)
    settings = {**production(), "SELLER_PRIVATE_KEY_PATH": str(key)}
    assert start(settings).returncode == 0
    for mode in (0o640, 0o604, 0o602):
        key.chmod(mode)
        assert f"SELLER_PRIVATE_KEY_PATH: others can read {key}. Run: chmod 600 {key}" in start(settings).stderr


def test_on_the_machine_of_whoever_tries_it_all_that_is_fine() -> None:
    changes = {
        "ENVIRONMENT": "development",
        "BASE_URL": "http://localhost:8000",
        "EMAIL_URL": "console:",
        "OPEN_PAYMENTS_TRUSTED_HOSTS": "localhost:4100",
    }
    result = start({**production(), **changes})
    assert result.returncode == 0, result.stderr


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_what_is_made_is_for_its_user_alone_and_what_was_open_is_closed(tmp_path: Path) -> None:
    """Also the folder, and what SQLite keeps beside a database."""
    database = tmp_path / "new" / "tequio.sqlite3"
    made_before = tmp_path / "old.sqlite3"
    made_before.touch(mode=0o644)
    made_before.chmod(0o644)
    environment = {**production(), "DATABASE_URL": f"sqlite:///{database}"}
    write = (
        "from django.db import connection as c; c.cursor().execute('create table t (x)'); "
        "import glob, os, stat; print(sorted({oct(stat.S_IMODE(os.stat(f).st_mode)) for f in "
        f"glob.glob({str(database)!r} + '*')}}), "
        f"oct(stat.S_IMODE(os.stat({str(database.parent)!r}).st_mode)))"
    )
    done = manage(environment, "shell", "--no-imports", "-c", write)
    assert done.stdout.strip() == "['0o600'] 0o700", done.stderr
    assert start({**environment, "DATABASE_URL": f"sqlite:///{made_before}"}).returncode == 0
    assert stat.S_IMODE(made_before.stat().st_mode) == 0o600


@pytest.mark.prove
def test_check_deploy_tells_what_could_be_safer(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(RANDOM)
    secret.chmod(0o644)
    environment = {
        **production(),
        "DATABASE_URL": "postgres://tequio:x@db.example.org/tequio",
        "OPEN_PAYMENTS_TRUSTED_HOSTS": "10.1.2.3:443",
        "LOG_LEVEL": "DEBUG",
        "SECRET_KEY_FILE": str(secret),
    }
    del environment["SECRET_KEY"]
    told = manage(environment, "check", "--deploy").stderr
    for sentence in (
        "The database is at db.example.org, and nothing says that the way there is encrypted.",
        f"Others on this machine can read {secret}.",
        "OPEN_PAYMENTS_TRUSTED_HOSTS names 10.1.2.3:443, an address inside a private network.",
        "LOG_LEVEL is DEBUG",
    ):
        assert sentence in told
    secret.chmod(0o600)
    safe = {
        **environment,
        "DATABASE_URL": "postgres://tequio:x@db.example.org/tequio?sslmode=verify-full",
        "OPEN_PAYMENTS_TRUSTED_HOSTS": "wallet.example.org:443",
        "LOG_LEVEL": "INFO",
    }
    assert "backoffice.W" not in manage(safe, "check", "--deploy").stderr


def test_production_speaks_https_only() -> None:
    shown = "settings.SECURE_SSL_REDIRECT, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.DEBUG"
    assert start(production(), shown).stdout.strip() == "True True True False"

"""A weak or missing setting stops the start with a sentence that says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]


def production() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "".join(chr(ord("a") + index % 26) for index in range(60)),
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


REFUSALS: dict[str, tuple[dict[str, str | None], str]] = {
    "no secret key": ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
    "a short secret key": ({"SECRET_KEY": "abcdef" * 5}, "SECRET_KEY is too weak"),
    "a monotonous secret key": ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY is too weak"),
    "a weak old secret key": ({"SECRET_KEY_FALLBACKS": "old"}, "SECRET_KEY_FALLBACKS"),
    "no encryption key": ({"FIELD_ENCRYPTION_KEYS": ""}, "FIELD_ENCRYPTION_KEYS is not set"),
    "an encryption key that is none": ({"FIELD_ENCRYPTION_KEYS": "c2hvcnQ="}, "each key must be 32 bytes"),
    "an encryption key outside base64": ({"FIELD_ENCRYPTION_KEYS": "not base64!"}, "each key must be 32 bytes"),
    "no public address": ({"BASE_URL": ""}, "BASE_URL is not set"),
    "an address without a scheme": ({"BASE_URL": "pay.example.org"}, "BASE_URL must be an address"),
    "an address with a path": ({"BASE_URL": "https://example.org/pay"}, "BASE_URL must be an address"),
    "an address without TLS": ({"BASE_URL": "http://pay.example.org"}, "BASE_URL must start with https://"),
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
    "no worker": ({"WORKERS": "0"}, "WORKERS must be a whole number from 1 to 64"),
    "workers in words": ({"WORKERS": "many"}, "WORKERS must be a whole number from 1 to 64"),
    "one click in production": ({"ONE_CLICK_SIGN_IN": "rosa"}, "ONE_CLICK_SIGN_IN lets anyone in without a password"),
    "no confirmation": ({"CONFIRM_SIGN_IN_MINUTES": "0"}, "CONFIRM_SIGN_IN_MINUTES must be a whole number from 1"),
    "an unknown time zone": ({"BUSINESS_TIME_ZONE": "Mexico"}, "BUSINESS_TIME_ZONE must name a time zone"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_bad_setting_stops_the_start_with_its_sentence(case: str) -> None:
    changes, sentence = REFUSALS[case]
    environment = production()
    for name, value in changes.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    result = start(environment)
    assert result.returncode != 0
    last_line = result.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last_line
    assert sentence in last_line


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


def test_production_speaks_https_only() -> None:
    shown = "settings.SECURE_SSL_REDIRECT, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.DEBUG"
    assert start(production(), shown).stdout.strip() == "True True True False"

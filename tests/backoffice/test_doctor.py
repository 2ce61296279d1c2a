"""The doctor names what is wrong: things are broken one by one, and each time it says this, and nothing else is bad."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from ledger.checkpoints.make_key import make_key
from ledger.triggers import ensure_triggers, remove_triggers
from payments.actions.pausing import pause, resume
from payments.models import LedgerCheck
from payments.models.pauses import PauseScope
from tests.backoffice.test_health import running_queue
from tests.backoffice.test_settings import ROOT, production
from tests.driver import Stage
from tests.fixtures import sandbox, sandbox_process, stage
from tests.payments.smtp import postbox
from tests.sandbox.process import free_port

__all__ = ["postbox", "running_queue", "sandbox", "sandbox_process", "stage"]

#: What is bad because of it.
FOLLOWS = {"secrets": ["seller"]}
Plant = AbstractContextManager[Any]
Wsgi = Callable[..., Iterable[bytes]]


class Front:
    """What stands in front of the site: it passes everything on, until it is told to do something else."""

    def __init__(self) -> None:
        self.site: Wsgi = get_wsgi_application()
        self.instead: Callable[[str], Iterable[bytes] | None] = lambda _path: None
        self.status = "200 OK"
        self.headers: list[tuple[str, str]] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        answer = self.instead(environ["PATH_INFO"])
        if answer is None:
            return self.site(environ, start)
        start(self.status, self.headers)
        return answer

    @contextmanager
    def answering(self, body: bytes, path: str = "/", status: str = "200 OK", location: str = "") -> Iterator[None]:
        self.instead = lambda asked: [body] if asked.startswith(path) else None
        self.status, self.headers = status, [("Location", location)] if location else []
        yield
        self.instead = lambda _asked: None


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        pass


@pytest.fixture
def front(settings: Settings) -> Iterator[Front]:
    front = Front()
    with make_server("127.0.0.1", 0, front, handler_class=Quiet) as server:

        def serve() -> None:
            server.serve_forever(poll_interval=0.01)
            connections.close_all()

        thread = threading.Thread(target=serve)
        thread.start()
        settings.BASE_URL = f"http://127.0.0.1:{server.server_port}"
        settings.ALLOWED_HOSTS = ["127.0.0.1"]
        yield front
        server.shutdown()
        thread.join()


@contextmanager
def changed(settings: Settings, **values: Any) -> Iterator[None]:
    before = {name: getattr(settings, name) for name in values}
    for name, value in values.items():
        setattr(settings, name, value)
    yield
    for name, value in before.items():
        setattr(settings, name, value)


@contextmanager
def done(do: Callable[[], Any], undo: Callable[[], Any]) -> Iterator[None]:
    do()
    yield
    undo()


def refuse(*_args: object) -> None:
    raise OperationalError("could not connect to host secret.internal")


@contextmanager
def paused(by: User) -> Iterator[None]:
    started = pause(PauseScope.ALL, "", "Audit of the books", None)
    yield
    resume(started.pk, by)


def faults(extent: LedgerCheck.Extent) -> None:
    now = timezone.now()
    LedgerCheck.objects.create(kind=extent, started_at=now, finished_at=now, faults=2)


def told() -> tuple[list[dict[str, str]], int]:
    """Every finding, and the status with which the command ends."""
    out = StringIO()
    try:
        call_command("doctor", "--json", stdout=out)
    except SystemExit as end:
        return json.loads(out.getvalue()), int(end.code or 0)
    return json.loads(out.getvalue()), 0


@pytest.mark.django_db
@pytest.mark.edits_rows(why="the ledger's triggers, and a migration, are taken away and put back")
@pytest.mark.usefixtures("postbox", "running_queue")
def test_each_misconfiguration_is_named_with_what_to_do(
    front: Front, stage: Stage, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_key(tmp_path / "key.pem")
    settings.LEDGER_CHECKPOINT_KEY_FILE, settings.LEDGER_CHECKPOINT_DIR = str(tmp_path / "key.pem"), str(tmp_path)
    stage.quoted()
    found, status = told()
    assert [finding for finding in found if finding["verdict"] != "ok"] == []
    assert status == 0
    assert {"database", "clock", "wallet", "seller", "worker", "queue", "finish address"} <= {f["part"] for f in found}

    migrations, here, owner = MigrationRecorder(connection), settings.BASE_URL, User.objects.create_superuser("root")
    missing = ("sessions", "0001_initial")
    jwk = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", **stage.seller.active_key.jwk.to_wire()}
    sandbox, answering = stage.sandbox, front.answering
    back = f"{here.replace('http:', 'https:')}/payments/finish"
    plants: list[tuple[str, str, str, Plant]] = [
        ("settings", "bad", "cannot be read", changed(
            settings, DEVELOPMENT=False, LEDGER_CHECKPOINT_DIR="", LEDGER_CHECKPOINT_KEY_FILE="/nonexistent")),
        ("files", "bad", "/nonexistent (VAR_DIR)", changed(settings, VAR_DIR=Path("/nonexistent"))),
        ("database", "bad", "does not answer", connection.execute_wrapper(refuse)),
        ("migrations", "bad", "1 migration is missing", done(
            partial(migrations.record_unapplied, *missing), partial(migrations.record_applied, *missing))),
        ("triggers", "bad", "changed unnoticed", done(
            partial(remove_triggers, connection), partial(ensure_triggers, connection))),
        ("secrets", "bad", "open with none of FIELD_ENCRYPTION_KEYS", changed(
            settings, FIELD_ENCRYPTION_KEYS=[Fernet.generate_key().decode()])),
        ("clock", "bad", "seconds apart", done(
            partial(stage.clock_file.write_text, "-120"), partial(stage.clock_file.write_text, "0"))),
        ("mail server", "bad", "can't be used (Connection refused)", changed(settings, EMAIL_PORT=free_port())),
        ("public address", "bad", "Nobody answers", changed(settings, BASE_URL=f"http://127.0.0.1:{free_port()}")),
        ("public address", "bad", "somebody else answers (200)", answering(b"<h1>It works!</h1>")),
        ("public address", "bad", "another installation answers", answering(
            json.dumps({"service": "tequio", "installation": "0" * 16}).encode())),
        ("public address", "bad", "refuses the name", changed(settings, ALLOWED_HOSTS=["pay.example.org"])),
        ("finish address", "bad", "to itself for ever", answering(
            b"", "/payments", "301 Moved Permanently", location=back)),
        ("finish address", "bad", "does not lead to our page (404)", answering(b"no", "/payments", "404 Not Found")),
        ("seller", "bad", "does not list the key “k1”", done(
            partial(sandbox.change_keys, "platform", remove=["k1"]),
            partial(sandbox.change_keys, "platform", add=[jwk]))),
        ("wallet", "bad", "answered with an error of its own", done(
            partial(sandbox.away, 60, do="status:503", operation="get-wallet-address"), sandbox.clear_faults)),
        ("queue", "bad", "Work waits for 10 minutes", done(
            lambda: OrmQ.objects.create(key="tequio", payload="", lock=timezone.now() - timedelta(seconds=601)),
            lambda: OrmQ.objects.all().delete())),
        ("checkpoints", "bad", "/nonexistent", changed(settings, LEDGER_CHECKPOINT_DIR="/nonexistent")),
        ("ledger", "bad", "2 faults of the ledger", done(
            partial(faults, LedgerCheck.Extent.QUICK), LedgerCheck.objects.all().delete)),
        ("pause", "warn", "Audit of the books", paused(owner)),
        ("worker", "bad", "No worker is running", done(cache.clear, lambda: None)),
    ]  # fmt: skip
    unnamed = []
    for part, verdict, words, plant in plants:
        with plant:
            found, status = told()
        wrong = [finding for finding in found if finding["verdict"] != "ok"]
        named = [f for f in wrong if (f["part"], f["verdict"]) == (part, verdict) and words in f["sentence"]]
        others = {finding["part"] for finding in wrong} - {part, *FOLLOWS.get(part, ())}
        if not named or not all(f["advice"] for f in named) or others or status != (verdict == "bad"):
            unnamed.append((part, words, status, wrong))
    assert not unnamed, "\n".join(map(str, unnamed))
    assert "secret.internal" not in str(unnamed)


def test_a_setting_that_stops_the_start_is_named_without_a_traceback() -> None:
    environment = {**production(), "SECRET_KEY": "changeme"}
    command = [sys.executable, "manage.py", "doctor"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("bad   settings: SECRET_KEY is too weak")
    assert "Traceback" not in done.stderr

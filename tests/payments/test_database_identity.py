"""A restored or copied database starts paused: it may have forgotten payments that were made."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from ledger import continuity
from ledger.api import Actor, record, seal, timeline
from ledger.checkpoints.make_key import make_key
from ledger.triggers import remove_triggers
from payments.actions.pausing import pause, resume
from payments.models import Installation, Pause
from payments.models.pauses import PauseCause, PauseScope
from payments.pauses import active
from payments.worker.database_identity import check_installation, fingerprint
from payments.worker.startup import check_ledger
from payments.worker.startup import start as start_process
from tests.cast import person
from tests.databases import template
from tests.ledger.tampering import tamper


class Place(Protocol):
    """Where databases live, outside this process."""

    def new(self, name: str) -> None: ...
    def url(self, name: str) -> str: ...
    def copy(self, name: str, to: str) -> None: ...
    def put_back(self, name: str, to: str) -> None: ...


class Files:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new(self, name: str) -> None:
        shutil.copyfile(template(""), self.folder / name)

    def url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}"

    def copy(self, name: str, to: str) -> None:
        """What `cp` does to a stopped database."""
        for ending in ("", "-wal"):
            if (self.folder / (name + ending)).exists():
                shutil.copyfile(self.folder / (name + ending), self.folder / (to + ending))

    def put_back(self, name: str, to: str) -> None:
        """Onto the existing file, which stays the same file."""
        self.copy(name, to)


class Server:
    def __init__(self) -> None:
        self.prefix = f"installation_{uuid4().hex[:12]}_"
        self.made: list[str] = []

    def new(self, name: str) -> None:
        self._run(f'CREATE DATABASE "{self.prefix}{name}" TEMPLATE "{template(os.environ["DATABASE_URL"])}"')
        self.made.append(name)

    def url(self, name: str) -> str:
        return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{self.prefix}{name}").geturl()

    def copy(self, name: str, to: str) -> None:
        self._run(f'CREATE DATABASE "{self.prefix}{to}" TEMPLATE "{self.prefix}{name}"')
        self.made.append(to)

    def put_back(self, name: str, to: str) -> None:
        self._run(f'DROP DATABASE "{self.prefix}{to}"')
        self.copy(name, to)

    def remove(self) -> None:
        for name in set(self.made):
            self._run(f'DROP DATABASE "{self.prefix}{name}"')

    def _run(self, statement: str) -> None:
        with connection._nodb_cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    if connection.vendor == "sqlite":
        yield Files(tmp_path)
        return
    server = Server()
    yield server
    server.remove()


def manage(url: str, *arguments: str, **settings: str) -> str:
    """A process of its own on the database at `url`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.manage", *arguments],
        env={**os.environ, "DATABASE_URL": url, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def start(url: str, then: str = "", **settings: str) -> str:
    """Starts a process, as before money moves, and does `then`; returns the reasons for which it is paused."""
    script = (
        "from payments.worker.startup import start\nfrom payments.pauses import active\n"
        f"start()\n{then}\nprint('paused:', *(one.reason for one in active()))"
    )
    return manage(url, "shell", "-v", "0", "-c", script, **settings).strip().splitlines()[-1]


@pytest.mark.prove
@pytest.mark.django_db
def test_a_copied_database_starts_paused_and_the_original_does_not(place: Place) -> None:
    place.new("original")
    assert start(place.url("original")) == "paused:"
    place.copy("original", "copied")
    assert start(place.url("copied")) == "paused: database_restored"
    assert start(place.url("copied")) == "paused: database_restored"
    assert start(place.url("original")) == "paused:"


@pytest.mark.prove
@pytest.mark.django_db
def test_a_backup_put_back_into_the_same_place_starts_paused(place: Place, tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    outside = {
        "LEDGER_CHECKPOINT_KEY_FILE": str(tmp_path / "key"),
        "LEDGER_CHECKPOINT_DIR": str(tmp_path / "checkpoints"),
    }
    write = "from tests.payments.test_database_identity import write_an_entry; write_an_entry()"
    place.new("original")
    assert start(place.url("original"), write, **outside) == "paused:"
    place.copy("original", "backup")
    assert start(place.url("original"), write, **outside) == "paused:"
    place.put_back("backup", "original")
    assert start(place.url("original"), **outside) == "paused: database_restored"


# In this process


@pytest.fixture
def latest(settings: Settings, tmp_path: Path) -> Path:
    """The checkpoint outside the database."""
    make_key(tmp_path / "key")
    settings.LEDGER_CHECKPOINT_KEY_FILE, settings.LEDGER_CHECKPOINT_DIR = str(tmp_path / "key"), str(tmp_path / "out")
    return tmp_path / "out" / "latest"


def write_an_entry() -> None:
    with transaction.atomic():
        record("wallet.checked", actor=Actor.system("test"), subjects={"wallet": "1"}, data={})
    seal()


@pytest.mark.django_db
def test_the_first_start_stores_where_it_is() -> None:
    assert check_installation() is None
    assert Installation.objects.get().fingerprint == fingerprint(connection)
    assert check_installation() is None
    assert active() == []


@pytest.mark.django_db
def test_waking_up_elsewhere_pauses_everything_and_is_recorded_once() -> None:
    Installation.objects.create(fingerprint="another place")
    started = check_installation()
    assert started is not None
    assert (started.scope, started.cause, started.started_by) == ("all", PauseCause.DATABASE_RESTORED, None)
    assert check_installation() is None
    about = timeline([("pause", str(started.pk))])
    assert [row.kind for row in about] == ["pause.started", "installation.moved"]
    assert about[1].data["before"] == "another place"


@pytest.mark.django_db
def test_a_process_that_runs_notices_at_its_next_turn() -> None:
    start_process()
    assert active() == []
    Installation.objects.update(fingerprint="another place")
    start_process()
    assert [one.cause for one in active()] == [PauseCause.DATABASE_RESTORED]


@pytest.mark.django_db
def test_a_pause_that_a_person_ends_does_not_hide_that_the_database_moved() -> None:
    Installation.objects.create(fingerprint="another place")
    audit = pause(PauseScope.ALL, "", "Audit", None)
    assert check_installation() == audit
    resume(audit.pk, person("ana"))
    assert check_installation() is not None
    assert [one.cause for one in active()] == [PauseCause.DATABASE_RESTORED]


@pytest.mark.django_db
def test_it_goes_on_after_an_administrator_resumed() -> None:
    Installation.objects.create(fingerprint="another place")
    started = check_installation()
    assert started is not None
    resume(started.pk, person("ana"))
    assert check_installation() is None
    assert active() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("remembers", [False, True])
def test_an_older_copy_in_the_same_place_is_noticed(latest: Path, remembers: bool, settings: Settings) -> None:
    """By the checkpoint outside; without one, by a process that was running, and has seen a link that is gone."""
    write_an_entry()
    assert check_installation() is None
    write_an_entry()
    assert check_installation() is None
    tamper('DELETE FROM ledger_link WHERE "index" = 2')  # what the backup does not have
    if remembers:
        settings.LEDGER_CHECKPOINT_DIR = ""
    else:
        continuity.forget()
    assert continuity.continues() is not remembers
    started = check_installation()
    assert started is not None
    assert started.cause == PauseCause.DATABASE_RESTORED
    assert check_installation() == started
    resume(started.pk, person("ana"))
    assert check_installation() is None


@pytest.mark.django_db(transaction=True)
def test_the_ordinary_run_of_things_is_no_restore(latest: Path) -> None:
    check_installation()
    write_an_entry()
    assert check_installation() is None
    latest.unlink()
    assert check_installation() is None
    assert not Pause.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_ledger_without_its_triggers_moves_no_money() -> None:
    check_ledger()
    assert active() == []
    remove_triggers(connection)
    check_ledger()
    assert [one.cause for one in active()] == [PauseCause.LEDGER_UNPROTECTED]

"""A backup is put back, verifies, starts paused, and pays on: nobody is paid twice."""

import io
import json
import stat
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django import Settings

from ledger import continuity
from ledger.api import Actor, record, seal
from payments.actions import approvals, requests
from payments.actions.pausing import resume
from payments.engine.advance import advance
from payments.models import Payment, PaymentRequest
from payments.models.pauses import PauseCause
from payments.pauses import active
from payments.states import RequestState
from payments.worker.database_identity import check_installation
from tests import comparing
from tests.backoffice.test_health import running_queue
from tests.cast import person
from tests.driver import SECONDS, Stage
from tests.fixtures import sandbox, sandbox_process, stage

__all__ = ["running_queue", "sandbox", "sandbox_process", "stage"]


def said(*command: str) -> str:
    out = io.StringIO()
    with suppress(SystemExit):
        call_command(*command, stdout=out)
    return out.getvalue()


def rewritten(file: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The same archive with one member changed."""
    other = file.with_name("rewritten")
    with tarfile.open(file) as read, tarfile.open(other, "w") as written:
        for member in read:
            source = read.extractfile(member)
            assert source
            content = change(source.read()) if member.name == name else source.read()
            member.size = len(content)
            written.addfile(member, io.BytesIO(content))
    return other


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("running_queue")
def test_what_was_backed_up_is_put_back_verifies_and_pays_on(stage: Stage, tmp_path: Path, settings: Settings) -> None:
    settings.VAR_DIR = tmp_path
    assert check_installation() is None
    paid, approved, meanwhile, lost = stage.settled(), stage.approved(), stage.approved(), stage.sent()
    comparing.carry_over_all()
    while seal():
        pass
    file = tmp_path / "monday.tequio"
    assert "SHA-256" in said("backup", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="is there already"):
        said("backup", str(file))

    # Time goes on, and none of it will be known.
    after = stage.approved()
    assert advance(meanwhile.pk, SECONDS).state == RequestState.SETTLED
    requests.cancel(lost.pk, by=stage.staff)

    refusals: list[tuple[str, Path, list[str]]] = [
        ("There is something in the database", file, []),
        ("A worker is running", file, ["--replace"]),
        ("is no backup, or not whole", Path(__file__), ["--replace"]),
        ("No such file", tmp_path / "tuesday", ["--replace"]),
        ("no backup that this version can read", rewritten(file, "manifest.json", lambda _: b"{}"), ["--replace"]),
    ]
    for words, which, more in refusals:
        with pytest.raises(CommandError, match=words):
            said("restore", str(which), *more)
    cache.clear()
    changes: list[tuple[str, str, Callable[[bytes], bytes]]] = [
        ("was changed since", "database", lambda content: content[:-1] + b"!"),
        ("later than this program", "manifest.json", lambda told: told.replace(b"0001_initial", b"9001_initial")),
        ("is of mysql", "manifest.json", lambda told: told.replace(f'"{connection.vendor}"'.encode(), b'"mysql"')),
    ]
    for words, member, change in changes:
        with pytest.raises(CommandError, match=words):
            said("restore", str(rewritten(file, member, change)), "--replace")
    assert PaymentRequest.objects.filter(pk=after.pk).exists(), "what is refused changes nothing"

    assert "Put back as of" in said("restore", str(file), "--replace")
    continuity.forget()  # a new process
    assert not PaymentRequest.objects.filter(pk=after.pk).exists()
    assert PaymentRequest.objects.get(pk=lost.pk).state == RequestState.AWAITING_APPROVAL
    assert "No fault was found." in said("verify_ledger")
    assert said("check_invariants", "--quiet") == ""
    check_installation()
    assert [pause.cause for pause in active()] == [PauseCause.DATABASE_RESTORED]
    before = stage.received()
    assert advance(approved.pk, SECONDS).state == RequestState.APPROVED, "nothing is paid while it is paused"
    assert stage.received() == before

    resume(active()[0].pk, person("ana"))
    assert advance(approved.pk, SECONDS).state == RequestState.SETTLED
    advance(paid.pk, SECONDS)
    # What was paid after the backup is known to the wallets alone: the payer is asked again, and nothing can be paid.
    assert advance(meanwhile.pk, SECONDS).state == RequestState.AWAITING_APPROVAL
    approvals.approve(meanwhile.pk, None)
    assert not approvals.wallet_page(advance(meanwhile.pk, SECONDS))
    assert stage.received() == before + Payment.objects.get(request=approved).value


@pytest.mark.django_db(transaction=True)
def test_what_was_put_back_and_then_found_wrong_starts_paused_too(tmp_path: Path, settings: Settings) -> None:
    settings.VAR_DIR = tmp_path
    assert check_installation() is None
    with transaction.atomic():
        record("wallet.checked", actor=Actor.system("test"), subjects={"wallet": "1"}, data={})
    while seal():
        pass
    file = tmp_path / "monday.tequio"
    said("backup", str(file))

    def of_another_ledger(told: bytes) -> bytes:
        return json.dumps({**json.loads(told), "link": "f" * 64}).encode()

    with pytest.raises(CommandError, match="does not hold the ledger"):
        said("restore", str(rewritten(file, "manifest.json", of_another_ledger)), "--replace")
    continuity.forget()  # a new process
    assert check_installation()
    assert [pause.cause for pause in active()] == [PauseCause.DATABASE_RESTORED]

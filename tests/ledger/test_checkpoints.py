"""Signed checkpoints outside the database, so that a restored, cut or rewritten one is noticed."""

import io
import os
import stat
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from pytest_django import Settings

from ledger import chain
from ledger.api import Actor, Comparison, Fault, accept_history, compare_checkpoint, erase, keep_if_due, seal, verify
from ledger.checkpoints import keys
from ledger.checkpoints.notes import TreeHead, signed_head
from ledger.checkpoints.tree import StoredTree
from ledger.faults import FaultCode
from ledger.models import Checkpoint, Entry, Link
from ledger.signals import checkpoint_kept
from tests.ledger import samples
from tests.ledger.conftest import MoveClock
from tests.ledger.tampering import execute, rewrite_chain, tamper

pytestmark = pytest.mark.django_db


def settle_and_seal(times: int = 1) -> None:
    for _ in range(times):
        samples.settled()
    samples.seal_all()


def cut_off_after(index: int) -> None:
    """As an older copy of the database would be, without the list of its checkpoints."""
    tamper('DELETE FROM ledger_link WHERE "index" > %s', index)
    execute("DELETE FROM ledger_checkpoint WHERE size > %s", (index,))


def latest(folder: Path) -> TreeHead:
    return signed_head((folder / "latest").read_text(encoding="utf-8"), keys.known())


def found(checkpoints: tuple[Path, ...] = ()) -> list[Fault]:
    """Faults beside the lifted triggers and what a cut leaves waiting."""
    beside = {FaultCode.TRIGGER, FaultCode.UNSEALED_LOST}
    return [fault for fault in verify(checkpoints=checkpoints) if fault.code not in beside]


def said(*arguments: str) -> str:
    out = io.StringIO()
    with suppress(SystemExit):
        call_command("verify_ledger", *arguments, stdout=out)
    return out.getvalue()


# Outside


def test_without_a_key_the_ledger_goes_on_and_vouches_for_nothing(settings: Settings, tmp_path: Path) -> None:
    settings.LEDGER_CHECKPOINT_DIR = str(tmp_path / "checkpoints")
    settle_and_seal()
    keep_if_due()
    assert compare_checkpoint() is Comparison.OFF
    assert not (tmp_path / "checkpoints").exists()
    assert not Checkpoint.objects.exists()
    assert "No key is set that signs checkpoints: nothing of the chain is vouched for." in said()


def test_each_sealing_signs_the_head_for_us_only_and_whole(folder: Path) -> None:
    assert compare_checkpoint() is Comparison.SAME
    samples.settled()
    assert compare_checkpoint() is Comparison.SAME
    settle_and_seal()
    before = (folder / "latest").stat()
    settle_and_seal(2)
    assert latest(folder) == TreeHead("testserver/ledger", 4, StoredTree().root(4))
    after = (folder / "latest").stat()
    assert after.st_ino != before.st_ino
    assert stat.S_IMODE(after.st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "latest"]
    assert compare_checkpoint() is Comparison.SAME
    assert list(verify()) == []


def test_a_database_that_went_on_is_ahead(folder: Path) -> None:
    settle_and_seal()
    kept = (folder / "latest").read_bytes()
    settle_and_seal()
    (folder / "latest").write_bytes(kept)
    assert compare_checkpoint() is Comparison.AHEAD
    settle_and_seal()
    assert compare_checkpoint() is Comparison.SAME


def test_an_older_copy_is_behind_and_nothing_is_signed_over_it(folder: Path) -> None:
    settle_and_seal(3)
    seen = (folder / "latest").read_bytes()
    cut_off_after(1)
    assert compare_checkpoint() is Comparison.BEHIND
    assert found() == [Fault.of(FaultCode.TRUNCATED, first=2, last=3, source=str(folder / "latest"))]
    settle_and_seal()
    assert compare_checkpoint() is Comparison.BEHIND
    settle_and_seal(4)
    assert compare_checkpoint() is Comparison.DIVERGED
    assert Fault.of(FaultCode.CHECKPOINT_DIFFERS, first=1, last=3, source=str(folder / "latest")) in found()
    keep_if_due()
    assert not Checkpoint.objects.exists()
    assert (folder / "latest").read_bytes() == seen


def test_a_rewritten_history_is_found_and_narrowed_down_by_the_checkpoints_that_fit(
    folder: Path, move_clock: MoveClock
) -> None:
    """A body, its digest, every later link and every kept hash: all of it fits itself again."""
    settle_and_seal(300)
    keep_if_due()
    move_clock(timedelta(hours=2))
    settle_and_seal(300)
    keep_if_due()
    rewrite_chain(500, lambda body: body.replace('"1250"', '"9250"'))
    assert compare_checkpoint() is Comparison.DIVERGED
    assert found() == [Fault.of(FaultCode.CHECKPOINT_DIFFERS, first=301, last=600, source="600")]


def test_history_that_was_signed_twice_is_a_fork(folder: Path, tmp_path: Path) -> None:
    settle_and_seal(2)
    signer = keys.signer()
    assert signer
    other = tmp_path / "mail.txt"
    other.write_text("Hello,\n\n" + signer.sign(str(TreeHead(signer.name, 2, bytes(32)))), encoding="utf-8")
    assert found((other,)) == [Fault.of(FaultCode.FORKED, size=2, one=str(folder / "latest"), other=str(other))]


def test_an_auditors_mail_finds_what_nobody_else_kept(key: Path, tmp_path: Path) -> None:
    settle_and_seal(3)
    keep_if_due()
    mail = tmp_path / "mail.txt"
    mail.write_text(Checkpoint.objects.get().note, encoding="utf-8")
    cut_off_after(2)
    assert found() == []
    assert found((mail,)) == [Fault.of(FaultCode.TRUNCATED, first=3, last=3, source=str(mail))]
    assert "were signed for" in said("--checkpoint", str(mail))
    with pytest.raises(CommandError, match="There is no file"):
        call_command("verify_ledger", "--checkpoint", str(tmp_path / "none"))


def test_another_installations_checkpoint_is_not_ours(folder: Path, settings: Settings, tmp_path: Path) -> None:
    settle_and_seal()
    settings.LEDGER_ORIGIN = "elsewhere.example/ledger"
    assert compare_checkpoint() is Comparison.MISSING
    assert found() == [Fault.of(FaultCode.CHECKPOINT_FORGED, source=str(folder / "latest"))]


def test_what_an_earlier_key_signed_still_counts_once_it_is_listed(
    folder: Path, settings: Settings, tmp_path: Path
) -> None:
    settle_and_seal()
    (earlier,) = keys.known()
    call_command("make_checkpoint_key", str(tmp_path / "next.pem"), stdout=io.StringIO())
    settings.LEDGER_CHECKPOINT_KEY_FILE = str(tmp_path / "next.pem")
    assert compare_checkpoint() is Comparison.MISSING
    settings.LEDGER_PUBLIC_KEYS = [str(earlier)]
    assert compare_checkpoint() is Comparison.SAME
    assert found() == []


@pytest.mark.parametrize("content", ["", "{", "testserver/ledger\n1\nAAAA\n\n— testserver/ledger AAAA\n"])
def test_a_lost_or_damaged_file_is_missing_until_the_next_seal(folder: Path, content: str) -> None:
    settle_and_seal()
    (folder / "latest").unlink()
    assert compare_checkpoint() is Comparison.MISSING
    (folder / "latest").write_text(content, encoding="utf-8")
    assert compare_checkpoint() is Comparison.MISSING
    settle_and_seal()
    assert compare_checkpoint() is Comparison.SAME


def test_a_file_that_cannot_be_written_does_not_stop_the_sealing(
    key: Path, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a_file").touch()
    settings.LEDGER_CHECKPOINT_DIR = str(tmp_path / "a_file" / "checkpoints")
    samples.settled()
    assert seal() == 1
    assert "checkpoint could not be written" in caplog.text


def test_a_failed_write_leaves_the_old_checkpoint_and_no_rubbish(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_and_seal()
    seen = (folder / "latest").read_bytes()

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    settle_and_seal()
    assert (folder / "latest").read_bytes() == seen
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "latest"]
    assert compare_checkpoint() is Comparison.AHEAD


# Kept


def test_while_something_happens_a_checkpoint_is_kept_every_hour(folder: Path, move_clock: MoveClock) -> None:
    told: list[int] = []

    def tell(size: int, **_others: object) -> None:
        told.append(size)

    checkpoint_kept.connect(tell)
    keep_if_due()
    settle_and_seal(2)
    keep_if_due()
    settle_and_seal()
    keep_if_due()
    move_clock(timedelta(hours=1, minutes=1))
    keep_if_due()
    keep_if_due()
    assert [row.size for row in Checkpoint.objects.all()] == [3, 2]
    assert told == [2, 3]
    assert sorted(path.name.partition("Z-")[2] for path in folder.iterdir() if "Z-" in path.name) == ["2", "3"]
    assert found() == []


def test_nothing_that_was_kept_can_go_or_change_unnoticed(folder: Path, move_clock: MoveClock) -> None:
    settle_and_seal(2)
    keep_if_due()
    (kept,) = (path for path in folder.iterdir() if "Z-" in path.name)
    tamper("UPDATE ledger_checkpoint SET size = 1")
    assert found() == [
        Fault.of(FaultCode.CHECKPOINT_FORGED, source="1"),
        Fault.of(FaultCode.CHECKPOINT_GONE, size=2, source=str(kept)),
    ]
    execute("DELETE FROM ledger_checkpoint")
    assert found() == [Fault.of(FaultCode.CHECKPOINT_GONE, size=2, source=str(kept))]
    kept.unlink()
    (folder / "latest").unlink()
    assert found() == []
    move_clock(timedelta(hours=3))
    assert [fault.code for fault in found()] == [FaultCode.CHECKPOINT_LATE]


def test_the_kept_hashes_are_held_against_the_chain(key: Path) -> None:
    settle_and_seal(513)
    keep_if_due()
    assert found() == []
    tamper("UPDATE ledger_tile SET hash = %s WHERE number = 1", "0" * 64)
    assert found() == [Fault.of(FaultCode.TILE_CHANGED, level=1, number=1, first=257, last=512)]
    execute("UPDATE ledger_tile SET number = 7 WHERE number = 1")
    assert found() == [
        Fault.of(FaultCode.TILE_MISSING, level=1, number=1, first=257, last=512),
        Fault.of(FaultCode.TILE_UNEXPECTED, level=1, number=7),
    ]


# Accepting


def test_an_operator_can_accept_the_present_history_and_it_says_so(folder: Path, move_clock: MoveClock) -> None:
    settle_and_seal(2)
    keep_if_due()
    move_clock(timedelta(hours=2))
    settle_and_seal(2)
    keep_if_due()
    given_up = latest(folder)
    cut_off_after(3)
    execute("DELETE FROM ledger_unsealed")
    accept_history(Actor.staff(1))
    assert compare_checkpoint() is Comparison.SAME
    assert sorted(path.name.partition("Z-")[2] for path in folder.rglob("set-aside/*/*")) == ["", "4"]
    body = Entry.objects.get(kind="ledger.accepted").body
    assert f'"data":{{"given_up":{{"root":"{given_up.root.hex()}","size":4}}}}' in body
    assert found() == []


# What is said


def test_the_command_says_up_to_where_and_what_came_since(folder: Path) -> None:
    settle_and_seal(2)
    samples.settled()
    words = said()
    assert "Vouched for: the first 2 entries, the last of them recorded at 20" in words
    assert f"by the checkpoint {folder / 'latest'}. Since then: 1, which only the database itself speaks for." in words


def test_the_key_is_made_once_and_only_for_its_owner(settings: Settings, tmp_path: Path) -> None:
    file, out = tmp_path / "new" / "key.pem", io.StringIO()
    call_command("make_checkpoint_key", str(file), stdout=out)
    settings.LEDGER_CHECKPOINT_KEY_FILE = str(file)
    (public,) = keys.known()
    assert str(public) in out.getvalue()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    with pytest.raises(CommandError, match="exists already"):
        call_command("make_checkpoint_key", str(file))
    assert file.read_bytes() == before


def test_what_is_missing_is_said_before_it_goes_into_production(settings: Settings, tmp_path: Path) -> None:
    assert {"ledger.W002", "ledger.W003"} <= {one.id for one in run_checks(include_deployment_checks=True)}
    (tmp_path / "key").write_text("no key", encoding="ascii")
    settings.LEDGER_CHECKPOINT_KEY_FILE = str(tmp_path / "key")
    assert "ledger.E001" in {one.id for one in run_checks(include_deployment_checks=True)}
    with pytest.raises(CommandError, match="is no private key"):
        call_command("verify_ledger")
    settle_and_seal()
    assert Link.objects.count() == 1


# Erasures


def test_an_erasure_that_the_program_did_not_write_is_found(folder: Path) -> None:
    """With the database's password anybody can write an entry; only the program has the key that signs an erasure."""
    settle_and_seal()
    keep_if_due()
    entry, other = samples.settled(name="Ana"), samples.settled(name="Luz")
    erase([other.id], actor=Actor.staff(4), reason="member_asked")
    samples.seal_all()
    assert found() == []
    true = Entry.objects.get(kind="ledger.erased")
    forged_id = "01HZZZZZZZZZZZZZZZZZZZZZZZ"
    body = true.body.replace(true.id, forged_id).replace(other.id, entry.id)
    execute(
        "INSERT INTO ledger_entry (id, recorded_at, kind, actor_kind, actor_id, body, digest)"
        " SELECT %s, recorded_at, kind, actor_kind, actor_id, %s, %s FROM ledger_entry WHERE id = %s",
        (forged_id, body, chain.body_digest(body), true.id),
    )
    execute(
        "INSERT INTO ledger_entrysubject (entry_id, subject_kind, subject_id, recorded_at)"
        " SELECT id, 'entry', %s, recorded_at FROM ledger_entry WHERE id = %s",
        (entry.id, forged_id),
    )
    execute(
        "INSERT INTO ledger_unsealed (entry_id, recorded_at) SELECT id, recorded_at FROM ledger_entry WHERE id = %s",
        (forged_id,),
    )
    execute("DELETE FROM ledger_privatepart WHERE entry_id = %s", (entry.id,))
    assert seal() == 1
    assert found() == [Fault.of(FaultCode.ERASURE_FORGED, erasure=forged_id, entry=entry.id)]

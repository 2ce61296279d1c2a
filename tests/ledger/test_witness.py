"""A database that was restored from an older copy, or rewritten, does not agree with what its witness saw."""

import json
import os
import stat
from pathlib import Path

import pytest
from pytest_django import Settings

from ledger import witness
from ledger.api import Comparison, accept_witness, compare_witness, seal, verify
from ledger.faults import FaultCode
from ledger.models import Link
from tests.ledger import samples
from tests.ledger.tampering import tamper

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    path = tmp_path / "var" / "witness.json"
    settings.LEDGER_WITNESS_FILE = str(path)
    return path


def settle_and_seal(times: int = 1) -> None:
    for _ in range(times):
        samples.settled()
    samples.seal_all()


def cut_off_after(index: int) -> None:
    """As an older copy of the database would be."""
    tamper('DELETE FROM ledger_link WHERE "index" > %s', index)


def test_without_a_path_there_is_no_witness() -> None:
    settle_and_seal()
    assert compare_witness() is Comparison.OFF
    accept_witness()


def test_before_the_first_link_both_are_empty(file: Path) -> None:
    assert compare_witness() is Comparison.SAME
    samples.settled()
    assert compare_witness() is Comparison.SAME
    assert not file.exists()


def test_the_witness_has_the_head_after_each_seal(file: Path) -> None:
    settle_and_seal()
    first = Link.objects.get()
    settle_and_seal(2)
    head = Link.objects.get(index=3)
    seen = json.loads(file.read_text(encoding="utf-8"))
    assert {key: seen[key] for key in ("installation", "index", "hash")} == {
        "installation": first.hash,
        "index": 3,
        "hash": head.hash,
    }
    assert seen["at"].endswith("+00:00")
    assert compare_witness() is Comparison.SAME


def test_the_file_is_replaced_whole_and_for_us_only(file: Path) -> None:
    settle_and_seal()
    before = file.stat()
    settle_and_seal()
    assert file.stat().st_ino != before.st_ino
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in file.parent.iterdir()) == ["witness.json", "witness.json.lock"]


def test_a_database_that_went_on_is_ahead(file: Path) -> None:
    settle_and_seal()
    kept = file.read_bytes()
    settle_and_seal()
    file.write_bytes(kept)
    assert compare_witness() is Comparison.AHEAD
    settle_and_seal()
    assert compare_witness() is Comparison.SAME


def test_an_older_copy_is_behind_and_does_not_hide_it(file: Path) -> None:
    settle_and_seal(3)
    seen = file.read_bytes()
    cut_off_after(1)
    assert compare_witness() is Comparison.BEHIND
    assert FaultCode.WITNESS_BEHIND in {fault.code for fault in verify()}
    settle_and_seal()
    assert compare_witness() is Comparison.BEHIND
    settle_and_seal(4)
    assert compare_witness() is Comparison.DIVERGED
    assert FaultCode.WITNESS_DIVERGED in {fault.code for fault in verify()}
    assert file.read_bytes() == seen


def test_an_empty_database_beside_a_witness_is_behind(file: Path) -> None:
    settle_and_seal()
    cut_off_after(0)
    assert compare_witness() is Comparison.BEHIND


def test_another_installations_database_is_diverged(file: Path) -> None:
    settle_and_seal()
    seen = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(seen | {"installation": "0" * 64}), encoding="utf-8")
    assert compare_witness() is Comparison.DIVERGED


def test_an_operator_can_accept_the_present_history(file: Path) -> None:
    settle_and_seal(3)
    cut_off_after(1)
    accept_witness()
    assert compare_witness() is Comparison.SAME


@pytest.mark.parametrize("content", ["", "{", "[]", '{"index": 1}', '{"installation": "", "index": "x", "hash": ""}'])
def test_a_lost_or_damaged_file_is_missing_until_the_next_seal(file: Path, content: str) -> None:
    settle_and_seal()
    file.unlink()
    assert compare_witness() is Comparison.MISSING
    file.write_text(content, encoding="utf-8")
    assert compare_witness() is Comparison.MISSING
    settle_and_seal()
    assert compare_witness() is Comparison.SAME


def test_a_file_that_cannot_be_written_does_not_stop_the_sealing(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a_file").touch()
    settings.LEDGER_WITNESS_FILE = str(tmp_path / "a_file" / "witness.json")
    samples.settled()
    assert seal() == 1
    assert "witness could not be written" in caplog.text


def test_a_failed_write_leaves_the_old_witness_and_no_rubbish(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_and_seal()
    seen = file.read_bytes()

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    settle_and_seal()
    assert file.read_bytes() == seen
    assert sorted(path.name for path in file.parent.iterdir()) == ["witness.json", "witness.json.lock"]
    assert witness.compare() is Comparison.AHEAD

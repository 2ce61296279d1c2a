"""Recorders and sealers as they run in production: several processes on one database, stopped at any moment."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from ledger.checkpoints.make_key import make_key
from tests.other_processes import environment_for_others

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., "Popen[str]"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.prove]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The test database for other processes, which sign."""
    make_key(tmp_path / "key.pem")
    outside = {
        "LEDGER_CHECKPOINT_KEY_FILE": str(tmp_path / "key.pem"),
        "LEDGER_CHECKPOINT_DIR": str(tmp_path / "outside"),
    }
    return {**environment_for_others(tmp_path), **outside}


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    started: list[Popen[str]] = []

    def run(*arguments: object) -> "Popen[str]":
        command = [sys.executable, "-m", "tests.ledger.process", *map(str, arguments)]
        process = Popen(command, cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE, text=True)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def finish(process: "Popen[str]") -> str:
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return out


def verified(environment: dict[str, str], lag: int = 0) -> str:
    command = [sys.executable, "manage.py", "verify_ledger", "--allowed-lag", str(lag), "--no-color"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_several_recorders_and_sealers_make_one_chain(environment: dict[str, str], start: Start) -> None:
    sealers = [start("seal", 120, 7) for _ in range(2)]
    recorders = [start("record", 60) for _ in range(2)]
    verified(environment, lag=60)  # meanwhile: what is on its way is no fault
    for recorder in recorders:
        finish(recorder)
    sealed = sum(int(line) for sealer in sealers for line in finish(sealer).split())
    assert sealed == 120
    said = verified(environment)
    assert "Checked 120 entries and 120 links." in said
    assert "Vouched for: the first 120 entries" in said


def test_a_sealer_that_dies_is_replaced_by_another(environment: dict[str, str], start: Start) -> None:
    finish(start("record", 30))
    dying = start("seal", 30, 1)
    assert dying.stdout is not None
    for _ in range(3):
        dying.stdout.readline()
    dying.send_signal(signal.SIGKILL)
    dying.wait(timeout=60)
    finish(start("seal", 30, 4))
    said = verified(environment)
    assert "Checked 30 entries and 30 links." in said
    assert "Vouched for: the first 30 entries" in said


def test_of_several_who_close_while_others_book_one_does_and_nothing_is_lost(
    environment: dict[str, str], start: Start
) -> None:
    finish(start("book", 1))
    booking = [start("book", 40) for _ in range(2)]
    closing = [start("close", user) for user in (1, 2, 3)]
    said = sorted(finish(each).split() for each in closing)
    # What they booked afterwards is of the open month; nobody's booking failed.
    for each in booking:
        finish(each)
    assert [words[0] for words in said] == ["closed", "closed_already", "closed_already"]
    (_closed, who), *others = said
    assert {words[1] for words in others} == {who}
    verified(environment, lag=60)

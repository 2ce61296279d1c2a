"""Several members of staff on one job at the same moment, each in a process of their own."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from jobs.funding import Way, fund
from jobs.models import Application, JobStatus
from payments.identifiers import LENGTH
from payments.models import Seller
from tests import cast, progress

ROOT = Path(__file__).resolve().parents[2]
STAFF = 3

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.prove]


def database(tmp_path: Path) -> str:
    """The test database for other processes; SQLite's is in memory, so they get a copy of it as a file."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        file = tmp_path / "jobs.sqlite3"
        copy = sqlite3.connect(file)
        connection.connection.backup(copy)
        copy.close()
        return f"sqlite:///{file}"
    login = f"{quote(at['USER'])}:{quote(at['PASSWORD'])}" if at["PASSWORD"] else quote(at["USER"])
    port = f":{at['PORT']}" if at["PORT"] else ""
    return f"postgres://{login}@{quote(at['HOST'], safe='')}{port}/{at['NAME']}"


def together(application: Application, form_ids: list[str], by: User, tmp_path: Path) -> list[str]:
    """What each of them gets who presses the button for `application` with these forms."""
    asks = [([application], form_id) for form_id in form_ids]
    return asked_together(asks, by, tmp_path)


def asked_together(asks: list[tuple[list[Application], str]], by: User, tmp_path: Path) -> list[str]:
    """What each of them gets who asks for some workers with a form, all at the same moment."""
    numbers = [
        (
            ",".join(dict.fromkeys(str(application.job_id) for application in applications)),
            ",".join(str(application.pk) for application in applications),
            form_id,
        )
        for applications, form_id in asks
    ]
    return at_once([("ask", str(by.pk), *each) for each in numbers], tmp_path)


def at_once(acts: list[tuple[str, ...]], tmp_path: Path) -> list[str]:
    """What each of `tests.jobs.process` says, all at the same moment; a refusal is its code and its sentence."""
    environment = {
        **os.environ,
        "DATABASE_URL": database(tmp_path),
        "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.process", *act],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for act in acts
    ]
    return list(_answers(started))


def _answers(started: list["subprocess.Popen[str]"]) -> Iterator[str]:
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in started:
            answer, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
            yield answer
    finally:
        for process in started:
            process.kill()
            process.communicate()


def codes(answers: list[str]) -> list[str]:
    return sorted(answer.partition(":")[0] for answer in answers)


def test_one_of_many_who_ask_for_the_same_worker_wins_and_the_others_learn_it(
    rosa: User, seller: Seller, tmp_path: Path
) -> None:
    application = cast.applied(cast.job())
    answers = together(application, [f"form-{number}" for number in range(STAFF)], rosa, tmp_path)
    assert codes(answers)[1:] == ["payout_exists"] * (STAFF - 1)


def test_many_clicks_on_one_form_are_one_request(rosa: User, seller: Seller, tmp_path: Path) -> None:
    application = cast.applied(cast.job())
    answers = together(application, ["form-1"] * STAFF, rosa, tmp_path)
    assert len(set(answers)) == 1
    assert len(answers[0]) == LENGTH


def test_of_overlapping_workers_one_asks_and_the_others_read_why(rosa: User, seller: Seller, tmp_path: Path) -> None:
    job = cast.job(workers_wanted=3)
    workers = [cast.applied(job, cast.member(name)) for name in ("Maria", "Xochitl", "Citlali")]
    asks = [(workers[:2], "one"), (workers[1:], "two"), ([workers[2], workers[1]], "three")]
    answers = asked_together(asks, rosa, tmp_path)
    assert codes(answers)[1:] == ["payout_exists"] * 2


def test_two_jobs_asked_for_in_either_order_at_once_wait_for_each_other(
    rosa: User, seller: Seller, tmp_path: Path
) -> None:
    funder = cast.member("Sol Foundation")
    one, two = cast.applied(cast.job(funder=funder)), cast.applied(cast.job(funder=funder), cast.member("Xochitl"))
    asks = [([one, two], "one"), ([two, one], "two"), ([one, two], "three"), ([two, one], "four")]
    answers = asked_together(asks, rosa, tmp_path)
    assert codes(answers)[1:] == ["payout_exists"] * 3


def test_two_who_accept_the_same_work_accept_it_once_and_the_second_reads_so(
    rosa: User, seller: Seller, tmp_path: Path
) -> None:
    job = cast.job(JobStatus.SUBMITTING)
    worker = cast.applied(job)
    work = cast.handed_in(worker)
    progress.approve(fund(job, [worker], seller, Way.HELD, by=rosa, form_id="held"))
    answers = at_once([("accept", str(rosa.pk), str(work.pk))] * STAFF, tmp_path)
    told = "submission_moved: This submission of Maria Lopez is “Accepted”, so this cannot be done. Look at it again."
    assert sorted(answers) == ["accepted", *[told] * (STAFF - 1)]


def test_of_a_wallet_and_cash_for_the_same_work_at_once_one_wins(rosa: User, seller: Seller, tmp_path: Path) -> None:
    worker = cast.applied(cast.job())
    about = str(rosa.pk), str(worker.pk)
    cash = [("report", *about, form) for form in ("one", "one", "two")]
    asks = [("ask", about[0], str(worker.job_id), about[1], form) for form in ("three", "four")]
    won = [answer for answer in at_once([*cash, *asks], tmp_path) if len(answer) == LENGTH]
    assert len(set(won)) == 1, "one report, however often it was pressed, or one request"

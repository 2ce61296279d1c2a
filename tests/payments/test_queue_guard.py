"""Whoever can write to the database, without our keys, gets nothing of theirs run: not by the queue, the timetable, a
result, or the cache."""

import base64
import pickle
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from ledger import clock
from ledger.models import Entry
from payments.worker import timetable
from payments.worker.allowed_tasks import is_allowed
from payments.worker.queue_guard import NotOurTask, PlainPickles

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
TASK = re.compile(r'"((?:payments|jobs|ledger|backoffice)(?:\.\w+)*\.tasks\.\w+)"')


class Bomb:
    """Whoever unpickles it makes the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A file that only an attack makes."""
    return tmp_path / "was-run"


def refusals() -> list[str]:
    kind = "queue.refused"
    return [entry.body.partition('"task":"')[2].partition('"')[0] for entry in Entry.objects.filter(kind=kind)]


def handed_out() -> list[str]:
    return [SignedPackage.loads(payload)["func"] for _row, payload in get_broker().dequeue()]


def task(**changes: Any) -> dict[str, Any]:
    return {"id": "1", "name": "a", "func": "payments.tasks.advance_due", "args": (), "kwargs": {}, **changes}


def put(payload: str) -> None:
    OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload=payload, lock=clock.now() - timedelta(seconds=1))


def test_every_task_that_this_program_queues_may_run() -> None:
    named = {
        name
        for room in ("payments", "jobs", "ledger", "backoffice")
        for path in (ROOT / room).rglob("*.py")
        for name in TASK.findall(path.read_text(encoding="utf-8"))
    }
    assert {"payments.tasks.advance_due", "jobs.tasks.sweep"} <= named
    assert not {name for name in named if not is_allowed(name)}


@pytest.mark.parametrize(
    "path",
    [
        "os.system",
        "builtins.exec",
        "payments.tasks",
        "payments.tasks.",
        "payments.tasks.work",  # imported there, not defined there
        "payments.tasks.wallets.check",
        "payments.tasks.__loader__",
        "payments.actions.pausing.resume",
        "",
        None,
        print,
    ],
)
def test_nothing_else_may_run_or_be_queued(path: Any) -> None:
    assert not is_allowed(path)
    with pytest.raises(NotOurTask):
        async_task(path)


@pytest.mark.parametrize("more", [{"hook": "os.system"}, {"chain": [("os.system", ("true",))]}])
def test_nothing_is_queued_with_something_to_run_afterwards(more: dict[str, Any]) -> None:
    with pytest.raises(NotOurTask):
        async_task("payments.tasks.advance_due", **more)


def test_a_row_of_the_timetable_runs_no_function_of_its_own(trace: Path) -> None:
    Schedule.objects.all().delete()
    past: dict[str, Any] = {
        "next_run": clock.now() - timedelta(minutes=1),
        "schedule_type": Schedule.MINUTES,
        "minutes": 1,
    }
    theirs: list[dict[str, Any]] = [
        {"func": "os.system", "args": f"('touch {trace}',)"},
        {"func": "os.system", "args": f"('touch {trace}',)", "kwargs": "{'q_options': {'sync': True}}"},
        {"func": "payments.tasks.look_at_keys", "hook": "os.system"},
        {"func": "payments.tasks.look_at_keys", "kwargs": "{'q_options': {'chain': [('os.system', ('true',))]}}"},
        {"func": "payments.tasks.send_message", "args": "('01J',)"},
        {"func": "payments.tasks.look_at_keys", "minutes": 0},
        {"func": "payments.tasks.look_at_keys", "schedule_type": Schedule.CRON, "cron": "* * * * *"},
    ]
    Schedule.objects.bulk_create(Schedule(**{**past, **row}) for row in theirs)
    for _ in range(2):
        timetable.queue_due()
    assert not OrmQ.objects.exists()
    assert not trace.exists()
    assert set(Schedule.objects.values_list("repeats", flat=True)) == {0}
    assert sorted(refusals()) == sorted(row["func"] for row in theirs)


def test_the_timetable_queues_each_of_its_tasks_once_and_makes_up_for_nothing() -> None:
    now = clock.now()
    Schedule.objects.all().delete()
    due = now - timedelta(minutes=12)
    Schedule.objects.create(
        name="jobs.sweep", func="jobs.tasks.sweep", schedule_type=Schedule.MINUTES, minutes=5, next_run=due, repeats=-1
    )
    for _ in range(2):
        timetable.queue_due()
    assert handed_out() == ["jobs.tasks.sweep"]
    assert not OrmQ.objects.filter(lock__lte=clock.now()).exists()
    assert Schedule.objects.get().next_run == due + timedelta(minutes=15)


def test_what_is_smuggled_into_the_queue_is_refused_and_gone(trace: Path) -> None:
    bomb = signing.dumps(task(args=(Bomb(trace),)), salt=Conf.PREFIX, serializer=PlainPickles)
    for payload in (
        "no signature",
        base64.b64encode(pickle.dumps(Bomb(trace))).decode(),
        SignedPackage.dumps(task()) + "x",
        # What somebody could who had stolen SECRET_KEY:
        bomb,
        SignedPackage.dumps(task(func="os.system", args=(f"touch {trace}",))),
        SignedPackage.dumps(task(hook="os.system")),
        SignedPackage.dumps(task(chain=[("os.system", ("true",))])),
        SignedPackage.dumps(task(sync=True)),
        SignedPackage.dumps(["os.system"]),
    ):
        put(payload)
        assert handed_out() == []
        assert not OrmQ.objects.exists(), payload
    assert not trace.exists()
    assert len(refusals()) == 9
    put(SignedPackage.dumps(task()))
    assert handed_out() == ["payments.tasks.advance_due"]


def test_what_was_queued_before_the_secret_key_changed_is_still_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", ["the key before, which is long enough to be one of ours"])
    earlier = signing.dumps(task(), key=settings.SECRET_KEY_FALLBACKS[0], salt=Conf.PREFIX, serializer=PlainPickles)
    put(earlier)
    assert handed_out() == ["payments.tasks.advance_due"]


def test_the_row_of_a_finished_task_runs_nothing_when_it_is_read_or_written(trace: Path) -> None:
    code = base64.b64encode(pickle.dumps(Bomb(trace))).decode()
    Task.objects.create(id="1" * 32, name="a", func="x", started=clock.now(), stopped=clock.now(), success=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE django_q_task SET args = %s, kwargs = %s, result = %s, hook = 'os.system'", [code, code, code]
        )
    row = Task.objects.get()
    assert row.result == row.args == code
    row.save()
    assert not trace.exists()


def test_the_cache_gives_back_plain_data_only(trace: Path) -> None:
    plain = {"a": [1, 2.5, "x", None, True, b"\0", clock.now()]}
    cache.set("good", plain)
    cache.set("bad", "overwritten")
    with connection.cursor() as cursor:
        code = base64.b64encode(pickle.dumps(Bomb(trace))).decode()
        cursor.execute("UPDATE cache SET value = %s WHERE cache_key = ':1:bad'", [code])
    assert cache.get_many(["good", "bad", "none"]) == {"good": plain}
    assert not trace.exists()
    cache.clear()

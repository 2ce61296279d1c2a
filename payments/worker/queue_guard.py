"""Stands between the queue's rows and what runs. A row is only believed when we signed it, and it names a task of ours.

django-q2 runs whatever function a row names: a task, what follows it (`chain`), what hears of it (`hook`). Our tasks
have a name and plain arguments, and nothing else.
"""

import logging
import pickle
import re
from typing import Any, Final

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_save
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule, Task
from django_q.signals import call_hook, pre_enqueue, pre_execute
from picklefield import fields as picklefield

from ledger import tracing
from ledger.api import Actor, record
from payments.worker import plain_pickles
from payments.worker.allowed_tasks import is_allowed

log = logging.getLogger(__name__)

QUEUE: Final = Actor.system("queue")
#: For whom it is done, in log lines.
FOR: Final = "request_id"
#: What `async_task` writes for a task that is called with nothing but its arguments, and perhaps a time of its own.
MEMBERS: Final = frozenset({"id", "name", "func", "args", "kwargs", "started", "ack_failure", "timeout", FOR})
LONGEST_NAME: Final = 100


class NotOurTask(Exception):
    """What the queue is told to run is none of this program's tasks. `named` is what it was told, safe to show."""

    def __init__(self, named: object) -> None:
        self.named: Final = re.sub(r"[^\w.*]", "?", str(named), flags=re.ASCII)[:LONGEST_NAME] or "?"
        super().__init__(f"The queue runs no {self.named}: it is none of this program's tasks.")


class PlainPickles:
    """As `django.core.signing` wants a serializer: what django-q2 reads, and nothing that a pickle could run."""

    def dumps(self, obj: Any) -> bytes:
        return pickle.dumps(obj)

    def loads(self, data: bytes) -> Any:
        return plain_pickles.loads(data)


def install() -> None:
    """Once per process, when it starts: nothing is queued that would be refused, and no row of a result runs code."""
    pre_enqueue.connect(_check_before_queueing, dispatch_uid="payments.worker.queue_guard")
    pre_execute.connect(_begin, dispatch_uid="payments.worker.queue_guard")
    # A hook is a function that the row of a finished task names. None of our tasks has one.
    post_save.disconnect(call_hook, sender=Task)
    picklefield.loads = plain_pickles.loads


def read_task(payload: str) -> dict[str, Any]:
    """The task of a queued row. Raises NotOurTask when we did not sign it, or it is none that may run.

    One that was signed with an earlier SECRET_KEY counts while that is among the fallbacks.
    """
    try:
        task = signing.loads(payload, salt=Conf.PREFIX, serializer=PlainPickles)
    except (signing.BadSignature, pickle.UnpicklingError, ValueError, TypeError, EOFError) as error:
        raise NotOurTask("*unreadable*") from error
    if not isinstance(task, dict) or not is_allowed(task.get("func")) or set(task) - MEMBERS:
        raise NotOurTask(task.get("func") if isinstance(task, dict) else task)
    if FOR in task and not tracing.ACCEPTABLE.fullmatch(str(task[FOR])):
        raise NotOurTask(task["func"])
    return task


def signed_task(task: dict[str, Any]) -> str:
    """`task` as a queued row holds it, signed with the SECRET_KEY in use: django-q2 believes no other."""
    return signing.dumps(task, salt=Conf.PREFIX, serializer=PlainPickles)


def _check_before_queueing(task: dict[str, Any], **_signal: Any) -> None:
    if not is_allowed(task["func"]) or task.get("hook") or task.get("chain"):
        raise NotOurTask(task["func"])
    if (request_id := tracing.current.get()) != tracing.NOBODY:
        task[FOR] = request_id


def _begin(task: dict[str, Any], **_signal: Any) -> None:
    """Whatever this process logs from now on is on behalf of whoever queued the task."""
    tracing.current.set(task.get(FOR, tracing.NOBODY))


def refuse_queued(row_id: int, refused: NotOurTask) -> None:
    """Take the row out of the queue for good, and tell the ledger."""
    with transaction.atomic():
        if OrmQ.objects.filter(pk=row_id).delete()[0]:
            _tell(refused, {"task": str(row_id)})


def refuse_scheduled(row: QuerySet[Schedule], refused: NotOurTask) -> None:
    """Switch the row off, so that it stays to be looked at and is never due again; and tell the ledger."""
    with transaction.atomic():
        found = row.exclude(repeats=0).first()
        if found and row.exclude(repeats=0).update(repeats=0):
            _tell(refused, {"schedule": str(found.pk)})


def _tell(refused: NotOurTask, subjects: dict[str, str]) -> None:
    log.error("%s Somebody can write to the database who is not this program.", refused)
    record("queue.refused", actor=QUEUE, subjects=subjects, data={"task": refused.named})

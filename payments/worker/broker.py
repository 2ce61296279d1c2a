"""django-q2's queue in the database, which also looks for what is due, and hands out our own tasks only."""

import logging
import time
from typing import Any

from django_q.brokers.orm import ORM
from django_q.tasks import async_task

from ledger.api import keep_if_due, seal
from payments.mail.sending import due_messages
from payments.worker import timetable, webhook_turns
from payments.worker.claims import count_due
from payments.worker.database_identity import check_installation
from payments.worker.pool import AT_ONCE
from payments.worker.queue_guard import NotOurTask, read_task, refuse_queued, signed_task

log = logging.getLogger(__name__)

BETWEEN_LOOKS_SECONDS = 1.0
BETWEEN_TIMETABLES_SECONDS = 30.0
#: Tasks that wait are enough to keep the workers at it: no more are queued for what is due.
ENOUGH_TASKS = 4
SEAL_AT_ONCE = 500


class Broker(ORM):  # type: ignore[misc]  # django-q2 ships no types
    """One process of each cluster asks it for tasks, twice a second or whenever its workers have room for one more."""

    _next_look = 0.0
    _next_timetable = 0.0

    def dequeue(self) -> Any:
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + BETWEEN_LOOKS_SECONDS
            try:
                self.look()
            except Exception:
                # The tasks that are there go on; it is looked again in a second.
                log.exception("what is due could not be looked for")
        return [(row_id, task) for row_id, payload in super().dequeue() or [] if (task := _checked(row_id, payload))]

    def look(self) -> None:
        """Workers are called for what is due, messages and webhooks queued, the ledger kept, the timetable read."""
        due = count_due()
        if due and self.queue_size() < ENOUGH_TASKS:
            for _ in range(0, due, AT_ONCE):
                async_task("payments.tasks.advance_due")
        for message_id in due_messages():
            async_task("payments.tasks.send_message", message_id)
        if webhook_turns.is_due() and self.queue_size() < ENOUGH_TASKS:
            async_task("payments.tasks.deliver_webhooks")
        check_installation()
        while seal(SEAL_AT_ONCE) == SEAL_AT_ONCE:
            pass
        keep_if_due()
        if time.monotonic() >= self._next_timetable:
            # Not at once: a cluster that has just started has its own first look behind it by then.
            if self._next_timetable:
                timetable.queue_due()
            self._next_timetable = time.monotonic() + BETWEEN_TIMETABLES_SECONDS


def _checked(row_id: int, payload: str) -> str | None:
    """The task as django-q2 reads it, signed with the key in use; None when it was refused."""
    try:
        return signed_task(read_task(payload))
    except NotOurTask as refused:
        refuse_queued(row_id, refused)
        return None

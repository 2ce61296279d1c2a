"""Where this room hears that money moved: it only queues work, in the transaction of the move."""

from typing import Any

from django_q.tasks import async_task


def queue_sync(*, request_id: str, **_signal: Any) -> None:
    async_task("jobs.tasks.sync_request", request_id)

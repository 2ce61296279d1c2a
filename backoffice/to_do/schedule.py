"""What is done about marks of queues each day, scheduled anew after every migrate."""

from typing import Any

from payments.worker.schedules import Planned, plan


def make(using: str, **_kwargs: Any) -> None:
    plan(using, Planned("to_do.marks", "backoffice.to_do.tasks.forget_marks"))

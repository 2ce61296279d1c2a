"""What is done about sessions each day, scheduled anew after every migrate."""

from typing import Any

from payments.worker.schedules import Planned, plan


def make(using: str, **_kwargs: Any) -> None:
    plan(using, Planned("sign_in.sessions", "backoffice.sign_in.tasks.forget_expired_sessions"))

"""The auditor gets the ledger's checkpoints by mail, one a day: what is in their mailbox nobody here can rewrite."""

from typing import Any

from django.conf import settings

from ledger import clock
from payments.mail.queue import queue_notice
from payments.models.messages import Template


def queue_checkpoint(*, size: int, note: str, **_signal: Any) -> None:
    """Queue the first checkpoint that is kept on a day, if an auditor is set. In the transaction that keeps it."""
    email = settings.LEDGER_AUDITOR_EMAIL
    if email:
        queue_notice(
            Template.CHECKPOINT,
            name=email,
            email=email,
            language=settings.LEDGER_AUDITOR_LANGUAGE,
            occasion=f"checkpoint:{clock.now():%Y-%m-%d}",
            details={"size": size, "note": note},
        )

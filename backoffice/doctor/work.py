"""Whether the work is done: a worker, the queue, mail, and the ledger with its checkpoints."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.doctor.diagnoses import Diagnosis, bad, ok, warn
from backoffice.health import queue
from backoffice.monitoring import backlogs
from ledger.api import Comparison, backlog, compare_checkpoint
from payments.models import LedgerCheck

START_A_WORKER: Final = "manage.py qcluster"


def worker() -> Iterator[Diagnosis]:
    state = queue()
    if not state["workers"]:
        text = _("No worker is running: nothing moves, no mail is sent.")
        yield bad("worker", text, _("Start one: %(command)s") % {"command": START_A_WORKER})
        return
    workers = int(state["workers"])
    text = ngettext("%(count)d worker is running.", "%(count)d workers are running.", workers)
    yield ok("worker", text % {"count": workers})


def waiting() -> Iterator[Diagnosis]:
    """How long what is due has waited: tasks of the queue, and payment requests."""
    longest = max((backlogs.tasks(), backlogs.due_requests()), key=lambda each: each.seconds)
    if longest.seconds > backlogs.LATE_SECONDS:
        text = _("Work waits for %(minutes)d minutes: %(count)d in all.")
        told = _("See that a worker runs and what it logs. If it is busy, raise WORKERS, or start another one.")
        yield bad("queue", text % {"minutes": longest.seconds // 60, "count": longest.waiting}, told)
    else:
        yield ok("queue", _("What is due is taken at once."))


def mail() -> Iterator[Diagnosis]:
    found = backlogs.mail()
    if found.failed:
        text = ngettext(
            "%(count)d message was not delivered within a week.",
            "%(count)d messages were not delivered within a week.",
            found.failed,
        )
        told = _("The list Sent mail in the admin says why each was not. Correct the address, or the mail server.")
        yield warn("mail sent", text % {"count": found.failed}, told)
    if found.seconds > backlogs.LATE_MAIL_SECONDS:
        text = _("Mail waits for %(minutes)d minutes: %(count)d messages.")
        told = _("See whether a worker runs and whether the mail server answers.")
        yield bad("mail sent", text % {"minutes": found.seconds // 60, "count": found.waiting}, told)


def ledger() -> Iterator[Diagnosis]:
    lag = backlog().lag.total_seconds()
    if lag > backlogs.LATE_SECONDS:
        text = _("Entries of the ledger wait for their seal for %(minutes)d minutes.")
        told = _("A worker seals them each second: see that one runs, and what it logs.")
        yield bad("ledger", text % {"minutes": lag // 60}, told)
    for extent in LedgerCheck.Extent:
        last = LedgerCheck.objects.filter(kind=extent, finished_at__isnull=False).first()
        if last and last.faults:
            text = ngettext(
                "%(count)d fault of the ledger was found.", "%(count)d faults of the ledger were found.", last.faults
            )
            told = _("Run: manage.py verify_ledger. It names the rows; find out who changed them, and how they got in.")
            yield bad("ledger", text % {"count": last.faults}, told)
    yield from _checkpoints()


def _checkpoints() -> Iterator[Diagnosis]:
    folder = settings.LEDGER_CHECKPOINT_DIR
    if not folder:
        return  # `check --deploy` tells of that
    if not (Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        text = _("The folder for the ledger's checkpoints can't be written to: %(folder)s.")
        told = _("Make the folder, let this user own it, and set LEDGER_CHECKPOINT_DIR to it.")
        yield bad("checkpoints", text % {"folder": folder}, told)
        return
    match compare_checkpoint():
        case Comparison.BEHIND | Comparison.DIVERGED:
            text = _("The database is older than, or another than, the one whose checkpoints are in %(folder)s.")
            told = _("docs/ledger.md tells how to find out which one counts. Nothing is paid until then.")
            yield bad("checkpoints", text % {"folder": folder}, told)
        case Comparison.MISSING:
            text = _("There is no checkpoint of this ledger in %(folder)s.")
            told = _(
                "If none was ever written there, the next one comes with the next entry. Else put the folder back."
            )
            yield warn("checkpoints", text % {"folder": folder}, told)
        case Comparison.OFF:
            text = _("The ledger's checkpoints in %(folder)s can't be read with the key that is set.")
            told = _("Set LEDGER_CHECKPOINT_KEY_FILE to the key that signed them.")
            yield bad("checkpoints", text % {"folder": folder}, told)
        case Comparison.SAME | Comparison.AHEAD:
            yield ok("checkpoints", _("The signed checkpoint outside the database agrees."))

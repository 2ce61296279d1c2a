"""Everything the doctor looks at, in the order in which one thing needs the other."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Final

from django.conf import settings
from django.core import checks
from django.db import DatabaseError
from django.utils.translation import gettext as _

from backoffice.doctor import database, outside, wallets, work
from backoffice.doctor.diagnoses import Diagnosis, Verdict, bad, ok, warn
from backoffice.health import check_parts

#: Below this, in bytes, a folder is told of: a full disk stops everything at once.
LITTLE_ROOM: Final = 1024**3

Look = Callable[[], Iterator[Diagnosis]]


def system_checks() -> Iterator[Diagnosis]:
    """What `manage.py check --deploy` says of settings; in development without what is only fit for production."""
    found = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=not settings.DEVELOPMENT)
    loud = [message for message in found if message.level >= checks.WARNING and not message.is_silenced()]
    for message in loud:
        verdict = Verdict.BAD if message.level >= checks.ERROR else Verdict.WARN
        yield Diagnosis("settings", verdict, str(message.msg), str(message.hint or ""))
    if not loud:
        yield ok("settings", _("The settings are in order."))


def files() -> Iterator[Diagnosis]:
    folder = settings.VAR_DIR
    at = {"folder": str(folder)}
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        told = _("Make the folder, and let the user own it whom this program runs as.")
        yield bad("files", _("%(folder)s (VAR_DIR) can't be written to.") % at, told)
    elif shutil.disk_usage(folder).free < LITTLE_ROOM:
        told = _("Make room: a full disk stops everything at once.")
        yield warn("files", _("The disk of %(folder)s has less than 1 GB left.") % at, told)
    else:
        yield ok("files", _("%(folder)s can be written to and has room.") % at)


#: What needs no database, and what does.
BEFORE: Final[tuple[Look, ...]] = (system_checks, files, outside.mail_server, outside.public_address)
AFTER: Final[tuple[Look, ...]] = (
    database.tables,
    database.secrets,
    database.database_clock,
    database.pauses,
    work.worker,
    work.waiting,
    work.mail,
    work.ledger,
    wallets.published_keys,
    wallets.wallets,
)


def examine() -> Iterator[Diagnosis]:
    """Every finding, as it is found. What can't be looked at is a finding, too, and keeps nothing else from it."""
    for look in BEFORE:
        yield from _looked(look)
    parts = check_parts()
    yield from database.reachable(parts)
    for look in AFTER if database.is_usable(parts) else ():
        yield from _looked(look)


def _looked(look: Look) -> Iterator[Diagnosis]:
    try:
        yield from look()
    except DatabaseError as error:
        text = _("The database failed while it was looked at (%(what)s).")
        told = _("See its log, and whether this user may read all tables.")
        yield bad("database", text % {"what": type(error).__name__}, told)

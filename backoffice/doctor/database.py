"""The database: that it is there, has what this version needs, opens with our keys, and is the one that we left."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.doctor.diagnoses import Diagnosis, Verdict, bad, ok, warn
from ledger import clock
from ledger.api import check_triggers
from payments.actions import reencryption
from payments.pauses import active
from payments.presentation.reasons import pause_reason

#: A clock that is further off is told of; further than this, wallets refuse what we sign.
TOLERATED_SECONDS = 5
REFUSED_SECONDS = 30


Parts = dict[str, dict[str, Any]]


def is_usable(parts: Parts) -> bool:
    """Whether what reads rows can be asked at all, as `health.check_parts` found it."""
    return all(parts[name]["status"] == "ok" for name in ("database", "migrations"))


def reachable(parts: Parts) -> Iterator[Diagnosis]:
    if parts["database"]["status"] != "ok":
        told = _(
            "See that it runs, and that DATABASE_URL names it, its user and its password. The log above says more."
        )
        yield bad("database", _("The database does not answer."), told)
        return
    yield ok("database", _("The database answers."))
    if missing := parts["migrations"].get("missing", 0):
        text = ngettext("%(count)d migration is missing.", "%(count)d migrations are missing.", missing)
        yield bad("migrations", text % {"count": missing}, _("Run: manage.py migrate"))
    else:
        yield ok("migrations", _("Its tables are those of this version."))


def tables() -> Iterator[Diagnosis]:
    """What `migrate` alone does not make, or somebody may have taken away."""
    if settings.CACHES["default"]["LOCATION"] not in connection.introspection.table_names():
        text = _("The table of the cache is missing: no worker is seen, no address is slowed down.")
        yield bad("cache", text, _("Run: manage.py createcachetable"))
    if missing := check_triggers(connection):
        text = _("The ledger can be changed unnoticed: its triggers are missing (%(names)s).")
        told = _("Run: manage.py migrate, then manage.py verify_ledger. Find out who took them away.")
        yield bad("triggers", text % {"names": ", ".join(missing)}, told)
    else:
        yield ok("triggers", _("The ledger's tables can only be added to."))


def secrets() -> Iterator[Diagnosis]:
    """Whether the keys of the environment open what the database keeps encrypted."""
    tally = reencryption.sample()
    if tally.unreadable:
        count = len(tally.unreadable)
        text = ngettext(
            "%(count)d secret opens with none of FIELD_ENCRYPTION_KEYS.",
            "%(count)d secrets open with none of FIELD_ENCRYPTION_KEYS.",
            count,
        )
        told = _("Add the key that was in use when they were written. manage.py rotate_keys --check names them.")
        yield bad("secrets", text % {"count": count}, told)
    elif tally.left:
        text = _("Some secrets are still under an earlier key.")
        yield warn("secrets", text, _("Run: manage.py rotate_keys"))
    else:
        yield ok("secrets", _("Every secret opens with the newest key."))


def pauses() -> Iterator[Diagnosis]:
    for pause in active():
        told = _(
            "Look at what it is about. Then end it on its page in the admin, or with manage.py pause --resume --by."
        )
        yield warn("pause", _("New payments are paused: %(why)s") % {"why": pause_reason(pause)}, told)


def database_clock() -> Iterator[Diagnosis]:
    """A database on another machine has a clock of its own; SQLite has ours."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (there,) = cursor.fetchone()
        yield compared(_("the database"), there)


def compared(whose: str, there: datetime) -> Diagnosis:
    """Our clock beside another one."""
    apart = abs((clock.now() - there).total_seconds())
    if apart <= TOLERATED_SECONDS:
        return ok("clock", _("This machine's clock agrees with that of %(whose)s.") % {"whose": whose})
    verdict = Verdict.BAD if apart > REFUSED_SECONDS else Verdict.WARN
    text = _("This machine's clock and that of %(whose)s are %(seconds)d seconds apart.")
    told = _(
        "Let both follow a time server (timedatectl set-ntp true). Wallets refuse what seems signed at another time."
    )
    return Diagnosis("clock", verdict, text % {"whose": whose, "seconds": apart}, told)

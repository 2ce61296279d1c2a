"""Putting a backup back. What comes out starts paused: it may have forgotten payments that were made since."""

from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from backoffice.backups import archive, dumps
from backoffice.backups.manifest import Manifest, UnusableBackup, applied, beyond
from backoffice.health import check_parts
from ledger import clock
from ledger.models import Link
from payments.models import Installation


def restore(file: Path, *, over: bool) -> Manifest:
    """Put the backup in the place of what is in the database; `over` lets it be something.

    Raises UnusableBackup, and then nothing was changed unless it says so; and OSError.
    """
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    with archive.opened(file, settings.VAR_DIR) as (manifest, database):
        _check(manifest)
        if not dumps.is_empty():
            _check_present(manifest, over=over)
        dumps.load(database)
    # Before anything is looked at: whatever fails from here on, what is there now is an older database.
    _forget_where(manifest)
    _check_loaded(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    if manifest.vendor != connection.vendor:
        text = _("The backup is of %(its)s, and DATABASE_URL names %(ours)s.")
        raise UnusableBackup(text % {"its": manifest.vendor, "ours": connection.vendor})
    known: dict[str, list[str]] = {}
    for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations:
        known.setdefault(app, []).append(name)
    if later := beyond(manifest.migrations, known):
        text = _("The backup is of version %(version)s, which is later than this program: it has %(name)s.")
        raise UnusableBackup(text % {"version": manifest.version, "name": later[0]})


def _check_present(manifest: Manifest, *, over: bool) -> None:
    if not over:
        raise UnusableBackup(_("There is something in the database. With --replace, the backup takes its place."))
    if check_parts()["queue"].get("workers"):
        raise UnusableBackup(_("A worker is running on this database. Stop all processes first."))
    if connection.vendor == "postgresql" and (later := beyond(applied(), manifest.migrations)):
        # What a later version added would stay beside what is put back.
        text = _("The database is of a later version than the backup (%(name)s). Restore into a new, empty one.")
        raise UnusableBackup(text % {"name": later[0]})


def _check_loaded(manifest: Manifest) -> None:
    found = Link.objects.filter(index=manifest.links).values_list("hash", flat=True).first()
    if (found or "") != manifest.link:
        raise UnusableBackup(_("What was put back does not hold the ledger that the backup speaks of: do not use it."))


def _forget_where(manifest: Manifest) -> None:
    """It is nowhere that it knows, so the first process that may move money pauses everything, and says so."""
    with transaction.atomic():
        where = {"fingerprint": f"backup:{manifest.made_at}", "checked_at": clock.now()}
        Installation.objects.update_or_create(pk=1, defaults=where)

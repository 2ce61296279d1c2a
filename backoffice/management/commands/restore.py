"""`manage.py restore FILE`: puts a backup into an empty database, or with --replace in the place of what is there."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from backoffice.backups.manifest import UnusableBackup
from backoffice.backups.restoring import restore


class Command(BaseCommand):
    help = "Puts a backup back. Stop all processes first. What comes out starts paused."
    # The database may be empty, or broken: that is what this is for.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a file that manage.py backup has made")
        parser.add_argument("--replace", action="store_true", help="what is in the database is lost")

    def handle(self, *_args: Any, file: Path, replace: bool, **_options: Any) -> None:
        try:
            manifest = restore(file, over=replace)
        except (UnusableBackup, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("Put back as of %(moment)s UTC.") % {"moment": f"{manifest.moment:%Y-%m-%d %H:%M:%S}"})
        self.stdout.write(
            _(
                "Now run migrate, createcachetable, rotate_keys --check, verify_ledger, check_invariants and doctor."
                " Once started, everything is paused: compare the payments since then with the wallets, then resume."
            )
        )

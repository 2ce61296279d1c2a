"""`manage.py backup FILE`: the whole database as one file, while everything else goes on."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from backoffice.backups import archive
from backoffice.backups.manifest import UnusableBackup


class Command(BaseCommand):
    help = (
        "Writes the whole database into one file, with a manifest. It is not encrypted: keep it where you keep money."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a file that is not there yet")

    def handle(self, *_args: Any, file: Path, **_options: Any) -> None:
        try:
            manifest = archive.write(file)
        except (UnusableBackup, OSError) as error:
            raise CommandError(str(error)) from error
        text = _("%(file)s: %(bytes)d bytes, the ledger up to its link %(links)d, SHA-256 %(sha256)s.")
        self.stdout.write(text % {**manifest.told(), "file": file})

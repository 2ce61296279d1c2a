"""`manage.py make_checkpoint_key FILE`: makes the key that signs checkpoints, and prints its public key."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from ledger.checkpoints.keys import private_key
from ledger.checkpoints.make_key import make_key
from ledger.checkpoints.notes import NoteSigner


class Command(BaseCommand):
    help = "Makes the key that signs the ledger's checkpoints. Keep it apart from the database and its backups."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="where the private key is written; must not exist yet")

    def handle(self, *_args: Any, file: Path, **_options: Any) -> None:
        try:
            make_key(file)
        except FileExistsError as error:
            raise CommandError(_("%(file)s exists already. It was left as it is.") % {"file": file}) from error
        except OSError as error:
            raise CommandError(
                _("%(file)s cannot be written (%(why)s).") % {"file": file, "why": error.strerror}
            ) from error
        self.stdout.write(_("Set LEDGER_CHECKPOINT_KEY_FILE to %(file)s.") % {"file": file.absolute()})
        self.stdout.write(_("Its public key, for everybody who wants to check:"))
        self.stdout.write(str(NoteSigner(settings.LEDGER_ORIGIN, private_key(str(file))).public))

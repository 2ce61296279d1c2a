"""`manage.py rotate_keys`: encrypts all secrets anew under the newest key, and says when an earlier one can go."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payments.actions import reencryption
from payments.actions.reencryption import Tally
from payments.encryption import fingerprint

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Encrypts every secret in the database anew under the first of FIELD_ENCRYPTION_KEYS, while the site runs. "
        "It can be stopped and started again. It exits with 1 while an earlier key is still needed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only count what is under which key")

    def handle(self, *_args: Any, check: bool, **_options: Any) -> None:
        if not check:
            done = reencryption.reseal_all().resealed
            text = ngettext("%(count)d secret was encrypted anew.", "%(count)d secrets were encrypted anew.", done)
            self.stdout.write(text % {"count": done})
        # Counted in any case: a process with the setting of before may have written behind us.
        tally = reencryption.count()
        for place, key in enumerate(settings.FIELD_ENCRYPTION_KEYS):
            self.stdout.write(_line(place, fingerprint(key), tally.under[place]))
        self._say_what_to_do(tally)
        if tally.left or tally.unreadable:
            sys.exit(1)

    def _say_what_to_do(self, tally: Tally) -> None:
        if tally.unreadable:
            shown = ", ".join(tally.unreadable[:SHOWN])
            text = ngettext(
                "No key opens %(count)d secret: %(rows)s. Add the key it was encrypted with.",
                "No key opens %(count)d secrets: %(rows)s. Add the key they were encrypted with.",
                len(tally.unreadable),
            )
            self.stdout.write(self.style.ERROR(text % {"count": len(tally.unreadable), "rows": shown}))
        if tally.left:
            self.stdout.write(
                self.style.WARNING(
                    _(
                        "An earlier key is still needed. Restart every process that was started before the newest key "
                        "was put first in FIELD_ENCRYPTION_KEYS, then run rotate_keys again."
                    )
                )
            )
        elif len(settings.FIELD_ENCRYPTION_KEYS) > 1:
            self.stdout.write(
                self.style.SUCCESS(
                    _(
                        "Nothing needs an earlier key. Once every process was restarted with the newest key first, and "
                        "rotate_keys --check says this again, take the earlier keys out of FIELD_ENCRYPTION_KEYS. Keep "
                        "them for as long as you keep backups that were made before now."
                    )
                )
            )


def _line(place: int, name: str, count: int) -> str:
    text = ngettext(
        "Key %(place)d (%(name)s) opens %(count)d secret.", "Key %(place)d (%(name)s) opens %(count)d secrets.", count
    )
    return text % {"place": place + 1, "name": name, "count": count}

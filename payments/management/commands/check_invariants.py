"""`manage.py check_invariants`: what must hold of every payment, and where it does not; then it exits with 1."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payments.invariants import INVARIANTS, violations

SHOWN = 20


class Command(BaseCommand):
    help = "Checks the whole database against what must hold of every payment request, payment and approval."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="print only what does not hold")

    def handle(self, *_args: Any, quiet: bool, **_options: Any) -> None:
        broken = {violation.invariant.name: violation.ids for violation in violations()}
        for invariant in INVARIANTS:
            if ids := broken.get(invariant.name):
                self.stdout.write(self.style.ERROR(f"{invariant.name}: {invariant.holds}"))
                self.stdout.write("    " + _named(ids))
            elif not quiet:
                self.stdout.write(self.style.SUCCESS("OK  ") + f"{invariant.name}: {invariant.holds}")
        if broken:
            summary = ngettext("%(count)d of them does not hold.", "%(count)d of them do not hold.", len(broken))
            self.stdout.write(self.style.ERROR(summary % {"count": len(broken)}))
            sys.exit(1)


def _named(ids: tuple[str, ...]) -> str:
    shown = ", ".join(ids[:SHOWN])
    if len(ids) <= SHOWN:
        return shown
    return _("%(ids)s … %(count)d in all") % {"ids": shown, "count": len(ids)}

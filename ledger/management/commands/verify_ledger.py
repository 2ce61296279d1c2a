"""`manage.py verify_ledger`: prints every fault of the ledger, what was checked, and what it vouches for.

Faults make it exit with 1.
"""

import sys
from argparse import ArgumentParser
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ledger.checkpoints import keys
from ledger.rows.verification import RowCounts, verify_rows
from ledger.verification import ALLOWED_LAG, Counts, verify


class Command(BaseCommand):
    help = (
        "Checks the whole ledger: digests, chain, tree, checkpoints, subjects, private parts and triggers; and holds"
        " the rows of payments, jobs and people against what it says of them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--allowed-lag",
            type=int,
            default=int(ALLOWED_LAG.total_seconds()),
            metavar="SECONDS",
            help="how long an entry may wait for its place in the chain (default: %(default)s)",
        )
        parser.add_argument(
            "--checkpoint",
            type=Path,
            nargs="+",
            action="extend",
            default=[],
            metavar="FILE",
            help="files with checkpoints that were kept elsewhere, such as an auditor's saved mails",
        )

    def handle(self, *_args: Any, allowed_lag: int, checkpoint: list[Path], **_options: Any) -> None:
        if missing := [file for file in checkpoint if not file.is_file()]:
            raise CommandError(_("There is no file %(file)s.") % {"file": missing[0]})
        counts = Counts()
        faults = 0
        rows = RowCounts()
        own = verify(counts, allowed_lag=timedelta(seconds=allowed_lag), checkpoints=checkpoint)
        try:
            for fault in chain(own, verify_rows(rows)):
                faults += 1
                self.stdout.write(self.style.ERROR(fault.sentence()))
        except keys.UnusableKey as unusable:
            raise CommandError(str(unusable)) from unusable
        self._report(counts, rows, faults)
        if faults:
            sys.exit(1)

    def _report(self, counts: Counts, rows: RowCounts, faults: int) -> None:
        self.stdout.write(
            _("Checked %(entries)d entries and %(links)d links.") % {"entries": counts.entries, "links": counts.links}
        )
        self.stdout.write(_("Compared %(count)d rows with what the ledger says of them.") % {"count": rows.rows})
        if rows.unknowable:
            erased = _(
                "Of %(count)d, names and addresses were erased from the ledger: whether those changed is unknown."
            )
            self.stdout.write(erased % {"count": rows.unknowable})
        if counts.unsealed:
            self.stdout.write(
                _("Waiting for their place in the chain: %(count)d, the oldest for %(seconds)d seconds.")
                % {"count": counts.unsealed, "seconds": counts.lag.total_seconds()}
            )
        self._report_vouched(counts)
        if faults:
            summary = ngettext("%(count)d fault was found.", "%(count)d faults were found.", faults)
            self.stdout.write(self.style.ERROR(summary % {"count": faults}))
        else:
            self.stdout.write(self.style.SUCCESS(_("No fault was found.")))

    def _report_vouched(self, counts: Counts) -> None:
        """Up to where a signature holds, and what could have been changed since without anybody being able to tell."""
        if counts.vouched is None:
            why = (
                _("No checkpoint fits the chain: nothing of it is vouched for.")
                if keys.known()
                else _("No key is set that signs checkpoints: nothing of the chain is vouched for.")
            )
            self.stdout.write(self.style.WARNING(why))
            return
        words = _(
            "Vouched for: the first %(size)d entries, the last of them recorded at %(until)s, by the checkpoint"
            " %(source)s. Since then: %(since)d, which only the database itself speaks for."
        )
        vouched = counts.vouched
        since = counts.entries - vouched.head.size
        until = f"{counts.vouched_until:%Y-%m-%d %H:%M:%S} UTC" if counts.vouched_until else "-"
        told = {"size": vouched.head.size, "until": until, "source": vouched.source, "since": max(since, 0)}
        self.stdout.write(words % told)

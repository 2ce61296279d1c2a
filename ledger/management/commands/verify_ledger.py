"""`manage.py verify_ledger`: prints every fault of the ledger, and what was checked. Faults make it exit with 1."""

import sys
from argparse import ArgumentParser
from datetime import timedelta
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ledger.row_verification import RowCounts, verify_rows
from ledger.verification import ALLOWED_LAG, Counts, verify
from ledger.witness import Comparison, compare


class Command(BaseCommand):
    help = (
        "Checks the whole ledger: digests, chain, subjects, private parts, triggers and witness; and holds the rows of"
        " payments, jobs and people against what it says of them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--allowed-lag",
            type=int,
            default=int(ALLOWED_LAG.total_seconds()),
            metavar="SECONDS",
            help="how long an entry may wait for its place in the chain (default: %(default)s)",
        )

    def handle(self, *_args: Any, allowed_lag: int, **_options: Any) -> None:
        counts = Counts()
        faults = 0
        rows = RowCounts()
        for fault in chain(verify(counts, allowed_lag=timedelta(seconds=allowed_lag)), verify_rows(rows)):
            faults += 1
            self.stdout.write(self.style.ERROR(fault.sentence()))
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
        if compare() is Comparison.MISSING:
            self.stdout.write(self.style.WARNING(_("The witness file is missing: the end of the chain is unproven.")))
        if faults:
            summary = ngettext("%(count)d fault was found.", "%(count)d faults were found.", faults)
            self.stdout.write(self.style.ERROR(summary % {"count": faults}))
        else:
            self.stdout.write(self.style.SUCCESS(_("No fault was found.")))

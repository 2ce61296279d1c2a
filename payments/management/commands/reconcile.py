"""`manage.py reconcile`: what wallets list against what we say; what differs waits in the admin, under Exceptions.

Exits with 1 while exceptions are open, and with 2 while none is, but a list could not be read to its end.
"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ledger.models import StatementImport
from ledger.models.statements import ImportState
from ledger.statements.amounts import expected_by, found_by
from ledger.statements.exceptions import open_exceptions
from payments.presentation.statement_words import problem_sentence
from payments.reconciliation.run import open_count, reconcile

SECONDS = 600
SHOWN = 20
OPEN, UNREAD = 1, 2


class Command(BaseCommand):
    help = "Reads what wallets list, compares it with what we say, and tells what differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, default=SECONDS, help="how long it may take; what is left is next")

    def handle(self, *_args: Any, seconds: float, **_options: Any) -> None:
        run = reconcile(seconds)
        for statement, outcome in run.readings:
            self._say(statement, outcome.opened, outcome.cleared)
        if run.left:
            left = ngettext(
                "%(count)d list is left for the next run.", "%(count)d lists are left for the next run.", run.left
            )
            self.stdout.write(self.style.WARNING(left % {"count": run.left}))
        count = open_count()
        if count:
            self._list(count)
            sys.exit(OPEN)
        self.stdout.write(self.style.SUCCESS(_("No exception is open.")))
        if run.unfinished or run.left:
            sys.exit(UNREAD)

    def _say(self, statement: StatementImport, opened: int, cleared: int) -> None:
        source = statement.source
        line = _("%(kind)s, %(name)s: %(rows)d rows, %(opened)d new exceptions, %(cleared)d gone") % {
            "kind": source.get_kind_display(),
            "name": source.name,
            "rows": statement.fresh + statement.known,
            "opened": opened,
            "cleared": cleared,
        }
        self.stdout.write(line)
        if statement.state != ImportState.COMPLETE:
            self.stdout.write(self.style.WARNING(f"    {problem_sentence(statement)}"))

    def _list(self, count: int) -> None:
        summary = ngettext("%(count)d exception is open:", "%(count)d exceptions are open:", count)
        self.stdout.write(self.style.ERROR(summary % {"count": count}))
        for row in open_exceptions().select_related("source").order_by("first_seen", "id")[:SHOWN]:
            amounts = " / ".join(f"{total.major} {total.code}" for total in (expected_by(row), found_by(row)) if total)
            self.stdout.write(f"    {row.pk}  {row.type_label}  {amounts}  {row.subject}  {row.source.name}")

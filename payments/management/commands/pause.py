"""`manage.py pause`: stop new money movement, say what is stopped, or let it move again."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from payments.actions.pausing import pause, resume
from payments.models import Pause
from payments.models.pauses import PauseScope
from payments.pauses import active
from payments.presentation.reasons import pause_reason


class Command(BaseCommand):
    help = "Pause new payments (everything, one seller, or one wallet host); --resume ends a pause; --list shows them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        within = parser.add_mutually_exclusive_group()
        within.add_argument("--seller", default="", metavar="ID", help="only this seller")
        within.add_argument("--host", default="", metavar="HOST", help="only wallets at this host")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--reason", help="why, for everybody who works here")
        what.add_argument("--resume", action="store_true", help="end the pause")
        what.add_argument("--list", action="store_true", help="show what is paused")
        parser.add_argument("--by", metavar="USERNAME", help="who decides this; needed to resume")

    def handle(self, *_args: Any, **options: Any) -> None:
        scope, target = _within(options)
        if options["list"]:
            self._show()
        elif options["resume"]:
            self._resume(scope, target, _person(options["by"]))
        else:
            by = _person(options["by"]) if options["by"] else None
            try:
                started = pause(scope, target, options["reason"], by)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
            self.stdout.write(f"Paused: {_named(started)}")

    def _resume(self, scope: PauseScope, target: str, by: User) -> None:
        found = Pause.objects.filter(scope=scope, target=target, ended_at=None).first()
        if found is None:
            raise CommandError("Nothing of that kind is paused. --list shows what is.")
        self.stdout.write(f"Resumed: {_named(resume(found.pk, by))}")

    def _show(self) -> None:
        for row in active():
            self.stdout.write(f"{row.started_at:%Y-%m-%d %H:%M} UTC  {_named(row)}")
        if not active():
            self.stdout.write("Nothing is paused.")


def _within(options: dict[str, Any]) -> tuple[PauseScope, str]:
    if options["seller"]:
        return PauseScope.SELLER, options["seller"]
    if options["host"]:
        return PauseScope.HOST, options["host"].lower()
    return PauseScope.ALL, ""


def _person(username: str | None) -> User:
    if not username:
        raise CommandError("--by is missing: name the person who decides that payments go on.")
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise CommandError(f"There is no active user called {username}.")
    if not person.has_perm("payments.change_pause"):
        raise CommandError(f"{username} may not pause or resume payments.")
    return person


def _named(row: Pause) -> str:
    return f"{row} — {pause_reason(row)}"

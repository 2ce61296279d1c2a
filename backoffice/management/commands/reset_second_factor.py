"""For the administrator whom no other administrator can help."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from backoffice.sign_in import lockout
from backoffice.sign_in.resets import reset_factor
from ledger.api import Actor


class Command(BaseCommand):
    help = "Take away somebody's second factor, and let them try again: they set up a new one after their password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *_args: Any, username: str, **_options: Any) -> None:
        with transaction.atomic():
            user = User.objects.select_for_update().filter(username=username).first()
            if user is None:
                raise CommandError(f"Nobody signs in as {username}.")
            lockout.forget(username)
            if not reset_factor(user, by=Actor.system("command"), called="Tequio"):
                raise CommandError(f"{username} has no second factor.")
        self.stdout.write(f"{username} signs in with their password, and then sets up a new second factor.")

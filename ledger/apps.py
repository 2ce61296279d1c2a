from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

from ledger.checks import check_append_only, check_checkpoints
from ledger.kinds import ACCEPTED, CLOSED, REOPENED, declare
from ledger.rows.vouching import CARRIED_OVER
from ledger.triggers import ERASED, ensure_triggers, guarded_rooms, remove_triggers


class LedgerConfig(AppConfig):
    name = "ledger"
    verbose_name = _("Ledger")

    def ready(self) -> None:
        declare([ERASED, ACCEPTED, CARRIED_OVER, CLOSED, REOPENED])
        checks.register(check_append_only, checks.Tags.database)
        checks.register(check_checkpoints, checks.Tags.security, deploy=True)
        pre_migrate.connect(_lift_triggers_for_migrations, sender=self)
        post_migrate.connect(_make_triggers, sender=self)


def _lift_triggers_for_migrations(using: str, plan: list[tuple[Any, bool]], **_kwargs: Any) -> None:
    # SQLite refuses to rename a table, or to alter a column, while a trigger names what is gone for a moment.
    if any(migration.app_label in {LedgerConfig.name, *guarded_rooms()} for migration, _backwards in plan):
        remove_triggers(connections[using])


def _make_triggers(using: str, **_kwargs: Any) -> None:
    ensure_triggers(connections[using])

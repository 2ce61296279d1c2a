"""A database that the version before made, with five payments at different ends, migrates and pays on.

`version_before.json` is every row of it, without passwords and what was encrypted. Its wallets are stood up anew, as
empty as they come: of what was begun with them, they know nothing.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from ledger import clock
from payments.models import Seller, SellerKey
from payments.openpayments.keys import generate_key, private_key_to_pem, public_jwk
from tests.driver import Stage
from tests.payments.engine.conftest import short_waits
from tests.sandbox.fixtures import sandbox, sandbox_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.process import SandboxProcess

__all__ = ["sandbox", "sandbox_process", "short_waits"]

pytestmark = pytest.mark.django_db(transaction=True)
DUMP = Path(__file__).parent / "version_before.json"
BEFORE = ("payments", "0001_initial")


@pytest.fixture
def stage(sandbox: SandboxProcess, settings: Any, tmp_path: Path) -> Iterator[Stage]:
    """The old database, migrated, with the same people and the key that they had to make anew."""
    told = json.loads(DUMP.read_text(encoding="utf-8"))
    settings.OPEN_PAYMENTS_TRUSTED_HOSTS = [sandbox.trusted_host]
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    call_command("migrate", *BEFORE, verbosity=0)
    try:
        load(told["tables"], told["wallets"], sandbox.trusted_host)
    finally:
        call_command("migrate", verbosity=0)
    key = generate_key()
    urls = {name: sandbox.create_wallet(name, balance=balance) for name, balance in (("maria", 0), ("sol", 1_000_000))}
    sandbox.create_wallet("platform", keys=[public_jwk(key, "k1").to_wire()])
    sandbox.settings(waitSeconds=0)
    row = SellerKey.objects.get()
    row.take(private_key_to_pem(key))
    row.save()
    stage = Stage(sandbox, Seller.objects.get(), row.created_by, urls["sol"], urls["maria"], tmp_path / "clock")
    stage.later(int((datetime.fromisoformat(told["made_at"]) - clock.now()).total_seconds()))
    yield stage


@transaction.atomic
def load(tables: dict[str, Any], old_host: str, host: str) -> None:
    apps = MigrationExecutor(connection).loader.project_state(BEFORE).apps
    for name, table in tables.items():
        text = json.dumps(table["rows"])
        # The ledger tells what happened where it happened.
        rows = json.loads(text if name.startswith("ledger.") else text.replace(old_host, host))
        model = apps.get_model(name)
        model._default_manager.bulk_create(model(**dict(zip(table["columns"], row, strict=True))) for row in rows)


def test_it_migrates(stage: Stage) -> None:
    pass

"""A database that the version before made, with five payments at different ends, migrates and pays on.

`version_before.json` is every row of it, without passwords and what was encrypted. Its wallets are stood up anew, as
empty as they come: of what was begun with them, they know nothing.
"""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from ledger import clock
from ledger.api import seal, timeline, verify_rows
from ledger.verification import verify
from payments.actions import approvals
from payments.authorisation import amount_above
from payments.client import client
from payments.engine.advance import advance
from payments.invariants import violations
from payments.models import Grant, PaymentRequest, SecondPersonRule, Seller, SellerKey
from payments.openpayments.keys import generate_key, private_key_to_pem, public_jwk
from payments.states import GrantState, RequestState
from tests.driver import Stage
from tests.fixtures import sandbox, sandbox_process, short_waits
from tests.sandbox.process import SandboxProcess

__all__ = ["sandbox", "sandbox_process", "short_waits"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.prove]
DUMP = Path(__file__).parent / "version_before.json"
A_MINUTE = 60
BEFORE = {"payments": "0001_initial", "jobs": "0001_initial"}


@pytest.fixture
def stage(sandbox: SandboxProcess, settings: Any, tmp_path: Path) -> Stage:
    """The old database, migrated, with the same people and the key that they had to make anew."""
    told = json.loads(DUMP.read_text(encoding="utf-8"))
    settings.OPEN_PAYMENTS_TRUSTED_HOSTS = [sandbox.trusted_host]
    client.cache_clear()
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    since = int((datetime.fromisoformat(told["made_at"]) - clock.now()).total_seconds()) + A_MINUTE
    (tmp_path / "clock").write_text(str(since))
    for before in BEFORE.items():
        call_command("migrate", *before, verbosity=0)
    try:
        load(told["tables"], told["wallets"], sandbox.trusted_host)
    finally:
        call_command("migrate", verbosity=0)
    key = generate_key()
    urls = {name: sandbox.create_wallet(name, balance=balance) for name, balance in (("maria", 0), ("sol", 1_000_000))}
    sandbox.create_wallet("platform", keys=[public_jwk(key, "k1").to_wire()])
    sandbox.settings(waitSeconds=0)
    row = SellerKey.objects.get()
    row.keep(private_key_to_pem(key))
    row.save()
    for grant in Grant.objects.filter(state=GrantState.ACTIVE):
        grant.sealed = grant.sealed_with(token="forgotten", manage=f"{grant.auth_server}/token/forgotten")
        grant.save()
    staff = User.objects.get(username="rosa")
    stage = Stage(sandbox, Seller.objects.get(), staff, urls["sol"], urls["maria"], tmp_path / "clock")
    stage.later(since)
    return stage


@transaction.atomic
def load(tables: dict[str, Any], old_host: str, host: str) -> None:
    loader = MigrationExecutor(connection).loader
    others = [node for node in loader.graph.leaf_nodes() if node[0] not in BEFORE]
    apps = loader.project_state([*BEFORE.items(), *others]).apps
    for name, table in tables.items():
        text = json.dumps(table["rows"])
        # The ledger tells what happened where it happened.
        rows = json.loads(text if name.startswith("ledger.") else text.replace(old_host, host))
        model = apps.get_model(name)
        model._default_manager.bulk_create(model(**dict(zip(table["columns"], row, strict=True))) for row in rows)


def test_what_was_under_way_is_what_it_was_and_goes_on(stage: Stage) -> None:
    """One after the other on one database: migrating it costs more than all that is asked of it."""
    _what_a_reason_told_is_a_state_with_its_entry()
    _what_was_begun_before_is_paid_after(stage)
    _what_was_with_the_payer_can_still_be_declined()


def _what_a_reason_told_is_a_state_with_its_entry() -> None:
    states = dict(PaymentRequest.objects.values_list("reason", "state"))
    assert states["settled_outside"] == RequestState.SETTLED_OUTSIDE
    assert states["rest_declined"] == RequestState.SETTLED_IN_PART
    for request in PaymentRequest.objects.filter(
        state__in=[RequestState.SETTLED_IN_PART, RequestState.SETTLED_OUTSIDE]
    ):
        assert [row.kind for row in timeline([("request", request.pk)])].count(f"request.{request.state}") == 1
    call_command("migrate", verbosity=0)
    all_is_well()


def _what_was_begun_before_is_paid_after(stage: Stage) -> None:
    request = stage.settle(stage.send(PaymentRequest.objects.get(state=RequestState.QUOTING)))
    assert request.state == RequestState.SETTLED, request.reason
    assert stage.received() == request.payments.get().value
    all_is_well()


def _what_was_with_the_payer_can_still_be_declined() -> None:
    request = PaymentRequest.objects.get(state=RequestState.AWAITING_APPROVAL)
    approvals.decline(request.pk, "Not now")
    assert advance(request.pk, 1).state == RequestState.DECLINED
    all_is_well()


def test_of_several_limits_of_a_currency_the_lowest_stays() -> None:
    before = ("payments", "0003_states_say_everything")
    call_command("migrate", *before, verbosity=0)
    try:
        loader = MigrationExecutor(connection).loader
        old = loader.project_state([before]).apps.get_model("payments", "AuthorisationLimit")
        for code, scale, limit in (("USD", 2, 500_00), ("USD", 6, 499_990_000), ("MXN", 2, 1), ("jpy", 0, 7000)):
            old.objects.create(asset_code=code, asset_scale=scale, limit=limit)
    finally:
        call_command("migrate", verbosity=0)
    kept = {row.asset_code: amount_above(row).to_major() for row in SecondPersonRule.objects.all()}
    assert kept == {"USD": Decimal("499.99"), "MXN": Decimal("0.01"), "JPY": Decimal(7000)}


def all_is_well() -> None:
    while seal():
        pass
    assert not list(verify())
    assert not list(violations())
    # What was encrypted did not come with the old database: the stage makes it anew, and a key.
    assert [
        fault.sentence() for fault in verify_rows() if dict(fault.parameters).get("column") not in {"sealed", "public"}
    ] == []

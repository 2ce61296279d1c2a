"""`/metrics`: for whoever shows the token; true figures; no big table read; alerts and panels ask for what exists."""

import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from backoffice.models import FailedTries
from payments.models import HostCalls, LedgerCheck, Message, WalletHost
from payments.models.messages import MessageState
from payments.states import PaymentState, RequestState
from tests.backoffice.test_health import running_queue
from tests.backoffice.test_plans import statements
from tests.cast import asked, paid_to_maria

__all__ = ["running_queue"]

MONITORING = Path(__file__).resolve().parents[2] / "docs" / "monitoring"
TOKEN = "a" * 8 + "-seen-by-the-monitoring-system-only"
BIG = ("payments_paymentrequest", "payments_payment", "payments_message", "payments_webhookdelivery", "ledger_entry")
SAMPLE = re.compile(r"(tequio_\w+)(?:\{\w+=\"(\w+)\"\})? ([0-9.e+-]+)")
CALLS = re.compile(r"(tequio_\w+_total)\{host=\"([^\"]+)\",kind=\"(\w+)\",outcome=\"(\w+)\"\} ([0-9.e+-]+)")


def read(client: Client, token: str = TOKEN) -> Any:
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"} if token else {})


def figures(client: Client) -> dict[tuple[str, str], float]:
    lines = read(client).content.decode().splitlines()
    told = [line for line in lines if not line.startswith("#")]
    samples, calls = [SAMPLE.fullmatch(line) for line in told], [CALLS.fullmatch(line) for line in told]
    assert all(one or other for one, other in zip(samples, calls, strict=True))
    found = {(found[1], found[2] or ""): float(found[3]) for found in samples if found}
    return found | {(each[1], " ".join(each.groups()[1:4])): float(each[5]) for each in calls if each}


@pytest.mark.django_db
@pytest.mark.edits_rows(why="a message waits and a host fails, without what led there")
@pytest.mark.usefixtures("running_queue")
def test_figures_are_true_cheap_and_all_that_alerts_and_dashboard_ask_for(client: Client, settings: Settings) -> None:
    assert read(client).status_code == 401, "without a token in the environment nobody comes in"
    settings.METRICS_TOKEN = TOKEN
    assert [read(client, shown).status_code for shown in ("", "wrong", TOKEN[:-1])] == [401] * 3
    answer = read(client)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")

    empty = statements_of(client)
    now = timezone.now()
    paid_to_maria(asked(RequestState.APPROVED), PaymentState.NEEDS_ATTENTION)
    OrmQ.objects.create(key="tequio", payload="", lock=now - timedelta(seconds=90))
    Message.objects.create(template="account", to_email="a@example.org", occasion="x", state=MessageState.FAILED)
    # Waits for the morning of whom it is to, and not for the mail server.
    Message.objects.create(
        template="expired", to_email="a@example.org", occasion="y", created_at=now - timedelta(hours=10)
    )
    FailedTries.objects.create(key="name:x", count=7, since=now, locked_until=now + timedelta(minutes=5))
    WalletHost.objects.create(host="bank.example", failures=3, closed_until=now + timedelta(minutes=5), changed_at=now)
    LedgerCheck.objects.create(kind="quick", started_at=now, finished_at=now, faults=4)
    calls = {"host": "bank.example", "kind": "quote", "outcome": "unanswered"}
    HostCalls.objects.create(**calls, calls=3, seconds=24.5, changed_at=now)
    HostCalls.objects.create(**{**calls, "host": "gone.example"}, calls=3, changed_at=now - timedelta(days=31))
    told = figures(client)
    assert told["tequio_wallet_calls_total", "bank.example quote unanswered"] == 3
    assert told["tequio_wallet_calls_seconds_total", "bank.example quote unanswered"] == 24.5
    assert not [label for _name, label in told if "gone.example" in label], "not called for a month"
    assert told["tequio_workers", ""] == 2
    assert told["tequio_queue_waiting", ""] == OrmQ.objects.count() > 0
    assert 90 <= told["tequio_queue_oldest_seconds", ""] < 120
    assert told["tequio_payments", "needs_attention"] == 1
    assert told["tequio_payments", "sending"] == 0
    assert told["tequio_requests", RequestState.APPROVED] == 1
    assert told["tequio_mail_failed", ""] == 1
    assert told["tequio_mail_waiting", ""] == told["tequio_mail_oldest_seconds", ""] == 0
    assert told["tequio_sign_in_failures", "name"] == 7
    assert told["tequio_sign_in_locked", ""] == 1
    assert told["tequio_wallet_hosts", "left_alone"] == 1
    assert told["tequio_ledger_faults", "quick"] == 4
    assert told["tequio_ledger_checkpoint", "off"] == 1

    full = statements_of(client)
    assert len(full) == len(empty), "as many statements however much there is"
    if connection.vendor == "sqlite":
        assert [step for sql, params in full for step in scanned(sql, params)] == []

    # A figure without rows has no sample in this database, so names are taken from what is said of them.
    known = set(re.findall(r"^# TYPE (\w+) (?:gauge|counter)$", read(client).content.decode(), re.MULTILINE))
    assert known >= {name for name, _label in told}
    for file in ("alerts.yml", "dashboard.json"):
        named = set(re.findall(r"tequio_\w+", (MONITORING / file).read_text(encoding="utf-8")))
        assert named, file
        assert named <= known, file


def statements_of(client: Client) -> list[tuple[str, Any]]:
    with statements() as made:
        read(client)
    return list(made)


def scanned(sql: str, params: Any) -> list[str]:
    """What SQLite reads from its beginning to its end, of tables that grow."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        steps = [str(row[3]) for row in cursor.fetchall()]
    return [step for step in steps if step.startswith("SCAN") and any(table in step for table in BIG)]


def test_every_alert_has_a_level_and_a_first_step() -> None:
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    rules = [(group["name"], rule) for group in groups for rule in group["rules"]]
    tried = (MONITORING / "alerts_test.yml").read_text(encoding="utf-8")
    for group, rule in rules:
        assert group == f"tequio-{rule['labels']['level']}", rule["alert"]
        assert rule["annotations"]["first_step"], rule["alert"]
        assert f'alertname="{rule["alert"]}"' in tried, rule["alert"]
    told = (MONITORING.parent / "operating.md").read_text(encoding="utf-8")
    assert re.findall(r"^### (\w+)$", told, re.MULTILINE) == [rule["alert"] for _group, rule in rules]
    assert json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))["panels"]


def test_the_alerts_load_and_fire() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool was not found (Debian's package prometheus has it): the alert rules are not tried.")
    command = [promtool, "test", "rules", "alerts_test.yml"]
    done = subprocess.run(command, cwd=MONITORING, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""How long the admin's pages take in the process that serves them, with ten thousand jobs; and the database at size."""

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from backoffice.to_do.tabs import TABS
from jobs import tasks
from jobs.models import Job, Member
from payments.mail.sending import due_messages
from payments.models import PaymentRequest
from payments.worker.claims import count_due
from tests.bench import seeding
from tests.bench.tables import percentile, show
from tests.driver import Stage

JOBS = 10_000
TIMES = 20
FEW, MANY = int(os.environ.get("BENCH_FEW", "1000")), int(os.environ.get("BENCH_JOBS", "100000"))
#: Of so many times, the quickest counts: what is slower waited for a processor.
LOOKS = 5
LISTS = (
    *(f"jobs/{name}" for name in ("job", "application", "submission", "member")),
    *(f"payments/{name}" for name in ("paymentrequest", "payment", "grant", "quote", "message", "walletaddress")),
    *(f"ledger/{name}" for name in ("entry", "movement")),
)
SEARCHED = ("jobs/job", "jobs/application", "jobs/submission", "payments/paymentrequest", "payments/payment")


def milliseconds(client: Client, path: str) -> list[float]:
    times = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        answer = client.get(path)
        times.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, (path, answer.status_code)
    return times[1:]  # the first also loads templates


@pytest.mark.django_db
def test_pages_with_ten_thousand_jobs(stage: Stage) -> None:
    funder = Member.objects.create(name="Casa de la Palabra", email="casa@example.org", language="es")
    Job.objects.bulk_create(
        Job(
            title=f"Radio spot {number}",
            funder=funder,
            target_language="Nahuatl",
            deliverable_types=["audio"],
            budget_value=100_00,
            budget_code="MXN",
            budget_scale=2,
        )
        for number in range(JOBS)
    )
    request = stage.quoted()
    client = Client()
    client.force_login(User.objects.create_superuser("alma"))
    pages = {
        "overview": "/admin/",
        "jobs, 10,000": "/admin/jobs/job/",
        "jobs, searched": "/admin/jobs/job/?q=9999",
        "review of a request": f"/admin/payments/paymentrequest/{request.pk}/change/",
    }
    rows = []
    for name, path in pages.items():
        times = milliseconds(client, path)
        rows.append((connection.vendor, name, percentile(times, 50), percentile(times, 95)))
    show("Pages", ("database", "page", "median, ms", "p95, ms"), rows)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the database that makes its own rows is PostgreSQL")
@pytest.mark.django_db
def test_the_database_at_size() -> None:
    """What pages, sweep and ticker ask of PostgreSQL, with few jobs and with many (`BENCH_FEW`, `BENCH_JOBS`)."""
    now = timezone.now()
    seeding.fill(1, FEW, now)
    few = in_the_database()
    seeding.fill(FEW + 1, MANY, now)
    many = in_the_database()
    rows = [(name, few[name], many[name], many[name] / few[name]) for name in few]
    show("SQL of a page", ("what", f"ms, {FEW} jobs", f"ms, {MANY} jobs", "ratio"), rows)


def in_the_database() -> dict[str, float]:
    """Milliseconds until the database has answered everything that each asks."""
    return {name: min(_sql(ask) for _ in range(LOOKS)) for name, ask in _asked().items()}


def _asked() -> Mapping[str, Callable[[], object]]:
    client = Client()
    client.force_login(User.objects.filter(username="root").first() or User.objects.create_superuser("root"))
    job = Job.objects.order_by("pk")[FEW // 2]
    request = PaymentRequest.objects.get(title=job.title)
    paths = {"overview": ""} | {f"list: {name}": f"{name}/" for name in LISTS}
    paths |= {f"overview, {name}": f"overview/{name}/" for name in ("payments", "funders", "workers", "quality")}
    paths |= {"overview, today": "?period=today", "waiting for two": "waiting/"}
    paths |= {f"to do: {tab.code}": f"to-do/?tab={tab.code}" for tab in TABS}
    for what, text in (("a job", job.title), ("an id", request.pk), ("nobody", "zzqqy"), ("everybody", "Maria")):
        paths |= {f"where is the money? {what}": f"where-is-the-money/?q={quote(text)}"}
        paths |= {f"ctrl-k: {what}": f"search/?extended=1&s={quote(text)}"}
    paths |= {f"search a number: {name}": f"{name}/?q={job.pk}" for name in SEARCHED}
    paths |= {f"search what is nowhere: {name}": f"{name}/?q=zzqqy" for name in SEARCHED}
    paths |= {f"search what is everywhere: {name}": f"{name}/?q=Maria" for name in SEARCHED}
    paths |= {
        "job": f"jobs/job/{job.pk}/change/",
        "application": f"jobs/application/{job.applications.filter(status='selected').get().pk}/change/",
        "payment request": f"payments/paymentrequest/{request.pk}/change/",
        "payment": f"payments/payment/{request.payments.get().pk}/change/",
        "ledger, by id": f"ledger/entry/?q={request.pk}",
        "last page of jobs": f"jobs/job/?p={(Job.objects.count() - 1) // 25 + 1}",
        "last page of requests": f"payments/paymentrequest/?p={(Job.objects.count() - 1) // 25 + 1}",
        "autocomplete: job": "autocomplete/?term=radio&app_label=jobs&model_name=application&field_name=job",
        "autocomplete: member": "autocomplete/?term=maria&app_label=jobs&model_name=job&field_name=funder",
    }
    pages = {name: partial(_page, client, f"/admin/{path}") for name, path in paths.items()}
    return {**pages, "sweep": _sweep, "ticker: mail": due_messages, "ticker: requests": count_due}


def _page(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200, path


def _sweep() -> None:
    with transaction.atomic():
        tasks.sweep()
        transaction.set_rollback(True)


def _sql(ask: Callable[[], object]) -> float:
    spent = 0.0

    def measured(execute: Callable[..., Any], *statement: Any) -> Any:
        nonlocal spent
        began = time.perf_counter()
        try:
            return execute(*statement)
        finally:
            spent += 1000 * (time.perf_counter() - began)

    with connection.execute_wrapper(measured):
        ask()
    return spent

"""How long the admin's pages take in the process that serves them, with ten thousand jobs."""

import time

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from jobs.models import Job, Member
from tests.bench.tables import percentile, show
from tests.driver import Stage

JOBS = 10_000
TIMES = 20


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

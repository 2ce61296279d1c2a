"""What `/health` tells a monitoring system."""

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django_q.conf import Conf
from django_q.signing import SignedPackage
from django_q.status import Status

pytestmark = pytest.mark.django_db


class Cluster(Status):  # type: ignore[misc]  # django-q2 ships no types
    """What a running cluster tells of itself through the cache."""

    def __init__(self) -> None:
        super().__init__(pid=1, cluster_id="test")
        self.workers = [11, 12]
        self.status = Conf.IDLE


@pytest.fixture
def running_queue() -> Iterator[None]:
    key = f"{Conf.Q_STAT}:test"
    cache.set(Conf.Q_STAT, [key])
    cache.set(key, SignedPackage.dumps(Cluster(), True))
    yield
    cache.clear()


@pytest.mark.usefixtures("running_queue")
def test_all_is_well_with_a_database_and_a_worker(client: Client) -> None:
    response = client.get("/health")
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["live"], body["ready"]) == ("ok", True, True)
    assert body["parts"]["queue"] == {"status": "ok", "workers": 2, "waiting": 0}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["time"])


def test_without_a_worker_it_says_so_and_still_serves(client: Client) -> None:
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["parts"]["queue"]["status"] == "degraded"


def test_a_missing_migration_makes_it_not_ready(client: Client) -> None:
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    response = client.get("/health")
    assert response.status_code == 503
    assert response.json()["ready"] is False
    assert response.json()["parts"]["migrations"] == {"status": "unavailable", "missing": 1}


def test_a_database_that_fails_makes_it_not_ready_and_tells_no_secrets(client: Client) -> None:
    def refuse(*_args: object) -> None:
        raise OperationalError("could not connect to host secret.internal")

    with connection.execute_wrapper(refuse):
        response = client.get("/health")
    assert response.status_code == 503
    assert response.json()["parts"]["database"] == {"status": "unavailable"}
    assert "secret.internal" not in response.content.decode()


def test_it_refuses_to_be_written_to(client: Client) -> None:
    assert client.post("/health").status_code == 405

"""What one payment of a split over twenty costs beside a payment alone, in one process, with all calls over HTTP."""

import time
from typing import Final

import pytest
from django.db import connection

from payments.actions import requests
from payments.engine.advance import advance
from payments.states import RequestState
from tests.bench.tables import percentile, show
from tests.driver import Stage
from tests.fixtures import sandbox, sandbox_process, stage
from tests.payments.engine.splits import split

__all__ = ["sandbox", "sandbox_process", "stage"]

MANY: Final = 20
TIMES: Final = {1: 10, MANY: 3}
SECONDS: Final = 300


def seconds(stage: Stage, receivers: int, number: int) -> tuple[float, float]:
    """From asked to quoted, and from the payer's return to settled."""
    lines = split(stage, *(f"worker-{receivers}-{number}-{one}" for one in range(receivers)), amount="10.00")
    request = stage.ask(lines=lines)
    began = time.perf_counter()
    assert advance(request.pk, SECONDS).state == RequestState.QUOTED
    quoted = time.perf_counter()
    requests.send(request.pk, by=stage.staff)
    stage.approve(request)
    returned = time.perf_counter()
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    return quoted - began, time.perf_counter() - returned


@pytest.mark.django_db
def test_a_payment_of_a_split_beside_one_alone(stage: Stage) -> None:
    rows = []
    for receivers, times in TIMES.items():
        taken = [seconds(stage, receivers, number) for number in range(times)]
        quoting, settling = (percentile(each, 50) for each in zip(*taken, strict=True))
        rows.append((connection.vendor, receivers, quoting, settling, (quoting + settling) / receivers))
    columns = ("database", "receivers", "asked to quoted, s", "approved to settled, s", "per payment, s")
    show("A split", columns, rows)

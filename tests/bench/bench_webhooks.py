"""That an endpoint that hangs costs the others nothing: how long nine take to be told, with it and without.

On SQLite, or on the PostgreSQL server that DATABASE_URL names. `BENCH_EVENTS` is how many events are written in all.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.bench_workers import DATABASE, SECONDS, moments
from tests.bench.tables import percentile, show
from tests.openpayments.wallet_server import Reply, raw_server, wallet_server
from tests.workers.house import house

EVENTS: Final = int(os.environ.get("BENCH_EVENTS", "10000"))
ENDPOINTS: Final = 10
#: The most by which it may take longer with one that hangs.
AT_MOST: Final = 1.2
HOST: Final = "url LIKE 'http://{host}/%'"
LEFT: Final = (
    "SELECT COUNT(*) FROM payments_webhookdelivery delivery JOIN payments_webhookendpoint endpoint "
    "ON endpoint.id = delivery.endpoint_id WHERE delivery.state <> 'delivered' AND endpoint." + HOST
)
TAKEN: Final = (
    "SELECT tried_at FROM payments_webhookdelivery delivery JOIN payments_webhookendpoint endpoint "
    "ON endpoint.id = delivery.endpoint_id WHERE endpoint." + HOST + " ORDER BY 1"
)


def test_an_endpoint_that_hangs_among_ten_costs_the_others_little(tmp_path: Path) -> None:
    alone = p95_of_the_nine(tmp_path / "without", hanging=False)
    beside = p95_of_the_nine(tmp_path / "with", hanging=True)
    columns = ("database", "events", "p95 without, s", "p95 with, s", "ratio")
    show("One hanging endpoint among ten", columns, [(DATABASE, EVENTS, alone, beside, beside / alone)])
    assert beside <= AT_MOST * alone


def p95_of_the_nine(folder: Path, *, hanging: bool) -> float:
    """Seconds in which 95 % of the events of nine endpoints were taken, counted from the first that was sent.

    All of them wait when the workers start; the tenth endpoint has as many as each of the nine.
    """
    folder.mkdir()
    with house(folder) as built, nine_endpoints() as host, silence() as silent:
        urls = [f"http://{host}/{number}" for number in range(ENDPOINTS - 1)]
        if hanging:
            urls.append(f"http://{silent}/hooks")
        built.environment["OPEN_PAYMENTS_TRUSTED_HOSTS"] += f",{host},{silent}"
        told = {"urls": urls, "events": EVENTS // ENDPOINTS}
        built.manage("-m", "tests.workers.telling", given=told, seconds=SECONDS)
        built.start(1, workers=2)
        built.wait_until_empty(LEFT.format(host=host), SECONDS)
        built.stop()
        taken = moments(built, TAKEN.format(host=host))
    assert len(taken) == EVENTS // ENDPOINTS * (ENDPOINTS - 1)
    return percentile([at - taken[0] for at in taken], 95)


@contextmanager
def nine_endpoints() -> Iterator[str]:
    """The host of a program that takes whatever comes."""
    with wallet_server() as server:
        for number in range(ENDPOINTS - 1):
            server.on("POST", f"/{number}", Reply({"ok": True}))
        yield server.host


@contextmanager
def silence() -> Iterator[str]:
    """The host of one that answers nothing, ever."""
    with raw_server(lambda _connection, stop: _wait_for(stop)) as server:
        yield server.host


def _wait_for(stop: threading.Event) -> None:
    stop.wait()

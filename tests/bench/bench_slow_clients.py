"""How long `/health` takes beside clients that never finish what they send: our worker, and gunicorn's own."""

from pathlib import Path
from typing import Final

from tests.bench.tables import percentile, show
from tests.workers.slow_clients import HALVES, half_sent, waits
from tests.workers.web import web

COUNTS: Final = (16, 100, 1000)
#: No answer within that is as good as none.
MOST_SECONDS: Final = 5.0
SERVED_BY: Final[dict[str, tuple[str, ...]]] = {"ours": (), "gthread": ("--worker-class", "gthread")}


def test_health_beside_clients_that_never_finish(tmp_path: Path) -> None:
    rows = []
    for name, options in SERVED_BY.items():
        folder = tmp_path / name
        folder.mkdir()
        with web(folder, *options) as url:
            port = int(url.rpartition(":")[2])
            for kind, half in HALVES.items():
                for count in COUNTS:
                    with half_sent(port, half, count) as clients:
                        took = waits(url, clients, MOST_SECONDS)
                    rows.append((name, kind, count, percentile(took, 50), max(took)))
    show("Clients that never finish", ("worker", "they send", "of them", "median, s", "slowest, s"), rows)

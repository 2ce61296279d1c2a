"""How long `/health` takes beside clients that never finish: `python -m tests.bench.bench_slow_clients`.

With `--worker-class gthread` as gunicorn would serve by itself.
"""

import sys
import tempfile
from pathlib import Path

from tests.workers.slow_clients import HALVES, half_sent, waits
from tests.workers.web import web

COUNTS = (16, 100, 1000)
MOST_SECONDS = 10.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, web(Path(folder), *sys.argv[1:]) as url:
        port = int(url.rpartition(":")[2])
        for kind, half in HALVES.items():
            for count in COUNTS:
                with half_sent(port, half, count) as clients:
                    took = waits(url, clients, MOST_SECONDS)
                sys.stdout.write(f"{kind:20} {count:5}  slowest {max(took):6.2f} s, median {sorted(took)[2]:6.2f} s\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()

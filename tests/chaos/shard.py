"""`python -m tests.chaos.shard`: one run with a database and a wallet provider of its own; its result as JSON."""

import argparse
import gc
import json
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from ulid import ULID

from tests import (
    environment,  # noqa: F401 - must run before the settings are read
    memory,
)
from tests.databases import like_the_template

#: The payer's time runs out within a run.
LIFETIME = timedelta(days=3)
#: Days of waiting are a few looks, not hundreds, and the first minutes are four instead of thirteen.
POLL_SECONDS = (0.5, 5, 60, 300)
LONGEST_POLL_SECONDS = 4 * 3600.0
#: Wallets that fail for days are asked every hour.
LONGEST_SECONDS = 3600.0
#: A wallet that never answers is given up after so many real seconds.
CALL_SECONDS = 5.0


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.shard")
    parser.add_argument("--first", type=int, default=0, help="number of the first flow")
    parser.add_argument("--flows", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--faults", type=int, required=True, help="percent of calls that go wrong")
    parser.add_argument("--hangs", type=int, default=0, help="calls that are never answered")
    parser.add_argument("--trace", type=Path, help="write the trace to this file")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tequio-chaos-", dir=memory.folder()) as folder:
        sys.stdout.write(json.dumps(run(options, Path(folder))) + "\n")


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    started = time.monotonic()
    os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings"
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder / 'main.sqlite3'}")
    os.environ["CLOCK_OFFSET_FILE"] = str(folder / "clock")
    django.setup()
    logging.disable(logging.ERROR)
    # A run makes millions of small objects and few cycles.
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)
    with _database(folder):
        result = _chaos(options, folder)
    return {**result, "seconds": round(time.monotonic() - started, 1), "cpu": round(time.process_time(), 1)}


@contextmanager
def _database(folder: Path) -> Iterator[None]:
    """A fresh database, gone afterwards. It need not survive a power cut."""
    from django.db import connection  # noqa: PLC0415 - after the settings

    is_sqlite = connection.vendor == "sqlite"
    former = connection.settings_dict["NAME"]
    like_the_template(connection, folder, f"chaos_{os.getpid()}")
    connection.creation.create_test_db(verbosity=0, autoclobber=True, keepdb=is_sqlite)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF" if is_sqlite else "SET synchronous_commit TO off")
    try:
        yield
    finally:
        connection.creation.destroy_test_db(former, verbosity=0)


def _chaos(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from django.conf import settings  # noqa: PLC0415 - these need Django

    from payments.actions import requests  # noqa: PLC0415
    from payments.engine import advance, backoff  # noqa: PLC0415
    from payments.engine.planning import paying  # noqa: PLC0415
    from payments.models import Payment, PaymentRequest  # noqa: PLC0415
    from tests.chaos import audit, trace, ways, world  # noqa: PLC0415
    from tests.chaos.clock import InOrder, VirtualClock  # noqa: PLC0415
    from tests.chaos.run import Plan, Run  # noqa: PLC0415
    from tests.sandbox.process import SandboxProcess  # noqa: PLC0415

    # One call at a time, so that the order of calls, and of the faults that strike them, is always the same.
    advance.MAX_AT_ONCE = 1
    advance.CALL_SECONDS = CALL_SECONDS
    for module in (requests, paying):
        vars(module)["APPROVAL_LIFETIME"] = LIFETIME
    backoff.POLL_SECONDS, backoff.LONGEST_POLL_SECONDS = POLL_SECONDS, LONGEST_POLL_SECONDS
    backoff.LONGEST_SECONDS = LONGEST_SECONDS
    ULID.provider = InOrder()
    clock = VirtualClock(Path(settings.CLOCK_OFFSET_FILE))
    books = folder / "wallets.sqlite3"
    with SandboxProcess(data=books, clock_file=folder / "clock", split=True) as sandbox:
        settings.OPEN_PAYMENTS_TRUSTED_HOSTS = sandbox.trusted_hosts
        plan = Plan(options.first, options.flows, options.seed, options.faults, options.hangs)
        chaos = Run(world.build(sandbox, books, clock), plan)
        chaos.go()
        problems = list(audit.problems(chaos.world))
    lines = trace.lines(chaos.flows)
    if options.trace:
        options.trace.write_text("\n".join(lines))
    return {
        "flows": options.flows,
        "requests": dict(Counter(PaymentRequest.objects.order_by().values_list("state", flat=True))),
        "payments": dict(Counter(Payment.objects.order_by().values_list("state", flat=True))),
        "reasons": dict(Counter(PaymentRequest.objects.order_by().exclude(reason="").values_list("reason", flat=True))),
        "flows_by_way": dict(Counter(flow.way for flow in chaos.flows)),
        "settled": ways.settled(),
        "calls": chaos.calls,
        "faults": chaos.faults,
        "happened": chaos.mischief.happened,
        "refusals": chaos.world.refusals,
        "entries": len(lines),
        "attention": audit.attention(),
        "problems": problems,
        "trace": trace.digest(lines),
    }


if __name__ == "__main__":
    main(sys.argv[1:])

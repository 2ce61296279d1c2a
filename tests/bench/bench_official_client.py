"""Our way to the page where a payer decides, with all that is written down on it, beside the official client's.

Both in one process, one payment after the other, at the same wallets, in the same run. `BENCH_TIMES` is how many
payments are measured (20), after a few that nobody measures.
"""

import os
import time
from typing import Final

import pytest
from django.db import connection

from payments.openpayments.keys import generate_key, private_key_to_pem, public_jwk
from payments.states import RequestState
from tests.bench.tables import percentile, show
from tests.driver import Stage
from tests.fixtures import sandbox, sandbox_process, stage
from tests.interop import node
from tests.payments.engine.splits import split

__all__ = ["sandbox", "sandbox_process", "stage"]

TIMES: Final = int(os.environ.get("BENCH_TIMES", "20"))
BEFORE: Final = 5
SPLIT: Final = 20


def official(stage: Stage) -> float:
    """Median of milliseconds."""
    key = generate_key()
    client = stage.sandbox.create_wallet("node", keys=[public_jwk(key, "n1").to_wire()])
    given = {
        "control": f"http://127.0.0.1:{stage.sandbox.port}/sandbox",
        "controlKey": stage.sandbox.control_key,
        "client": {"walletAddressUrl": client, "keyId": "n1", "pem": private_key_to_pem(key)},
        "payer": stage.payer_url,
        "worker": stage.worker_url,
        "times": BEFORE + TIMES,
    }
    return percentile(node.run("first_steps.mjs", given)["milliseconds"][BEFORE:], 50)


def ours(stage: Stage, number: int, receivers: int = 1) -> tuple[float, float]:
    """Milliseconds from asked to quoted, and from the payer's press to the page of their wallet."""
    names = [f"worker-{receivers}-{number}-{one}" for one in range(receivers)]
    lines = split(stage, *names, amount="10.00") if receivers > 1 else None
    began = time.perf_counter()
    request = stage.quoted(lines=lines)
    quoted = time.perf_counter()
    assert request.state == RequestState.QUOTED
    stage.send(request)
    pressed = time.perf_counter()
    assert stage.at_wallet(request)
    return (quoted - began) * 1000, (time.perf_counter() - pressed) * 1000


@pytest.mark.django_db
def test_the_way_to_the_payers_page_beside_the_official_client(stage: Stage) -> None:
    node.require_packages()
    node.require_node()
    beside = official(stage)
    rows: list[tuple[object, ...]] = []
    for receivers, times in ((1, BEFORE + TIMES), (SPLIT, 4)):
        taken = [ours(stage, number, receivers) for number in range(times)]
        asked, pressed = (percentile(each, 50) for each in zip(*taken[BEFORE if receivers == 1 else 1 :], strict=True))
        each = (asked + pressed) / receivers
        rows.append((connection.vendor, receivers, each / beside, asked, pressed, each, beside))
    columns = ("database", "receivers", "ratio", "asked, ms", "pressed, ms", "each payment, ms", "official client, ms")
    show("To the page where the payer decides", columns, rows)

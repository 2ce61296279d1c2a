"""How fast workers settle, that a dead wallet costs the others little, and the long story of workers that die.

On SQLite, or on the PostgreSQL server that DATABASE_URL names. `BENCH_PAYMENTS` is how many payments the long story
has (500), `BENCH_EACH` how many each measurement (60).
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.bench.tables import percentile, show
from tests.browser.installation import installed
from tests.databases import is_postgresql
from tests.workers.hanging import HANG, PAGES, waits_beside
from tests.workers.house import House, Pair, house
from tests.workers.stories import lose_power_half_way

SECONDS: Final = 1800
LONG: Final = int(os.environ.get("BENCH_PAYMENTS", "500"))
EACH: Final = int(os.environ.get("BENCH_EACH", "60"))
PROVIDERS: Final = 10
DATABASE: Final = "PostgreSQL" if is_postgresql(os.environ.get("DATABASE_URL", "")) else "SQLite"


def moments(built: House, query: str) -> list[float]:
    """Times of the first column, as seconds since 1970."""
    found = [at if isinstance(at, datetime) else datetime.fromisoformat(at) for (at, *_) in built.rows(query)]
    return [at.timestamp() if at.tzinfo else at.replace(tzinfo=UTC).timestamp() for at in found]


def settled_at(built: House, excluding: str = "") -> list[float]:
    """When payments settled, those to wallets at the host `excluding` left out."""
    return moments(
        built,
        "SELECT settled_at FROM payments_payment JOIN payments_walletaddress wallet ON wallet.id = receiver_wallet_id "
        f"WHERE settled_at IS NOT NULL AND wallet.host <> '{excluding}' ORDER BY 1",
    )


def test_throughput_with_one_two_and_four_workers(tmp_path: Path) -> None:
    rows = []
    for workers in (1, 2, 4):
        folder = tmp_path / str(workers)
        folder.mkdir()
        with house(folder) as built:
            built.approve(EACH)
            built.start(workers)
            built.wait_until_settled(EACH, SECONDS)
            built.stop()
            built.check(EACH)
            # From when the workers, which take seconds to start, take up the first payment.
            [first] = moments(built, "SELECT MIN(changed_at) FROM payments_outgoingpayment WHERE state = 'done'")
            collected = moments(built, "SELECT MIN(approved_at) FROM payments_paymentrequest")
            took = settled_at(built)[-1] - min(first, *collected)
            rows.append((DATABASE, workers, EACH, took, EACH / took))
    show("Settling", ("database", "workers", "payments", "seconds", "payments per second"), rows)


@pytest.mark.parametrize("pays", [True, False], ids=["payers_and_receivers", "receivers"])
def test_a_dead_wallet_among_ten_costs_the_others_little(tmp_path: Path, *, pays: bool) -> None:
    alone = p95_of_the_others(tmp_path / "without", pays=pays, dead=False)
    beside = p95_of_the_others(tmp_path / "with", pays=pays, dead=True)
    row = (DATABASE, "payers and receivers" if pays else "receivers", alone, beside, beside / alone)
    columns = ("database", "who has it", "p95 without, s", "p95 with, s", "ratio")
    show("One hanging wallet among ten", columns, [row])
    assert beside <= 1.2 * alone


def test_the_site_answers_while_payers_wait_for_a_wallet_that_hangs(tmp_path: Path) -> None:
    rows = []
    with installed(tmp_path) as site:
        for presses in (4, 12):
            waits = waits_beside(site, presses)
            rows.append((DATABASE, presses, *(max(waits.pages[page]) for page in PAGES), max(waits.presses)))
    columns = ("database", "presses at once", *(f"slowest {page}, s" for page in PAGES), "slowest press, s")
    show("Presses on a hanging wallet", columns, rows)


def pairs_of(built: House, *, pays: bool) -> list[Pair]:
    """Nine in ten within one of the first nine providers; each tenth to the last one, from there or from the nine."""
    *others, last = built.wallets
    return [pair for payer in others for pair in [*((one, one) for one in others), (last if pays else payer, last)]]


def p95_of_the_others(folder: Path, *, pays: bool, dead: bool) -> float:
    """Seconds in which 95 % of the payments of nine wallets settled, counted from the first that was taken up."""
    folder.mkdir()
    with house(folder, providers=PROVIDERS) as built:
        built.approve(EACH, pairs_of(built, pays=pays))
        last = built.wallets[-1]
        if dead:
            last.faults(HANG)
        built.start(2, workers=2)
        others = EACH - EACH // PROVIDERS
        built.wait_until_settled(others if dead else EACH, SECONDS)
        [began] = moments(built, "SELECT MIN(approved_at) FROM payments_paymentrequest")
        times = [at - began for at in settled_at(built, excluding=last.trusted_host)]
        last.clear_faults()
        built.stop()
    assert len(times) >= others
    return percentile(times, 95)


@pytest.mark.skipif(DATABASE == "SQLite", reason="several machines need PostgreSQL")
def test_five_hundred_payments_settle_once_though_two_of_four_workers_are_killed(tmp_path: Path) -> None:
    began = datetime.now(UTC)
    with house(tmp_path) as built:
        lose_power_half_way(built, payments=LONG, clusters=4, seconds=SECONDS)
    took = (datetime.now(UTC) - began).total_seconds()
    show(
        "Two of four workers killed",
        ("database", "payments", "settled twice", "lost", "seconds"),
        [(DATABASE, LONG, 0, 0, took)],
    )

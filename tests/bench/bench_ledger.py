"""How fast the ledger records and seals, how long a root of a large tree takes, and how long verifying takes."""

import os
import time
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from ledger import chain, clock
from ledger.api import Actor, continues, payment_proof, record, seal, verify
from ledger.checkpoints import tree
from ledger.checkpoints.make_key import make_key
from ledger.models import Entry, Link
from tests.bench.tables import show

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "2000"))
PER_TRANSACTION = 2
LARGE = 1_000_000
AT_ONCE = 20_000


@pytest.fixture
def signed(settings: Settings, tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    settings.LEDGER_CHECKPOINT_KEY_FILE, settings.LEDGER_CHECKPOINT_DIR = str(tmp_path / "key"), str(tmp_path / "out")


def record_many(entries: int) -> None:
    for number in range(0, entries, PER_TRANSACTION):
        with transaction.atomic():
            for one in range(PER_TRANSACTION):
                record(
                    "payment.settled",
                    actor=Actor.system("engine"),
                    subjects={"payment": f"payment-{number + one}", "request": f"request-{number}"},
                    data={"amount": {"value": "125000", "assetCode": "MXN", "assetScale": 2}},
                )


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("signed")
def test_recording_sealing_and_verifying() -> None:
    began = time.perf_counter()
    record_many(ENTRIES)
    recorded = time.perf_counter()
    while seal():
        pass
    sealed = time.perf_counter()
    assert list(verify()) == []
    verified = time.perf_counter()
    assert read_and_hash() == ENTRIES
    bare = time.perf_counter() - verified
    rates = [ENTRIES / seconds for seconds in (recorded - began, sealed - recorded, verified - sealed)]
    show(
        "Ledger",
        (
            "database",
            "verified, times a bare read and SHA-256",
            "recorded per second",
            "sealed and signed per second",
            "verified per second",
        ),
        [(connection.vendor, (verified - sealed) / bare, *rates)],
    )


def read_and_hash() -> int:
    """What no verification can do without: every text read and hashed. The number of entries."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT body, digest FROM ledger_entry ORDER BY id")
        return sum(chain.body_digest(body) == digest for body, digest in cursor)


def fill(links: int) -> None:
    """A chain of that many links: what the tree reads of them, without subjects and bodies of their own."""
    previous, recorded_at = chain.NO_LINK, clock.now()
    for first in range(1, links + 1, AT_ONCE):
        entries, chained = [], []
        for index in range(first, min(first + AT_ONCE, links + 1)):
            digest = chain.body_digest(str(index))
            previous = chain.link_hash(index, previous, digest)
            name = f"{index:026d}"
            entries.append(
                Entry(
                    id=name,
                    recorded_at=recorded_at,
                    kind="payment.settled",
                    actor_kind="system",
                    actor_id="engine",
                    body=f"{index} {clock.instant(recorded_at)}",
                    digest=digest,
                )
            )
            chained.append(Link(index=index, entry_id=name, hash=previous))
        with transaction.atomic():
            Entry.objects.bulk_create(entries)
            Link.objects.bulk_create(chained)


def seconds(times: int, what: object) -> float:
    assert callable(what)
    began = time.perf_counter()
    for _ in range(times):
        what()
    return (time.perf_counter() - began) / times


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("signed")
def test_a_large_tree() -> None:
    fill(LARGE)
    began = time.perf_counter()
    with transaction.atomic():
        tree.extend(LARGE)
    extended = time.perf_counter() - began
    record_many(1000)
    sealing = seconds(1, lambda: [None for _ in iter(seal, 0)])
    size = Link.objects.count()
    rows = [
        ("root", seconds(20, lambda: tree.StoredTree().root(size)) * 1000),
        ("proof of one entry", seconds(20, lambda: tree.StoredTree().inclusion_proof(size // 3, size)) * 1000),
        ("proof of a payment", seconds(20, lambda: payment_proof("payment-7", ("payment.",))) * 1000),
        ("is it still our database", seconds(200, continues) * 1000),
        ("sealing 1,000 more, in all", sealing * 1000),
        ("keeping all hashes anew (an upgrade)", extended * 1000),
    ]
    show(f"A tree of {size:,} entries", ("database", "what", "ms"), [(connection.vendor, *row) for row in rows])

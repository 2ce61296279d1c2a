"""How fast the ledger records and seals."""

import time

import pytest
from django.db import connection, transaction

from ledger.api import Actor, record, seal
from tests.bench.tables import show

ENTRIES = 2000
PER_TRANSACTION = 2


@pytest.mark.django_db(transaction=True)
def test_recording_and_sealing() -> None:
    began = time.perf_counter()
    for number in range(0, ENTRIES, PER_TRANSACTION):
        with transaction.atomic():
            for one in range(PER_TRANSACTION):
                record(
                    "payment.settled",
                    actor=Actor.system("engine"),
                    subjects={"payment": f"payment-{number + one}", "request": f"request-{number}"},
                    data={"amount": {"value": "125000", "assetCode": "MXN", "assetScale": 2}},
                )
    recorded = time.perf_counter()
    while seal():
        pass
    sealed = time.perf_counter()
    rates = (ENTRIES / (recorded - began), ENTRIES / (sealed - recorded))
    show(
        "Ledger",
        ("database", "entries recorded per second", "entries sealed per second"),
        [(connection.vendor, *rates)],
    )

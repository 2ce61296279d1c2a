"""Entries for tests, as the rooms above would record them."""

from datetime import datetime

from django.db import transaction

from ledger.api import Actor, record, seal
from ledger.books.keeping import keep
from ledger.models import Entry, Movement


def settled(payment: str = "P1", job: str = "7", value: str = "1250", *, name: str = "") -> Entry:
    """A payment that settled, with the worker's name in its private part if one is given."""
    with transaction.atomic():
        return record(
            "payment.settled",
            actor=Actor.wallet("wallet.example"),
            subjects={"payment": payment, "job": job},
            data={"received": {"value": value, "assetCode": "USD", "assetScale": 2}},
            private={"worker": name} if name else None,
        )


def noted(**subjects: str) -> Entry:
    with transaction.atomic():
        return record("job.changed", actor=Actor.system("sweep"), subjects=subjects, data={})


def booked(at: datetime, subject: str = "P1", number: int = 1, value: int = 100_00, code: str = "USD") -> Movement:
    """What was asked for and received, at once."""
    units = {"received_code": code, "received_scale": 2}
    row = Movement(at=at, subject=subject, number=number, request="R1", purpose="work", seller="platform", **units)
    row.asked = row.received = value
    keep([row])
    return row


def seal_all() -> int:
    total = 0
    while sealed := seal():
        total += sealed
    return total

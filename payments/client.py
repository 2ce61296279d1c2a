"""The one client of this process, made on first use so that no connection crosses a fork."""

from functools import cache

from django.conf import settings

from ledger import clock
from payments import call_counts
from payments.openpayments.client import Client
from payments.openpayments.transport import Transport


@cache
def client() -> Client:
    return Client(
        Transport(
            trusted_hosts=frozenset(settings.OPEN_PAYMENTS_TRUSTED_HOSTS),
            ca_bundle=settings.OPEN_PAYMENTS_CA_BUNDLE or None,
            now=clock.now,
            told=call_counts.count,
        )
    )

"""`python -m tests.workers.preparing`: payment requests that their payers have just approved, for workers to settle.

One JSON object on standard input: `pairs` of wallet addresses (payer, receiver), how many requests (`count`), and the
seller's `wallet` and `pem`; or `again`, the requests whose payers approve once more. It ends when all of them were
approved; collecting the approvals is left to the workers.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django_q.models import OrmQ  # noqa: E402

from payments.actions import requests, wallets  # noqa: E402
from payments.actions.requests import RequestLine  # noqa: E402
from payments.engine.advance import advance  # noqa: E402
from payments.models import Seller  # noqa: E402
from payments.openpayments.amounts import Amount  # noqa: E402
from payments.openpayments.keys import private_key_from_pem  # noqa: E402
from tests import comparing  # noqa: E402
from tests.cast import give_key, staff  # noqa: E402
from tests.driver import MARIA, SOL, at_wallet, come_back, usable  # noqa: E402
from tests.sandbox.process import SandboxProcess  # noqa: E402

SECONDS = 30.0
AT_ONCE = 4
CENTS = 1_00
KEY_ID = "k1"


def approve_again(again: list[str]) -> None:
    for request_id in again:
        back(*approve_in_wallet(request_id))


def prepare(pairs: list[tuple[str, str]], count: int, wallet: str, pem: str) -> None:
    rosa = staff()
    seller, is_new = Seller.objects.get_or_create(
        pk="tequio", defaults={"name": "Tequio", "wallet": wallets.find_or_add(wallet)}
    )
    if is_new:
        give_key(seller, private_key_from_pem(pem), KEY_ID)
    for address in {address for pair in pairs for address in pair}:
        usable(address, SECONDS)
    comparing.carry_over_all()
    first = seller.requests.count()
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        approved = list(
            pool.map(
                lambda i: in_thread(to_wallet, seller, rosa, pairs[i % len(pairs)], i), range(first, first + count)
            )
        )
        # What was asked for until now is done; from here on it is the workers' turn.
        OrmQ.objects.all().delete()
        list(pool.map(lambda finish: in_thread(back, *finish), approved))


def in_thread(do: Any, *arguments: Any) -> Any:
    try:
        return do(*arguments)
    finally:
        connection.close()


def to_wallet(seller: Seller, by: User, pair: tuple[str, str], number: int) -> tuple[str, str]:
    """Asked, sent, and approved in the payer's wallet: the request, and where the wallet sends the payer."""
    payer, receiver = (wallets.find_or_add(address) for address in pair)
    request = requests.ask(
        payer_wallet=payer,
        payer=SOL,
        seller=seller,
        lines=[RequestLine(receiver, MARIA, Amount(CENTS, receiver.asset))],
        title="Translation",
        reference="",
        requested_by=by,
        form_id=f"form-{number}",
    )
    advance(request.pk, SECONDS)
    requests.send(request.pk, by=by)
    return approve_in_wallet(request.pk)


def approve_in_wallet(request_id: str) -> tuple[str, str]:
    """The payer presses the button in our page and in their wallet's; where that sends them."""
    page = at_wallet(request_id)
    provider = SandboxProcess(port=urlsplit(page).port)  # connects by itself; started by the test
    return request_id, provider.approve(page)


def back(request_id: str, finish: str) -> None:
    assert (came := come_back(request_id, finish)) == "accepted", came


if __name__ == "__main__":
    given = json.load(sys.stdin)
    (approve_again if "again" in given else prepare)(**given)

"""`python -m tests.workers.preparing`: payment requests that their payers have just approved, for workers to settle.

One JSON object on standard input: `pairs` of wallet addresses (payer, receiver), how many requests (`count`), and the
seller's `wallet` and `pem`; or `again`, the requests whose payers approve once more. It ends when all of them were
approved; collecting the approvals is left to the workers.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

import httpx  # noqa: E402 - only once the apps are loaded
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django_q.models import OrmQ  # noqa: E402

from payments import links  # noqa: E402
from payments.actions import approvals, requests, wallets  # noqa: E402
from payments.actions.requests import Contact, RequestLine  # noqa: E402
from payments.engine.advance import advance  # noqa: E402
from payments.models import Seller  # noqa: E402
from payments.openpayments.amounts import Amount  # noqa: E402
from payments.openpayments.keys import private_key_from_pem  # noqa: E402
from tests.sellers import give_key  # noqa: E402

SECONDS = 30.0
AT_ONCE = 4
CENTS = 1_00
KEY_ID = "k1"


def approve_again(again: list[str]) -> None:
    for request_id in again:
        come_back(*approve_in_wallet(request_id))


def prepare(pairs: list[tuple[str, str]], count: int, wallet: str, pem: str) -> None:
    staff, _ = User.objects.get_or_create(username="rosa", is_staff=True)
    seller, is_new = Seller.objects.get_or_create(
        pk="tequio", defaults={"name": "Tequio", "wallet": wallets.find_or_add(wallet)}
    )
    if is_new:
        give_key(seller, private_key_from_pem(pem), KEY_ID)
    for address in {address for pair in pairs for address in pair}:
        wallets.check(wallets.find_or_add(address).pk, SECONDS)
    first = seller.requests.count()
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        back = list(
            pool.map(
                lambda i: in_thread(to_wallet, seller, staff, pairs[i % len(pairs)], i), range(first, first + count)
            )
        )
        # What was asked for until now is done; from here on it is the workers' turn.
        OrmQ.objects.all().delete()
        list(pool.map(lambda finish: in_thread(come_back, *finish), back))


def in_thread(do: Any, *arguments: Any) -> Any:
    try:
        return do(*arguments)
    finally:
        connection.close()


def to_wallet(seller: Seller, staff: User, pair: tuple[str, str], number: int) -> tuple[str, str]:
    """Asked, sent, and approved in the payer's wallet: the request, and where the wallet sends the payer."""
    payer, receiver = (wallets.find_or_add(address) for address in pair)
    request = requests.ask(
        payer_wallet=payer,
        payer=Contact("Sol", "sol@example.org", "es"),
        seller=seller,
        lines=[RequestLine(receiver, Contact("María", "", "es"), Amount(CENTS, receiver.asset))],
        title="Translation",
        reference="",
        requested_by=staff,
        form_id=f"form-{number}",
    )
    advance(request.pk, SECONDS)
    requests.send(request.pk, by=staff)
    return approve_in_wallet(request.pk)


def approve_in_wallet(request_id: str) -> tuple[str, str]:
    """The payer presses the button in our page and in their wallet's; where that sends them."""
    approvals.approve(request_id, None)
    asked = advance(request_id, SECONDS)
    page = approvals.wallet_page(asked)
    assert page, (asked.state, asked.reason)
    place = urlsplit(page)
    interaction = place.path.rpartition("/")[2]
    control = f"{place.scheme}://{place.netloc}/sandbox/interactions/{interaction}/approve"
    return request_id, httpx.post(control, timeout=SECONDS, trust_env=False).json()["redirect"]


def come_back(request_id: str, finish: str) -> None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(finish).query).items()}
    grant_id = links.read_return(query["return"])
    came = approvals.came_back(request_id, grant_id, interact_ref=query["interact_ref"], hash=query["hash"])
    assert came == "accepted", came


if __name__ == "__main__":
    given = json.load(sys.stdin)
    (approve_again if "again" in given else prepare)(**given)

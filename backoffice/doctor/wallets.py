"""Wallets: that they can be reached, what time it is there, and which keys of our sellers they list."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from backoffice.doctor.database import compared
from backoffice.doctor.diagnoses import Diagnosis, bad, ok, warn
from payments.actions import seller_keys
from payments.client import client
from payments.models import Payment, PaymentRequest, Seller, WalletAddress
from payments.models.wallets import HOSTS
from payments.openpayments.errors import OpenPaymentsError, Refused, WalletFailed
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.presentation.reasons import Refusal, sentence, why
from payments.states import KeyState

#: For one call to a wallet; all of them are made side by side.
WALLET_SECONDS: Final = 8.0
#: Wallets of the newest requests and payments that are looked at, and hosts that are called, beside the sellers' own.
NEWEST: Final = 100
MOST_HOSTS: Final = 30
AT_ONCE: Final = 8


def wallets() -> Iterator[Diagnosis]:
    """Each host that sellers and the newest requests have their wallets at, and what time it is there."""
    addresses = _addresses()
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for visit in pool.map(_visit, addresses.values()):
            if visit.problem:
                told = _("Payments with wallets there wait. Can this machine reach it? Is the provider down?")
                yield bad("wallet", visit.problem, told)
                continue
            yield ok("wallet", _("%(host)s answers.") % {"host": visit.host})
            if visit.time:
                yield compared(visit.host, visit.time)


def _addresses() -> dict[str, str]:
    """What to open at each host."""
    payers = PaymentRequest.objects.order_by("-created_at", "-id").values("payer_wallet_id")[:NEWEST]
    receivers = Payment.objects.order_by("-created_at", "-id").values("receiver_wallet_id")[:NEWEST]
    found: dict[str, str] = {}
    for rows in (
        WalletAddress.objects.filter(sellers__retired_at=None, sellers__isnull=False),
        WalletAddress.objects.filter(pk__in=[row["payer_wallet_id"] for row in payers]),
        WalletAddress.objects.filter(pk__in=[row["receiver_wallet_id"] for row in receivers]),
    ):
        for wallet in rows.order_by("pk"):
            for url, host in HOSTS:
                if (name := getattr(wallet, host)) and len(found) < MOST_HOSTS:
                    found.setdefault(name, getattr(wallet, url))
    return found


@dataclass(frozen=True)
class _Visit:
    host: str
    problem: str = ""
    time: datetime | None = None


def _visit(url: str) -> _Visit:
    """Whether anybody answers there. Servers of a wallet refuse whoever comes without a token, and that will do."""
    host = urlsplit(url).netloc
    try:
        answer = client().transport.send(Operation.GET_WALLET_ADDRESS, url, deadline=Deadline.after(WALLET_SECONDS))
    except Refused:
        return _Visit(host)
    except OpenPaymentsError as error:
        if isinstance(error, WalletFailed) and error.is_redirect:
            return _Visit(host)
        code, params = why(error)
        return _Visit(host, problem=sentence(code, params))
    try:
        there = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return _Visit(host)
    return _Visit(host, time=there if there.tzinfo else None)


def published_keys() -> Iterator[Diagnosis]:
    """Whether each seller's wallet lists the keys that we sign with. Nothing that is seen is kept."""
    sellers = list(Seller.objects.select_related("wallet").prefetch_related("keys").filter(retired_at=None))
    if not sellers:
        text = _("No account of the platform is registered: nothing can be asked for.")
        yield warn("seller", text, _("Run: manage.py add_seller, or add one under Sellers in the admin."))
    for seller in sellers:
        yield from _keys_of(seller)


def _keys_of(seller: Seller) -> Iterator[Diagnosis]:
    in_use = [key for key in seller.keys.all() if key.state in {KeyState.ACTIVE, KeyState.REPLACED}]
    if not any(key.state == KeyState.ACTIVE for key in in_use):
        told = _("Add one on the seller's page in the admin, or with manage.py add_seller.")
        yield bad("seller", _("The seller %(seller)s has no key in use.") % {"seller": seller.pk}, told)
    try:
        listed = seller_keys.published(seller, WALLET_SECONDS) if in_use else {}
    except Refusal as refusal:
        text = _("Which keys of %(seller)s its wallet lists is unknown. %(why)s")
        told = _("Try again once the wallet answers. If its address changed, correct it on the seller's page.")
        yield bad("seller", text % {"seller": seller.pk, "why": refusal}, told)
        return
    for key in in_use:
        about = {"wallet": seller.wallet.url, "key_id": key.kid}
        if problem := seller_keys.problem_with(key, listed.get(key.kid)):
            told = _("Publish the public key that the seller's page shows at its wallet provider.")
            yield bad("seller", sentence(problem, about), told)
        elif not seller_keys.opens(key):
            text = _("The private part of the key “%(key_id)s” can't be read.") % about
            yield bad("seller", text, _("Add the FIELD_ENCRYPTION_KEYS of before, or enter the key once more."))
        else:
            yield ok("seller", _("%(wallet)s lists the key “%(key_id)s”.") % about)

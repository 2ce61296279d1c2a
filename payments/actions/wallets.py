"""Wallet addresses as people type them, and looking them up at the wallets."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock
from ledger.api import Actor, record
from payments.client import client
from payments.engine.steps.checking import CheckWallet
from payments.locking import lock
from payments.mail.second_person import ask_to_accept
from payments.models import WalletAddress
from payments.openpayments.errors import OpenPaymentsError
from payments.openpayments.transport import Deadline
from payments.openpayments.urls import UrlError, canonical_wallet_url
from payments.presentation.reasons import Refusal
from payments.second_person import objection

RENAMED = "wallet_renamed"


def find_or_add(text: str) -> WalletAddress:
    """The wallet address that somebody typed (`https://…` or `$pointer`). No network; `check` looks it up.

    Raises Refusal when it can't be one.
    """
    try:
        url = canonical_wallet_url(text, frozenset(settings.OPEN_PAYMENTS_TRUSTED_HOSTS))
    except UrlError as error:
        if error.code in ("not_https", "private_address"):
            raise Refusal("wallet_unsafe", wallet=text.strip()) from error
        raise Refusal("wallet_not_an_address", text=text.strip()) from error
    with transaction.atomic():
        wallet, is_new = WalletAddress.objects.get_or_create(url=url)
        if is_new:
            added = {"wallet": wallet.url}
            record("wallet.added", actor=Actor.system("wallets"), subjects={"wallet": str(wallet.pk)}, data=added)
    return wallet


def check(wallet_id: int, seconds: float) -> WalletAddress:
    """Look the wallet address up at its wallet, within `seconds`, and keep what it says or what is wrong with it."""
    wallet = WalletAddress.objects.get(pk=wallet_id)
    step = CheckWallet("", wallet.pk, wallet.url)
    try:
        answer = step.call(client(), Deadline.after(seconds))
    except OpenPaymentsError as error:
        with transaction.atomic():
            step.failed(error)
    else:
        with transaction.atomic():
            step.apply(answer)
    wallet.refresh_from_db()
    return wallet


@transaction.atomic
def accept_change(wallet_id: int, *, by: User) -> bool:
    """A wallet address became another wallet, or another currency, and a person asked its owner. True when it counts.

    The first person's word is kept, a second one's makes it count: from then on it is the wallet that it says it is,
    whose owner has yet to prove that it is theirs. Raises Refusal when nothing waits, or for the same person twice.
    """
    wallet = lock(WalletAddress.objects.all(), wallet_id)
    if wallet.problem != RENAMED or not wallet.found_instead:
        raise Refusal("wallet_not_renamed")
    if wallet.accepted_by is None or wallet.accepted != wallet.found_instead:
        wallet.keep(accepted=wallet.found_instead, accepted_by=by)
        _tell(wallet, "wallet.change_accepted", wallet.accepted, by)
        ask_to_accept(wallet)
        return False
    if code := objection(by, [wallet.accepted_by_id], own="own_acceptance"):
        raise Refusal(code)
    became = wallet.accepted
    nothing_waits: dict[str, Any] = {"found_instead": {}, "accepted": {}, "accepted_by": None}
    wallet.keep(**became, problem="", problem_params={}, proven_at=None, became_at=clock.now(), **nothing_waits)
    _tell(wallet, "wallet.changed", became, by)
    return True


@transaction.atomic
def refuse_change(wallet_id: int, *, by: User, why: str) -> None:
    """What one person accepted of a wallet address is not so: it stays blocked. Raises Refusal when nothing waits."""
    wallet = lock(WalletAddress.objects.all(), wallet_id)
    if wallet.problem != RENAMED or wallet.accepted_by is None:
        raise Refusal("wallet_not_renamed")
    words = " ".join(why.split())
    if not words:
        raise Refusal("no_words")
    refused = dict(wallet.accepted)
    wallet.keep(accepted={}, accepted_by=None)
    _tell(wallet, "wallet.change_refused", refused, by, {"words": words})


def _tell(
    wallet: WalletAddress, kind: str, became: Mapping[str, Any], by: User, private: Mapping[str, str] | None = None
) -> None:
    record(
        kind,
        actor=Actor.staff(by.pk),
        subjects={"wallet": str(wallet.pk)},
        data={"wallet": wallet.url, "became": became["canonical_id"], "asset": became["asset_code"]},
        private=private,
    )

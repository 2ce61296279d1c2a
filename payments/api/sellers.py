"""`/sellers`: the accounts of ours that ask for money."""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from payments.actions import api_keys, guarded, sellers, wallets
from payments.actions.sellers import KeyFileError
from payments.api import acts
from payments.api.keys import Bearer, key_of
from payments.api.once import once
from payments.api.problems import PROBLEMS, ApiProblem
from payments.models import ApiKey, ApiScope, Proposal, Seller
from payments.models.proposals import ProposalState
from payments.openpayments.keys import KeyFormatError
from payments.states import KeyState

READS: Final = Bearer(ApiScope.READ_SELLERS, "payments.view_seller")
CHANGES: Final = Bearer(ApiScope.CHANGE_SELLERS, "payments.add_seller", "payments.hold_money_seller")
FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
router = Router(tags=["sellers"])


class SellerRow(Schema):
    """Its private key is never told, nor where it is kept."""

    id: str
    walletAddressUrl: str  # noqa: N815 - as programs write it
    keyId: str | None  # noqa: N815
    inUse: bool  # noqa: N815


class SellerList(Schema):
    sellers: list[SellerRow]


class SellerIn(Schema):
    """Of `privateKeyPath` the last part counts: the name of a file in the folder SELLER_PRIVATE_KEY_DIR."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    walletAddressUrl: str = Field(min_length=1, max_length=2000)  # noqa: N815
    keyId: str = Field(min_length=1, max_length=200)  # noqa: N815
    privateKeyPath: str = Field(min_length=1, max_length=500)  # noqa: N815


class SellerKept(Schema):
    """`waiting`: two people change sellers, and the second one has yet to agree."""

    ok: bool
    id: str
    status: str = Field(description="done or waiting")


@router.get("/sellers", auth=READS, response={200: SellerList, **PROBLEMS})
def list_sellers(request: HttpRequest) -> SellerList:
    """All of them; for another marketplace's key the one that asks for its money."""
    key = key_of(request)
    rows = Seller.objects.select_related("wallet").prefetch_related("keys").order_by("pk")
    if key.marketplace:
        rows = rows.filter(pk=key.marketplace.seller_id)
    return SellerList(sellers=[_row(row) for row in rows])


def _row(row: Seller) -> SellerRow:
    kid = next((key.kid for key in row.keys.all() if key.state == KeyState.ACTIVE), None)
    return SellerRow(id=row.pk, walletAddressUrl=row.wallet.url, keyId=kid, inUse=row.retired_at is None)


@router.post("/sellers", auth=CHANGES, response={200: SellerKept, **PROBLEMS})
@once
def keep_seller(request: HttpRequest, told: SellerIn) -> SellerKept:
    """Register a seller, or change the wallet of one. Two people decide, as in the admin."""
    key = key_of(request)
    if key.marketplace_id:
        words = _("Another marketplace's key changes no sellers.")
        raise ApiProblem(HTTPStatus.FORBIDDEN, "not_permitted", words)
    known = Seller.objects.select_related("wallet").filter(pk=told.id).first()
    proposal = _change(key, known, told) if known else _register(key, told)
    waits = proposal is not None and proposal.state == ProposalState.WAITING
    return SellerKept(ok=True, id=told.id, status="waiting" if waits else "done")


def _register(key: ApiKey, told: SellerIn) -> Proposal:
    pem = _private_key(told.privateKeyPath)
    is_first = not Seller.objects.filter(is_default=True).exists()
    wanted = {"wallet": told.walletAddressUrl, "is_default": is_first}
    try:
        return _done(key, told, lambda: guarded.register_seller(told.id, (told.keyId, pem), wanted, by=key.acts_for))
    except KeyFormatError:
        raise _unusable_key() from None  # whose words are about a secret


def _change(key: ApiKey, known: Seller, told: SellerIn) -> Proposal | None:
    if known.active_key.kid != told.keyId:
        words = _("The key of a seller is changed in steps, on its page in the back office.")
        raise ApiProblem(HTTPStatus.CONFLICT, "key_by_steps", words)
    wallet = wallets.find_or_add(told.walletAddressUrl)
    if wallet == known.wallet:
        return None
    return _done(key, told, lambda: guarded.propose_seller(told.id, {"wallet": wallet.url}, by=key.acts_for))


def _done(key: ApiKey, told: SellerIn, act: "acts.Act[Proposal]") -> Proposal:
    about = {"seller": told.id}
    return acts.done(key, about, act, lambda made: api_keys.tell_used(key, {**about, "proposal": made.pk}, {}))


def _private_key(given: str) -> str:
    """From the one folder from which they are taken. Neither its name nor what stands there is told to anybody."""
    name = Path(given).name
    if not settings.SELLER_PRIVATE_KEY_DIR or not FILE_NAME.fullmatch(name):
        raise _unusable_key()
    try:
        return sellers.read_key_file(Path(settings.SELLER_PRIVATE_KEY_DIR) / name)
    except KeyFileError:
        raise _unusable_key() from None  # whose words name the folder


def _unusable_key() -> ApiProblem:
    words = _("There is no Ed25519 private key of this name in the folder SELLER_PRIVATE_KEY_DIR that can be used.")
    return ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "key_unusable", words)

"""Outgoing payments: an accepted instruction to pay. The money moves afterwards, see settlement.py."""

import json
import sqlite3
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from payments.sandbox import schemas
from payments.sandbox.clock import wire_time
from payments.sandbox.errors import ResourceRefusedError
from payments.sandbox.fees_and_rates import WalletAsset
from payments.sandbox.provider import WalletProvider
from payments.sandbox.resources import access, limits, paging, quotes
from payments.sandbox.resources.access import Permission
from payments.sandbox.resources.limits import Spent
from payments.sandbox.wallets import Wallet

KIND = "outgoing-payment"


async def create(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    raw = await access.read(request)
    body = access.checked(schemas.new_outgoing_payment, request, raw)
    wallet = access.wallet_of(provider, body["walletAddress"])
    permission = await access.permission(provider, request, raw, kind=KIND, action="create", wallet=wallet)
    quote = await _quote(provider, wallet, permission, body)
    before = _pay(provider, wallet, permission, quote["id"], body.get("metadata"))
    request.app.state.settlement.wake()
    row = access.found(provider, KIND, _find(provider, quote["id"]))
    answer = {**to_wire(provider, row), **_spent_so_far(provider, wallet, row, before)}
    return JSONResponse(answer, 201)


async def _quote(provider: WalletProvider, wallet: Wallet, permission: Permission, body: dict[str, Any]) -> sqlite3.Row:
    """The quote to pay by: the one named, or a new one when only a receiver and an amount are named."""
    if "quoteId" not in body:
        asked = {"receiver": body["incomingPayment"], "debitAmount": body["debitAmount"]}
        return await quotes.make(provider, wallet, permission.client, asked)
    prefix = quotes.url(provider, "")
    row = quotes.find(provider, body["quoteId"].removeprefix(prefix))
    if row is None or not body["quoteId"].startswith(prefix):
        raise ResourceRefusedError(404, "unknown quote")
    if (row["wallet"], row["client"]) != (wallet.name, permission.client):
        raise ResourceRefusedError(404, "unknown quote")
    _check_usable(provider, row)
    try:
        await quotes.usable_receiver(provider, wallet, row["receiver"])
    except ResourceRefusedError:
        raise ResourceRefusedError(400, "invalid quote") from None
    return row


def _check_usable(provider: WalletProvider, quote: sqlite3.Row) -> None:
    if quote["used"] or quote["expires_at"] <= provider.clock.timestamp():
        raise ResourceRefusedError(400, "invalid quote")


def _pay(
    provider: WalletProvider, wallet: Wallet, permission: Permission, quote_id: str, metadata: dict[str, Any] | None
) -> Spent:
    """Accept the payment, within the grant's limits; what the grant had spent before. One step: nothing is awaited."""
    now = provider.clock.timestamp()
    with provider.store.transaction():
        quote = access.found(provider, quotes.KIND, quotes.find(provider, quote_id))
        _check_usable(provider, quote)
        before = limits.check(provider, permission.grant, permission.item, quote, wallet.asset)
        provider.store.run("update quotes set used = 1 where id = ?", quote_id)
        funded = provider.store.run(
            "update wallets set balance = balance - ? where name = ? and balance >= ?",
            quote["debit"],
            wallet.name,
            quote["debit"],
        )
        provider.store.insert(
            "outgoing",
            id=quote_id,
            wallet=wallet.name,
            client=permission.client,
            grant_id=permission.grant.id,
            receiver=quote["receiver"],
            debit=quote["debit"],
            fee=quote["fee"],
            receive=quote["receive"],
            receive_code=quote["receive_code"],
            receive_scale=quote["receive_scale"],
            state="sending" if funded else "funding",
            metadata=json.dumps(metadata) if metadata is not None else None,
            due_at=now + provider.settings.settle_delay_ms / 1000,
            quote_expires_at=quote["expires_at"],
            created_at=now,
        )
    return before


def _spent_so_far(provider: WalletProvider, wallet: Wallet, row: sqlite3.Row, before: Spent) -> dict[str, Any]:
    """Wallets differ on whether the new payment is counted: nobody can rely on it."""
    debit, receive = before.debit, before.receive
    if provider.settings.spent_includes_payment:
        debit, receive = debit + row["debit"], receive + row["receive"]
    asset = WalletAsset(row["receive_code"], row["receive_scale"])
    answer = {"grantSpentDebitAmount": wallet.asset.amount(debit)}
    if before.receive_assets <= {asset}:
        answer["grantSpentReceiveAmount"] = asset.amount(receive)
    return answer


async def get(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    row = await access.reached(request, kind=KIND, action="read", find=_find)
    return JSONResponse(to_wire(provider, row))


def _find(provider: WalletProvider, payment_id: str) -> sqlite3.Row | None:
    return provider.store.one("select * from outgoing where id = ?", payment_id)


async def list_all(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    raw = await access.read(request)
    page = paging.asked(request)
    wallet = access.wallet_of(provider, request.query_params.get("wallet-address", ""))
    permission = await access.permission(provider, request, raw, kind=KIND, action="list", wallet=wallet)
    listing = paging.Listing("outgoing", wallet, permission)
    return JSONResponse(paging.listed(provider, listing, page, lambda row: to_wire(provider, row)))


async def grant_spent(request: Request) -> Response:
    """What the grant behind the token has spent, in the current period when it has periods."""
    provider: WalletProvider = request.app.state.provider
    raw = await access.read(request)
    permission = await access.permission(provider, request, raw, kind=KIND, action="create", wallet=None)
    wallet = access.wallet_of(provider, permission.item["identifier"])
    spent = limits.spent(provider, permission.grant, permission.item)
    assets = list(spent.receive_assets)
    return JSONResponse(
        {
            "spentDebitAmount": wallet.asset.amount(spent.debit) if spent.payments else None,
            "spentReceiveAmount": assets[0].amount(spent.receive) if len(assets) == 1 else None,
        }
    )


def to_wire(provider: WalletProvider, row: sqlite3.Row) -> dict[str, Any]:
    asset = provider.wallets.any(row["wallet"]).asset
    return {
        "id": f"{provider.resource_url}/outgoing-payments/{row['id']}",
        "walletAddress": provider.wallets.url(row["wallet"]),
        "quoteId": quotes.url(provider, row["id"]),
        "failed": row["state"] == "failed",
        "receiver": row["receiver"],
        "receiveAmount": WalletAsset(row["receive_code"], row["receive_scale"]).amount(row["receive"]),
        "debitAmount": asset.amount(row["debit"]),
        "sentAmount": asset.amount(row["sent"]),
        **paging.stored_metadata(row),
        "createdAt": wire_time(row["created_at"]),
    }


ROUTES = [
    Route("/op/outgoing-payments", create, methods=["POST"]),
    Route("/op/outgoing-payments", list_all, methods=["GET"]),
    Route("/op/outgoing-payments/{id}", get, methods=["GET"]),
    Route("/op/outgoing-payment-grant", grant_spent, methods=["GET"]),
]

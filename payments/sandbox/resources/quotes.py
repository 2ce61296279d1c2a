"""Quotes: what a payment would cost its payer, promised for a short time and good for one payment."""

import asyncio
import sqlite3
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from payments.sandbox import fees_and_rates, schemas
from payments.sandbox.clock import wire_time
from payments.sandbox.errors import PlainError, ResourceRefusedError
from payments.sandbox.fees_and_rates import LARGEST, NoRateError, WalletAsset
from payments.sandbox.provider import WalletProvider
from payments.sandbox.resources import access, peers
from payments.sandbox.resources.peers import Receiver
from payments.sandbox.wallets import Wallet

KIND = "quote"


async def create(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    raw = await access.read(request)
    body = access.checked(schemas.new_quote, request, raw)
    wallet = access.wallet_of(provider, body["walletAddress"])
    permission = await access.permission(provider, request, raw, kind=KIND, action="create", wallet=None)
    row = await make(provider, wallet, permission.client, body)
    return JSONResponse(to_wire(provider, row), 201)


async def make(provider: WalletProvider, wallet: Wallet, client: str, body: dict[str, Any]) -> sqlite3.Row:
    """Write down a quote for `body` (`receiver`, and at most one amount). Raises ResourceRefusedError, PlainError."""
    receiver = await usable_receiver(provider, wallet, body["receiver"])
    try:
        debit, fee, receive = _priced(wallet, receiver, body)
    except NoRateError:
        await asyncio.sleep(provider.settings.no_route_seconds)
        raise PlainError(500, "Internal Server Error") from None
    now = provider.clock.timestamp()
    expires_at = now + provider.settings.quote_seconds
    if receiver.expires_at is not None:
        expires_at = min(expires_at, receiver.expires_at)
    quote_id = str(uuid.uuid4())
    provider.store.insert(
        "quotes",
        id=quote_id,
        wallet=wallet.name,
        client=client,
        receiver=receiver.url,
        debit=debit,
        fee=fee,
        receive=receive,
        receive_code=receiver.asset.code,
        receive_scale=receiver.asset.scale,
        expires_at=expires_at,
        created_at=now,
    )
    return access.found(provider, KIND, find(provider, quote_id))


async def usable_receiver(provider: WalletProvider, wallet: Wallet, url: str) -> Receiver:
    """The open incoming payment at `url`. Raises ResourceRefusedError."""
    try:
        return await peers.receiver(provider, wallet, url)
    except (peers.ReceiverUnusableError, peers.ReceiverUnreachableError):
        raise ResourceRefusedError(400, "invalid receiver") from None


def _priced(wallet: Wallet, receiver: Receiver, body: dict[str, Any]) -> tuple[int, int, int]:
    """Debit (fee included), fee, and what is received, in minor units."""
    if "debitAmount" in body:
        return _fixed_debit(wallet, receiver, _positive(body["debitAmount"], wallet.asset))
    if "receiveAmount" in body:
        receive = _positive(body["receiveAmount"], receiver.asset)
    elif receiver.remaining is not None:
        receive = receiver.remaining
    else:
        raise ResourceRefusedError(400, "invalid amount")
    if receiver.remaining is not None and receive > receiver.remaining:
        raise ResourceRefusedError(400, "invalid amount")
    sent = fees_and_rates.needed(receive, wallet.asset, receiver.asset)
    fee = wallet.fee.on(sent)
    if sent + fee > LARGEST:
        raise ResourceRefusedError(400, "invalid amount")
    return sent + fee, fee, receive


def _fixed_debit(wallet: Wallet, receiver: Receiver, debit: int) -> tuple[int, int, int]:
    sent = wallet.fee.largest_sent(debit)
    receive = fees_and_rates.received(sent, wallet.asset, receiver.asset)
    if sent <= 0 or receive <= 0:
        least = fees_and_rates.needed(1, wallet.asset, receiver.asset)
        details = {"minSendAmount": wallet.asset.amount(least + wallet.fee.on(least))}
        raise ResourceRefusedError(400, "non-positive receive amount", details)
    if receive > LARGEST or (receiver.remaining is not None and receive > receiver.remaining):
        raise ResourceRefusedError(400, "invalid amount")
    return debit, debit - sent, receive


def _positive(wire: Any, asset: WalletAsset) -> int:
    value, given = schemas.amount(wire, "amount")
    if given != asset or not 0 < value <= LARGEST:
        raise ResourceRefusedError(400, "invalid amount")
    return value


async def get(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    row = await access.reached(request, kind=KIND, action="read", find=find)
    return JSONResponse(to_wire(provider, row))


def find(provider: WalletProvider, quote_id: str) -> sqlite3.Row | None:
    return provider.store.one("select * from quotes where id = ?", quote_id)


def url(provider: WalletProvider, quote_id: str) -> str:
    return f"{provider.resource_url}/quotes/{quote_id}"


def to_wire(provider: WalletProvider, row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": url(provider, row["id"]),
        "walletAddress": provider.wallets.url(row["wallet"]),
        "receiver": row["receiver"],
        "receiveAmount": WalletAsset(row["receive_code"], row["receive_scale"]).amount(row["receive"]),
        "debitAmount": provider.wallets.any(row["wallet"]).asset.amount(row["debit"]),
        "method": "ilp",
        "expiresAt": wire_time(row["expires_at"]),
        "createdAt": wire_time(row["created_at"]),
    }


ROUTES = [Route("/op/quotes", create, methods=["POST"]), Route("/op/quotes/{id}", get, methods=["GET"])]

"""Incoming payments: what somebody may pay into a wallet, and how much of it has arrived."""

import json
import secrets
import sqlite3
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from payments.sandbox import schemas
from payments.sandbox.clock import wire_time
from payments.sandbox.errors import ResourceRefusedError
from payments.sandbox.fees_and_rates import LARGEST
from payments.sandbox.provider import WalletProvider
from payments.sandbox.resources import access, paging
from payments.sandbox.settings import Settings
from payments.sandbox.wallets import Wallet

KIND = "incoming-payment"


async def create(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    raw = await access.read(request)
    body = access.checked(schemas.new_incoming_payment, request, raw)
    wallet = access.wallet_of(provider, body["walletAddress"])
    permission = await access.permission(provider, request, raw, kind=KIND, action="create", wallet=wallet)
    now = provider.clock.timestamp()
    payment_id = str(uuid.uuid4())
    provider.store.insert(
        "incoming",
        id=payment_id,
        wallet=wallet.name,
        client=permission.client,
        amount=_asked_amount(body, wallet),
        expires_at=_asked_expiry(body, now, provider.settings),
        metadata=json.dumps(body["metadata"]) if "metadata" in body else None,
        secret=secrets.token_urlsafe(32),
        created_at=now,
    )
    row = find(provider, payment_id)
    assert row is not None
    return JSONResponse({**to_wire(provider, row), "methods": _methods(provider, row)}, 201)


def _asked_amount(body: dict[str, Any], wallet: Wallet) -> int | None:
    if "incomingAmount" not in body:
        return None
    value, asset = schemas.amount(body["incomingAmount"], "incomingAmount")
    if asset != wallet.asset or not 0 < value <= LARGEST:
        raise ResourceRefusedError(400, "invalid amount")
    return value


def _asked_expiry(body: dict[str, Any], now: float, settings: Settings) -> float:
    latest = now + settings.incoming_payment_seconds
    if "expiresAt" not in body:
        return latest
    moment = schemas.moment(body["expiresAt"], "expiresAt")
    if moment <= now or (moment > latest and not settings.shortens_incoming_payments):
        raise ResourceRefusedError(400, "invalid expiresAt")
    return min(moment, latest)


async def get(request: Request) -> Response:
    """The whole payment with a token; without one only what a payer needs to ask for a token."""
    provider: WalletProvider = request.app.state.provider
    if "authorization" not in request.headers:
        await access.read(request)
        row = access.found(provider, KIND, find(provider, request.path_params["id"]))
        asset = access.wallet_of_resource(provider, row["wallet"]).asset
        received = asset.amount(_posted(provider, row))
        return JSONResponse({"authServer": provider.auth_url, "receivedAmount": received})
    row = await access.reached(request, kind=KIND, action="read", find=find)
    return JSONResponse({**to_wire(provider, row), "methods": _methods(provider, row)})


async def list_all(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    raw = await access.read(request)
    page = paging.asked(request)
    wallet = access.wallet_of(provider, request.query_params.get("wallet-address", ""))
    permission = await access.permission(provider, request, raw, kind=KIND, action="list", wallet=wallet)
    vanished = f"received = 0 and not completed and expires_at <= {provider.clock.timestamp()!r}"
    listing = paging.Listing("incoming", wallet, permission, f"not ({vanished})")
    return JSONResponse(paging.listed(provider, listing, page, lambda row: to_wire(provider, row)))


async def complete(request: Request) -> Response:
    """No more payments are wanted; 409 when that was so already."""
    provider: WalletProvider = request.app.state.provider
    row = await access.reached(request, kind=KIND, action="complete", find=find)
    changed = provider.store.run(
        "update incoming set completed = 1 where id = ? and not completed and expires_at > ?",
        row["id"],
        provider.clock.timestamp(),
    )
    if not changed:
        raise ResourceRefusedError(409, "wrong state")
    return JSONResponse(to_wire(provider, access.found(provider, KIND, find(provider, row["id"]))))


def find(provider: WalletProvider, payment_id: str) -> sqlite3.Row | None:
    """The payment; one that expired before anything arrived has disappeared."""
    row = provider.store.one("select * from incoming where id = ?", payment_id)
    if row is None or (row["received"] == 0 and not row["completed"] and _expired(provider, row)):
        return None
    return row


def is_open(provider: WalletProvider, row: sqlite3.Row) -> bool:
    """Whether money is still accepted."""
    return not row["completed"] and not _expired(provider, row)


def _expired(provider: WalletProvider, row: sqlite3.Row) -> bool:
    return bool(row["expires_at"] <= provider.clock.timestamp())


def to_wire(provider: WalletProvider, row: sqlite3.Row) -> dict[str, Any]:
    """The published form, without payment methods."""
    asset = provider.wallets.any(row["wallet"]).asset
    return {
        "id": f"{provider.resource_url}/incoming-payments/{row['id']}",
        "walletAddress": provider.wallets.url(row["wallet"]),
        **({} if row["amount"] is None else {"incomingAmount": asset.amount(row["amount"])}),
        "receivedAmount": asset.amount(_posted(provider, row)),
        "completed": bool(row["completed"]),
        "expiresAt": wire_time(row["expires_at"]),
        **paging.stored_metadata(row),
        "createdAt": wire_time(row["created_at"]),
    }


def _posted(provider: WalletProvider, row: sqlite3.Row) -> int:
    """How much of what was received is told already, in minor units."""
    if not provider.settings.posting_seconds:
        return int(row["received"])
    since = provider.clock.timestamp() - provider.settings.posting_seconds
    recent = provider.store.one(
        "select coalesce(sum(amount), 0) as amount from deliveries where incoming = ? and at > ?", row["id"], since
    )
    assert recent is not None
    return int(row["received"] - recent["amount"])


def _methods(provider: WalletProvider, row: sqlite3.Row) -> list[dict[str, str]]:
    if not is_open(provider, row):
        return []
    return [{"type": "ilp", "ilpAddress": ilp_address(row["id"]), "sharedSecret": row["secret"]}]


def ilp_address(payment_id: str) -> str:
    """Where the network finds the payment; the id is its last part."""
    return f"test.tequio.{payment_id}"


ROUTES = [
    Route("/op/incoming-payments", create, methods=["POST"]),
    Route("/op/incoming-payments", list_all, methods=["GET"]),
    Route("/op/incoming-payments/{id}", get, methods=["GET"]),
    Route("/op/incoming-payments/{id}/complete", complete, methods=["POST"]),
]

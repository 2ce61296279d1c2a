"""Wallet addresses, as programs read them and as people see them."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from payments.sandbox.errors import PlainError, ResourceRefusedError
from payments.sandbox.fees_and_rates import WalletAsset
from payments.sandbox.pages import words
from payments.sandbox.pages.rendering import page
from payments.sandbox.provider import WalletProvider
from payments.sandbox.resources import incoming
from payments.sandbox.wallets import Wallet

LATEST = 20


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One payment on an account's page."""

    amount: str
    more: str | None
    text: str
    state: str
    tone: str
    at: str


async def home(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    accounts = [(wallet, words.money(wallet.balance, wallet.asset)) for wallet in provider.wallets.all()]
    return page(request, "home.html", {"accounts": accounts})


async def wallet_address(request: Request) -> Response:
    """JSON, or the account's page for a browser."""
    provider: WalletProvider = request.app.state.provider
    wallet = _found(request)
    if _is_browser(request):
        return _account(request, provider, wallet)
    answer: dict[str, Any] = {
        "id": provider.wallets.url(wallet.name),
        "publicName": wallet.public_name,
        "assetCode": wallet.asset.code,
        "assetScale": wallet.asset.scale,
        "authServer": provider.auth_url,
        "resourceServer": provider.resource_url,
    }
    if wallet.public_name is None:
        del answer["publicName"]
    return JSONResponse(answer)


async def keys(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    return JSONResponse({"keys": provider.wallets.keys(_found(request).name)})


async def did_document(request: Request) -> Response:
    _found(request)
    raise PlainError(500, "DID Document not yet implemented")


def _found(request: Request) -> Wallet:
    provider: WalletProvider = request.app.state.provider
    wallet = provider.wallets.find(provider.wallets.current_name(request.path_params["name"]))
    if wallet is None:
        raise ResourceRefusedError(404, "Could not get wallet address")
    return wallet


def _is_browser(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "text/html" in accept and "application/json" not in accept


def _account(request: Request, provider: WalletProvider, wallet: Wallet) -> Response:
    arrived = provider.store.all(
        "select * from incoming where wallet = ? order by seq desc limit ?", wallet.name, LATEST
    )
    left = provider.store.all("select * from outgoing where wallet = ? order by seq desc limit ?", wallet.name, LATEST)
    context = {
        "wallet": wallet,
        "address": provider.wallets.url(wallet.name),
        "balance": words.money(wallet.balance, wallet.asset),
        "incoming": [_incoming(provider, wallet, row) for row in arrived],
        "outgoing": [_outgoing(wallet, row) for row in left],
    }
    return page(request, "account.html", context)


def _incoming(provider: WalletProvider, wallet: Wallet, row: sqlite3.Row) -> AccountLine:
    wanted = row["amount"]
    if row["received"] and (wanted is None or row["received"] >= wanted):
        state, tone = "received", "good"
    elif row["received"]:
        state, tone = "partly received", "waiting"
    elif incoming.is_open(provider, row):
        state, tone = "waiting", "waiting"
    else:
        state, tone = "closed" if row["completed"] else "expired", "quiet"
    return AccountLine(
        amount=words.money(row["received"], wallet.asset),
        more=words.money(wanted, wallet.asset) if wanted is not None and wanted != row["received"] else None,
        text=row["client"] if not row["client"].startswith("{") else "",
        state=state,
        tone=tone,
        at=words.moment(row["created_at"]),
    )


def _outgoing(wallet: Wallet, row: sqlite3.Row) -> AccountLine:
    state, tone = {
        "funding": ("not enough balance", "waiting"),
        "sending": ("on its way", "waiting"),
        "failed": ("failed", "bad"),
        "completed": ("sent", "good") if row["sent"] else ("not sent", "quiet"),
    }[row["state"]]
    received = words.money(row["receive"], WalletAsset(row["receive_code"], row["receive_scale"]))
    return AccountLine(
        amount=words.money(row["debit"], wallet.asset),
        more=received,
        text=row["receiver"],
        state=state,
        tone=tone,
        at=words.moment(row["created_at"]),
    )


ROUTES = [
    Route("/", home, methods=["GET"]),
    Route("/{name}", wallet_address, methods=["GET"]),
    Route("/{name}/jwks.json", keys, methods=["GET"]),
    Route("/{name}/did.json", did_document, methods=["GET"]),
]

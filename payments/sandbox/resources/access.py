"""Who may do what at the resource server: the token, its grant, its scope, and the signature of its client."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from payments.sandbox import signatures, wire
from payments.sandbox.authorization.grants import SandboxGrant
from payments.sandbox.errors import InvalidBodyError, PlainError, ResourceRefusedError
from payments.sandbox.provider import WalletProvider
from payments.sandbox.wallets import Wallet

Find = Callable[[WalletProvider, str], sqlite3.Row | None]


@dataclass(frozen=True, slots=True)
class Permission:
    """What a request was found to be allowed. `item` is the access that allows it."""

    grant: SandboxGrant
    item: dict[str, Any]
    everyones: bool  # the `-all` form of the action: also what other clients made

    @property
    def client(self) -> str:
        return self.grant.client

    def sees(self, owner: str) -> bool:
        """Whether it reaches what `owner` (a client) made."""
        return self.everyones or owner == self.client


async def read(request: Request) -> bytes:
    """The body of a request that accepts JSON."""
    if not wire.accepts_json(request):
        raise PlainError(406, "Not Acceptable")
    return await wire.read_body(request)


def checked(check: Any, request: Request, raw: bytes) -> dict[str, Any]:
    """The body after `check`, one of the schemas."""
    try:
        body = check(wire.json_body(request, raw))
    except InvalidBodyError as error:
        raise ResourceRefusedError(400, str(error)) from None
    assert isinstance(body, dict)
    return body


def wallet_of(provider: WalletProvider, url: str) -> Wallet:
    """The wallet named in a body or a query; its address must be exactly its `id`."""
    wallet = provider.wallets.by_url(url)
    if wallet is None:
        raise ResourceRefusedError(400, "Could not get wallet address")
    return wallet


def wallet_of_resource(provider: WalletProvider, name: str) -> Wallet:
    """The wallet that owns an existing resource."""
    wallet = provider.wallets.find(name)
    if wallet is None:
        raise ResourceRefusedError(404, "Could not get wallet address")
    return wallet


def found(provider: WalletProvider, kind: str, row: sqlite3.Row | None) -> sqlite3.Row:
    """The resource; raises ResourceRefusedError when it never was, or is no more."""
    if row is None:
        raise ResourceRefusedError(provider.settings.unknown_resource_status, f"unknown {kind.replace('-', ' ')}")
    return row


async def permission(  # noqa: PLR0913 - the request, and the three things that scope it
    provider: WalletProvider, request: Request, raw: bytes, *, kind: str, action: str, wallet: Wallet | None
) -> Permission:
    """What the request's token allows: `action` on resources of `kind` in `wallet`. Raises ResourceRefusedError."""
    grant = _live_grant(provider, request)
    allowed = _permission(provider, grant, kind, action, wallet)
    try:
        await signatures.check(provider, request, raw, grant.client, grant.key)
    except (signatures.UnknownClientError, signatures.BadSignatureError) as error:
        raise ResourceRefusedError(401, f"Signature validation error: {error}") from None
    # The token may have been revoked or rotated while the client's keys were fetched.
    _live_grant(provider, request)
    return allowed


async def reached(request: Request, *, kind: str, action: str, find: Find) -> sqlite3.Row:
    """The resource whose id is in the path, when the request's token reaches it. Raises ResourceRefusedError."""
    provider: WalletProvider = request.app.state.provider
    raw = await read(request)
    resource_id = request.path_params["id"]
    row = found(provider, kind, find(provider, resource_id))
    wallet = wallet_of_resource(provider, row["wallet"])
    allowed = await permission(provider, request, raw, kind=kind, action=action, wallet=wallet)
    # It may have changed, or be no more, since the client's keys were fetched.
    again = find(provider, resource_id)
    return found(provider, kind, again if again and allowed.sees(again["client"]) else None)


def _live_grant(provider: WalletProvider, request: Request) -> SandboxGrant:
    value = wire.gnap_token(request)
    if value is None:
        raise ResourceRefusedError(401, "Unauthorized")
    token = provider.tokens.by_value(value)
    if token is None or not provider.tokens.live(token):
        if provider.settings.dead_token_status == 401:  # noqa: PLR2004 - the status by its number
            raise ResourceRefusedError(401, "Invalid Token")
        raise ResourceRefusedError(403, "Inactive Token")
    grant = provider.grants.get(token.grant_id)
    assert grant is not None
    return grant


def _permission(
    provider: WalletProvider, grant: SandboxGrant, kind: str, action: str, wallet: Wallet | None
) -> Permission:
    for item in grant.access:
        identifier = item.get("identifier")
        if item["type"] != kind or (wallet and identifier and identifier != provider.wallets.url(wallet.name)):
            continue
        for allowed, everyones in ((f"{action}-all", True), (action, False)):
            if allowed in item["actions"]:
                return Permission(grant, item, everyones)
    raise ResourceRefusedError(403, "Insufficient Grant")

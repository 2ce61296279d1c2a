"""Lists, newest first, in pages."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from payments.sandbox.errors import ResourceRefusedError
from payments.sandbox.provider import WalletProvider
from payments.sandbox.resources.access import Permission
from payments.sandbox.wallets import Wallet

DEFAULT_PAGE = 20
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class RequestedPage:
    """What was asked for: `size` items after `cursor`, or before it when `backwards`."""

    size: int
    cursor: str | None
    backwards: bool


def asked(request: Request) -> RequestedPage:
    """The page in the query. Raises ResourceRefusedError."""
    query = request.query_params
    if "first" in query and "last" in query:
        raise ResourceRefusedError(400, "first and last must not be used together")
    backwards = "last" in query
    if backwards and "cursor" not in query:
        raise ResourceRefusedError(400, "Can't paginate backwards from the start")
    size = query.get("last" if backwards else "first", str(DEFAULT_PAGE))
    if not size.isascii() or not size.isdigit() or not 1 <= int(size) <= LARGEST_PAGE:
        raise ResourceRefusedError(400, f"a page has between 1 and {LARGEST_PAGE} items")
    return RequestedPage(int(size), query.get("cursor"), backwards)


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of one wallet that a permission reaches and that meet `condition` (SQL of our own)."""

    table: str
    wallet: Wallet
    permission: Permission
    condition: str = "1"


def listed(
    provider: WalletProvider, listing: Listing, page: RequestedPage, to_wire: Callable[[sqlite3.Row], dict[str, Any]]
) -> dict[str, Any]:
    """One page of a listing, newest first."""
    where = f"wallet = ? and (client = ? or ?) and ({listing.condition})"
    scope = (listing.wallet.name, listing.permission.client, listing.permission.everyones)
    select = f"select * from {listing.table} where {where}"  # noqa: S608 - names and condition are ours
    position = _position(provider, listing.table, listing.wallet, page.cursor)
    if page.backwards:
        rows = provider.store.all(f"{select} and seq > ? order by seq limit ?", *scope, position, page.size)
        rows.reverse()
    else:
        rows = provider.store.all(f"{select} and seq < ? order by seq desc limit ?", *scope, position, page.size)
    pagination: dict[str, Any] = {"hasNextPage": False, "hasPreviousPage": False}
    if rows:
        pagination = {
            "startCursor": rows[0]["id"],
            "endCursor": rows[-1]["id"],
            "hasNextPage": _exists(provider, f"{select} and seq < ?", *scope, rows[-1]["seq"]),
            "hasPreviousPage": _exists(provider, f"{select} and seq > ?", *scope, rows[0]["seq"]),
        }
    return {"pagination": pagination, "result": [to_wire(row) for row in rows]}


def _position(provider: WalletProvider, table: str, wallet: Wallet, cursor: str | None) -> int:
    if cursor is None:
        return 2**62
    row = provider.store.one(f"select seq from {table} where id = ? and wallet = ?", cursor, wallet.name)  # noqa: S608
    if row is None:
        raise ResourceRefusedError(400, "unknown cursor")
    return int(row["seq"])


def _exists(provider: WalletProvider, sql: str, *parameters: Any) -> bool:
    return provider.store.one(f"{sql} limit 1", *parameters) is not None


def stored_metadata(row: sqlite3.Row) -> dict[str, Any]:
    """The `metadata` property of a row, or nothing."""
    return {"metadata": json.loads(row["metadata"])} if row["metadata"] else {}

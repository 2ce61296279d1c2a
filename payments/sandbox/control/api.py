"""The control API: JSON under /sandbox/, answered to this machine only, and to whoever has this start's key.

The key goes into `Authorization: Bearer …`. Everybody on this machine can reach the port: without it they could give
themselves money, approve in somebody's name or move the clock.
"""

import asyncio
import contextlib
import inspect
import ipaddress
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from payments.openpayments.wirejson import UnreadableJsonError, parse_json
from payments.sandbox import schemas, wire
from payments.sandbox.errors import ControlError, InvalidBodyError, PlainError
from payments.sandbox.faults.catalogue import state_fault
from payments.sandbox.faults.rules import FaultRule
from payments.sandbox.fees_and_rates import SendingFee, WalletAsset
from payments.sandbox.pages import consent
from payments.sandbox.provider import WalletProvider
from payments.sandbox.wallets import NewWallet, Wallet

Handler = Callable[[WalletProvider, Request, dict[str, Any]], Any]
#: A receiver that takes longer is not waited for by whoever moves the clock.
PATIENCE_SECONDS = 2.0


def _control(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A handler that is given the provider and the JSON body, and whose result is the answer."""

    async def endpoint(request: Request) -> Response:
        local = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
        # A browser names the page's origin: no page has any business here.
        if not local or "origin" in request.headers or not _has_key(request):
            raise PlainError(403, "Forbidden")
        try:
            raw = await wire.read_body(request)
            body = parse_json(raw) if raw else {}
            if isinstance(body, list):
                body = {"items": body}
            if not isinstance(body, dict):
                raise ControlError("a JSON object expected")
            result = handler(request.app.state.provider, request, body)
            if inspect.isawaitable(result):
                result = await result
        except (UnreadableJsonError, InvalidBodyError, ValueError, TypeError) as error:
            raise ControlError(str(error)) from None
        except KeyError as error:
            raise ControlError(f"missing: {error}") from None
        request.app.state.settlement.wake()
        return JSONResponse(result)

    return endpoint


def _has_key(request: Request) -> bool:
    given = request.headers.get("authorization", "")
    return secrets.compare_digest(given.encode(), f"Bearer {request.app.state.control_key}".encode())


def _wallet_answer(provider: WalletProvider, wallet: Wallet) -> dict[str, Any]:
    totals = provider.store.one(
        "select coalesce(sum(received), 0) as received from incoming where wallet = ?", wallet.name
    )
    sent = provider.store.one("select coalesce(sum(sent), 0) as sent from outgoing where wallet = ?", wallet.name)
    assert totals is not None
    assert sent is not None
    return {
        "id": provider.wallets.url(wallet.name),
        "name": wallet.name,
        "publicName": wallet.public_name,
        "assetCode": wallet.asset.code,
        "assetScale": wallet.asset.scale,
        "balance": str(wallet.balance),
        "received": str(totals["received"]),
        "sent": str(sent["sent"]),
        "fee": {"fixed": wallet.fee.fixed, "percentBps": wallet.fee.percent_bps},
        "keyId": wallet.key_id,
        "keyIds": [key["kid"] for key in provider.wallets.keys(wallet.name)],
        "disabled": wallet.disabled,
    }


def create_wallet(provider: WalletProvider, _: Request, body: dict[str, Any]) -> Any:
    """`balance` in minor units, as a string; `fee.percentBps` in hundredths of a percent; `keys` are public JWKs."""
    fee = body.get("fee") or {}
    keys = [schemas.jwk(key, "keys") for key in body.get("keys", [])]
    new = NewWallet(
        name=body["name"],
        public_name=body.get("publicName"),
        asset=WalletAsset(str(body["assetCode"]), int(body["assetScale"])),
        balance=int(body.get("balance", "0")),
        fee=SendingFee(int(fee.get("fixed", 0)), int(fee.get("percentBps", 0))),
    )
    with provider.store.transaction():
        wallet = provider.wallets.create(new, provider.clock.timestamp())
        for key in keys:
            provider.wallets.put_key(wallet.name, key)
    return _wallet_answer(provider, wallet)


def list_wallets(provider: WalletProvider, _: Request, __: dict[str, Any]) -> Any:
    return {"wallets": [_wallet_answer(provider, wallet) for wallet in provider.wallets.all()]}


def get_wallet(provider: WalletProvider, request: Request, _: dict[str, Any]) -> Any:
    return _wallet_answer(provider, provider.wallets.any(request.path_params["name"]))


def change_wallet(provider: WalletProvider, request: Request, body: dict[str, Any]) -> Any:
    """`publicName`, `disabled`, `name` (with `keepOld`: the old address answers with the new id), `fee`."""
    return _wallet_answer(provider, provider.wallets.change(request.path_params["name"], body))


def delete_wallet(provider: WalletProvider, request: Request, _: dict[str, Any]) -> Any:
    provider.wallets.delete(request.path_params["name"])
    return {}


def change_keys(provider: WalletProvider, request: Request, body: dict[str, Any]) -> Any:
    """`add`: public JWKs to publish; `remove`: key ids to withdraw."""
    wallet = provider.wallets.any(request.path_params["name"])
    for key in [schemas.jwk(key, "add") for key in body.get("add", [])]:
        provider.wallets.put_key(wallet.name, key)
    for kid in body.get("remove", []):
        if not provider.wallets.remove_key(wallet.name, kid):
            raise ControlError(f"no key is called {kid!r}")
    return _wallet_answer(provider, wallet)


def rotate_key(provider: WalletProvider, request: Request, _: dict[str, Any]) -> Any:
    """The wallet signs with a new key of its own from now on; the old one is withdrawn."""
    with provider.store.transaction():
        return _wallet_answer(provider, provider.wallets.rotate_key(request.path_params["name"]))


def change_balance(provider: WalletProvider, request: Request, body: dict[str, Any]) -> Any:
    """`set` or `add` minor units, as a string."""
    wallet = provider.wallets.any(request.path_params["name"])
    amount = int(body["set"]) - wallet.balance if "set" in body else int(body["add"])
    if wallet.balance + amount < 0:
        raise ControlError("a balance cannot be negative")
    provider.wallets.add_to_balance(wallet.name, amount)
    return get_wallet(provider, request, body)


def change_settings(provider: WalletProvider, _: Request, body: dict[str, Any]) -> Any:
    provider.change_settings(body)
    return provider.settings.to_wire()


def decide(provider: WalletProvider, request: Request, _: dict[str, Any]) -> Any:
    """What the person would click; `redirect` is where the browser would go next, None without `finish`."""
    grant = provider.grants.by_interaction(request.path_params["id"])
    if grant is None:
        raise ControlError("no such interaction")
    decided = provider.grants.decide(grant, consent.DECISIONS[request.path_params["decision"]])
    if decided is None:
        raise ControlError("this interaction is over")
    return {"redirect": consent.way_back(provider, decided)}


def add_faults(provider: WalletProvider, request: Request, body: dict[str, Any]) -> Any:
    """A list of rules by which faults strike requests, see `FaultRule`."""
    now = provider.clock.timestamp()
    request.app.state.faults.add([FaultRule.from_wire(rule, now) for rule in body["items"]])
    return {}


def clear_faults(_: WalletProvider, request: Request, __: dict[str, Any]) -> Any:
    request.app.state.faults.clear()
    return {}


def change_state(provider: WalletProvider, request: Request, body: dict[str, Any]) -> Any:
    """One of the catalogue's state faults. `id`: the URL of the payment, quote or grant continuation it happens to."""
    return state_fault(request.path_params["name"]).change(provider, _last_part(body["id"]), body)


def requests(provider: WalletProvider, request: Request, _: dict[str, Any]) -> Any:
    operation = request.query_params.get("operation")
    return {"requests": [each.to_wire() for each in provider.request_log.requests(operation)]}


def clear_requests(provider: WalletProvider, _: Request, __: dict[str, Any]) -> Any:
    provider.request_log.clear()
    return {}


async def change_clock(provider: WalletProvider, request: Request, body: dict[str, Any]) -> Any:
    """Time passes, or goes back: what has become due is settled before the answer, unless that is to be commanded."""
    provider.change_clock(float(body["offsetSeconds"]))
    if not provider.settings.settle_on_command:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(request.app.state.settlement.settle_now(None)), PATIENCE_SECONDS)
    return {"now": provider.clock.now().isoformat()}


def reset(provider: WalletProvider, request: Request, _: dict[str, Any]) -> Any:
    request.app.state.settlement.forget()
    request.app.state.faults.clear()
    provider.reset()
    return {}


async def settle(_: WalletProvider, request: Request, body: dict[str, Any]) -> Any:
    """Move the money now: of the outgoing payment `id`, or of all that are due; see the setting `settleOnCommand`."""
    payment_id = _last_part(body["id"]) if "id" in body else None
    ended, still_open = await request.app.state.settlement.settle_now(payment_id)
    return {"ended": ended, "open": still_open}


def _last_part(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]


def live(provider: WalletProvider, _: Request, __: dict[str, Any]) -> Any:
    return {"name": provider.name, "settings": provider.settings.to_wire(), "now": provider.clock.now().isoformat()}


def _route(path: str, method: str, handler: Handler) -> Route:
    return Route(f"/sandbox{path}", _control(handler), methods=[method])


ROUTES = [
    _route("", "GET", live),
    _route("/wallets", "POST", create_wallet),
    _route("/wallets", "GET", list_wallets),
    _route("/wallets/{name}", "GET", get_wallet),
    _route("/wallets/{name}", "PATCH", change_wallet),
    _route("/wallets/{name}", "DELETE", delete_wallet),
    _route("/wallets/{name}/keys", "PUT", change_keys),
    _route("/wallets/{name}/rotate-key", "POST", rotate_key),
    _route("/wallets/{name}/balance", "POST", change_balance),
    _route("/settings", "POST", change_settings),
    _route("/interactions/{id}/{decision}", "POST", decide),
    _route("/faults", "POST", add_faults),
    _route("/faults", "DELETE", clear_faults),
    _route("/faults/{name}", "POST", change_state),
    _route("/requests", "GET", requests),
    _route("/requests", "DELETE", clear_requests),
    _route("/clock", "POST", change_clock),
    _route("/reset", "POST", reset),
    _route("/settle", "POST", settle),
]

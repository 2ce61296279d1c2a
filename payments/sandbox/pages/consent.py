"""The page on which a person allows what a client asked for, and the way back to the client."""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from payments.openpayments.interaction import interaction_hash
from payments.sandbox import schemas
from payments.sandbox.authorization.grants import SandboxGrant
from payments.sandbox.pages import words
from payments.sandbox.pages.rendering import page
from payments.sandbox.provider import WalletProvider
from payments.sandbox.resources import incoming
from payments.sandbox.wallets import Wallet

DECISIONS: dict[str, Literal["approved", "rejected"]] = {"approve": "approved", "reject": "rejected"}


@dataclass(frozen=True, slots=True)
class Ask:
    """What the page says about a grant."""

    client_name: str
    client: str
    wallet: Wallet | None
    balance: str
    limit: str | None
    limits_receipt: bool  # the limit is on what receivers get, not on what is debited
    receiver: str | None
    receiver_name: str | None
    interval: str | None
    kind: str  # "payment", "subject" or "access"


async def show(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    grant = provider.grants.by_interaction(request.path_params["id"])
    if grant is None or grant.state == "revoked":
        return page(request, "over.html", {"reason": "unknown", "back": None, "client": ""}, status=404)
    if grant.state != "pending":
        return _over(request, grant, "answered", back=None)
    if provider.grants.expired(grant):
        return _over(request, grant, "expired", back=_with_query(grant, {"result": "grant_invalid"}))
    assert grant.expires_at is not None
    context = {
        "ask": _ask(provider, grant),
        "minutes": int(grant.expires_at - provider.clock.timestamp()) // 60,
        "returns_to": urlsplit(grant.finish_uri).netloc if grant.finish_uri else None,
    }
    return page(request, "consent.html", context, leads_to=grant.finish_uri)


async def decide(request: Request) -> Response:
    """The form: `decision` is `approve` or `reject`."""
    provider: WalletProvider = request.app.state.provider
    grant = provider.grants.by_interaction(request.path_params["id"])
    decision = (await request.form()).get("decision")
    if grant is None or not isinstance(decision, str) or decision not in DECISIONS:
        return page(request, "over.html", {"reason": "unknown", "back": None, "client": ""}, status=404)
    decided = provider.grants.decide(grant, DECISIONS[decision])
    if decided is None:
        return await show(request)
    back = way_back(provider, decided)
    if back is None:
        return _over(request, decided, decided.state, back=None)
    return RedirectResponse(back, 302, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def way_back(provider: WalletProvider, grant: SandboxGrant) -> str | None:
    """Where the browser goes after the decision; None when the client gave no address."""
    if grant.finish_uri is None:
        return None
    if grant.state == "rejected":
        return _with_query(grant, {"result": "grant_rejected"})
    assert grant.interact_ref is not None
    return _with_query(grant, {"hash": _hash(provider, grant), "interact_ref": grant.interact_ref})


def _hash(provider: WalletProvider, grant: SandboxGrant) -> str:
    settings = provider.settings
    grant_url = f"{provider.auth_url}/" if settings.hash_trailing_slash else provider.auth_url
    text = interaction_hash(grant.client_nonce or "", grant.interaction_key or "", grant.interact_ref or "", grant_url)
    if settings.hash_encoding == "base64url":
        return text.replace("+", "-").replace("/", "_").rstrip("=")
    return text


def _with_query(grant: SandboxGrant, added: dict[str, str]) -> str | None:
    """The client's address with its own query kept and ours added."""
    if grant.finish_uri is None:
        return None
    parts = urlsplit(grant.finish_uri)
    query = "&".join(filter(None, (parts.query, urlencode(added))))
    return urlunsplit(parts._replace(query=query))


def _over(request: Request, grant: SandboxGrant, reason: str, back: str | None) -> Response:
    status = 410 if reason == "expired" else 200
    context = {"reason": reason, "back": back, "client": grant.client_name or grant.client}
    return page(request, "over.html", context, status=status)


def _ask(provider: WalletProvider, grant: SandboxGrant) -> Ask:
    item = grant.outgoing_access()
    identifier = _wallet_url(grant, item)
    wallet = provider.wallets.by_url(identifier) if identifier else None
    limits: dict[str, Any] = (item or {}).get("limits", {})
    amount = limits.get("debitAmount") or limits.get("receiveAmount")
    return Ask(
        client_name=grant.client_name or grant.client,
        client=grant.client,
        wallet=wallet,
        balance=words.money(wallet.balance, wallet.asset) if wallet else "",
        limit=words.money(*schemas.amount(amount, "amount")) if amount else None,
        limits_receipt="receiveAmount" in limits,
        receiver=limits.get("receiver"),
        receiver_name=_receiver_name(provider, limits.get("receiver", "")),
        interval=limits.get("interval"),
        kind="payment" if item else "subject" if grant.subject else "access",
    )


def _wallet_url(grant: SandboxGrant, item: dict[str, Any] | None) -> str | None:
    if item is not None:
        return str(item["identifier"])
    if grant.subject is not None:
        return str(grant.subject["sub_ids"][0]["id"])
    return next((str(each["identifier"]) for each in grant.access if "identifier" in each), None)


def _receiver_name(provider: WalletProvider, url: str) -> str | None:
    """Whose incoming payment it is, when it is one of this provider's."""
    prefix = f"{provider.resource_url}/incoming-payments/"
    row = incoming.find(provider, url.removeprefix(prefix)) if url.startswith(prefix) else None
    wallet = provider.wallets.find(row["wallet"]) if row else None
    return wallet.public_name if wallet else None


ROUTES = [Route("/auth/interact/{id}", show, methods=["GET"]), Route("/auth/interact/{id}", decide, methods=["POST"])]

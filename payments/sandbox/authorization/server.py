"""The authorization server of Open Payments 1.3.0: grant requests, continuations, access tokens."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from payments.sandbox import schemas, signatures, wire
from payments.sandbox.authorization.grants import Interaction, SandboxGrant, Token, client_text
from payments.sandbox.errors import AuthorizationRefusedError, InvalidBodyError, PlainError
from payments.sandbox.provider import WalletProvider


async def request_grant(request: Request) -> Response:
    """A new grant: issued at once, or waiting for a person."""
    provider: WalletProvider = request.app.state.provider
    raw = await _read(request)
    body = _checked(schemas.grant_request, request, raw)
    client = client_text(body["client"])
    key = await _check_signature(provider, request, raw, client)
    access = body.get("access_token", {}).get("access", [])
    subject = body.get("subject")
    _check_identifiers(provider, access, subject)
    interaction = None
    if _needs_a_person(access, subject):
        interaction = await _interaction(provider, client, body.get("interact"))
    grant = provider.grants.request(client, access, subject, interaction, key, provider.settings)
    if interaction is None:
        token = provider.tokens.new(grant.id, provider.settings.token_seconds)
        return JSONResponse({"access_token": _token(provider, grant, token), "continue": _continue(provider, grant)})
    return JSONResponse(
        {
            "interact": {
                "redirect": f"{provider.auth_url}/interact/{grant.interaction}",
                "finish": grant.interaction_key,
            },
            "continue": _continue(provider, grant, wait=provider.settings.wait_seconds),
        }
    )


async def continue_grant(request: Request) -> Response:
    """After the person decided (with `interact_ref`), or polling (grants without `finish` only)."""
    provider: WalletProvider = request.app.state.provider
    raw = await _read(request)
    reference = _checked(schemas.continue_request, request, raw)
    grant = _grant_to_continue(provider, request)
    await _check_signature(provider, request, raw, grant.client, grant.key)
    # Another call may have moved the grant while the keys were fetched.
    grant = _grant_to_continue(provider, request)
    if grant.state == "rejected" or (reference is not None and reference != grant.interact_ref):
        raise AuthorizationRefusedError(404, "invalid_continuation", "grant not found")
    if provider.clock.timestamp() < grant.may_continue_at:
        raise AuthorizationRefusedError(400, "too_fast", "continued before the wait was over")
    if reference is None and grant.finish_uri is not None:
        raise AuthorizationRefusedError(401, "request_denied", "grant cannot be polled")
    if grant.state == "pending":
        if provider.grants.expired(grant):
            raise AuthorizationRefusedError(404, "invalid_continuation", "the interaction has expired")
        provider.grants.wait(grant, provider.settings.wait_seconds)
        return JSONResponse({"continue": _continue(provider, grant, wait=provider.settings.wait_seconds)})
    if grant.state == "issued" and not (provider.settings.repeatable_continue and reference is not None):
        raise AuthorizationRefusedError(401, "request_denied", "grant was continued before")
    return JSONResponse(_issued(provider, grant))


def _issued(provider: WalletProvider, grant: SandboxGrant) -> dict[str, Any]:
    provider.grants.issue(grant)
    answer: dict[str, Any] = {"continue": _continue(provider, grant)}
    if grant.access:
        answer["access_token"] = _token(provider, grant, provider.tokens.new(grant.id, provider.settings.token_seconds))
    if grant.subject is not None:
        answer["subject"] = grant.subject
    return answer


async def cancel_grant(request: Request) -> Response:
    """End a grant, before or after it was issued. Payments made under it go on."""
    provider: WalletProvider = request.app.state.provider
    raw = await _read(request)
    grant = _grant_to_continue(provider, request)
    await _check_signature(provider, request, raw, grant.client, grant.key)
    provider.grants.revoke(_grant_to_continue(provider, request))
    return Response(status_code=204)


async def rotate_token(request: Request) -> Response:
    """A new token for an old one, which may have expired; the old one and its address are dead afterwards."""
    provider: WalletProvider = request.app.state.provider
    _, grant = await _managed_token(provider, request)
    # Read again: of several rotations at once, one finds the token.
    token = _find_managed(provider, request)
    rotated = provider.tokens.rotate(token, provider.settings)
    if rotated is None:
        raise AuthorizationRefusedError(404, "invalid_rotation", "token not found")
    return JSONResponse({"access_token": _token(provider, grant, rotated)})


async def revoke_token(request: Request) -> Response:
    provider: WalletProvider = request.app.state.provider
    token, _ = await _managed_token(provider, request)
    provider.tokens.revoke(token)
    return Response(status_code=204)


async def _managed_token(provider: WalletProvider, request: Request) -> tuple[Token, SandboxGrant]:
    raw = await _read(request)
    token = _find_managed(provider, request)
    grant = provider.grants.get(token.grant_id)
    assert grant is not None
    await _check_signature(provider, request, raw, grant.client, grant.key)
    return token, grant


def _find_managed(provider: WalletProvider, request: Request) -> Token:
    token = provider.tokens.by_manage(request.path_params["id"], wire.gnap_token(request) or "")
    if token is None:
        raise AuthorizationRefusedError(404, "invalid_rotation", "token not found")
    return token


def _grant_to_continue(provider: WalletProvider, request: Request) -> SandboxGrant:
    grant = provider.grants.get(request.path_params["id"])
    if grant is None or grant.continue_token != wire.gnap_token(request) or grant.state == "revoked":
        raise AuthorizationRefusedError(401, "invalid_continuation", "unknown or revoked continuation")
    return grant


def _needs_a_person(access: list[dict[str, Any]], subject: dict[str, Any] | None) -> bool:
    """Money that leaves, whose wallet it is, and other people's payments are for the wallet's owner to allow."""
    return subject is not None or any(
        item["type"] == "outgoing-payment" or "list-all" in item["actions"] for item in access
    )


async def _interaction(provider: WalletProvider, client: str, interact: dict[str, Any] | None) -> Interaction:
    if interact is None:
        raise AuthorizationRefusedError(400, "invalid_request", "missing required request field 'interact'")
    if client.startswith("{"):
        raise AuthorizationRefusedError(400, "invalid_client", "a client known only by its key cannot ask a person")
    try:
        name = await signatures.client_name(provider, client)
    except signatures.UnknownClientError as error:
        raise AuthorizationRefusedError(400, "invalid_client", str(error)) from None
    finish = interact.get("finish", {})
    return Interaction(client_name=name, finish_uri=finish.get("uri"), nonce=finish.get("nonce"))


def _check_identifiers(provider: WalletProvider, access: list[dict[str, Any]], subject: dict[str, Any] | None) -> None:
    """Every wallet that is named must be one of this provider's."""
    named = [item["identifier"] for item in access if "identifier" in item]
    named += [item["id"] for item in (subject or {}).get("sub_ids", [])]
    for url in named:
        if provider.wallets.by_url(url) is None:
            raise AuthorizationRefusedError(400, "invalid_request", f"unknown wallet address: {url}")


async def _read(request: Request) -> bytes:
    if not wire.accepts_json(request):
        raise PlainError(406, "Not Acceptable")
    return await wire.read_body(request)


def _checked(check: Any, request: Request, raw: bytes) -> Any:
    try:
        return check(wire.json_body(request, raw))
    except InvalidBodyError as error:
        raise AuthorizationRefusedError(400, None, str(error)) from None


async def _check_signature(
    provider: WalletProvider, request: Request, raw: bytes, client: str, key: str | None = None
) -> str:
    """The thumbprint of the key that signed."""
    try:
        return await signatures.check(provider, request, raw, client, key)
    except signatures.UnknownClientError as error:
        raise AuthorizationRefusedError(400, "invalid_client", str(error)) from None
    except signatures.BadSignatureError as error:
        raise AuthorizationRefusedError(401, "invalid_client", f"Signature validation error: {error}") from None


def _token(provider: WalletProvider, grant: SandboxGrant, token: Token) -> dict[str, Any]:
    return {
        "value": token.value,
        "manage": f"{provider.auth_url}/token/{token.manage}",
        "expires_in": round(token.expires_at - token.created_at),
        "access": grant.access,
    }


def _continue(provider: WalletProvider, grant: SandboxGrant, wait: int | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "access_token": {"value": grant.continue_token},
        "uri": f"{provider.auth_url}/continue/{grant.id}",
    }
    return answer if wait is None else {**answer, "wait": wait}


ROUTES = [
    Route("/auth", request_grant, methods=["POST"]),
    Route("/auth/", request_grant, methods=["POST"]),
    Route("/auth/continue/{id}", continue_grant, methods=["POST"]),
    Route("/auth/continue/{id}", cancel_grant, methods=["DELETE"]),
    Route("/auth/token/{id}", rotate_token, methods=["POST"]),
    Route("/auth/token/{id}", revoke_token, methods=["DELETE"]),
]

"""Who is not signed for is refused: at the authorization server, and at the resource server."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from payments.openpayments import keys
from payments.openpayments.signing import Signer, compact_json, sign_request
from tests.sandbox.client import WalletClient, amount, error
from tests.sandbox.process import SandboxProcess

ACCESS = [{"type": "incoming-payment", "actions": ["create"]}]


def grant_body(shop: WalletClient) -> dict[str, Any]:
    return {"client": shop.signer.client, "access_token": {"access": ACCESS}}


def drop_signature(request: httpx.Request) -> None:
    del request.headers["signature"]
    del request.headers["signature-input"]


def cover_less(request: httpx.Request) -> None:
    request.headers["signature-input"] = request.headers["signature-input"].replace(' "content-digest"', "")


def another_digest(request: httpx.Request) -> None:
    digest = request.headers["content-digest"]
    request.headers["content-digest"] = digest[:-3] + ("A=:" if digest[-3] != "A" else "B=:")


def spoilt_signature(request: httpx.Request) -> None:
    request.headers["signature"] = re.sub(
        "=:(.)", lambda found: "=:" + ("B" if found[1] == "A" else "A"), request.headers["signature"]
    )


def another_path(request: httpx.Request) -> None:
    request.url = httpx.URL(f"{request.url}/")


def cover_the_authority(request: httpx.Request) -> None:
    request.headers["signature-input"] = request.headers["signature-input"].replace(
        '"@method"', '"@method" "@authority"'
    )


@pytest.mark.parametrize(
    "change", [drop_signature, cover_less, cover_the_authority, another_digest, spoilt_signature, another_path]
)
def test_a_tampered_grant_request_is_refused(sandbox: SandboxProcess, shop: WalletClient, change: object) -> None:
    answer = shop.send("POST", f"{sandbox.url}/auth", grant_body(shop), change=change)  # type: ignore[arg-type] # parametrised
    status, code, description = error(answer)
    assert (status, code) == (401, "invalid_client")
    assert description.startswith("Signature validation error")


def test_the_trailing_slash_is_another_address_to_sign(sandbox: SandboxProcess, shop: WalletClient) -> None:
    assert shop.send("POST", f"{sandbox.url}/auth/", grant_body(shop)).status_code == 200


@pytest.mark.parametrize("age", [timedelta(minutes=10), timedelta(minutes=-10)])
def test_created_must_be_close_to_now(sandbox: SandboxProcess, shop: WalletClient, age: timedelta) -> None:
    answer = shop.send("POST", f"{sandbox.url}/auth", grant_body(shop), created=datetime.now(UTC) - age)
    assert error(answer)[:2] == (401, "invalid_client")


def test_a_client_may_live_by_the_providers_moved_clock(sandbox: SandboxProcess, shop: WalletClient) -> None:
    sandbox.clock(86_400)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert shop.send("POST", f"{sandbox.url}/auth", grant_body(shop), created=tomorrow).status_code == 200
    assert shop.send("POST", f"{sandbox.url}/auth", grant_body(shop)).status_code == 200


def test_a_body_that_would_be_serialised_otherwise_is_refused(sandbox: SandboxProcess, shop: WalletClient) -> None:
    spaced = compact_json(grant_body(shop)).replace(b'"client":', b'"client": ')
    request = httpx.Request("POST", f"{sandbox.url}/auth", content=spaced, headers={"Content-Type": "application/json"})
    sign_request(request, shop.signer, datetime.now(UTC))
    assert error(shop.http.send(request))[:2] == (401, "invalid_client")


def test_a_key_that_is_not_published_is_an_invalid_client(sandbox: SandboxProcess, shop: WalletClient) -> None:
    stranger = WalletClient(Signer(shop.signer.wallet_address, "other-key", keys.generate_key()), shop.http)
    assert error(stranger.ask(sandbox, ACCESS))[:2] == (400, "invalid_client")


def test_a_withdrawn_key_is_refused_from_the_next_call_on(
    sandbox: SandboxProcess, shop: WalletClient, worker: str
) -> None:
    token = shop.token(sandbox, "incoming-payment", "create")
    sandbox.change_keys("shop", remove=["shop-key"])
    assert error(shop.ask(sandbox, ACCESS))[:2] == (400, "invalid_client")
    answer = shop.send("POST", f"{sandbox.url}/op/incoming-payments", {"walletAddress": worker}, token=token)
    assert error(answer)[:2] == (401, "401")
    assert "Signature validation error" in error(answer)[2]


def test_a_client_whose_wallet_cannot_be_reached_is_invalid(sandbox: SandboxProcess, shop: WalletClient) -> None:
    nowhere = WalletClient(Signer("http://127.0.0.1:1/shop", "shop-key", shop.signer.private_key), shop.http)
    assert error(nowhere.ask(sandbox, ACCESS))[:2] == (400, "invalid_client")


def test_a_token_is_of_no_use_to_another_client(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
    thief = WalletClient.at(sandbox, shop.http, "thief")
    token = shop.token(sandbox, "incoming-payment", "create")
    answer = thief.send("POST", f"{sandbox.url}/op/incoming-payments", {"walletAddress": worker}, token=token)
    assert error(answer)[:2] == (401, "401")


def test_a_swapped_body_is_refused(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
    def raise_amount(request: httpx.Request) -> None:
        body = request.content.replace(b'"value":"100"', b'"value":"900"')
        request.stream = httpx.ByteStream(body)

    token = shop.token(sandbox, "incoming-payment", "create")
    body = {"walletAddress": worker, "incomingAmount": amount(100, "MXN")}
    answer = shop.send("POST", f"{sandbox.url}/op/incoming-payments", body, token=token, change=raise_amount)
    assert error(answer)[:2] == (401, "401")


def test_a_client_known_by_its_key_alone_gets_what_needs_no_person(
    sandbox: SandboxProcess, shop: WalletClient, payer: str
) -> None:
    client = {"jwk": dict(keys.public_jwk(shop.signer.private_key, "shop-key").to_wire())}
    body = {"client": client, "access_token": {"access": ACCESS}}
    assert shop.send("POST", f"{sandbox.url}/auth", body).status_code == 200
    asking = {
        "client": client,
        "access_token": {"access": [{"type": "outgoing-payment", "actions": ["create"], "identifier": payer}]},
        "interact": {"start": ["redirect"]},
    }
    assert error(shop.send("POST", f"{sandbox.url}/auth", asking))[:2] == (400, "invalid_client")

"""The official client, validating every answer, pays with our sandbox's wallets, and reports what they refuse."""

from typing import Any

import pytest

from payments.openpayments.keys import generate_key, private_key_to_pem, public_jwk
from tests.interop import node
from tests.interop.checked import Checked, wrong_answers
from tests.interop.recording import Recording
from tests.sandbox.process import SandboxProcess

REFUSED_ON_THE_WAY = {
    "too fast": (400, "too_fast"),
    "the token before": (403, "403"),
    "the revoked token": (403, "403"),
    "continued after cancelling": (401, "invalid_continuation"),
}
METADATA = {"job": "Traducción al náhuatl", "pages": 100, "nested": {"ñ": ["“a”", None, True]}}


def pesos(value: int) -> dict[str, Any]:
    return {"value": str(value), "assetCode": "MXN", "assetScale": 2}


def dollars(value: int) -> dict[str, Any]:
    return {"value": str(value), "assetCode": "USD", "assetScale": 2}


@pytest.fixture
def given(sandbox: SandboxProcess) -> dict[str, Any]:
    """The client's wallet with a published key, a payer in USD, a worker in MXN, and the sandbox's controls."""
    key = generate_key()
    return {
        "control": f"http://127.0.0.1:{sandbox.port}/sandbox",
        "controlKey": sandbox.control_key,
        "client": {
            "walletAddressUrl": sandbox.create_wallet("shop", keys=[public_jwk(key, "k1").to_wire()]),
            "keyId": "k1",
            "pem": private_key_to_pem(key),
        },
        "payer": sandbox.create_wallet("sol"),
        "worker": sandbox.create_wallet("maria", asset="MXN", balance=0),
    }


def test_the_official_client_pays_from_the_first_request_to_the_last(
    sandbox: SandboxProcess, recording: Recording, given: dict[str, Any]
) -> None:
    steps = node.run("flow.mjs", given)

    assert steps["payer"] == {
        "id": given["payer"],
        "publicName": "Sol",
        "assetCode": "USD",
        "assetScale": 2,
        "authServer": f"{sandbox.url}/auth",
        "resourceServer": f"{sandbox.url}/op",
    }
    assert steps["anonymous payer"] == steps["payer"]
    assert "k1" in {key["kid"] for key in steps["keys"]}

    incoming, quote, outgoing = steps["incoming"], steps["quote"], steps["outgoing"]
    assert incoming["metadata"] == METADATA
    assert incoming["methods"]
    assert steps["public"] == steps["anonymous"] == {"authServer": f"{sandbox.url}/auth", "receivedAmount": pesos(0)}
    assert (quote["receiver"], quote["receiveAmount"]) == (incoming["id"], pesos(18500))
    assert steps["quote again"] == quote

    assert steps["back"]["start"] == steps["back"]["expected"]
    assert steps["hash"]["given"] == steps["hash"]["expected"]
    assert steps["granted"][0]["limits"] == {"debitAmount": quote["debitAmount"]}
    assert (outgoing["quoteId"], outgoing["metadata"]) == (quote["id"], METADATA)
    assert steps["settled"]["receivedAmount"] == pesos(18500)
    assert steps["settled"]["completed"]
    assert steps["outgoing again"]["id"] == outgoing["id"]
    assert steps["spent"] == {"spentDebitAmount": quote["debitAmount"], "spentReceiveAmount": pesos(18500)}
    assert sandbox.balance("maria") == 18500
    assert sandbox.balance("sol") == 1_000_000 - int(quote["debitAmount"]["value"])

    check_lists(steps)
    assert steps["completed"]["completed"]
    assert steps["rotated"]
    assert steps["the token after"] == outgoing["id"]
    assert steps["revoked"]
    assert steps["cancelled"]
    for step, refusal in REFUSED_ON_THE_WAY.items():
        assert reported(steps[step])[:2] == refusal, step
    Checked(recording.take())


def check_lists(steps: dict[str, Any]) -> None:
    def ids(page: str) -> list[str]:
        return [item["id"] for item in steps[page]["result"]]

    def flags(page: str) -> tuple[bool, bool]:
        pagination = steps[page]["pagination"]
        return pagination["hasPreviousPage"], pagination["hasNextPage"]

    newest_first = steps["ids, newest first"]
    assert (ids("first page"), flags("first page")) == (newest_first[:2], (False, True))
    assert (ids("second page"), flags("second page")) == (newest_first[2:], (True, False))
    assert ids("back to the first page") == newest_first[:2]
    assert ids("outgoing list") == [steps["outgoing"]["id"]]


# Step: status, code, and how the description begins.
REFUSALS: dict[str, tuple[int, str | None, str]] = {
    "another key": (401, "invalid_client", "Signature validation error"),
    "an unpublished key": (400, "invalid_client", ""),
    "another key with a token": (401, "401", "Signature validation error"),
    "a client without a name": (400, "invalid_client", "missing required request field 'client'"),
    "a request that breaks the schema": (400, None, "access[0].actions"),
    "money without a person": (400, "invalid_request", "missing required request field 'interact'"),
    "an unknown wallet address": (404, "404", "Could not get wallet address"),
    "another reference": (404, "invalid_continuation", ""),
    "another continue token": (401, "invalid_continuation", ""),
    "polling with a finish": (401, "request_denied", ""),
    "a used reference": (401, "request_denied", ""),
    "a rejected grant": (404, "invalid_continuation", ""),
    "an action that was not granted": (403, "403", "Insufficient Grant"),
    "a token for something else": (403, "403", "Insufficient Grant"),
    "a bogus token": (403, "403", "Inactive Token"),
    "another asset": (400, "400", "invalid amount"),
    "an expiry in the past": (400, "400", "invalid expiresAt"),
    "an unknown incoming payment": (404, "404", "unknown incoming payment"),
    "an unknown quote": (404, "404", "unknown quote"),
    "too little to arrive": (400, "400", "non-positive receive amount"),
    "completed twice": (409, "409", "wrong state"),
    "a receiver that is done": (400, "400", "invalid receiver"),
    "a list without its wallet": (400, "400", "Could not get wallet address"),
    "over the limit": (403, "403", "unauthorized"),
    "paying by an unknown quote": (404, "404", "unknown quote"),
    "a quote twice": (400, "400", "invalid quote"),
    "an unknown outgoing payment": (404, "404", "unknown outgoing payment"),
    "an expired quote": (400, "400", "invalid quote"),
    "an expired token": (403, "403", "Inactive Token"),
    "rotated twice": (404, "invalid_rotation", ""),
    "revoked twice": (404, "invalid_rotation", ""),
}


def test_the_official_client_reports_every_refusal_with_status_code_and_reason(
    sandbox: SandboxProcess, recording: Recording, given: dict[str, Any]
) -> None:
    sandbox.settings(waitSeconds=0)
    key = generate_key()
    nameless = sandbox.create_wallet("nameless", public_name=None, keys=[public_jwk(key, "k1").to_wire()])
    steps = node.run(
        "refusals.mjs",
        {
            **given,
            "worthMore": sandbox.create_wallet("ada", asset="EUR"),
            "otherPem": private_key_to_pem(generate_key()),
            "nameless": {"walletAddressUrl": nameless, "keyId": "k1", "pem": private_key_to_pem(key)},
        },
    )

    assert steps.pop("rejected") == "grant_rejected"
    assert steps.pop("an expired token is rotated")
    assert set(steps) == set(REFUSALS)
    for step, (status, code, description) in REFUSALS.items():
        found = reported(steps[step])
        assert found[:2] == (status, code), (step, found)
        assert found[2].startswith(description), (step, found)
    assert steps["too little to arrive"]["details"]["minSendAmount"] == dollars(2)
    assert not wrong_answers(recording.take())


def reported(refusal: Any) -> tuple[int, str | None, str]:
    """Status, code and description as the official client's error has them."""
    assert refusal != "accepted"
    assert refusal.get("validationErrors") is None, "The official client could not read the answer."
    return refusal["status"], refusal.get("code"), refusal["description"]

"""Our signatures convince the official verifier, its signatures convince ours; neither believes a changed request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

import httpx
import pytest

from payments.openpayments.keys import Jwk, generate_key, private_key_from_pem, private_key_to_pem, public_jwk
from payments.openpayments.signing import ReceivedRequest, SignatureRejected, Signer, compact_json, sign_request, verify
from payments.openpayments.wirejson import JsonObject
from tests.interop import node

HOST = "https://wallet.example"
KEY_ID = "clave-1"
GRANT: JsonObject = {
    "access_token": {"access": [{"type": "incoming-payment", "actions": ["create", "read"]}]},
    "client": "https://tequio.example/platform",
}
PAYMENT: JsonObject = {
    "walletAddress": f"{HOST}/maría",
    "quoteId": f"{HOST}/op/quotes/8c68d3cc",
    "metadata": {"job": "Traducción al náhuatl — 100 páginas 🪡", "quote": 'a "b" \\ c', "line": "1\n2\t\u2028/"},
}


@dataclass(frozen=True)
class Sent:
    """One request as it goes over the wire; `headers` by name as sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str = ""

    def to_wire(self) -> dict[str, Any]:
        return {"method": self.method, "url": self.url, "headers": dict(self.headers), "body": self.body}

    def with_header(self, name: str, value: str) -> Self:
        return replace(self, headers={**self.headers, name: value})

    def header(self, name: str) -> str:
        return next(value for given, value in self.headers.items() if given.lower() == name)

    def changed(self, name: str, change: Callable[[str], str]) -> Self:
        given = next(given for given in self.headers if given.lower() == name)
        return self.with_header(given, change(self.headers[given]))


# Every kind of request that is signed: method, address, token, body.
KINDS: dict[str, tuple[str, str, str | None, JsonObject | None]] = {
    "grant request": ("POST", f"{HOST}/auth", None, GRANT),
    "grant request to a bare host": ("POST", f"{HOST}/", None, GRANT),
    "grant request to a slash": ("POST", f"{HOST}/auth/", None, GRANT),
    "continuation with a reference": ("POST", f"{HOST}/auth/continue/1", "cont", {"interact_ref": "ref"}),
    "continuation that polls": ("POST", f"{HOST}/auth/continue/1", "cont", None),
    "cancellation": ("DELETE", f"{HOST}/auth/continue/1", "cont", None),
    "rotation": ("POST", f"{HOST}/auth/token/1", "tok", None),
    "revocation": ("DELETE", f"{HOST}/auth/token/1", "tok", None),
    "creation": ("POST", f"{HOST}/op/outgoing-payments", "tok", PAYMENT),
    "completion": ("POST", f"{HOST}/op/incoming-payments/1/complete", "tok", None),
    "reading": ("GET", f"{HOST}/op/incoming-payments/1", "tok", None),
    "list": ("GET", f"{HOST}/op/outgoing-payments?wallet-address=https%3A%2F%2Fw.example%2Fa&first=2", "tok", None),
}


def unsigned(kind: str) -> httpx.Request:
    method, url, token, body = KINDS[kind]
    headers = {"Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"GNAP {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
    return httpx.Request(method, url, headers=headers, content=None if body is None else compact_json(body))


def signed_by_us(kind: str, signer: Signer) -> Sent:
    request = unsigned(kind)
    sign_request(request, signer, datetime.now(UTC))
    return Sent(request.method, str(request.url), dict(request.headers), request.content.decode())


def believed_by_us(request: Sent, jwk: Jwk) -> bool:
    received = ReceivedRequest(
        request.method, request.url, tuple(request.headers.items()), request.body.encode("utf-8", "surrogatepass")
    )
    keys = {jwk.kid: jwk.public_key()}
    try:
        return verify(received, keys.get, now=datetime.now(UTC)).key_id == jwk.kid
    except SignatureRejected:
        return False


def tampered(requests: Mapping[str, Sent]) -> dict[str, Sent]:
    """Each of them differs from a well signed request in one thing that its signature or its digest covers."""
    creation, reading, listing = requests["creation"], requests["reading"], requests["list"]
    return {
        "another method": replace(reading, method="DELETE"),
        "another host": replace(reading, url=reading.url.replace("wallet.example", "wallet.examp1e")),
        "another path": replace(reading, url=f"{reading.url}2"),
        "a slash more": replace(reading, url=f"{reading.url}/"),
        "another query": replace(listing, url=listing.url.replace("first=2", "first=9")),
        "no query": replace(listing, url=listing.url.partition("?")[0]),
        "another token": reading.changed("authorization", lambda value: f"{value}2"),
        "another body": replace(creation, body=creation.body.replace("8c68d3cc", "8c68d3cd")),
        "another character": replace(creation, body=creation.body.replace("náhuatl", "nahuatl")),
        "another digest": creation.changed("content-digest", lambda _: "sha-512=:AAAA:"),
        "another length": creation.changed("content-length", lambda value: f"{value}0"),
        "another type": creation.changed("content-type", lambda _: "text/plain"),
        "another moment": reading.changed("signature-input", _one_second_later),
        "another key id": reading.changed("signature-input", lambda value: value.replace(KEY_ID, "clave-2")),
        "less covered": reading.changed("signature-input", lambda value: value.replace(' "authorization"', "")),
        "another signature": reading.changed("signature", lambda _: requests["list"].header("signature")),
        "the body of another": replace(creation, body=requests["grant request"].body),
    }


def _one_second_later(signature_input: str) -> str:
    head, name, rest = signature_input.partition("created=")
    digits = rest.split(";")[0]
    return f"{head}{name}{int(digits) + 1}{rest.removeprefix(digits)}"


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("https://tequio.example/platform", KEY_ID, generate_key())


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    """What the official package signed with a key that it made: a `jwk`, its `pem`, and each kind of request."""
    requests = {kind: unsigned(kind) for kind in KINDS}
    wire = {
        kind: Sent(
            request.method,
            str(request.url),
            {
                name: request.headers[name]
                for name in ("Accept", "Authorization", "Content-Type")
                if name in request.headers
            },
            request.content.decode(),
        ).to_wire()
        for kind, request in requests.items()
    }
    return node.run("signatures.mjs", {"keyId": KEY_ID, "requests": wire}, "sign")


@pytest.fixture(scope="module")
def signed_by_them(theirs: dict[str, Any]) -> dict[str, Sent]:
    return {kind: Sent(**theirs[kind]) for kind in KINDS}


def test_the_official_verifier_believes_every_kind_of_request_that_we_sign(signer: Signer) -> None:
    requests = {kind: signed_by_us(kind, signer).to_wire() for kind in KINDS}
    jwk = public_jwk(signer.private_key, KEY_ID).to_wire()
    verdicts = node.run("signatures.mjs", {"jwk": jwk, "requests": requests}, "verify")
    assert verdicts == {kind: {"keyId": KEY_ID, "asSent": True, "asReserialised": True} for kind in KINDS}


def test_the_official_verifier_believes_nothing_that_was_changed(signer: Signer) -> None:
    requests = tampered({kind: signed_by_us(kind, signer) for kind in KINDS})
    jwk = public_jwk(signer.private_key, KEY_ID).to_wire()
    wire = {name: request.to_wire() for name, request in requests.items()}
    verdicts = node.run("signatures.mjs", {"jwk": jwk, "requests": wire}, "verify")
    assert {name for name, verdict in verdicts.items() if verdict["asSent"] or verdict["asReserialised"]} == set()
    assert set(verdicts) == set(requests)


def test_the_official_verifier_does_not_believe_another_key(signer: Signer) -> None:
    jwk = public_jwk(generate_key(), KEY_ID).to_wire()
    request = signed_by_us("creation", signer).to_wire()
    verdicts = node.run("signatures.mjs", {"jwk": jwk, "requests": {"creation": request}}, "verify")
    assert not verdicts["creation"]["asSent"]


@pytest.mark.parametrize("kind", KINDS)
def test_we_believe_what_the_official_package_signs(
    kind: str, theirs: dict[str, Any], signed_by_them: dict[str, Sent]
) -> None:
    assert believed_by_us(signed_by_them[kind], Jwk.from_wire(theirs["jwk"]))


def test_we_believe_nothing_that_was_changed(theirs: dict[str, Any], signed_by_them: dict[str, Sent]) -> None:
    jwk = Jwk.from_wire(theirs["jwk"])
    assert {name for name, request in tampered(signed_by_them).items() if believed_by_us(request, jwk)} == set()


def test_both_cover_the_same_fields_and_make_the_same_digest(signer: Signer, signed_by_them: dict[str, Sent]) -> None:
    for kind, request in signed_by_them.items():
        ours = signed_by_us(kind, signer)
        assert _covered(ours) == _covered(request), kind
        if request.body:
            assert ours.header("content-digest") == request.header("content-digest")
            assert ours.header("content-length") == request.header("content-length")


def _covered(request: Sent) -> tuple[str, set[str]]:
    """Label and fields in their order, and the names of the parameters, whose order is free."""
    fields, *parameters = request.header("signature-input").split(";")
    return fields, {parameter.partition("=")[0] for parameter in parameters}


def test_keys_are_written_and_read_alike(signer: Signer, theirs: dict[str, Any]) -> None:
    pem = private_key_to_pem(signer.private_key)
    published = node.run("signatures.mjs", {"pem": pem, "keyId": KEY_ID}, "publish")["jwk"]
    ours = public_jwk(signer.private_key, KEY_ID).to_wire()
    assert {name: ours[name] for name in published} == published
    assert public_jwk(private_key_from_pem(theirs["pem"]), KEY_ID) == Jwk.from_wire(theirs["jwk"])

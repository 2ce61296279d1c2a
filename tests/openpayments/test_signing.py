from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519
from http_message_signatures.digests import ContentDigest

from payments.openpayments.keys import KeyFormatError
from payments.openpayments.signing import (
    ReceivedRequest,
    SignatureRejected,
    Signer,
    VerifiedSignature,
    compact_json,
    sign_request,
    verify,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY = compact_json({"walletAddress": "https://wallet.example/alice", "note": "ñandú"})


def signed(
    signer: Signer,
    method: str = "POST",
    url: str = "https://wallet.example/op/quotes",
    body: bytes = BODY,
    created: datetime = NOW,
) -> httpx.Request:
    headers = {"Authorization": "GNAP token", **({"Content-Type": "application/json"} if body else {})}
    request = httpx.Request(method, url, headers=headers, content=body or None)
    sign_request(request, signer, created)
    return request


def as_received(request: httpx.Request, **changes: Any) -> ReceivedRequest:
    headers: Mapping[str, str] = changes.pop("headers", {})
    lines = {**dict(request.headers), **headers}
    parts: dict[str, Any] = {"method": request.method, "url": str(request.url), "body": request.content, **changes}
    return ReceivedRequest(header_lines=tuple((name, value) for name, value in lines.items() if value), **parts)


def verified(request: ReceivedRequest, signer: Signer, now: datetime = NOW) -> VerifiedSignature:
    def find(key_id: str) -> Ed25519PublicKey | None:
        return signer.private_key.public_key() if key_id == signer.key_id else None

    return verify(request, find, now=now)


def rejection(request: ReceivedRequest, signer: Signer, now: datetime = NOW) -> str:
    with pytest.raises(SignatureRejected) as caught:
        verified(request, signer, now)
    return caught.value.code


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "url",
    [
        "https://wallet.example",
        "https://wallet.example/",
        "http://localhost:9100/op/x?wallet-address=https%3A%2F%2Fa.example%2Fb&first=10",
        "https://[2606:4700::1]:8443/a/",
    ],
)
def test_what_we_sign_verifies(signer: Signer, method: str, url: str) -> None:
    body = BODY if method == "POST" else b""
    request = as_received(signed(signer, method, url, body))
    assert verified(request, signer) == VerifiedSignature("key-1", NOW)


def test_one_signature_named_sig1_covers_exactly_what_wallets_expect(signer: Signer) -> None:
    headers = signed(signer).headers
    assert headers["Signature-Input"] == (
        'sig1=("@method" "@target-uri" "authorization" "content-digest" "content-length" "content-type")'
        f';created={int(NOW.timestamp())};keyid="key-1"'
    )
    assert headers["Signature"].startswith("sig1=:")
    assert headers["Content-Digest"].startswith("sha-512=:")


def test_without_body_the_digest_is_not_sent(signer: Signer) -> None:
    headers = signed(signer, "DELETE", body=b"").headers
    assert "content-digest" not in headers
    assert headers["Signature-Input"].startswith('sig1=("@method" "@target-uri" "authorization");')


def test_an_address_without_path_is_signed_with_a_slash(signer: Signer) -> None:
    request = signed(signer, url="https://wallet.example")
    assert verified(as_received(request, url="https://wallet.example/"), signer).key_id == "key-1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": BODY.replace(b"alice", b"mallo")}, "bad_digest"),
        ({"body": BODY + b" "}, "bad_digest"),
        ({"body": b""}, "bad_digest"),
        ({"method": "DELETE"}, "malformed"),
        ({"url": "https://wallet.example/op/quotes/"}, "malformed"),
        ({"url": "https://other.example/op/quotes"}, "malformed"),
        ({"url": "https://wallet.example/op/quotes?x=1"}, "malformed"),
        ({"headers": {"authorization": "GNAP other"}}, "malformed"),
        ({"headers": {"signature": ""}}, "missing"),
        ({"headers": {"signature-input": ""}}, "missing"),
        ({"headers": {"signature": "sig1=:AAAA:"}}, "malformed"),
        ({"headers": {"signature": "sig1=x"}}, "malformed"),
        ({"headers": {"signature": "\x7f"}}, "malformed"),
        ({"headers": {"signature-input": 'sig1="a"'}}, "malformed"),
        ({"headers": {"signature-input": "sig1=()"}}, "too_old"),
        ({"headers": {"content-digest": "sha-512=:AAAA:"}}, "malformed"),
    ],
)
def test_a_changed_request_is_rejected(signer: Signer, changes: dict[str, Any], code: str) -> None:
    assert rejection(as_received(signed(signer), **changes), signer) == code


def test_an_old_and_a_future_signature_are_rejected(signer: Signer) -> None:
    request = as_received(signed(signer))
    assert rejection(request, signer, NOW + timedelta(minutes=6)) == "too_old"
    assert rejection(request, signer, NOW - timedelta(minutes=1)) == "too_old"
    assert verified(request, signer, NOW + timedelta(minutes=5)).created == NOW
    assert verified(request, signer, NOW - timedelta(seconds=20)).created == NOW


def test_an_unknown_key_is_rejected_as_such(signer: Signer) -> None:
    other = Signer(signer.wallet_address, "key-2", signer.private_key)
    assert rejection(as_received(signed(other)), signer) == "unknown_key"


class _Key(HTTPSignatureKeyResolver):
    def __init__(self, signer: Signer) -> None:
        self.signer = signer

    def resolve_private_key(self, key_id: str) -> Any:
        assert key_id == self.signer.key_id
        return self.signer.private_key


class _Sha512(ContentDigest):
    algorithm = "sha-512"


def signed_otherwise(signer: Signer, covered: tuple[str, ...], body: bytes = BODY, **options: Any) -> httpx.Request:
    """A request as another client library would sign it."""
    request = httpx.Request(
        "POST",
        "https://wallet.example/op/quotes",
        headers={
            "Authorization": "GNAP token",
            "Content-Type": "application/json",
            "Content-Digest": _Sha512.create(body),
        },
        content=body,
    )
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_Key(signer)).sign(
        request, key_id=signer.key_id, created=NOW, covered_component_ids=covered, use_existing_digest=True, **options
    )
    return request


MINIMUM = ("content-digest", "authorization", "@target-uri", "@method")


def test_any_order_an_alg_and_the_minimum_are_accepted(signer: Signer) -> None:
    request = signed_otherwise(signer, MINIMUM, include_alg=True, label="other")
    assert verified(as_received(request), signer).key_id == "key-1"


@pytest.mark.parametrize("missing", MINIMUM)
def test_nothing_of_the_minimum_may_be_left_out(signer: Signer, missing: str) -> None:
    covered = tuple(component for component in MINIMUM if component != missing)
    assert rejection(as_received(signed_otherwise(signer, covered)), signer) == "not_covered"


def test_a_body_that_wallets_would_hash_differently_is_rejected(signer: Signer) -> None:
    for body in (b'{"a": 1}', b'{"a":1.0}', b'{"2":1,"1":2}', b'{"a":"\\u00f1"}', b"not json", b'{"a":1,"a":2}'):
        assert rejection(as_received(signed_otherwise(signer, MINIMUM, body)), signer) == "not_compact"


def test_two_signatures_or_two_authorizations_are_rejected(signer: Signer) -> None:
    request = signed(signer)
    twice = as_received(
        request,
        headers={
            "signature": f"{request.headers['signature']}, b=:AAAA:",
            "signature-input": f'{request.headers["signature-input"]}, b=("@method");created=1',
        },
    )
    assert rejection(twice, signer) == "malformed"
    received = as_received(request)
    doubled = ReceivedRequest(
        received.method, received.url, (*received.header_lines, ("Authorization", "GNAP other")), received.body
    )
    assert rejection(doubled, signer) == "malformed"


def test_the_client_is_named_without_trailing_slash_and_the_key_never_printed(signer: Signer) -> None:
    shop = Signer("https://seller.example/shop/", "key-1", signer.private_key)
    assert shop.client == "https://seller.example/shop"
    assert "Ed25519" not in repr(shop)
    with pytest.raises(KeyFormatError):
        Signer("https://seller.example/shop", 'key"1', signer.private_key)

"""HTTP message signatures as Open Payments uses them (RFC 9421, RFC 9530, GNAP key proofs), made and verified.

We sign with exactly one signature, labelled `sig1`, over the method, the target URI as sent, the Authorization field
when there is one, and the digest, length and type of the body when there is one; with `keyid`, `created`, nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier
from http_message_signatures.algorithms import ED25519
from http_message_signatures.digests import ContentDigest
from http_message_signatures.exceptions import HTTPMessageSignaturesException, InvalidSignature
from http_message_signatures.resolvers import HTTPSignatureKeyResolver

from payments.openpayments.keys import KeyFormatError, is_key_id
from payments.openpayments.wirejson import Json, UnreadableJsonError, UnsendableJsonError, compact_json, parse_json

SIGNATURE_LABEL: Final = "sig1"
OLDEST_SIGNATURE: Final = timedelta(minutes=5)
CLOCK_SKEW: Final = timedelta(seconds=30)

_ALWAYS_COVERED: Final = ("@method", "@target-uri")
_COVERED_WITH_BODY: Final = ("content-digest", "content-length", "content-type")
_NEVER_REPEATED: Final = ("authorization", "content-digest", "content-length", "content-type")


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a wallet address that publishes the public key under `key_id` in its `jwks.json`."""

    wallet_address: str
    key_id: str
    private_key: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        if not is_key_id(self.key_id):
            raise KeyFormatError("a key id is visible ASCII without quotes")

    @property
    def client(self) -> str:
        """The wallet address as grant requests name it: without trailing slash, for wallets append `/jwks.json`."""
        return self.wallet_address.rstrip("/")


class _Sha512Digest(ContentDigest):
    algorithm = "sha-512"


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:  # noqa: ARG002 - one signer has one key
        return self._key


class _Signer(HTTPMessageSigner):
    content_digest_class = _Sha512Digest


def sign_request(request: httpx.Request, signer: Signer, created: datetime) -> None:
    """Adds Content-Digest (when there is a body), Signature-Input and Signature to a complete request.

    `request.content` is already the compact JSON of the body, `created` is aware. RFC 9421 section 3.1.
    """
    body = request.content or None
    covered = list(_ALWAYS_COVERED)
    if "authorization" in request.headers:
        covered.append("authorization")
    if body is not None:
        covered.extend(_COVERED_WITH_BODY)
    _Signer(signature_algorithm=ED25519, key_resolver=_OneKey(signer.private_key)).sign(
        request,
        key_id=signer.key_id,
        created=created,
        label=SIGNATURE_LABEL,
        include_alg=False,
        covered_component_ids=covered,
        body=body,
    )


RejectionCode = Literal["missing", "malformed", "not_covered", "too_old", "bad_digest", "not_compact", "unknown_key"]


class SignatureRejected(Exception):
    """The request is not proven to come from the holder of the key. `code` says which rule it broke."""

    def __init__(self, code: RejectionCode, detail: str) -> None:
        super().__init__(detail)
        self.code: Final = code


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as a server sees it: `url` absolute and exactly as sent, header lines in order, the raw body."""

    method: str
    url: str
    header_lines: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def headers(self) -> _HeaderLines:
        return _HeaderLines(self.header_lines)


class _HeaderLines:
    """The view of header fields that the signature library asks for."""

    def __init__(self, lines: Iterable[tuple[str, str]]) -> None:
        self._lines = tuple(lines)

    def items(self) -> tuple[tuple[str, str], ...]:
        return self._lines


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    key_id: str
    created: datetime


class _Verifier(HTTPMessageVerifier):
    """Judges `created` by the caller's clock, which tests may move."""

    def __init__(self, keys: _PublicKeys, now: datetime, oldest: timedelta) -> None:
        super().__init__(signature_algorithm=ED25519, key_resolver=keys)
        self._now = now
        self._oldest = oldest

    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:  # noqa: ARG002 - the library's signature
        parameters: dict[str, object] = getattr(sig_input, "params", {})
        created, expires = parameters.get("created"), parameters.get("expires")
        if type(created) is not int:
            raise _Untimely("created is missing")
        age = self._now - _moment(created)
        if not -CLOCK_SKEW <= age <= self._oldest + CLOCK_SKEW:
            raise _Untimely("created is not close to the present")
        if type(expires) is int and _moment(expires) < self._now - CLOCK_SKEW:
            raise _Untimely("expires has passed")


class _Untimely(InvalidSignature):
    pass


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise _Untimely("not a moment in time") from error


class _PublicKeys(HTTPSignatureKeyResolver):
    def __init__(self, lookup: Callable[[str], Ed25519PublicKey | None]) -> None:
        self._lookup = lookup
        self.was_unknown = False

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        key = self._lookup(key_id)
        self.was_unknown = key is None
        return key


def verify(
    request: ReceivedRequest,
    public_key: Callable[[str], Ed25519PublicKey | None],
    *,
    now: datetime,
    oldest: timedelta = OLDEST_SIGNATURE,
) -> VerifiedSignature:
    """Whether exactly one good signature covers method, target URI, Authorization (if sent) and body digest (if sent).

    `public_key` finds the key for a `keyid`. Order of components, `alg`, label and further covered fields are free.
    The digest must fit both the bytes sent and their compact re-serialisation. Raises SignatureRejected.
    """
    sent = Counter(name.lower() for name, _ in request.header_lines)
    if not sent["signature"] or not sent["signature-input"]:
        raise SignatureRejected("missing", "the request is not signed")
    if any(sent[name] > 1 for name in _NEVER_REPEATED):
        raise SignatureRejected("malformed", "a field stands twice")
    required = list(_ALWAYS_COVERED)
    if sent["authorization"]:
        required.append("authorization")
    has_digest = bool(request.body) or sent["content-digest"] > 0
    if has_digest:
        required.append("content-digest")
    keys = _PublicKeys(public_key)
    verified = _verified(request, keys, _Verifier(keys, now, oldest), required)
    if has_digest:
        _check_digest(request, sent)
    return verified


def _verified(
    request: ReceivedRequest, keys: _PublicKeys, verifier: _Verifier, required: list[str]
) -> VerifiedSignature:
    try:
        results = verifier.verify(request, max_age=None)
    except _Untimely as error:
        raise SignatureRejected("too_old", str(error)) from error
    except HTTPMessageSignaturesException as error:
        raise SignatureRejected("unknown_key" if keys.was_unknown else "malformed", str(error)) from error
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    ) as error:  # what hostile fields make the library stumble over
        raise SignatureRejected("malformed", "the signature fields cannot be read") from error
    (result,) = results
    for component in required:
        if f'"{component}"' not in result.covered_components:
            raise SignatureRejected("not_covered", f"{component} is not covered by the signature")
    parameters = result.parameters
    return VerifiedSignature(str(parameters["keyid"]), _moment(int(parameters["created"])))


def _check_digest(request: ReceivedRequest, sent: Counter[str]) -> None:
    if not sent["content-digest"]:
        raise SignatureRejected("not_covered", "a request with a body needs a Content-Digest")
    digest = next(value for name, value in request.header_lines if name.lower() == "content-digest")
    try:
        _Sha512Digest.verify(digest, request.body)
    except HTTPMessageSignaturesException as error:
        raise SignatureRejected("bad_digest", str(error)) from error
    if request.body and _reserialised(request.body) != request.body:
        raise SignatureRejected("not_compact", "the body is not compact JSON, so wallets would hash different bytes")


def _reserialised(body: bytes) -> bytes:
    try:
        value: Json = parse_json(body)  # type: ignore[assignment]  # compact_json refuses what is not Json
        return compact_json(value)
    except (UnreadableJsonError, UnsendableJsonError) as error:
        raise SignatureRejected("not_compact", str(error)) from error


__all__ = [
    "CLOCK_SKEW",
    "OLDEST_SIGNATURE",
    "ReceivedRequest",
    "RejectionCode",
    "SignatureRejected",
    "Signer",
    "VerifiedSignature",
    "compact_json",
    "sign_request",
    "verify",
]

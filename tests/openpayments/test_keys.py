import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key

from payments.openpayments.keys import (
    Jwk,
    KeyFormatError,
    generate_key,
    private_key_from_pem,
    private_key_to_pem,
    public_jwk,
)


def test_a_key_survives_pem_and_its_public_half_survives_jwk() -> None:
    key = generate_key()
    again = private_key_from_pem(private_key_to_pem(key))
    jwk = public_jwk(again, "key-1")
    assert Jwk.from_wire(jwk.to_wire()) == jwk
    jwk.public_key().verify(key.sign(b"message"), b"message")


def test_a_published_key_has_the_members_of_the_schema_and_nothing_private() -> None:
    wire = public_jwk(generate_key(), "key-1").to_wire()
    assert set(wire) == {"kid", "alg", "kty", "crv", "use", "x"}
    assert "=" not in wire["x"]


def test_other_keys_are_refused_without_being_quoted() -> None:
    other = generate_ec_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    locked = generate_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"word")
    )
    for pem in ("", "SECRET-CANARY", other.decode(), locked.decode(), "\ud800"):
        with pytest.raises(KeyFormatError) as caught:
            private_key_from_pem(pem)
        assert "SECRET-CANARY" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "RSA"},
        {"crv": "Ed448"},
        {"alg": "ES256"},
        {"use": "enc"},
        {"x": "AAAA"},
        {"x": "!" * 43},
        {"x": None},
        {"kid": 1},
        {"kid": 'a"b'},
    ],
)
def test_what_is_not_an_ed25519_signature_key_is_refused(change: dict[str, object]) -> None:
    wire: dict[str, object] = {**public_jwk(generate_key(), "key-1").to_wire(), **change}
    with pytest.raises(KeyFormatError):
        Jwk.from_wire(wire)


def test_alg_and_use_may_be_missing() -> None:
    raw = base64.urlsafe_b64encode(generate_key().public_key().public_bytes_raw()).decode().rstrip("=")
    assert Jwk.from_wire({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": raw}).kid == "k"

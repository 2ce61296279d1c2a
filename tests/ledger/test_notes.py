"""Notes are those of C2SP: the published one verifies, and nothing that is nearly one does."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoints.notes import (
    BadNote,
    NoteSigner,
    TreeHead,
    VerifierKey,
    checkpoints_in,
    signed_head,
    signed_text,
)

#: From the tests of Go's golang.org/x/mod/sumdb/note, after which C2SP's signed-note is made.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
SIGNER = NoteSigner("pay.example.org/ledger", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = NoteSigner("pay.example.org/ledger", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
HEAD = TreeHead("pay.example.org/ledger", 20852163, bytes(range(32)))
NOTE = SIGNER.sign(str(HEAD))


def test_the_published_note_verifies_with_the_published_key() -> None:
    key = VerifierKey.parse(NEUMANN)
    assert str(key) == NEUMANN
    assert signed_text(PUBLISHED, [key]) == PUBLISHED.partition("\n\n")[0] + "\n"


def test_a_checkpoint_is_three_lines_and_a_signature() -> None:
    text, _empty, signature = NOTE.partition("\n\n")
    assert text == "pay.example.org/ledger\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert signature.startswith("— pay.example.org/ledger ")
    assert signed_head(NOTE, [SIGNER.public]) == HEAD


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(0, 255))
def test_any_other_byte_makes_it_no_checkpoint(position: int, byte: int) -> None:
    changed = bytearray(NOTE.encode())
    if changed[position] == byte:
        return
    changed[position] = byte
    with pytest.raises(BadNote):
        signed_head(changed.decode(errors="replace"), [SIGNER.public])


def test_only_a_known_key_counts_and_others_may_have_signed_too() -> None:
    with pytest.raises(BadNote, match="No key that is known here"):
        signed_head(NOTE, [OTHER.public])
    with pytest.raises(BadNote, match="No key that is known here"):
        signed_head(NOTE, [])
    witnessed = NOTE + OTHER.sign(str(HEAD)).splitlines(keepends=True)[-1]
    assert signed_head(witnessed, [SIGNER.public]) == HEAD
    assert signed_head(witnessed, [OTHER.public]) == HEAD


@pytest.mark.parametrize(
    "text",
    [
        "x\n1\n",
        "x\n01\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "x\n-1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "x\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        "x\n1\nAAEC\n",
        "\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_none(text: str) -> None:
    with pytest.raises(BadNote):
        signed_head(SIGNER.sign(text), [SIGNER.public])


@pytest.mark.parametrize("text", ["", "name", "name+00000000+AAAA", NEUMANN.replace("c74", "c75"), NEUMANN[:-4]])
def test_a_text_that_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        VerifierKey.parse(text)


def test_checkpoints_are_found_in_a_saved_mail() -> None:
    mail = f"Hello,\r\n\r\nthe checkpoint of today:\r\n\r\n{NOTE}\r\nRegards\r\n".replace("\n", "\r\n")
    assert checkpoints_in(mail.replace("\r\r", "\r")) == [NOTE]

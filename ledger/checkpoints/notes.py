"""Signed notes and checkpoints as C2SP writes them (`signed-note`, `tlog-checkpoint`): a stranger can verify them.

A note is a text, an empty line, and lines of signatures: `— name base64(4 bytes that name the key, Ed25519 signature)`.
A checkpoint's text is three lines: where the log is, how many leaves its tree has, its root in base64.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_ID_BYTES, _KEY_BYTES, _HASH_BYTES = 4, 32, 32
_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile(r"— (\S+) (\S+)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CHECKPOINT_IN_TEXT = re.compile(r"^[^\s<>]+\n[0-9]+\n[A-Za-z0-9+/]{43}=\n\n(?:— \S+ \S+\n)+", re.MULTILINE)


class BadNote(ValueError):
    """Not a note, or not one that a key we know has signed. The message says which."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name under which it signs."""

    name: str
    public: bytes

    @classmethod
    def of(cls, name: str, private: Ed25519PrivateKey) -> Self:
        return cls(name, private.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `name+hash+base64`, as people hand it on. Raises BadNote."""
        name, _plus, rest = text.strip().partition("+")
        try:
            encoded = base64.b64decode(rest.partition("+")[2], validate=True)
        except binascii.Error:
            encoded = b""
        key = cls(name, encoded[1:])
        if len(encoded) != 1 + _KEY_BYTES or str(key) != text.strip() or not _NAME.fullmatch(name):
            raise BadNote(f"{text!r} is no public key such as name+1a2b3c4d+base64.")
        return key

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    def has_signed(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class NoteSigner:
    """A private key with the name under which it signs."""

    name: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> VerifierKey:
        return VerifierKey.of(self.name, self.private)

    def sign(self, text: str) -> str:
        """The note of `text`, which ends with a line break."""
        assert text.endswith("\n")
        signature = self.public.id + self.private.sign(text.encode())
        return f"{text}\n— {self.name} {base64.b64encode(signature).decode()}\n"


def signed_text(note: str, known: Iterable[VerifierKey]) -> str:
    """The text of a note that one of the `known` keys has signed; signatures of others are passed over.

    Raises BadNote, also when a known key's signature is wrong.
    """
    before, empty_line, after = note.rpartition("\n\n")
    lines = after.split("\n")
    signatures = [_SIGNATURE.fullmatch(line) for line in lines[:-1]]
    if not empty_line or lines[-1] or not all(signatures):
        raise BadNote("This is no signed note.")
    text, keys, verified = f"{before}\n", {(key.name, key.id): key for key in known}, False
    for name, encoded in (signature.groups() for signature in signatures if signature):
        signature = _decoded(encoded)
        key = keys.get((name, signature[:_ID_BYTES]))
        if key and not key.has_signed(text, signature[_ID_BYTES:]):
            raise BadNote(f"The signature of {name} is wrong.")
        verified = verified or key is not None
    if not verified:
        raise BadNote("No key that is known here has signed this note.")
    return text


def _decoded(text: str) -> bytes:
    """Base64 in its only right form: no other text has the same bytes. Raises BadNote."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except ValueError:
        decoded = b""
    if not decoded or base64.b64encode(decoded).decode() != text:
        raise BadNote(f"{text!r} is not base64.")
    return decoded


@dataclass(frozen=True)
class TreeHead:
    """What a checkpoint says."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the text of a checkpoint. Raises BadNote."""
        lines = text.split("\n")
        if len(lines) != 4 or not lines[0] or not _SIZE.fullmatch(lines[1]) or lines[3]:  # noqa: PLR2004 - see above
            raise BadNote("This is no checkpoint.")
        root = _decoded(lines[2])
        if len(root) != _HASH_BYTES:
            raise BadNote("This is no checkpoint: its root is no SHA-256.")
        return cls(lines[0], int(lines[1]), root)

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def signed_head(note: str, known: Iterable[VerifierKey]) -> TreeHead:
    """What a signed checkpoint says. Raises BadNote unless one of the `known` keys has signed it."""
    return TreeHead.parse(signed_text(note, known))


def checkpoints_in(text: str) -> list[str]:
    """The checkpoints that stand in a file, such as a mail that was saved: notes, whether or not they verify."""
    return _CHECKPOINT_IN_TEXT.findall(text.replace("\r\n", "\n"))

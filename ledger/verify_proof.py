"""Checks the proof of a payment, offline: `python verify_proof.py PROOF.json 'NAME+HASH+BASE64'`.

The second argument is the ledger's public key, from somebody you trust: not from where you got the proof. This file
stands alone: it needs Python 3.11 and `pip install cryptography`, and nothing else of the program it comes from.
docs/ledger.md says what is checked, and how to do it by hand. It exits with 0 when the proof holds, with 1 when not.
"""

import base64
import hashlib
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Entry = dict[str, Any]

WORDS = {
    "payment.quoting": ("The payment was asked for", "Se pidió el pago"),
    "payment.quoted": ("It is known what the payment costs", "Se sabe cuánto cuesta el pago"),
    "payment.approved": ("The payer approved it in their wallet", "Quien paga lo aprobó en su cartera"),
    "payment.sending": ("The payer's wallet was told to send it", "Se pidió a la cartera de quien paga que lo envíe"),
    "payment.sent": ("The payer's wallet sent it", "La cartera de quien paga lo envió"),
    "payment.settled": ("The receiver's wallet has it", "La cartera de quien recibe lo tiene"),
    "payment.settled_outside": ("It was settled outside the wallets", "Se liquidó fuera de las carteras"),
    "payment.failed": ("It failed: nothing more will arrive", "Falló: no llegará nada más"),
    "payment.needs_attention": ("A person had to look at it", "Una persona tuvo que revisarlo"),
}
AMOUNTS = ("received", "receive", "amount", "debit", "pays")


class NotProven(Exception):
    """The proof does not hold; the message says why."""


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:  # noqa: PLR2004 - the file and the key
        print(__doc__)
        return 1
    try:
        proof = check(Path(arguments[0]).read_bytes(), arguments[1])
    except (NotProven, OSError) as why:
        print(f"NOT PROVEN. {why}")
        return 1
    print("\n".join(story(proof)))
    return 0


def check(content: bytes, public_key: str) -> dict[str, Any]:
    """What the file proves. Raises NotProven, also after a change of any one byte."""
    try:
        proof: dict[str, Any] = json.loads(content)
        if json.dumps(proof, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n" != content:
            raise NotProven("The file is not written as the program writes it.")
        if set(proof) != {"v", "payment", "checkpoint", "entries"} or type(proof["v"]) is not int or proof["v"] != 1:
            raise NotProven("This is no proof of version 1.")
        size, root = signed_head(proof["checkpoint"], public_key)
        for entry in proof["entries"]:
            _check_entry(entry, proof["payment"], size, root)
        indexes = [entry["index"] for entry in proof["entries"]]
        if not indexes or indexes != sorted(set(indexes)):
            raise NotProven("The file has no entries, or not in their order.")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NotProven(f"The file can't be read ({type(error).__name__}).") from error
    return proof


def _check_entry(entry: Entry, payment: str, size: int, root: bytes) -> None:
    body: str = entry["body"]
    if set(entry) != {"index", "body", "path"} or type(entry["index"]) is not int:
        raise NotProven("An entry in the file is none.")
    if payment not in json.loads(body)["subjects"]["payment"]:
        raise NotProven(f"Entry {entry['index']} is about another payment.")
    digest = hashlib.sha256(body.encode()).digest()
    leaf = hashlib.sha256(b"\x00" + digest).digest()
    path = [_exactly(text, bytes.fromhex(text).hex(), bytes.fromhex(text)) for text in entry["path"]]
    if root_of_path(entry["index"] - 1, size, leaf, path) != root:
        raise NotProven(f"Entry {entry['index']} is not in the ledger that was signed.")


def root_of_path(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root of the tree of `size` leaves, computed from one leaf and its path; empty when they can't fit.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return b""
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return b""
        if at & 1 or at == last:
            found = hashlib.sha256(b"\x01" + sibling + found).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + sibling).digest()
        at, last = at >> 1, last >> 1
    return found if last == 0 else b""


def signed_head(note: str, public_key: str) -> tuple[int, bytes]:
    """Size and root of the tree, from a checkpoint (C2SP tlog-checkpoint) with one signature of this key."""
    name, _plus, rest = public_key.strip().partition("+")
    key = base64.b64decode(rest.partition("+")[2], validate=True)
    identity = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if len(key) != 33 or key[0] != 1 or identity.hex() != rest.partition("+")[0]:  # noqa: PLR2004 - 1 says Ed25519
        raise NotProven("The public key is not one such as name+1a2b3c4d+base64.")
    text, _empty, signature = note.rpartition("\n\n")
    start = f"— {name} "
    if not signature.startswith(start) or not signature.endswith("\n") or not text.startswith(f"{name}\n"):
        raise NotProven("The checkpoint is not of the ledger whose public key you gave.")
    signed = _base64(signature[len(start) : -1])
    if signed[:4] != identity:
        raise NotProven("The checkpoint is signed by another key than the one you gave.")
    try:
        Ed25519PublicKey.from_public_bytes(key[1:]).verify(signed[4:], f"{text}\n".encode())
    except InvalidSignature as error:
        raise NotProven("The signature of the checkpoint is wrong.") from error
    _name, size, root = text.split("\n")
    return int(size), _base64(root)


def _base64(text: str) -> bytes:
    decoded = base64.b64decode(text, validate=True)
    return _exactly(text, base64.b64encode(decoded).decode(), decoded)


def _exactly(text: str, right: str, value: bytes) -> bytes:
    """Of several ways to write the same bytes, one is right: no byte of the file may be another."""
    if text != right:
        raise NotProven("The file is not written as the program writes it.")
    return value


def story(proof: dict[str, Any]) -> list[str]:
    """What the proof says, in English and Spanish."""
    name, size = proof["checkpoint"].split("\n")[:2]
    lines = [
        f"PROVEN. What follows about payment {proof['payment']} stands in the ledger {name},",
        f"which was signed for when it had {size} entries. (Times are UTC, as the ledger recorded them.)",
        f"PROBADO. Lo que sigue sobre el pago {proof['payment']} está en el libro {name}.",
        "",
    ]
    for entry in proof["entries"]:
        body = json.loads(entry["body"])
        english, spanish = WORDS.get(body["kind"], (body["kind"], ""))
        told = ", ".join(f"{name} {_amount(body['data'][name])}" for name in AMOUNTS if body["data"].get(name))
        said = " / ".join(part for part in (english, spanish) if part)
        lines.append(f"{body['recordedAt'][:19].replace('T', ' ')}  {said}{f' ({told})' if told else ''}")
    return lines


def _amount(wire: dict[str, Any]) -> str:
    return f"{Decimal(wire['value']).scaleb(-wire['assetScale']):f} {wire['assetCode']}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

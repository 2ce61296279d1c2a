"""What the ledger says of one thing, in a file that a stranger can check offline (`verify_proof.py`).

It has the entries' bodies, without private parts, a signed checkpoint, and for each entry the path from it to the root.
"""

import json
from collections.abc import Sequence
from contextlib import suppress

from ledger.checkpoints import directory, keys
from ledger.checkpoints.notes import BadNote, signed_head
from ledger.checkpoints.tree import StoredTree, TreeDamaged
from ledger.content import Json
from ledger.models import Checkpoint, Entry

VERSION = 1


def proves() -> bool:
    """Whether proofs can be made here: where a key signs checkpoints."""
    try:
        return bool(keys.known())
    except keys.UnusableKey:
        return False


def payment_proof(payment_id: str, prefixes: Sequence[str]) -> bytes | None:
    """The file for the entries about a payment whose kinds begin with one of `prefixes`.

    None while no checkpoint covers any of them, which takes seconds, or an hour where no folder is set. Entries that
    are younger than the checkpoint are left out. Raises `keys.UnusableKey`.
    """
    checkpoint = _largest_checkpoint()
    if checkpoint is None:
        return None
    note, tree, size = checkpoint
    about = Entry.objects.filter(subject_rows__subject_kind="payment", subject_rows__subject_id=payment_id)
    rows = about.filter(link__index__lte=size).order_by("link__index").values_list("link__index", "kind", "body")
    entries: list[Json] = [
        {"index": index, "body": body, "path": [hash_.hex() for hash_ in tree.inclusion_proof(index, size)]}
        for index, kind, body in rows
        if kind.startswith(tuple(prefixes))
    ]
    if not entries:
        return None
    proof = {"v": VERSION, "payment": payment_id, "checkpoint": note, "entries": entries}
    # In one form only, so that a change of any byte is a change of what it says.
    return json.dumps(proof, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _largest_checkpoint() -> tuple[str, StoredTree, int] | None:
    """Of `latest` in the folder and the last row in the database, the one that covers more; only if the chain fits."""
    known, here = keys.known(), directory.folder()
    notes = [directory.read(here / directory.LATEST)] if here else []
    notes += Checkpoint.objects.values_list("note", flat=True)[:1]
    found = []
    for note in notes:
        with suppress(BadNote):
            found.append((note, signed_head(note, known)))
    for note, head in sorted(found, key=lambda one: -one[1].size):
        tree = StoredTree()
        with suppress(TreeDamaged):
            if tree.root(head.size) == head.root:
                return note, tree, head.size
    return None

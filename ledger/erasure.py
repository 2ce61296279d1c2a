"""Erasing what names a person. The chain covers only a salted digest of it, so it still verifies afterwards.

Where there is a key for checkpoints, an erasure is signed with it: whoever has no more than the database's password can
destroy a private part, but can't make it look like an erasure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import transaction

from ledger.checkpoints import keys
from ledger.checkpoints.notes import BadNote, VerifierKey, signed_text
from ledger.content import Json, RefusedContentError
from ledger.models import EntrySubject, PrivatePart
from ledger.recording import Actor, insert
from ledger.triggers import ERASED, ERASED_SUBJECT

_REASON = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PER_ENTRY = 200  # entries named by one entry of erasure, to keep its body small


def erase(entry_ids: Iterable[str], *, actor: Actor, reason: str) -> int:
    """Delete the private parts of these entries for good, and record that, in one transaction.

    `reason` is a code such as `member_asked`, never a sentence with a name in it. Returns how many parts went; entries
    without a private part, or whose part has gone before, are passed over. Raises `keys.UnusableKey`.
    """
    if not _REASON.fullmatch(reason):
        raise RefusedContentError(f"A reason is a code such as member_asked, not {reason!r}.")
    erased = 0
    with transaction.atomic():
        for batch in _batches(entry_ids):
            present = sorted(PrivatePart.objects.filter(entry_id__in=batch).values_list("entry_id", flat=True))
            if present:
                data = _signed(actor, reason, present)
                insert(ERASED, actor=actor, subjects={ERASED_SUBJECT: present}, data=data)
                erased += PrivatePart.objects.filter(entry_id__in=present).delete()[0]
    return erased


def erase_subject(kind: str, identity: str, *, actor: Actor, reason: str) -> int:
    """`erase` for every entry about one thing, such as ("member", id)."""
    about = EntrySubject.objects.filter(subject_kind=kind, subject_id=identity)
    return erase(list(about.values_list("entry_id", flat=True)), actor=actor, reason=reason)


def is_signed(body: Mapping[str, Any], known: Sequence[VerifierKey]) -> bool:
    """Whether the body of an erasure's entry carries the signature of one of the `known` keys."""
    actor, data = body["actor"], body["data"]
    said = _text(Actor(actor["kind"], actor["id"]), data["reason"], body["subjects"][ERASED_SUBJECT])
    try:
        return signed_text(f"{said}\n{data['signed']}\n", known) == said
    except BadNote:
        return False


def _signed(actor: Actor, reason: str, entry_ids: Sequence[str]) -> dict[str, Json]:
    signer = keys.signer()
    if signer is None:
        return {"reason": reason}
    note = signer.sign(_text(actor, reason, entry_ids))
    return {"reason": reason, "signed": note.splitlines()[-1]}


def _text(actor: Actor, reason: str, entry_ids: Sequence[str]) -> str:
    """No checkpoint's text: its second line is no number."""
    return "\n".join(["tequio.ledger.erasure.v1", f"{actor.kind} {actor.id}", reason, *entry_ids]) + "\n"


def _batches(entry_ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(entry_ids)
    while batch := list(islice(remaining, _PER_ENTRY)):
        yield batch

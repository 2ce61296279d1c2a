"""Erasing what names a person. The chain covers only a salted digest of it, so it still verifies afterwards."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import transaction

from ledger.content import RefusedContentError
from ledger.models import EntrySubject, PrivatePart
from ledger.recording import Actor, insert
from ledger.triggers import ERASED, ERASED_SUBJECT

_REASON = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PER_ENTRY = 200  # entries named by one entry of erasure, to keep its body small


def erase(entry_ids: Iterable[str], *, actor: Actor, reason: str) -> int:
    """Delete the private parts of these entries for good, and record that, in one transaction.

    `reason` is a code such as `member_asked`, never a sentence with a name in it. Returns how many parts went; entries
    without a private part, or whose part has gone before, are passed over.
    """
    if not _REASON.fullmatch(reason):
        raise RefusedContentError(f"A reason is a code such as member_asked, not {reason!r}.")
    erased = 0
    with transaction.atomic():
        for batch in _batches(entry_ids):
            present = sorted(PrivatePart.objects.filter(entry_id__in=batch).values_list("entry_id", flat=True))
            if present:
                insert(ERASED, actor=actor, subjects={ERASED_SUBJECT: present}, data={"reason": reason})
                erased += PrivatePart.objects.filter(entry_id__in=present).delete()[0]
    return erased


def erase_subject(kind: str, identity: str, *, actor: Actor, reason: str) -> int:
    """`erase` for every entry about one thing, such as ("member", id)."""
    about = EntrySubject.objects.filter(subject_kind=kind, subject_id=identity)
    return erase(list(about.values_list("entry_id", flat=True)), actor=actor, reason=reason)


def _batches(entry_ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(entry_ids)
    while batch := list(islice(remaining, _PER_ENTRY)):
        yield batch

"""Verification of private parts: each has the digest in its entry's body, or went by an erasure of the program."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from ledger import chain
from ledger.checkpoints import keys
from ledger.erasure import is_signed
from ledger.faults import Fault, FaultCode
from ledger.models import EntrySubject, PrivatePart
from ledger.triggers import ERASED, ERASED_SUBJECT


class _Erasure(NamedTuple):
    entry_id: str
    is_true: bool


def faults(bodies: dict[str, dict[str, Any]], signed_from: int | None) -> Iterator[Fault]:
    """For a batch of entries, by their ids.

    From link `signed_from` on an erasure must be signed; None when nothing ever was. Private parts are read before
    the erasures, which commit together with their going.
    """
    rows = PrivatePart.objects.filter(entry_id__in=bodies).values_list("entry_id", "salt", "text")
    parts = {entry_id: (str(salt), str(text)) for entry_id, salt, text in rows}
    erasures = _erasures(list(bodies), signed_from)
    for entry_id, body in bodies.items():
        expected, part, erased = body.get("privateDigest"), parts.get(entry_id), erasures.get(entry_id, [])
        for erasure in erased:
            if not erasure.is_true:
                yield Fault.of(FaultCode.ERASURE_FORGED, erasure=erasure.entry_id, entry=entry_id)
        if part is None:
            if expected is not None and not erased:
                yield Fault.of(FaultCode.PRIVATE_MISSING, entry=entry_id)
        elif expected is None:
            yield Fault.of(FaultCode.PRIVATE_UNEXPECTED, entry=entry_id)
        elif not _has_digest(entry_id, *part, expected):
            yield Fault.of(FaultCode.PRIVATE_CHANGED, entry=entry_id)
        elif erased and PrivatePart.objects.filter(entry_id=entry_id).exists():
            yield Fault.of(FaultCode.PRIVATE_LEFT, entry=entry_id)


def _erasures(entry_ids: list[str], signed_from: int | None) -> dict[str, list[_Erasure]]:
    rows = EntrySubject.objects.filter(subject_kind=ERASED_SUBJECT, subject_id__in=entry_ids, entry__kind=ERASED)
    columns = ("subject_id", "entry_id", "entry__body", "entry__digest", "entry__link__index")
    found: dict[str, list[_Erasure]] = {}
    for erased, entry_id, body, digest, index in rows.values_list(*columns):
        must_be_signed = signed_from is not None and (index is None or index > signed_from)
        is_true = _is_true(erased, str(body), digest, must_be_signed=must_be_signed)
        found.setdefault(erased, []).append(_Erasure(entry_id, is_true))
    return found


def _is_true(erased: str, body: str, digest: str, *, must_be_signed: bool) -> bool:
    """Whether the program wrote this erasure: its body says so, with its digest, and with our signature."""
    try:
        said = json.loads(body)
        says_so = said["kind"] == ERASED and erased in said["subjects"][ERASED_SUBJECT]
        if not says_so or chain.body_digest(body) != digest:
            return False
        return not must_be_signed or is_signed(said, keys.known())
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False


def _has_digest(entry_id: str, salt: str, text: str, expected: str) -> bool:
    try:
        return chain.private_digest(entry_id, salt, text) == expected
    except UnicodeEncodeError:
        return False

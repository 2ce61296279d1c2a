"""Verification: every fault of the ledger, found in one pass with bounded memory while the program goes on working.

There is no snapshot over all of it, because on SQLite that would stop all writers. Instead each step reads what is
written later after what is written earlier: an entry before its subjects and link, a private part before its erasure.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import CharField, Count, Exists, OuterRef, Subquery
from django.db.models.functions import Cast

from ledger import canonical, chain, clock, private_parts
from ledger.any_text import any_text
from ledger.books.verification import period_faults
from ledger.checkpoints import keys
from ledger.checkpoints.checking import Claim, Claims, Walk
from ledger.checkpoints.publishing import KEEP_EVERY
from ledger.clock import instant
from ledger.damage import going_on, wrong_types
from ledger.faults import Fault, FaultCode
from ledger.models import Entry, EntrySubject, Link, PrivatePart, Unsealed
from ledger.recording import VERSION
from ledger.triggers import check_triggers

ALLOWED_LAG = timedelta(minutes=5)
#: No checkpoint for so long, and entries meanwhile: somebody took them away, or nothing signs any more.
LONGEST_UNSIGNED = 2 * KEEP_EVERY
_BATCH = 500
_TABLE = Entry._meta.db_table  # noqa: SLF001 - Django's public name
_BODY_KEYS = {"v", "id", "recordedAt", "kind", "actor", "subjects", "data"}


@dataclass
class Counts:
    """Filled while the faults are read."""

    entries: int = 0
    links: int = 0
    unsealed: int = 0
    lag: timedelta = timedelta(0)  # how long the oldest unsealed entry has waited
    vouched: Claim | None = None  # the largest checkpoint that the chain fits
    vouched_until: datetime | None = None  # when the last entry that it covers was recorded


def verify(
    counts: Counts | None = None, *, allowed_lag: timedelta = ALLOWED_LAG, checkpoints: Sequence[Path] = ()
) -> Iterator[Fault]:
    """Every fault, as it is found. An entry may stay unsealed for `allowed_lag` before that is a fault.

    `checkpoints` are files with checkpoints from elsewhere, such as an auditor's mails. Raises `keys.UnusableKey`.
    """
    counts = counts if counts is not None else Counts()
    claims = Claims()
    keys.known()  # before anything else: whoever set a key that can't be used wants to hear of it
    with any_text():
        yield from going_on("triggers", _structure())
        yield from wrong_types()
        # Before the chain: what is signed meanwhile is not missed at its end.
        yield from going_on("checkpoints", claims.collect(checkpoints))
        yield from going_on("chain", _chain(counts, claims))
        yield from going_on("subjects", _orphans())
        yield from going_on("list of what waits", _waiting_rows())
        yield from going_on("entries", _entries(counts, allowed_lag, claims.signed_from))
        yield from going_on("closed months", period_faults())


def _structure() -> Iterator[Fault]:
    for name in check_triggers(connection):
        yield Fault.of(FaultCode.TRIGGER, name=name)


def _chain(counts: Counts, claims: Claims) -> Iterator[Fault]:
    digest = Subquery(Entry.objects.filter(id=OuterRef("entry_id")).values("digest"))
    walk = Walk(claims.found)
    links = Link.objects.order_by("index").annotate(digest=digest).values_list("index", "entry_id", "hash", "digest")
    last, previous = 0, chain.NO_LINK
    for index, entry_id, link_hash, entry_digest in links.iterator(chunk_size=_BATCH):
        counts.links += 1
        if type(index) is not int:
            continue  # SQLite keeps any value in any column; it is named as damaged
        if index > last + 1:
            walk.interrupt()
            yield Fault.of(FaultCode.GAP, first=last + 1, last=index - 1)
        if entry_digest is None:
            yield Fault.of(FaultCode.ENTRY_MISSING, index=index, entry=str(entry_id))
        elif index <= last + 1 and not _follows(index, previous, entry_digest, link_hash):
            yield Fault.of(FaultCode.CHAIN_BROKEN, index=index, entry=str(entry_id))
        yield from walk.link(entry_digest)
        last, previous = index, link_hash
    yield from walk.end(last)
    _note_vouched(counts, walk)
    yield from _signed_lately(claims, last)
    repeated = Link.objects.order_by("entry_id").values("entry_id").annotate(times=Count("index")).filter(times__gt=1)
    for twice in repeated.iterator(chunk_size=_BATCH):
        yield Fault.of(FaultCode.ENTRY_TWICE, entry=twice["entry_id"], times=twice["times"])


def _note_vouched(counts: Counts, walk: Walk) -> None:
    counts.vouched = walk.vouched
    if walk.vouched:
        covered = Entry.objects.filter(link__index=walk.vouched.head.size)
        counts.vouched_until = covered.values_list("recorded_at", flat=True).first()


def _signed_lately(claims: Claims, last: int) -> Iterator[Fault]:
    """Whoever has a key signs every hour in which something is recorded; without it, there is nothing to expect."""
    covered = max((claim.head.size for claim in claims.found), default=0)
    if keys.signer() is None or covered >= last:
        return
    at = Entry.objects.filter(link__index=covered + 1).values_list("recorded_at", flat=True).first()
    if at and clock.now() - at > LONGEST_UNSIGNED:
        yield Fault.of(FaultCode.CHECKPOINT_LATE, first=covered + 1, at=instant(at))


def _follows(index: int, previous: str, entry_digest: str, link_hash: str) -> bool:
    try:
        return index >= 1 and chain.link_hash(index, previous, entry_digest) == link_hash
    except UnicodeEncodeError:
        return False


def _orphans() -> Iterator[Fault]:
    """Rows of entries that are gone. Foreign keys forbid them, but other programs may open an SQLite file without."""
    gone = ~Exists(Entry.objects.filter(id=OuterRef("entry_id")))
    mentions = EntrySubject.objects.filter(gone).values_list("entry_id", "subject_kind", "subject_id")
    for entry_id, kind, identity in mentions.iterator(chunk_size=_BATCH):
        yield Fault.of(FaultCode.ORPHAN_SUBJECT, entry=entry_id, kind=kind, id=identity)
    for entry_id in PrivatePart.objects.filter(gone).values_list("entry_id", flat=True).iterator(chunk_size=_BATCH):
        yield Fault.of(FaultCode.ORPHAN_PRIVATE, entry=entry_id)


def _waiting_rows() -> Iterator[Fault]:
    """What waits for a link must be an entry, without one, under its own time; one query sees all three at once."""
    entry = Entry.objects.filter(id=OuterRef("entry_id"))
    rows = Unsealed.objects.annotate(
        own=Cast("recorded_at", CharField()),
        meant=Cast(Subquery(entry.values("recorded_at")), CharField()),
        linked=Exists(Link.objects.filter(entry_id=OuterRef("entry_id"))),
    )
    for entry_id, own, meant, linked in rows.values_list("entry_id", "own", "meant", "linked").iterator(_BATCH):
        if meant is None:
            yield Fault.of(FaultCode.UNSEALED_ORPHAN, entry=entry_id)
        elif linked:
            yield Fault.of(FaultCode.UNSEALED_TWICE, entry=entry_id)
        elif own != meant:
            yield Fault.of(FaultCode.UNSEALED_CHANGED, entry=entry_id)


class _Stored(NamedTuple):
    """An entry's columns, the time as the database's own text: a damaged one must not stop the verification."""

    id: str
    at: str
    kind: str
    actor_kind: str
    actor_id: str
    body: str
    digest: str


def _entries(counts: Counts, allowed_lag: timedelta, signed_from: int | None) -> Iterator[Fault]:
    columns = ("id", "at", "kind", "actor_kind", "actor_id", "body", "digest")
    rows = Entry.objects.annotate(at=Cast("recorded_at", CharField())).order_by("id").values_list(*columns)
    # What is no text is named as damaged; here it is only something that fits nothing.
    stored = (_Stored(*(str(value) for value in row)) for row in rows.iterator(chunk_size=_BATCH))
    while batch := list(islice(stored, _BATCH)):
        counts.entries += len(batch)
        yield from _batch_faults(batch, counts, allowed_lag, signed_from)


def _batch_faults(
    batch: list[_Stored], counts: Counts, allowed_lag: timedelta, signed_from: int | None
) -> Iterator[Fault]:
    ids = [stored.id for stored in batch if stored.id.isascii()]  # no query takes what is no text
    bodies = {stored.id: _parse(stored.body) for stored in batch}
    linked = set(Link.objects.filter(entry_id__in=ids).values_list("entry_id", flat=True))
    subjects = _subjects(ids)
    lost = _lost(ids, linked)
    for stored in batch:
        body = bodies[stored.id]
        yield from going_on(f"{_TABLE} {stored.id}", _body_faults(stored, body, subjects[stored.id]))
        if stored.id in lost:
            yield Fault.of(FaultCode.UNSEALED_LOST, entry=stored.id)
        elif stored.id not in linked:
            yield from _waiting(stored, body, counts, allowed_lag)
    sound = {entry_id: body for entry_id in ids if (body := bodies[entry_id]) is not None}
    yield from going_on("private parts", private_parts.faults(sound, signed_from))


def _body_faults(stored: _Stored, body: dict[str, Any] | None, subjects: list[tuple[str, str, str]]) -> Iterator[Fault]:
    if not _has_digest(stored):
        yield Fault.of(FaultCode.BODY_CHANGED, entry=stored.id)
    if body is None:
        yield Fault.of(FaultCode.BODY_MALFORMED, entry=stored.id)
    else:
        yield from _projection_faults(stored, body, subjects)


def _lost(ids: list[str], linked: set[str]) -> set[str]:
    """Entries that have no link and don't wait for one, so that they never would have."""
    unlinked = set(ids) - linked
    if not unlinked:
        return unlinked
    waits = set(Unsealed.objects.filter(entry_id__in=unlinked).values_list("entry_id", flat=True))
    # Those that were sealed in between have a link by now.
    return unlinked - waits - set(Link.objects.filter(entry_id__in=unlinked).values_list("entry_id", flat=True))


def _subjects(entry_ids: list[str]) -> dict[str, list[tuple[str, str, str]]]:
    found = defaultdict(list)
    rows = EntrySubject.objects.filter(entry_id__in=entry_ids).annotate(at=Cast("recorded_at", CharField()))
    for entry_id, *subject in rows.values_list("entry_id", "subject_kind", "subject_id", "at"):
        found[entry_id].append((subject[0], subject[1], subject[2]))
    return found


def _parse(text: str) -> dict[str, Any] | None:
    """The body, if it has the form that `recording` writes."""
    try:
        body = canonical.loads(text)
        if set(body) - {"privateDigest", "rows"} != _BODY_KEYS:
            return None
        well_formed = (
            body["v"] == VERSION
            and set(body["actor"]) == {"kind", "id"}
            and _are_texts([body["id"], body["recordedAt"], body["kind"], *body["actor"].values()])
            and all(isinstance(identities, list) for identities in body["subjects"].values())
            and all(map(_are_texts, body["subjects"].values()))
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return body if well_formed else None


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _has_digest(stored: _Stored) -> bool:
    try:
        return chain.body_digest(stored.body) == stored.digest
    except UnicodeEncodeError:
        return False


def _projection_faults(stored: _Stored, body: dict[str, Any], subjects: list[tuple[str, str, str]]) -> Iterator[Fault]:
    is_then = _same_moment(stored.at, body["recordedAt"])
    matches = {
        "id": stored.id == body["id"],
        "recorded_at": is_then,
        "kind": stored.kind == body["kind"],
        "actor_kind": stored.actor_kind == body["actor"]["kind"],
        "actor_id": stored.actor_id == body["actor"]["id"],
    }
    for column, same in matches.items():
        if not same:
            yield Fault.of(FaultCode.PROJECTION, entry=stored.id, column=column)
    meant = sorted((kind, identity) for kind, identities in body["subjects"].items() for identity in identities)
    listed = sorted((kind, identity) for kind, identity, _at in subjects)
    then = (is_then if at == stored.at else _same_moment(at, body["recordedAt"]) for *_subject, at in subjects)
    if meant != listed or not all(then):
        yield Fault.of(FaultCode.SUBJECTS, entry=stored.id)


def _same_moment(stored: str, recorded: str) -> bool:
    try:
        moment = datetime.fromisoformat(stored)
    except ValueError:
        return False
    if moment.tzinfo is None:  # SQLite: UTC, as text, whose order is right only in this one form
        return str(moment) == stored and instant(moment.replace(tzinfo=UTC)) == recorded
    return instant(moment) == recorded


def _waiting(stored: _Stored, body: dict[str, Any] | None, counts: Counts, allowed_lag: timedelta) -> Iterator[Fault]:
    counts.unsealed += 1
    try:
        waited = clock.now() - datetime.fromisoformat(body["recordedAt"] if body else "")
    except (ValueError, TypeError):
        waited = timedelta.max
    else:
        counts.lag = max(counts.lag, waited)
    if waited > allowed_lag:
        yield Fault.of(FaultCode.UNSEALED, entry=stored.id, at=stored.at)

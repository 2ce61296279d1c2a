"""The one way into the ledger."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from ulid import ULID

from ledger import canonical, chain, clock
from ledger.content import MAX_BODY, Json, RefusedContentError, check_identity, check_subject, exact_object, exact_words
from ledger.kinds import check_declared
from ledger.models import Entry, EntrySubject, PrivatePart, Unsealed
from ledger.rows import snapshots

VERSION = 1  # of the body's form
OWN_KINDS = ("ledger.", "period.")  # kinds that only the ledger itself records


@dataclass(frozen=True)
class Actor:
    """Who did it."""

    kind: str
    id: str

    @classmethod
    def staff(cls, user_id: int) -> "Actor":
        return cls("staff", str(user_id))

    @classmethod
    def system(cls, part: str) -> "Actor":
        """A part of the program acting by itself, such as `worker` or `sweep`."""
        return cls("system", part)

    @classmethod
    def payer(cls, request_id: str) -> "Actor":
        """Whoever holds the approval link of this payment request."""
        return cls("payer", request_id)

    @classmethod
    def member(cls, member_id: int) -> "Actor":
        """Whoever holds the link to this member's own page."""
        return cls("member", str(member_id))

    @classmethod
    def wallet(cls, host: str) -> "Actor":
        return cls("wallet", host)

    @classmethod
    def api(cls, key_id: str) -> "Actor":
        return cls("api", key_id)


@dataclass
class _Waiting:
    """Entries of one transaction that are written at its end, and when each of their subjects was last told of."""

    #: How many savepoints are around them: what a further one may take back is not among them.
    depth: int
    entries: list[Entry] = field(default_factory=list)
    parts: list[PrivatePart] = field(default_factory=list)
    subjects: list[EntrySubject] = field(default_factory=list)
    newest: dict[tuple[str, str], datetime] = field(default_factory=dict)


_waiting: ContextVar[_Waiting | None] = ContextVar("entries_that_wait", default=None)


@contextmanager
def recorded_together() -> Iterator[None]:
    """What is recorded within is written at the end, in a statement for each table: in the transaction around it."""
    if _waiting.get() is not None:
        yield
        return
    waiting = _Waiting(_savepoints())
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if waiting.entries:
        _write(waiting)


def _savepoints() -> int:
    return len(transaction.get_connection().savepoint_ids)


def record(
    kind: str,
    *,
    actor: Actor,
    subjects: Mapping[str, str | Iterable[str]],
    data: Mapping[str, Json],
    private: Mapping[str, str] | None = None,
) -> Entry:
    """Write one entry, in the caller's transaction: it commits with the change it describes, or not at all.

    `kind` is one that a room declared, such as `payment.settled`. `subjects` maps a kind of thing to its id or ids.
    `data` is JSON without floats; an amount is {"value": "1250", "assetCode": "USD", "assetScale": 2}, in minor units.
    What names or describes a person goes to `private`, from where it can be erased. Record after the change: rows that
    the ledger vouches for (`vouching`) are read back and carried by the entry.

    Raises RefusedContentError for content that has no place here, TransactionManagementError outside a transaction.
    """
    if kind.startswith(OWN_KINDS):
        raise RefusedContentError(f"{kind} is for the ledger itself to record.")
    return insert(kind, actor=actor, subjects=subjects, data=data, private=private)


def insert(
    kind: str,
    *,
    actor: Actor,
    subjects: Mapping[str, str | Iterable[str]],
    data: Mapping[str, Json],
    private: Mapping[str, str] | None = None,
) -> Entry:
    """`record` without the reservation of kinds, for the ledger's own parts."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "A ledger entry belongs into the transaction of what it describes."
        )
    check_declared(kind)
    check_identity(actor.id)
    named = _named(subjects)
    rows = snapshots.take(kind, named)
    waiting, about = _waiting.get(), [(each, one) for each, identities in named.items() for one in identities]
    told = [waiting.newest[each] + snapshots.NEXT for each in about if each in waiting.newest] if waiting else []
    # Two entries about one row are never at the same moment, nor in the order of two clocks that differ.
    recorded_at = max(clock.now(), rows.not_before, *told)
    entry_id = str(ULID.from_datetime(recorded_at))
    part = _private_part(entry_id, private, rows.private)
    content: dict[str, Json] = {
        "v": VERSION,
        "id": entry_id,
        "recordedAt": clock.instant(recorded_at),
        "kind": kind,
        "actor": {"kind": actor.kind, "id": actor.id},
        "subjects": named,
        "data": exact_object(data),
    }
    if rows.told:
        content["rows"] = rows.told
    if part:
        content["privateDigest"] = chain.private_digest(entry_id, part.salt, part.text)
    entry = _entry(entry_id, recorded_at, kind, actor, content)
    into = waiting if waiting and waiting.depth == _savepoints() else _Waiting(depth=0)
    into.entries.append(entry)
    into.parts += [part] if part else []
    into.subjects += [
        EntrySubject(entry_id=entry_id, subject_kind=subject, subject_id=identity, recorded_at=recorded_at)
        for subject, identity in about
    ]
    into.newest |= dict.fromkeys(about, recorded_at)
    if into is not waiting:
        _write(into)
    return entry


def _write(waiting: _Waiting) -> None:
    Entry.objects.bulk_create(waiting.entries)
    PrivatePart.objects.bulk_create(waiting.parts)
    EntrySubject.objects.bulk_create(waiting.subjects)
    Unsealed.objects.bulk_create(
        Unsealed(entry_id=entry.pk, recorded_at=entry.recorded_at) for entry in waiting.entries
    )


def _named(subjects: Mapping[str, str | Iterable[str]]) -> dict[str, list[str]]:
    named = {}
    for kind, given in subjects.items():
        identities = sorted({given} if isinstance(given, str) else set(given))
        for identity in identities:
            check_subject(kind, identity)
        if identities:
            named[kind] = identities
    return named


def _private_part(entry_id: str, private: Mapping[str, str] | None, rows: snapshots.Rows) -> PrivatePart | None:
    content = exact_words(private or {})
    if rows:
        content["rows"] = rows
    if not content:
        return None
    text = canonical.dumps(content)
    return PrivatePart(entry_id=entry_id, salt=secrets.token_hex(32), text=text)


def _entry(entry_id: str, recorded_at: datetime, kind: str, actor: Actor, content: dict[str, Json]) -> Entry:
    body = canonical.dumps(content)
    if len(body) > MAX_BODY:
        raise RefusedContentError(f"An entry of {len(body)} characters: the most is {MAX_BODY}.")
    return Entry(
        id=entry_id,
        recorded_at=recorded_at,
        kind=kind,
        actor_kind=actor.kind,
        actor_id=actor.id,
        body=body,
        digest=chain.body_digest(body),
    )

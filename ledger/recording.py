"""The one way into the ledger."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import rfc8785
from django.db import transaction
from ulid import ULID

from ledger import chain, clock
from ledger.content import MAX_BODY, Json, RefusedContentError, check_identity, check_subject, exact_object
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
    # Two entries about one row are never at the same moment, nor in the order of two clocks that differ.
    recorded_at = max(clock.now(), rows.not_before)
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
    if part:
        part.save(force_insert=True)
    EntrySubject.objects.bulk_create(
        EntrySubject(entry=entry, subject_kind=subject, subject_id=identity, recorded_at=recorded_at)
        for subject, identities in named.items()
        for identity in identities
    )
    Unsealed(entry=entry, recorded_at=recorded_at).save(force_insert=True)
    return entry


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
    content = exact_object(private or {}, "private")
    if rows:
        content["rows"] = rows
    if not content:
        return None
    text = rfc8785.dumps(content).decode()
    return PrivatePart(entry_id=entry_id, salt=secrets.token_hex(32), text=text)


def _entry(entry_id: str, recorded_at: datetime, kind: str, actor: Actor, content: dict[str, Json]) -> Entry:
    body = rfc8785.dumps(content).decode()
    if len(body) > MAX_BODY:
        raise RefusedContentError(f"An entry of {len(body)} characters: the most is {MAX_BODY}.")
    entry = Entry(
        id=entry_id,
        recorded_at=recorded_at,
        kind=kind,
        actor_kind=actor.kind,
        actor_id=actor.id,
        body=body,
        digest=chain.body_digest(body),
    )
    entry.save(force_insert=True)
    return entry

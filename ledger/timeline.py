"""Everything that happened to a thing, as data. The sentences are made by whoever knows what the kinds mean."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q

from ledger.models import Entry, EntrySubject
from ledger.recording import Actor


@dataclass(frozen=True)
class TimelineRow:
    entry_id: str
    recorded_at: datetime  # UTC
    kind: str
    actor: Actor
    subjects: Mapping[str, Sequence[str]]
    data: Mapping[str, Any]
    private: Mapping[str, str]  # empty when there never was a private part, or it was erased
    erased: bool
    index: int | None  # the place in the chain; None until sealed


def timeline(subjects: Sequence[tuple[str, str]], limit: int = 200) -> list[TimelineRow]:
    """The newest `limit` entries about any of these (kind, id), oldest first, each entry once, in one query."""
    if not subjects:
        return []
    about = reduce(or_, (Q(subject_kind=kind, subject_id=identity) for kind, identity in subjects))
    newest = EntrySubject.objects.filter(about).order_by("-recorded_at", "-entry_id")
    entries = Entry.objects.filter(
        id__in=newest.values("entry_id", "recorded_at").distinct()[:limit].values("entry_id")
    )
    found = entries.select_related("private_part", "link").order_by("recorded_at", "id")
    return [row(entry) for entry in found]


def newest_entry(kind: str, identity: str) -> str:
    """The id of the entry that was recorded last about one subject; empty while there is none."""
    about = EntrySubject.objects.filter(subject_kind=kind, subject_id=identity)
    return about.order_by("-recorded_at", "-entry_id").values_list("entry_id", flat=True).first() or ""


def row(entry: Entry) -> TimelineRow:
    """An entry as data; reads `private_part` and `link`, so select them with it."""
    body = json.loads(entry.body)
    try:
        private = json.loads(entry.private_part.text)
    except ObjectDoesNotExist:
        private = {}
    try:
        index = entry.link.index
    except ObjectDoesNotExist:
        index = None
    return TimelineRow(
        entry_id=entry.id,
        recorded_at=entry.recorded_at,
        kind=entry.kind,
        actor=Actor(entry.actor_kind, entry.actor_id),
        subjects=body["subjects"],
        data=body["data"],
        private={name: value for name, value in private.items() if name != "rows"},
        erased="privateDigest" in body and not private,
        index=index,
    )

"""Notes of colleagues for each other: written, and read by whom they name. No network."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock
from ledger.api import Actor, record
from payments.mail.colleagues import Told, name_of, with_permission, write_to
from payments.models import NoteMention, StaffNote
from payments.models.messages import Template
from payments.models.staff_notes import LONGEST_STAFF_NOTE
from payments.presentation.reasons import Refusal

#: `@luis`, where a word begins: no part of an email address. What ends a sentence is no part of a name.
_MENTION: Final = re.compile(r"(?<!\S)@([\w.@+-]*[\w+-])")
#: Whom one note names; a note to everybody is a meeting.
MOST_MENTIONED: Final = 20


@dataclass(frozen=True)
class NoteSubject:
    """What a note is about: as the ledger calls it, as people do, where its page is, and what one needs to see it."""

    kind: str
    key: str
    title: str
    path: str
    permission: str


@dataclass(frozen=True)
class Written:
    """The note that is kept. `unknown` are names in it of nobody who may see what it is about: they were not told."""

    note: StaffNote
    unknown: list[str]


def who_may_read(about: NoteSubject) -> list[User]:
    """Colleagues who may see what the note is about, by id."""
    return [user for user in with_permission(about.permission) if user.is_staff]


@transaction.atomic
def write_staff_note(about: NoteSubject, text: str, *, by: User, form_id: str) -> Written:
    """Keep a note, and tell whom it names, once for each form. Raises Refusal for one without words, or too long."""
    words = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not words:
        raise Refusal("staff_note_empty")
    if len(words) > LONGEST_STAFF_NOTE:
        raise Refusal("staff_note_long", most=str(LONGEST_STAFF_NOTE))
    columns = {"about_kind": about.kind, "about_id": about.key, "text": words, "written_by": by}
    note, is_new = StaffNote.objects.get_or_create(form_id=form_id, defaults=columns)
    if not is_new:
        return Written(note, [])
    named = list(dict.fromkeys(_MENTION.findall(words)))[:MOST_MENTIONED]
    readers = {user.get_username().lower(): user for user in who_may_read(about)} if named else {}
    told = [readers[name.lower()] for name in named if name.lower() in readers and readers[name.lower()] != by]
    NoteMention.objects.bulk_create(NoteMention(note=note, colleague=user) for user in told)
    record(
        "staff_note.written",
        actor=Actor.staff(by.pk),
        subjects={about.kind: about.key, "staff_note": str(note.pk)},
        # Not its words: what was written for colleagues leaves the house with no file of evidence.
        data={"mentioned": [str(user.pk) for user in told]},
    )
    # Whoever answers has read what they were asked.
    mark_seen(about, by=by)
    _write_to(told, about, note, by)
    return Written(note, [name for name in named if name.lower() not in readers])


def mark_seen(about: NoteSubject, *, by: User) -> int:
    """`by` has read the notes about this that name them; how many there were."""
    mine = NoteMention.objects.filter(colleague=by, seen_at=None)
    return mine.filter(note__about_kind=about.kind, note__about_id=about.key).update(seen_at=clock.now())


def _write_to(users: Iterable[User], about: NoteSubject, note: StaffNote, by: User) -> None:
    """The mail says where, and by whom; the words are for who signs in."""
    write_to(
        users,
        Template.MENTION,
        lambda: Told(about.title, name_of(by), about.path),
        occasion=f"mention:{note.pk}",
        subjects={about.kind: about.key, "staff_note": str(note.pk)},
    )

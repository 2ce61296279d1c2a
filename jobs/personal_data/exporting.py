"""All that is known of a member as one file for them: what they told, were told, did, were paid and paid."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms.models import model_to_dict

from jobs.models import Member
from jobs.personal_data.belongings import Belongings, of
from jobs.timeline_text import describe
from ledger import clock
from ledger.api import Actor, record, timeline
from payments.mail.pages import MailReader
from payments.mail.rendering import render
from payments.models import Message
from payments.presentation import timeline_lines

#: Larger ones are kept on disk while they are made.
IN_MEMORY: Final = 5_000_000  # bytes
#: Far more than one person leaves.
MOST_ENTRIES: Final = 20_000
#: Whoever gets the file may be somebody else than whom a mail was for.
READER: Final = MailReader(instead_of_links="https://…")
#: Of the program alone, and nothing about the person.
LEFT_OUT: Final = frozenset(
    {"lease_fence", "lease_until", "next_attempt_at", "needs_replan", "crashes", "crash", "sealed"}
)


def export(member: Member, by: User) -> IO[bytes]:
    """The file, at its beginning; that `by` made it is an entry."""
    made = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - open for whoever sends it
    with ZipFile(made, "w", ZIP_DEFLATED) as into:
        for name, content in _files(of(member)):
            into.writestr(name, content)
    made.seek(0)
    with transaction.atomic():
        record("member.data_exported", actor=Actor.staff(by.pk), subjects={"member": str(member.pk)}, data={})
    return made


def _files(known: Belongings) -> Iterator[tuple[str, str | bytes]]:
    yield "data.json", json.dumps(_told(known), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2) + "\n"
    for number, message in enumerate(known.messages.order_by("created_at").iterator(), 1):
        yield f"emails/{number:04}-{message.template}.txt", _mail(message)
    for work in known.submissions.exclude(file="").iterator():
        name = f"work/{work.pk}/{Path(work.file.name).name}"
        try:
            with work.file.open("rb") as content:
                yield name, content.read()
        except FileNotFoundError:
            yield f"{name}.missing.txt", ""


def _mail(message: Message) -> str:
    rendered = render(message, READER)
    sent = message.sent_at.isoformat() if message.sent_at else ""
    return f"{sent}\n{message.to_name} <{message.to_email}>\n{rendered.subject}\n\n{rendered.text}"


def _told(known: Belongings) -> dict[str, Any]:
    member = known.member
    entries = timeline([("member", str(member.pk))], MOST_ENTRIES)
    lines = timeline_lines.lines(entries, describe)
    return {
        "madeAt": clock.now(),
        "member": {**_row(member), "wallet": member.wallet.url if member.wallet else None},
        "notes": list(member.notes.order_by("pk").values("text", "written_at", "handled_at")),
        "notesOfStaff": list(known.staff_notes.order_by("pk").values("text", "written_at")),
        "organisation": _rows(known.organisations),
        "walletChanges": list(known.wallet_changes.values("before__url", "after__url", "state", "created_at")),
        "applications": list(known.applications.values("job__title", "job__reference", "status", "created_at")),
        "work": list(known.submissions.values("application__job__title", "text", "link", "file", "status")),
        "paidToThem": _rows(known.received),
        "askedOfThem": _rows(known.asked),
        "paidOutsideTheWallets": _rows(known.outside),
        "happened": [{"at": line.at, "who": line.who, "what": str(line.sentence)} for line in lines],
    }


def _rows(rows: "QuerySet[Any]") -> list[dict[str, Any]]:
    return [_row(row) for row in rows.order_by("created_at", "pk")]


def _row(row: Model) -> dict[str, Any]:
    """Every column that is about them, those included that no form has."""
    names = [field.name for field in row._meta.concrete_fields if field.name not in LEFT_OUT]  # noqa: SLF001 - Django's public name
    told = model_to_dict(row)
    return {name: told[name] if name in told else getattr(row, row._meta.get_field(name).attname) for name in names}  # type: ignore[union-attr]  # noqa: SLF001 - as above

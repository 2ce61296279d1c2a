"""Another email address of a member: where their mail goes, their links go.

So the earlier address is told of it. For `WINDOW` it is told of a change of the wallet, too, and whoever changed the
address counts as one of those who proposed that.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models.functions import Lower

from jobs.models import Member, Organisation
from ledger import clock
from ledger.api import Actor, TimelineRow, record, timeline
from payments.mail.queue import queue_notice
from payments.models.messages import Template
from payments.risk.checks import LATELY_DAYS
from payments.second_person import WINDOW

#: The subject, beside `member`, of the entries about their address: found without all others about the member.
ADDRESS: Final = "member_email"
#: Far more than anybody has reason to make in `WINDOW`.
MOST_CHANGES: Final = 200


def tell_change(member: Member, before: str, after: str, *, by: int) -> None:
    """The entry for another address of `member`, or of who approves for them, and the mail to the earlier one.

    In the transaction of the change. The mail has no link: whose the earlier address is now, nobody knows.
    """
    entry = record(
        "member.email_changed",
        actor=Actor.staff(by),
        subjects={"member": str(member.pk), ADDRESS: str(member.pk)},
        data={},
        private={"name": member.name, "before": before, "after": after},
    )
    queue_notice(
        Template.EMAIL_CHANGE,
        name=member.name,
        email=before,
        language=member.language,
        details={"before": before, "after": after, "key": member.key},
        occasion=f"email_change:{entry.pk}",
    )


def changed_by(member: Member) -> set[int]:
    """Of staff, who changed the member's address in the last `WINDOW`."""
    return {int(row.actor.id) for row in _changes(member)}


def earlier(member: Member) -> list[str]:
    """The addresses that the member had in the last `WINDOW`, other than that of today."""
    had = dict.fromkeys(row.private["before"] for row in _changes(member) if row.private.get("before"))
    return [email for email in had if email != member.email]


def all_earlier(member: Member) -> list[str]:
    """Every address, in small letters, that was ever theirs or of who approves for them, and is nobody else's today."""
    rows = timeline([(ADDRESS, str(member.pk))], MOST_CHANGES)
    had = {str(row.private[side]).lower() for row in rows for side in ("before", "after") if row.private.get(side)}
    others = Member.objects.exclude(pk=member.pk).alias(lowered=Lower("email")).filter(lowered__in=had)
    had -= {email.lower() for email in others.values_list("email", flat=True)}
    for column in ("approver_email", "accounts_email"):
        shared = Organisation.objects.exclude(member=member).alias(lowered=Lower(column)).filter(lowered__in=had)
        had -= {email.lower() for email in shared.values_list(column, flat=True)}
    return sorted(had)


def changed_lately(members: Collection[int]) -> dict[int, datetime]:
    """Of these members, those whose address changed in the last `payments.risk.checks.LATELY_DAYS`, and when last.

    One query.
    """
    since = clock.now() - timedelta(days=LATELY_DAYS)
    rows = timeline([(ADDRESS, str(pk)) for pk in sorted(members)], MOST_CHANGES)
    return {int(pk): row.recorded_at for row in rows if row.recorded_at > since for pk in row.subjects[ADDRESS]}


def _changes(member: Member) -> Iterator[TimelineRow]:
    since = clock.now() - WINDOW
    for row in timeline([(ADDRESS, str(member.pk))], MOST_CHANGES):
        if row.recorded_at > since:
            yield row

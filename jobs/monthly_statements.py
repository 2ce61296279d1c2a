"""The statement of the month that is over, by email to the funders who want it: they say so on their own page."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import translation

from jobs import statement_files, statements
from jobs.contacts import payer_of
from jobs.models import Member
from jobs.statements import Month
from ledger import clock, days
from ledger.api import Actor, record
from ledger.books.sums import Total
from payments.actions.shown_links import tell_use
from payments.links import LinkUse
from payments.locking import lock
from payments.mail.queue import queue_notice
from payments.models.messages import Template
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.format_amounts import format_amount
from payments.presentation.languages import supported


@transaction.atomic
def switch(member_id: int, shown_to: User | None = None, *, on: bool) -> None:
    """From now on they get the statement of each month, or no more. Pressed twice, the second changes nothing.

    `shown_to` is of staff, whose copy of the link it came through.
    """
    member = lock(Member.objects.all(), member_id)
    if (member.statements_since is not None) == on:
        return
    now = clock.now()
    Member.objects.filter(pk=member.pk).update(statements_since=now if on else None, changed_at=now)
    actor = Actor.member(member.pk)
    record("member.statements_switched", actor=actor, subjects={"member": str(member.pk)}, data={"on": on})
    if shown_to:
        tell_use("member", str(member.pk), actor, shown_to, LinkUse.STATEMENTS)


def send_due() -> None:
    """The statements of last month that were not sent yet; of a month in which nothing was booked, none.

    Any number of times. Who began to want them since gets the first one when this month is over.
    """
    this_month = days.today().replace(day=1)
    last = Month((this_month - timedelta(days=1)).replace(day=1))
    for member in Member.objects.filter(statements_since__lt=days.begins(this_month), erased_at=None).order_by("pk"):
        with transaction.atomic():
            _send(member, last)


def _send(member: Member, month: Month) -> None:
    contact = payer_of(member)
    language = supported(contact.language)
    with translation.override(language):
        sums = statement_files.sums(statements.of(member, month, most=0))
        rows = [{"label": str(statement_files.SUMMED[figure]), "value": _written(total)} for figure, total in sums]
        title = month.name
    if not rows:
        return
    queue_notice(
        Template.STATEMENT,
        name=contact.name,
        email=contact.email,
        language=language,
        details={
            "title": title,
            "month": month.key,
            "rows": rows,
            "key": member.key,
            "subjects": {"member": str(member.pk)},
        },
        occasion=f"statement:{member.pk}:{month.key}",
    )


def _written(total: Total) -> str:
    amount = format_amount(Amount(abs(total.value), Asset(total.code, total.scale)))
    return f"-{amount}" if total.value < 0 else amount

"""Erasing what names a member, by two people, once nobody needs it any more. Chain, rows and books stay as they are.

What moved is kept: ids, amounts, days, wallets' own ids. What goes is who it was: names, addresses, free text, the work
itself, mails, and the private parts of the ledger's entries about all that.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from jobs import lifecycle
from jobs.models import Application, ApplicationStatus, Job, Member
from jobs.personal_data.belongings import Belongings, of
from jobs.personal_data.mail_to_others import NOBODY, forget_in_mail_to_others
from jobs.reasons import JobRefusal
from jobs.signals import member_erased
from ledger import clock
from ledger.api import Actor, erase, record
from ledger.models import EntrySubject
from ledger.statements.forgetting import forget_words
from payments.actions import proposals
from payments.actions.proposals import ProposalKind
from payments.locking import lock
from payments.mail.colleagues import who_may_second
from payments.models import OutsidePaymentState, Proposal, StaffNote
from payments.presentation import proposal_words
from payments.presentation.dates import day
from payments.presentation.proposal_words import ChangedRow, ProposalWords
from payments.states import FINISHED_PAYMENTS, OPEN_REQUESTS

KIND: Final = "erase_member"
PERMISSION: Final = "jobs.erase_member"


def propose(member: Member, *, by: User) -> Proposal:
    """Ask a second person to agree. Raises Refusal while something is open, or must be kept, or nobody else may."""
    _check(member)
    if not who_may_second(PERMISSION, [by.pk]):
        raise JobRefusal("erasing_needs_two")
    return proposals.propose(KIND, str(member.pk), {"erased": True, "proposed_by": by.pk}, by=by)


def _now(subject: str) -> dict[str, Any]:
    return {"erased": Member.objects.filter(pk=subject, erased_at__isnull=False).exists()}


def _carry_out(subject: str, after: Mapping[str, Any], by: User) -> None:
    # What can't be undone is never one person's, whatever the emergency.
    if after["proposed_by"] == by.pk:
        raise JobRefusal("erasing_needs_two")
    with transaction.atomic():
        member = lock(Member.objects.select_related("wallet"), subject)
        _check(member)
        _erase(of(member), by)


def _check(member: Member) -> None:
    if member.erased_at:
        raise JobRefusal("already_erased")
    known, name = of(member), member.name
    jobs = Job.objects.filter(Q(funder=member) | Q(applications__in=_in_play(known))).exclude(status__in=lifecycle.OVER)
    if job := jobs.order_by("pk").first():
        raise JobRefusal("erasing_open_job", name=name, job=job.title)
    is_open = known.received.exclude(state__in=FINISHED_PAYMENTS).exists()
    is_open = is_open or known.asked.filter(state__in=OPEN_REQUESTS).exists()
    if is_open or known.outside.filter(state=OutsidePaymentState.WAITING).exists():
        raise JobRefusal("erasing_open_money", name=name)
    last = _last_money(known)
    until = last + timedelta(days=settings.PERSONAL_DATA_DAYS) if last else None
    if until and until > clock.now():
        raise JobRefusal("erasing_too_early", name=name, last=day(last), until=day(until))


def _in_play(known: Belongings) -> Any:
    return Application.objects.filter(pk__in=known.applications.values("pk")).exclude(status=ApplicationStatus.REJECTED)


def _last_money(known: Belongings) -> datetime | None:
    """When money of theirs last moved, or ended without moving."""
    rows: tuple[Any, ...] = (known.received, known.asked, known.outside)
    found = [each.aggregate(last=Max("changed_at"))["last"] for each in rows]
    return max((each for each in found if each), default=None)


def _erase(known: Belongings, by: User) -> None:
    member = known.member
    subjects = dict(known.subjects())
    notes = list(known.staff_notes.order_by().values_list("pk", flat=True))
    requests = {*known.received.values_list("request", flat=True), *known.asked.values_list("pk", flat=True)}
    subjects["exception"] = forget_words({*subjects["payment"], *subjects["paid_outside"]}, requests)
    entries = [entry for kind, keys in subjects.items() for entry in _entries(kind, keys)]
    files = [(work.file.storage, work.file.name) for work in known.submissions.exclude(file="")]
    transaction.on_commit(lambda: [storage.delete(name) for storage, name in files])
    names = [member.name, *dict.fromkeys([member.email, *known.emails])]
    member_erased.send(Member, names=names)
    known.submissions.update(text="", link="", file="")
    known.received.update(receiver_name=NOBODY, receiver_email="")
    known.asked.update(payer_name=NOBODY, payer_email="", payer_details={}, payer_accounts={})
    known.outside.filter(receiver_key=member.key).update(receiver_name=NOBODY, evidence="")
    known.outside.filter(payer_key=member.key).update(payer_name=NOBODY, evidence="")
    # Before the address by which they are found is gone.
    known.mail_stops.delete()
    known.messages.update(to_name=NOBODY, to_email="", details={})
    known.proofs.update(name=NOBODY, email="")
    asked = set(known.asked.values_list("pk", flat=True))
    forget_in_mail_to_others(names, subjects["paid_outside"], asked)
    blank = ("legal_name", "tax_id", "address", "default_reference", "approver_name", "approver_email")
    known.organisations.update(**dict.fromkeys((*blank, "accounts_name", "accounts_email"), ""))
    member.notes.update(text="")
    StaffNote.objects.filter(pk__in=notes).update(text="")
    now = clock.now()
    blank_member = {"name": NOBODY, "email": "", "wallet": None, "statements_since": None, "erased_at": now}
    Member.objects.filter(pk=member.pk).update(**blank_member, link_version=member.link_version + 1, changed_at=now)
    erase(entries, actor=Actor.staff(by.pk), reason="member_erased")
    record("member.erased", actor=Actor.staff(by.pk), subjects={"member": str(member.pk)}, data={})


def _entries(kind: str, keys: list[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(keys), 500):
        about = EntrySubject.objects.filter(subject_kind=kind, subject_id__in=keys[start : start + 500])
        found += about.values_list("entry_id", flat=True)
    return found


def _title(subject: str) -> str:
    name = Member.objects.filter(pk=subject).values_list("name", flat=True).first()
    return _("Erase the personal data of %(name)s (member %(number)s)") % {"name": name or NOBODY, "number": subject}


def _words(_before: Mapping[str, Any], _after: Mapping[str, Any]) -> list[ChangedRow]:
    return [ChangedRow(_("Names, addresses, mails, handed-in work"), _("kept"), _("erased for good"))]


def declare() -> None:
    """Called when the program starts."""
    proposals.declare(KIND, ProposalKind(PERMISSION, _now, _carry_out))
    proposal_words.also_word(KIND, ProposalWords(_title, _words))

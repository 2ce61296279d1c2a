"""Which rows are about one member, or were written to them. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from jobs import member_emails
from jobs.models import Application, Job, Member, Organisation, Submission, WalletChange
from payments.models import MailStop, Message, OutsidePayment, Payment, PaymentRequest, StaffNote, WalletProof

#: Letters of a word of a name by which somebody is told from others.
TELLING: Final = 3


@dataclass(frozen=True)
class Belongings:
    """Lazy: but for the addresses, nothing is read before it is asked for."""

    member: Member
    #: All addresses of theirs, in small letters: that of today and those before.
    emails: list[str]
    organisations: QuerySet[Organisation]
    applications: QuerySet[Application]
    submissions: QuerySet[Submission]
    wallet_changes: QuerySet[WalletChange]
    received: QuerySet[Payment]
    asked: QuerySet[PaymentRequest]
    outside: QuerySet[OutsidePayment]
    messages: QuerySet[Message]
    proofs: QuerySet[WalletProof]
    staff_notes: QuerySet[StaffNote]
    mail_stops: QuerySet[MailStop]

    def subjects(self) -> Iterator[tuple[str, list[str]]]:
        """What the ledger calls these rows, with their ids."""
        yield "member", [str(self.member.pk)]
        yield "member_email", [str(self.member.pk)]
        for name, rows in (
            ("organisation", self.organisations),
            ("application", self.applications),
            ("submission", self.submissions),
            ("wallet_change", self.wallet_changes),
            ("payment", self.received),
            ("request", self.asked),
            ("paid_outside", self.outside),
            ("message", self.messages),
            ("proof", self.proofs),
            ("mail_stop", self.mail_stops),
        ):
            yield name, [str(key) for key in rows.order_by("pk").values_list("pk", flat=True)]


def of(member: Member) -> Belongings:
    received = Payment.objects.filter(receiver_key=member.key)
    asked = PaymentRequest.objects.filter(payer_key=member.key)
    keys = Q(receiver_key=member.key) | Q(payer_key=member.key)
    earlier = member_emails.all_earlier(member)
    emails = list(dict.fromkeys(filter(None, [member.email.lower(), *earlier])))
    proofs = _proofs(emails)
    told = Q(details__key=member.key) | Q(payment__in=received) | Q(request__in=asked, payment=None)
    told |= Q(proof__in=proofs)
    if member.email:
        told |= Q(to_email__iexact=member.email)
    for email in earlier:
        # Whatever says whose it is was found by that: to one address, somebody may have been written to for many.
        told |= Q(to_email__iexact=email, request=None, payment=None, details__key__isnull=True)
    return Belongings(
        member=member,
        emails=emails,
        organisations=Organisation.objects.filter(member=member),
        applications=Application.objects.filter(worker=member),
        submissions=Submission.objects.filter(application__worker=member),
        wallet_changes=WalletChange.objects.filter(member=member),
        received=received,
        asked=asked,
        outside=OutsidePayment.objects.filter(keys),
        messages=Message.objects.filter(pk__in=Message.objects.filter(told).values("pk")),
        proofs=proofs,
        staff_notes=_staff_notes(member, emails, received, asked),
        mail_stops=_mail_stops(member, emails),
    )


def _proofs(emails: list[str]) -> QuerySet[WalletProof]:
    theirs = Q(pk=None)
    for email in emails:
        theirs |= Q(email__iexact=email)
    return WalletProof.objects.filter(theirs)


def _staff_notes(
    member: Member, emails: list[str], received: QuerySet[Payment], asked: QuerySet[PaymentRequest]
) -> QuerySet[StaffNote]:
    """What colleagues wrote about them, their payments and requests; and about their jobs, where it names them."""
    jobs = Job.objects.filter(Q(funder=member) | Q(applications__worker=member)).order_by()
    keys = [str(key) for key in jobs.values_list("pk", flat=True).distinct()]
    named = Q(pk=None)
    for email in emails:
        named |= Q(text__icontains=email)
    for word in member.name.split():
        # Of a short word nobody is told by, but of names that are short themselves.
        if len(word) >= TELLING or len(member.name) < TELLING:
            named |= Q(text__icontains=word)
    about = Q(about_kind="member", about_id=str(member.pk))
    about |= Q(about_kind="payment", about_id__in=received.values("pk"))
    about |= Q(about_kind="request", about_id__in=asked.values("pk"))
    return StaffNote.objects.filter(about | Q(about_kind="job", about_id__in=keys) & named)


def _mail_stops(member: Member, emails: list[str]) -> QuerySet[MailStop]:
    """Of every address of theirs: stops have it in small letters."""
    rows = Organisation.objects.filter(member=member)
    theirs = Q(email__in=emails)
    for column in ("approver_email", "accounts_email"):
        theirs |= Q(email__in=rows.values(lowered=Lower(column)))
    return MailStop.objects.filter(theirs).exclude(email="")

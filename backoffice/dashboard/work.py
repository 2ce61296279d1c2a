"""What waits, for whom and since when; what needs a person; what failed and was not asked for again."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.dashboard.links import rows
from jobs import deadlines
from jobs.models import Job, JobStatus, MemberNote
from jobs.unanswered import failures
from payments.models import Payment, PaymentRequest
from payments.models.requests import STUCK
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import sentence
from payments.states import NEEDS_A_PERSON, Group, RequestState

#: As many rows as the overview shows of a list; the link leads to all.
SHOWN = 3

WAITING = (RequestState.AWAITING_APPROVAL, RequestState.AWAITING_AUTHORISATION, RequestState.QUOTED)


@dataclass(frozen=True)
class Waiting:
    """Payment requests in one state; `oldest` is when the first of them was sent, or made if it was not sent."""

    title: str
    count: int
    oldest: datetime | None
    link: str


@dataclass(frozen=True)
class Trouble:
    """One row that a person should look at."""

    title: str
    who: str
    amount: str
    why: str
    since: datetime | None
    link: str


@dataclass(frozen=True)
class Troubles:
    count: int
    first: list[Trouble]
    link: str

    @property
    def more(self) -> int:
        return self.count - len(self.first)


def waiting() -> list[Waiting]:
    counted = (
        PaymentRequest.objects.filter(state__in=WAITING)
        .order_by()
        .values_list("state")
        .annotate(count=Count("pk"), sent=Min("sent_at"), made=Min("created_at"))
    )
    found = {state: (count, sent or made) for state, count, sent, made in counted}
    return [
        Waiting(str(state.label), *found.get(state, (0, None)), rows(PaymentRequest, status=state.value))
        for state in WAITING
    ]


def attention() -> Troubles:
    """Payments that the engine gave up on: the one who waited longest comes first."""
    found = Payment.objects.filter(state__in=NEEDS_A_PERSON).select_related("request")
    return Troubles(
        count=found.count(),
        first=[
            Trouble(
                title=payment.request.shown_title,
                who=payment.receiver_name,
                amount=format_amount(payment.amount),
                why=sentence(payment.reason, payment.reason_params),
                since=payment.changed_at,
                link=reverse("admin:payments_payment_change", args=[payment.pk]),
            )
            for payment in found.order_by("changed_at")[:SHOWN]
        ],
        link=rows(Payment, group=Group.ATTENTION.value),
    )


def stuck() -> Troubles:
    """Payment requests that the program itself fails at: nothing of them moves until somebody mends it."""
    found = PaymentRequest.objects.filter(crashes__gte=STUCK)
    return Troubles(
        count=found.count(),
        first=[
            Trouble(
                title=request.shown_title,
                who=request.payer_name,
                amount=format_amount(request.ceiling),
                why=_("The program fails at it (%(crash)s). Its log says more.") % {"crash": request.crash},
                since=request.changed_at,
                link=reverse("admin:payments_paymentrequest_change", args=[request.pk]),
            )
            for request in found.order_by("changed_at")[:SHOWN]
        ],
        link=rows(PaymentRequest, stuck="yes"),
    )


def overdue() -> Troubles:
    """Jobs whose deadline passed and that nothing moves on: whose last day is longest ago comes first."""
    found = Job.objects.filter(deadlines.overdue()).select_related("funder")
    return Troubles(
        count=found.count(),
        first=[
            Trouble(
                title=job.title,
                who=job.funder.name,
                amount=format_amount(job.budget),
                why=str(JobStatus(job.status).label),
                since=deadlines.overdue_since(job),
                link=reverse("admin:jobs_job_change", args=[job.pk]),
            )
            for job in found.order_by("expires_at", "pk")[:SHOWN]
        ],
        link=rows(Job, deadline="overdue"),
    )


def notes() -> Troubles:
    """What members say isn't right: the one who waited longest comes first."""
    found = MemberNote.objects.filter(handled_at=None).select_related("member")
    return Troubles(
        count=found.count(),
        first=[
            Trouble(
                title=note.member.name,
                who="",
                amount="",
                why=note.text,
                since=note.written_at,
                link=reverse("admin:jobs_membernote_change", args=[note.pk]),
            )
            for note in found.order_by("written_at")[:SHOWN]
        ],
        link=rows(MemberNote, state="open"),
    )


def failed() -> Troubles:
    """Payment requests that failed, and about which nobody has done anything since: the oldest first."""
    found = failures()
    return Troubles(
        count=found.count(),
        first=[
            Trouble(
                title=request.shown_title,
                who=request.payer_name,
                amount=format_amount(request.ceiling),
                why=sentence(request.reason, request.reason_params),
                since=request.finished_at,
                link=reverse("admin:payments_paymentrequest_change", args=[request.pk]),
            )
            for request in found.order_by("finished_at")[:SHOWN]
        ],
        link=rows(PaymentRequest, unanswered="yes"),
    )

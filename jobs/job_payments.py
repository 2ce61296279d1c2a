"""Which payment requests belong to a job, and which of its money links still count. Reads only."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from jobs.models import (
    Application,
    ApplicationStatus,
    Job,
    JobFunding,
    JobStatus,
    OutsidePayout,
    Payout,
    Submission,
    SubmissionStatus,
)
from payments.models import OutsidePayment, OutsidePaymentState, PaymentRequest, Refund
from payments.openpayments.amounts import Amount
from payments.presentation.status import OF_PAYMENTS, WAITING, Status, payment_status
from payments.states import (
    DEAD_PAYMENTS,
    DEAD_REQUESTS,
    FINISHED_PAYMENTS,
    OPEN_REQUESTS,
    PAID,
    PAYMENTS,
    UNAPPROVED_PAYMENTS,
    PaymentState,
)

#: All that is read here of many applications, in a constant number of queries.
PREFETCHED: Final = ("submissions", "payouts__payment__request", "outside_payouts__outside")


def requests_of(job: Job) -> QuerySet[PaymentRequest]:
    """Every request that was ever made for this job, newest first."""
    fundings, payouts = JobFunding.objects.filter(job=job), Payout.objects.filter(application__job=job)
    refunds = Refund.objects.filter(of__request__job_fundings__job=job)
    more = Refund.objects.filter(of__payout__application__job=job)
    return _any_of(
        fundings.values("request"),
        payouts.values("payment__request"),
        refunds.values("payment__request"),
        more.values("payment__request"),
    )


def offers_of(request_ids: Sequence[str]) -> dict[str, str]:
    """The job that each payment request is about, as programs name it; the first one where it is about several."""
    held = JobFunding.objects.filter(request__in=request_ids).values_list("request_id", "job_id")
    paid = Payout.objects.filter(payment__request__in=request_ids)
    pairs = [*held, *paid.values_list("payment__request_id", "application__job_id")]
    return {request: str(job) for request, job in sorted(pairs, reverse=True)}


def open_request(job: Job) -> str | None:
    """The id of a request that may still take money from the funder for this job."""
    fundings = JobFunding.objects.filter(job=job, active=True)
    moving = Payout.objects.filter(application__job=job).exclude(payment__state__in=FINISHED_PAYMENTS)
    found = _any_of(fundings.values("request"), moving.values("payment__request")).filter(state__in=OPEN_REQUESTS)
    return found.values_list("pk", flat=True).first()


def binding_payment(job: Job) -> str | None:
    """The id of what holds the job to its funder and currency.

    That is a request that may still take money, or has; or what was paid, or is said to be, outside the wallets.
    """
    found = _first_active(job, Payout.objects.filter(application__job=job, active=True))
    return found or _outside(Q(application__job=job), OutsidePaymentState.WAITING, OutsidePaymentState.CONFIRMED)


def money_that_came(job: Job) -> str | None:
    """The id of a request by which a worker got a part, or all, though their payment may have failed."""
    came = Payout.objects.filter(application__job=job, payment__received_value__gt=0)
    return came.order_by("pk").values_list("payment__request", flat=True).first()


def money_under_way(job: Job) -> str | None:
    """The id of what holds the job to its budget.

    That is a request whose money may still move, or is held by a seller; or what is said to be paid outside.
    """
    moves = Q(active=True, paid=False) | Q(payment__state=PaymentState.NEEDS_ATTENTION)
    found = _first_active(job, Payout.objects.filter(moves, application__job=job))
    return found or _outside(Q(application__job=job), OutsidePaymentState.WAITING)


def _first_active(job: Job, payouts: QuerySet[Payout]) -> str | None:
    fundings = JobFunding.objects.filter(job=job, active=True)
    found = _any_of(fundings.values("request"), payouts.values("payment__request"))
    return found.values_list("pk", flat=True).first()


def _any_of(*ids: QuerySet[Any, Any]) -> QuerySet[PaymentRequest]:
    """Asked from the job's side: an OR over joins would have the database look at every request there is."""
    first, *others = (each.order_by() for each in ids)
    return PaymentRequest.objects.filter(pk__in=first.union(*others))


def paid_outside(application: Application) -> bool:
    """Something was paid to them outside the wallets, or is said to be."""
    return _outside(Q(application=application), OutsidePaymentState.WAITING, OutsidePaymentState.CONFIRMED) is not None


def outside_waits(job: Job) -> str | None:
    """The id of what is said to be paid outside, and waits for a second person."""
    return _outside(Q(application__job=job), OutsidePaymentState.WAITING)


def _outside(which: Q, *states: OutsidePaymentState) -> str | None:
    found = OutsidePayout.objects.filter(which, outside__state__in=states)
    return found.order_by("pk").values_list("outside_id", flat=True).first()


def request_is_dead(request: PaymentRequest) -> bool:
    """Did this whole request end without any money? Then the same can be asked for again."""
    return request.state in DEAD_REQUESTS and not request.payments.filter(state__in=PAID).exists()


def unpaid_workers(job: Job) -> QuerySet[Application]:
    """As `unpaid`, of one job."""
    return unpaid(job.applications.all())


def unpaid(applications: QuerySet[Application]) -> QuerySet[Application]:
    """The selected workers for whom no money is under way, or said to be paid.

    Whether anything is still owed to them, `remaining_of` says.
    """
    # As `Payment.is_over`.
    over = Q(payment__state__in=DEAD_PAYMENTS | PAID)
    over |= Q(payment__state__in=UNAPPROVED_PAYMENTS, payment__request__state__in=DEAD_REQUESTS)
    # Also one that is out of use, for its payment had ended, and to which money came late: a person has to see to it.
    under_way = Payout.objects.filter(application=OuterRef("pk")).exclude(over)
    said = OutsidePayout.objects.filter(application=OuterRef("pk"), outside__state=OutsidePaymentState.WAITING)
    return applications.filter(~Exists(under_way), ~Exists(said), status=ApplicationStatus.SELECTED)


def funding_under_way(job: Job) -> JobFunding | None:
    """The job's money that is on its way to a seller's wallet, or there."""
    found = job.fundings.filter(active=True).select_related("request__seller").first()
    return None if found is None or request_is_dead(found.request) else found


def remaining_of(budget: Amount, application: Application) -> Amount:
    """What is left of a worker's `budget` to be asked for, after all that was paid; zero when nothing is.

    In the finest scale that is needed; reads payouts with their payments, and what was paid outside. What is still
    under way is not counted, nor what one person alone says.
    """
    payments = [payout.payment for payout in application.payouts.all()]
    paid = [
        amount
        for payment in payments
        if payment.state in DEAD_PAYMENTS | PAID
        and (amount := payment.worth_arrived).value
        and amount.asset.code == budget.asset.code
    ]
    paid += [each.amount for each in counted_outside(application) if each.asset_code == budget.asset.code]
    finest = max([budget.asset.scale, *(amount.asset.scale for amount in paid)])
    remaining = budget.rescaled(finest)
    return Amount(max(0, remaining.value - sum(amount.rescaled(finest).value for amount in paid)), remaining.asset)


def open_payout(application: Application) -> Payout | None:
    """The payout of this worker that is under way, or that got money late. Reads payouts and their payments."""
    return next((each for each in application.payouts.all() if not each.payment.is_over), None)


def counted_outside(application: Application) -> list[OutsidePayment]:
    """What two people say was paid to this worker outside the wallets. Reads `outside_payouts` and their payments."""
    return [link.outside for link in application.outside_payouts.all() if link.outside.counts]


def waiting_outside(application: Application) -> OutsidePayment | None:
    """What one person says was paid to this worker outside, and nobody confirmed yet. Reads as `counted_outside`."""
    return next((link.outside for link in application.outside_payouts.all() if link.outside.waits), None)


#: Of a worker for whom no payment is under way or done; any other is called what their payment is called.
NOTHING_OWED: Final = Status("none", _("Nothing owed"), "default")
#: Nothing will be paid for these any more, unless it is under way already, or the work was accepted.
CALLED_OFF: Final = frozenset({JobStatus.CANCELED, JobStatus.EXPIRED})
#: They are to get it, for work that nobody has accepted yet.
AGREED: Final = Status("agreed", _("Agreed"), "default")
OWED: Final = Status("owed", _("Owed"), "warning")


def work_accepted(application: Application) -> bool:
    """Before it is, money is agreed, and not owed. Reads the submissions."""
    submissions: Iterable[Submission] = application.submissions.all()
    return any(submission.status == SubmissionStatus.ACCEPTED for submission in submissions)


def money_status(application: Application) -> Status:
    """Where the money for one worker's work is.

    Reads the job, and all of `PREFETCHED`.
    """
    selected = application.status == ApplicationStatus.SELECTED
    active = [payout.payment for payout in application.payouts.all() if payout.active]
    moving = next((payment for payment in active if payment.state not in PAID), None)
    if moving and moving.state != PaymentState.CANCELLED:
        return payment_status(moving)
    outside = counted_outside(application)
    nothing = not active and not outside
    if moving or nothing or (selected and remaining_of(application.job.budget, application).value):
        if selected and work_accepted(application):
            return OWED
        return AGREED if selected and application.job.status not in CALLED_OFF else NOTHING_OWED
    # One that was paid outside the wallets stands for all: it is told apart from what the wallets settled.
    if outside:
        return OF_PAYMENTS[PaymentState.SETTLED_OUTSIDE]
    return payment_status(min(active, key=lambda payment: PAYMENTS[PaymentState(payment.state)].rank))


def money_statuses(applications: Iterable[Application]) -> list[tuple[Status, int]]:
    """How many of a job's workers are where, the most urgent first."""
    found = Counter(map(money_status, applications))
    order = [
        OWED,
        AGREED,
        WAITING,
        *sorted(OF_PAYMENTS.values(), key=lambda each: PAYMENTS[PaymentState(each.code)].rank),
    ]
    return [(each, found[each]) for each in order if found[each]]


def subject_of(link: JobFunding | Payout) -> str:
    """What the ledger calls it."""
    return "payout" if isinstance(link, Payout) else "funding"

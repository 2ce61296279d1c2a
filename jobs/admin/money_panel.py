"""What a job's page shows of its money: each request with amounts and whose turn it is, and all that happened."""

from dataclasses import dataclass
from datetime import datetime

from jobs import job_payments
from jobs.deadlines import overdue_since
from jobs.escrow import Escrow, escrows_of, is_to_be_refunded
from jobs.funding import PAYABLE
from jobs.models import ApplicationStatus, Job, Submission, SubmissionStatus, WalletChange, WalletChangeState
from jobs.timeline_text import describe
from jobs.worker_balances import Balance, WorkerBalance, balance_of, total
from ledger.api import newest_entry, timeline
from payments.admin.following import version_of_facts
from payments.admin.review import SENT_STATES, problem_of
from payments.links import approval_url
from payments.models import OutsidePayment, Payment, PaymentRequest
from payments.presentation.cost_summary import CostSummary, cost_line_of
from payments.presentation.next_step import NextStep, next_step
from payments.presentation.reasons import sentence
from payments.presentation.status import Status, request_status
from payments.presentation.timeline_lines import TimelineLine, lines
from payments.states import PAID, RequestState

MOST_REQUESTS = 20
MOST_WORKERS = 50
MOST_LINES = 300


@dataclass(frozen=True)
class RequestCard:
    request: PaymentRequest
    bill: CostSummary
    step: NextStep
    status: Status
    problems: tuple[str, ...]  # sentences
    link: str  # the payer's page; empty when there is none to show
    link_acts: bool  # the payer can approve there now


@dataclass(frozen=True)
class WorkerLine:
    account: WorkerBalance
    problem: str  # a sentence: why the newest payment to them is not where it should be
    ask: bool  # something is owed to them that can be asked for now
    wallet_waits: bool  # another wallet of the worker waits for a second person
    outside: list[OutsidePayment]  # what was paid, or is said to be, by bank or in cash
    to_review: list[Submission]  # work they handed in that nobody has decided on


@dataclass(frozen=True)
class Panel:
    job: Job
    workers: list[WorkerLine]
    more_workers: int
    total: Balance  # of the workers shown
    cards: list[RequestCard]
    more_requests: int
    escrows: list[Escrow]
    to_refund: bool  # the work is over, and money of the funder's is still held
    timeline: list[TimelineLine]
    overdue_since: datetime | None


def panel(job: Job) -> Panel:
    found = job_payments.requests_of(job).select_related("payer_wallet", "seller").order_by("-created_at", "-id")
    requests = list(found[:MOST_REQUESTS])
    payments = _payments_of(requests)
    selected = job.applications.filter(status=ApplicationStatus.SELECTED)
    workers = selected.select_related("worker", "job").prefetch_related(*job_payments.PREFETCHED).order_by("id")
    waiting = WalletChange.objects.filter(state=WalletChangeState.WAITING, member__applications__in=selected)
    changing = set(waiting.values_list("member_id", flat=True))
    payable = job.status in PAYABLE and not job_payments.funding_under_way(job)
    shown = [_worker(balance_of(application), changing, payable=payable) for application in workers[:MOST_WORKERS]]
    escrows = escrows_of(job)
    subjects = [("job", str(job.pk)), *(("request", request.pk) for request in requests)]
    return Panel(
        job=job,
        workers=shown,
        more_workers=max(0, selected.count() - MOST_WORKERS),
        total=total(line.account for line in shown),
        cards=[_card(request, payments[request.pk]) for request in requests],
        more_requests=max(0, found.count() - MOST_REQUESTS),
        escrows=escrows,
        to_refund=any(is_to_be_refunded(job, each) for each in escrows),
        timeline=lines(timeline(subjects, MOST_LINES), describe),
        overdue_since=overdue_since(job),
    )


def version_of_job(job: Job) -> str:
    """Changes whenever anything about the job, its requests or its payments was recorded or moves."""
    requests = job_payments.requests_of(job).order_by("-created_at", "-id")
    newest = list(requests.values_list("id", "state", "changed_at", "failures")[:MOST_REQUESTS])
    payments = Payment.objects.filter(request__in=[row[0] for row in newest]).order_by("id")
    moves = list(payments.values_list("id", "state", "changed_at", "failures"))
    return version_of_facts(newest_entry("job", str(job.pk)), job.status, job.changed_at, newest, moves)


def _worker(account: WorkerBalance, changing: set[int], *, payable: bool) -> WorkerLine:
    troubled = account.troubled
    outside = [link.outside for link in account.application.outside_payouts.all() if link.outside.stands]
    return WorkerLine(
        account,
        problem=sentence(troubled.reason, troubled.reason_params) if troubled else "",
        ask=payable and account.places.owed is not None and not any(each.waits for each in outside),
        wallet_waits=account.application.worker_id in changing,
        outside=outside,
        to_review=[work for work in account.application.submissions.all() if work.status == SubmissionStatus.PENDING],
    )


def _payments_of(requests: list[PaymentRequest]) -> dict[str, list[Payment]]:
    """Each request's payments, with all that a bill reads of them, in a constant number of queries."""
    found = Payment.objects.filter(request__in=requests).select_related("receiver_wallet", "request")
    by_request: dict[str, list[Payment]] = {request.pk: [] for request in requests}
    for payment in found.prefetch_related("quotes", "outgoing_payments__quote"):
        by_request[payment.request_id].append(payment)
    return by_request


def _card(request: PaymentRequest, payments: list[Payment]) -> RequestCard:
    return RequestCard(
        request=request,
        bill=CostSummary(request, [cost_line_of(payment) for payment in payments]),
        step=next_step(request, payments),
        status=request_status(request, payments),
        problems=tuple(dict.fromkeys(_problems(request, payments))),
        link=approval_url(request) if request.state in SENT_STATES else "",
        link_acts=request.state == RequestState.AWAITING_APPROVAL,
    )


def _problems(request: PaymentRequest, payments: list[Payment]) -> list[str]:
    unpaid = [payment for payment in payments if payment.state not in PAID]
    told = [problem_of(request), *(sentence(payment.reason, payment.reason_params) for payment in unpaid)]
    return [problem for problem in told if problem]

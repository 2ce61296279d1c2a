"""What belongs to a payment, or to a job: its requests, payments, work, messages and ledger entries. Reads only."""

from dataclasses import dataclass, field
from typing import Final, Literal

from django.db.models import Q, QuerySet

from jobs.job_payments import requests_of
from jobs.models import Application, Job, Submission, SubmissionStatus
from ledger.api import TimelineRow, timeline
from payments.models import Message, OutsidePayment, Payment, PaymentRequest
from payments.models.messages import MessageState

#: Far more than a job of a hundred workers leaves.
MOST_ENTRIES: Final = 20_000

Subject = Literal["payment", "paid_outside", "job"]


@dataclass(frozen=True)
class Dossier:
    """`subject` and `key` are what the ledger calls it."""

    subject: Subject
    key: str
    title: str
    requests: list[PaymentRequest]
    payments: list[Payment]
    outside: list[OutsidePayment]
    work: list[Submission]  # that was accepted
    messages: list[Message]  # that were sent
    entries: list[TimelineRow] = field(repr=False)


def of_payment(payment: Payment) -> Dossier:
    """The payment with its request, what was sent back of it, and the work that it was for."""
    payments = [payment, *_payments(Q(refund__of=payment))]
    applications = list(Application.objects.filter(payouts__payment=payment))
    requests = [payment.request, *(each.request for each in payments[1:])]
    about = [("payment", each.pk) for each in payments] + [("application", str(each.pk)) for each in applications]
    # Of a request with many receivers, what was said to and of the others is theirs.
    messages = Message.objects.filter(Q(payment__in=payments) | Q(request__in=requests, payment=None))
    entries = timeline([*about, *(("request", each.pk) for each in requests)], MOST_ENTRIES)
    mine = {each.pk for each in payments}
    return Dossier(
        "payment",
        payment.pk,
        payment.request.shown_title,
        requests,
        payments,
        [],
        _accepted(applications),
        _sent(messages),
        [row for row in entries if not row.subjects.get("payment") or mine & {*row.subjects["payment"]}],
    )


def of_outside_payment(row: OutsidePayment) -> Dossier:
    """What was paid outside the wallets, with the work that it was for."""
    applications = list(Application.objects.filter(outside_payouts__outside=row))
    messages = Message.objects.filter(details__subjects__paid_outside=row.pk)
    about = [("paid_outside", row.pk), *(("application", str(each.pk)) for each in applications)]
    return Dossier(
        "paid_outside",
        row.pk,
        row.title,
        [],
        [],
        [row],
        _accepted(applications),
        _sent(messages),
        [each for each in timeline(about, MOST_ENTRIES) if _is_of(each, row.pk)],
    )


def _is_of(entry: TimelineRow, outside_id: str) -> bool:
    """Of the work alone, or of this payment: of the same work, another part may have been paid otherwise."""
    others = {*entry.subjects.get("paid_outside", ()), *entry.subjects.get("payment", ())}
    return not others or outside_id in others


def of_job(job: Job) -> Dossier:
    """The job with all that was ever asked for it, paid, also outside the wallets, and sent back."""
    requests = list(requests_of(job).select_related("payer_wallet", "seller", "requested_by", "authorised_by"))
    outside = list(OutsidePayment.objects.filter(payout__application__job=job).order_by("created_at"))
    about = [("job", str(job.pk)), *(("request", each.pk) for each in requests)]
    messages = Message.objects.filter(Q(request__in=requests) | _told_about(job))
    return Dossier(
        "job",
        str(job.pk),
        job.title,
        requests,
        _payments(Q(request__in=requests)),
        outside,
        _accepted(list(job.applications.all())),
        _sent(messages),
        timeline(about, MOST_ENTRIES),
    )


def _told_about(job: Job) -> Q:
    keys = [str(key) for key in job.applications.values_list("pk", flat=True)]
    return Q(details__subjects__application__in=keys)


def _payments(which: Q) -> list[Payment]:
    found = Payment.objects.filter(which).select_related("request__payer_wallet", "request__seller", "receiver_wallet")
    return list(found.prefetch_related("quotes", "outgoing_payments__quote").order_by("created_at", "pk"))


def _accepted(applications: list[Application]) -> list[Submission]:
    found = Submission.objects.filter(application__in=applications, status=SubmissionStatus.ACCEPTED)
    return list(found.select_related("application__worker", "application__job").order_by("pk"))


def _sent(messages: QuerySet[Message]) -> list[Message]:
    found = messages.filter(state=MessageState.SENT).select_related("request__seller", "request__payer_wallet")
    return list(found.select_related("payment__receiver_wallet", "proof__wallet").distinct().order_by("created_at"))

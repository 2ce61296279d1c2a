"""What staff decide about a job, its applications and submissions. Each decision is one transaction with its entry."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from jobs import deadlines, held_payments, job_payments, lifecycle, payables
from jobs.derive_status import sync_locked
from jobs.models import Application, ApplicationStatus, Job, JobStatus, Submission, SubmissionStatus
from jobs.models.work import APPLICATION_MOVES, SUBMISSION_MOVES
from jobs.reasons import JobRefusal
from jobs.worker_mail import tell_let_go, tell_selected
from ledger import clock
from ledger.api import Actor, record
from payments.actions import wallet_proofs
from payments.limits import proves_first
from payments.moving import NoSuchMove, swap
from payments.states import PaymentState

#: Workers may be selected or let go while the job is in one of these.
SELECTABLE = frozenset({JobStatus.RECRUITING, JobStatus.SELECTING, JobStatus.SUBMITTING, JobStatus.REVIEWING})


#: These let workers in, so no deadline may have passed.
OPENING = frozenset({"publish", "reopen"})


def move_job(
    job_id: int, event: str, *, by: User, seen: str, until: Mapping[str, datetime | None] | None = None
) -> Job:
    """Do one of the staff's moves on a job that they saw in status `seen`, with new deadlines if `until` names them.

    Canceling a job calls off the payments that were approved beforehand and wait for its work. Raises JobRefusal.
    """
    assert lifecycle.MOVES[event].by_staff
    with transaction.atomic():
        job = lifecycle.lock_job(job_id)
        if job.status != seen:
            raise JobRefusal("job_moved", status=str(JobStatus(job.status).label))
        if until is not None:
            _set_deadlines(job, until, by)
        if event == "cancel":
            held_payments.cancel(held_payments.of_job(job), by=by)
        _check_move(job, event)
        lifecycle.move(job, event, _staff(by))
        sync_locked(job)
        if event == "reopen" and job.status != JobStatus.RECRUITING:
            raise JobRefusal("job_closes_again")
        return job


def _set_deadlines(job: Job, until: Mapping[str, datetime | None], by: User) -> None:
    changed = {name: when for name, when in until.items() if getattr(job, name) != when}
    if not changed:
        return
    for name, when in changed.items():
        setattr(job, name, when)
    Job.objects.filter(pk=job.pk).update(**changed, changed_at=clock.now())
    record("job.changed", actor=_staff(by), subjects={"job": str(job.pk)}, data={"changed": sorted(changed)})


def _check_move(job: Job, event: str) -> None:
    if event == "start_work" and not job.applications.filter(status=ApplicationStatus.SELECTED).exists():
        raise JobRefusal("job_nobody_selected")
    if event in OPENING:
        deadlines.check_order(deadlines.of(job))
        deadlines.check_ahead(deadlines.of(job))
    if event == "cancel" and (open_request := job_payments.open_request(job)):
        raise JobRefusal("job_money_open", request=open_request)
    if event == "cancel" and (said := job_payments.outside_waits(job)):
        raise JobRefusal("job_outside_waits", payment=said)


def select(application_id: int, *, by: User) -> Application:
    """Pending or rejected → selected, unless the job has all the workers it wants. Raises JobRefusal."""
    with transaction.atomic():
        application, job = _lock_application(application_id)
        chosen = job.applications.filter(status=ApplicationStatus.SELECTED).count()
        if application.status != ApplicationStatus.SELECTED and chosen >= job.workers_wanted:
            raise JobRefusal("job_full", job=job.title, wanted=str(job.workers_wanted))
        selected = _decide_application(application, job, ApplicationStatus.SELECTED, by)
        tell_selected(selected, job)
        _ask_to_prove(selected, job, by)
        return selected


def _ask_to_prove(application: Application, job: Job, by: User) -> None:
    """Before a first payment to their wallet they prove that it is theirs: asked now, nobody waits for it later.

    Where it can't be asked yet (no wallet, nobody who asks), whoever asks for the money sends the link.
    """
    worker, seller = application.worker, job.seller or payables.default_seller()
    if worker.wallet and worker.email and seller and not seller.retired_at and proves_first(worker.wallet):
        contact = {"name": worker.name, "email": worker.email, "language": worker.language}
        wallet_proofs.ask(worker.wallet, seller, by=by, **contact)


def reject(application_id: int, *, by: User) -> Application:
    """Pending or selected → rejected, unless money went to the worker for this job. Raises JobRefusal.

    A payment that was approved beforehand, and waits for their work, is called off. Who was selected is told.
    """
    with transaction.atomic():
        application, job = _lock_application(application_id)
        held_payments.cancel(held_payments.waiting(application.payouts.all()), by=by)
        sync_locked(job)
        moved = Q(active=True) | Q(payment__received_value__gt=0) | Q(payment__state=PaymentState.NEEDS_ATTENTION)
        if application.payouts.filter(moved).exists() or job_payments.paid_outside(application):
            raise JobRefusal("application_settled", name=application.worker.name)
        was_selected = application.status == ApplicationStatus.SELECTED
        rejected = _decide_application(application, job, ApplicationStatus.REJECTED, by)
        if was_selected:
            tell_let_go(rejected, job)
        return rejected


def _lock_application(application_id: int) -> tuple[Application, Job]:
    job = lifecycle.lock_job(Application.objects.only("job_id").get(pk=application_id).job_id)
    if job.status not in SELECTABLE:
        raise JobRefusal("job_not_now", status=str(JobStatus(job.status).label))
    return Application.objects.select_related("worker").get(pk=application_id), job


def _decide_application(application: Application, job: Job, status: ApplicationStatus, by: User) -> Application:
    before = ApplicationStatus(application.status)
    try:
        swap(application, status, APPLICATION_MOVES, column="status")
    except NoSuchMove:
        raise JobRefusal("application_moved", name=application.worker.name, status=str(before.label)) from None
    record(
        f"application.{status}",
        actor=_staff(by),
        subjects={"job": str(job.pk), "application": str(application.pk), "member": str(application.worker_id)},
        data={"before": str(before.value)},
        private={"worker": application.worker.name},
    )
    sync_locked(job)
    return application


def accept_submission(submission_id: int, *, by: User) -> Submission:
    """Pending or rejected → accepted; the worker must be selected. Raises JobRefusal.

    A payment that was approved beforehand, and waits for this work, is released with it.
    """
    return _decide_submission(submission_id, SubmissionStatus.ACCEPTED, by)


def reject_submission(submission_id: int, *, by: User) -> Submission:
    """Pending or accepted → rejected. Raises JobRefusal."""
    return _decide_submission(submission_id, SubmissionStatus.REJECTED, by)


def _decide_submission(submission_id: int, status: SubmissionStatus, by: User) -> Submission:
    with transaction.atomic():
        found = Submission.objects.select_related("application").get(pk=submission_id)
        job = lifecycle.lock_job(found.application.job_id)
        submission = Submission.objects.select_related("application__worker").get(pk=submission_id)
        _check_submission(submission, job, status)
        before = submission.status
        swap(submission, status, SUBMISSION_MOVES, column="status")
        worker = submission.application.worker
        record(
            f"submission.{status}",
            actor=_staff(by),
            subjects={
                "job": str(job.pk),
                "application": str(submission.application_id),
                "submission": str(submission.pk),
                "member": str(worker.pk),
            },
            data={"before": str(before)},
            private={"worker": worker.name},
        )
        if status == SubmissionStatus.ACCEPTED:
            held_payments.release(submission.application, by=by)
        sync_locked(job)
        return submission


def _check_submission(submission: Submission, job: Job, status: SubmissionStatus) -> None:
    name = submission.application.worker.name
    if job.status in lifecycle.OVER:
        raise JobRefusal("job_not_now", status=str(JobStatus(job.status).label))
    if submission.status == status:
        raise JobRefusal("submission_moved", name=name, status=str(SubmissionStatus(submission.status).label))
    if status == SubmissionStatus.ACCEPTED and submission.application.status != ApplicationStatus.SELECTED:
        raise JobRefusal("submission_unselected", name=name)


def _staff(user: User) -> Actor:
    return Actor.staff(user.pk)

"""The funder pays into the platform's wallet; the worker is paid out of it, authorised by two and approved by ours."""

from typing import Final

from jobs import decisions
from jobs.escrow import escrow_of, pay_out, payable
from jobs.funding import fund
from jobs.models import Application, Job, Submission, SubmissionStatus
from tests.faults.stories.base import AMOUNT, FORM, MARIA, PLATFORM, SOL, request_of, rosa, seller, told
from tests.faults.stories.jobs import JobStory
from tests.faults.world import World

PAYOUT: Final = "the-payout"


class Escrow(JobStory):
    name = "escrow"
    says = "the funder pays into the platform's wallet, the worker is paid out of it by two people and its own approval"
    workers = (MARIA,)
    payers = (SOL, PLATFORM)
    approvals = 2
    selling = {"may_hold_money": True, "approval_email": PLATFORM.email}
    work = SubmissionStatus.PENDING
    received = {PLATFORM: AMOUNT, MARIA: AMOUNT}
    paid = {SOL: AMOUNT + SOL.fee, PLATFORM: AMOUNT}
    forms = (FORM, PAYOUT)
    mails = told(SOL) + told(PLATFORM, MARIA)

    def go_on(self, world: World) -> bool:
        del world
        job = Job.objects.get()
        if request_of(FORM) is None:
            fund(job, "seller", seller(), by=rosa(), form_id=FORM)
            return True
        if escrow_of(job) is None or request_of(PAYOUT):
            return False
        if work := Submission.objects.filter(status=SubmissionStatus.PENDING).first():
            decisions.accept_submission(work.pk, by=rosa())
        elif payable(job):
            pay_out(job, list(Application.objects.all()), by=rosa(), form_id=PAYOUT)
        else:
            return False
        return True

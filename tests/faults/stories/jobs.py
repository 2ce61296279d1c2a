"""What the stories share in which a job is paid: its funder, its workers, and that in the end it is complete."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jobs.funding import Way, fund
from jobs.models import Application, Job, JobStatus, SubmissionStatus
from payments.models import Seller
from payments.openpayments.amounts import Amount
from tests import cast
from tests.faults.stories.base import AMOUNT, FORM, SOL, USD, Person, Story, look_up, request_of, rosa, seller
from tests.faults.world import World


class JobStory(Story):
    workers: ClassVar[tuple[Person, ...]]
    #: Of the job, and of the seller that asks.
    terms: ClassVar[Mapping[str, Any]] = {}
    selling: ClassVar[Mapping[str, Any]] = {}
    way: ClassVar[Way] = Way.NOW
    work: ClassVar[SubmissionStatus] = SubmissionStatus.ACCEPTED

    def seat(self, world: World, key: Ed25519PrivateKey) -> None:
        super().seat(world, key)
        Seller.objects.update(**self.selling)
        look_up(map(world.wallet, self.people))
        funder = cast.member("Sol Foundation", wallet=world.wallet(SOL))
        wanted = {"workers_wanted": len(self.workers), "budget": Amount(AMOUNT, USD), **self.terms}
        job = cast.job(JobStatus.SUBMITTING, funder=funder, **wanted)
        for worker in self.workers:
            member = cast.member(worker.name.title(), wallet=world.wallet(worker))
            cast.handed_in(cast.applied(job, member), self.work)

    def go_on(self, world: World) -> bool:
        del world
        if request_of(FORM):
            return False
        fund(Job.objects.get(), list(Application.objects.all()), seller(), self.way, by=rosa(), form_id=FORM)
        return True

    def is_over(self) -> bool:
        return Job.objects.get().status == JobStatus.COMPLETE

    def faults(self, lost_approvals: int) -> Iterator[str]:
        yield from super().faults(lost_approvals)
        job = Job.objects.get()
        if (job.status, job.is_funded) != (JobStatus.COMPLETE, True):
            yield f"the job is {job.status}, funded: {job.is_funded}"

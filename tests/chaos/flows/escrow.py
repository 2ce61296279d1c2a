"""A job's money is paid to a seller, who holds it; workers are paid out of it, and what is left goes back."""

from dataclasses import dataclass
from typing import ClassVar

from jobs.escrow import escrow_of, give_back, pay_out, payable
from jobs.funding import fund
from jobs.models import Application, Job, Member, SubmissionStatus
from payments.actions import wallets
from payments.models import PaymentRequest, Seller
from payments.openpayments.amounts import Amount
from payments.states import RequestState
from tests import cast
from tests.chaos.flows.asked import Asked
from tests.chaos.flows.base import HOURS, MINUTES, SHORTLY, Flow
from tests.chaos.world import Account, amount_for

MOST_VISITS = 5
MOST_PAYOUTS = 2


@dataclass
class Escrow(Flow):
    job_id: int = 0
    visits: int = 0
    payouts: int = 0

    way: ClassVar[str] = "escrow"

    def begin(self) -> None:
        self.follow(self._fund)

    @property
    def job(self) -> Job:
        return Job.objects.get(pk=self.job_id)

    def _fund(self) -> None:
        world = self.world
        same = [each for each in world.workers if each.asset == world.platform.asset]
        # Only what came in the currency that is held can go back.
        alike = [each for each in world.payers if each.asset == world.platform.asset]
        payer = self.dice.choice(alike if self.chance(75) else world.payers)
        workers = self.dice.sample(same, self.dice.choice((1, 1, 2, 3)))
        world.look_up(payer, world.platform, *workers)
        if not self.job_id:
            self.job_id = self._selected(payer, workers).pk
        seller = Seller.objects.select_related("wallet").get(pk=world.seller.pk)
        request = fund(self.job, "seller", seller, by=world.staff, form_id=self.form_id)
        self.requests.append(request.pk)
        asked = Asked(self, request.pk, self.again(self._fund))
        self.later(SHORTLY, lambda: self._until_held(asked))

    def _selected(self, payer: Account, workers: list[Account]) -> Job:
        """A job whose workers' work is accepted; for one of them, now and then, not."""
        budget = amount_for(self.dice, self.world.platform.asset)
        job = cast.job(
            title=f"Job {self.number}",
            reference=f"flow-{self.number}",
            funder=_member(payer),
            workers_wanted=len(workers),
            budget=budget,
        )
        for worker in workers:
            application = cast.applied(job, _member(worker))
            cast.handed_in(application, SubmissionStatus.PENDING if self.chance(25) else SubmissionStatus.ACCEPTED)
        return job

    def _until_held(self, asked: Asked) -> float | None:
        wait = asked.step()
        if wait is None and asked.request.state == RequestState.SETTLED:
            self.later(self.dice.uniform(MINUTES, 5 * HOURS), self._spend)
        return wait

    def _spend(self) -> float | None:
        """Somebody looks at what is held: pays who is owed, one or all; gives back what is left."""
        self.visits += 1
        if self.visits > MOST_VISITS:
            return None
        job = self.job
        escrow = escrow_of(job)
        if escrow is None:
            return None
        owed = [choice.receiver for choice in payable(job) if isinstance(choice.receiver, Application)]
        if owed and self.payouts < MOST_PAYOUTS:
            self.payouts += 1
            receivers = owed if self.chance(40) else owed[:1]
            self._follow(pay_out(job, receivers, by=self.world.staff, form_id=self.form_id))
        elif not escrow.held.is_zero and (escrow.under_way.is_zero or self.chance(20)):
            held = escrow.held
            value = self.dice.choice((held.value, held.value, -(-held.value // 2), held.value + 1))
            amount = Amount(value, held.asset)
            by, form_id = self.world.staff, self.form_id
            self._follow(give_back(job, escrow.funding.pk, amount, by=by, form_id=form_id, seen=held))
        elif escrow.under_way.is_zero:
            return None
        return self.dice.uniform(10 * MINUTES, 10 * HOURS)

    def _follow(self, request: PaymentRequest) -> None:
        self.requests.append(request.pk)
        self.later(SHORTLY, Asked(self, request.pk).step)


def _member(account: Account) -> Member:
    known = Member.objects.filter(name=account.name).first()
    return known or cast.member(account.name, wallet=wallets.find_or_add(account.url))

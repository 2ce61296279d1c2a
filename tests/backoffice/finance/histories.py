"""Random histories of a marketplace, made by the product's own functions, with wallets that are only said to answer.

Workers are paid directly and out of money that is held, in one currency and across two; a seller takes a fee; payers
decline, payments fail with a part at the receiver, are settled outside, arrive twice, go back in part. Days pass.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.db import transaction

from jobs import paid_outside
from jobs.escrow import escrow_of, give_back, pay_out, payable
from jobs.funding import fund
from jobs.models import Application, Job, JobFunding, Member, SubmissionStatus
from ledger import clock, days
from payments.actions import attention, refunds
from payments.actions.outside_payments import Paid
from payments.engine.steps.receiving import note_received
from payments.models import Payment, PaymentRequest
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.reasons import Refusal
from payments.states import FINISHED_PAYMENTS, PAID, PaymentState, RequestState
from tests import cast, progress

DAY: Final = 86_400
PESOS: Final = Asset("MXN", 2)


class History:
    """`steps` random things that happen, by `seed`; `clock_file` is the program's."""

    def __init__(self, seed: int, steps: int, clock_file: Path) -> None:
        self.dice = random.Random(seed)
        self.clock_file, self.offset, self.made = clock_file, -60 * DAY, 0
        self.by, self.other = cast.staff("rosa"), cast.staff("luis")
        self._pass_time()
        self.seller = cast.holder(fee_share=250)
        self.funders = [
            cast.member("Sol Foundation"),
            cast.member("Luna Fund", wallet=cast.wallet("luna", "USD")),
            cast.member("Mar Trust", wallet=cast.wallet("mar", "MXN", 4)),
        ]
        self.workers = [cast.member(name) for name in ("Maria Lopez", "Ana Cruz", "Beto Diaz")]
        happenings = (
            *(self._pay, self._pay, self._hold, self._pay_out, self._send_back, self._go_on, self._twice),
            self._pay_cash,
        )
        for _ in range(steps):
            self.dice.choice(happenings)()
            self._pass_time()

    def _pass_time(self) -> None:
        self.offset += self.dice.randrange(3 * DAY)
        self.clock_file.write_text(str(self.offset))

    def _form(self) -> str:
        self.made += 1
        return f"form-{self.made}"

    def _job(self, workers: Sequence[Member]) -> tuple[Job, list[Application]]:
        budget = Amount(self.dice.randrange(1_00, 5000_00), PESOS)
        job = cast.job(funder=self.dice.choice(self.funders), budget=budget, workers_wanted=len(workers))
        applied = [cast.applied(job, worker) for worker in workers]
        for application in applied:
            cast.handed_in(application, SubmissionStatus.ACCEPTED)
        return job, applied

    def _pay(self) -> None:
        """A funder is asked to pay some workers, and the fee on top."""
        job, applied = self._job(self.dice.sample(self.workers, self.dice.randrange(1, 3)))
        self._see(fund(job, applied, self.seller, by=self.by, form_id=self._form()))

    def _hold(self) -> None:
        job, _applied = self._job(self.dice.sample(self.workers, 2))
        self._see(fund(job, "seller", self.seller, by=self.by, form_id=self._form()))

    def _pay_out(self) -> None:
        if (job := self._held()) and (owed := payable(job)):
            chosen = [choice.receiver for choice in owed if isinstance(choice.receiver, Application)]
            with suppress(Refusal):  # only a part had come to be held
                self._see(pay_out(job, chosen[:1], by=self.by, form_id=self._form()))

    def _pay_cash(self) -> None:
        """Work, or a part of it, that is paid outside the wallets: by the funder, or out of what is held."""
        job = self._held() if self.dice.random() < 0.5 else None
        applied = list(job.applications.all()) if job else []
        if job is None:
            job, applied = self._job([self.dice.choice(self.workers)])
        paid = Paid(Amount(self.dice.randrange(1, job.budget.value + 1), PESOS), days.today(), "cash", "Receipt 8")
        held, form = bool(escrow_of(job)), self._form()
        with suppress(Refusal):  # it is owed no more, or something is under way
            row = paid_outside.report(self.dice.choice(applied), paid, from_held=held, by=self.by, form_id=form)
            self._pass_time()
            if self.dice.random() < 0.8:
                paid_outside.confirm(row.pk, by=self.other)
            elif self.dice.random() < 0.5:
                paid_outside.withdraw(row.pk, by=self.by, why="Never paid")

    def _send_back(self) -> None:
        """What a worker got, or what is still held."""
        if (job := self._held()) and self.dice.random() < 0.5:
            escrow = escrow_of(job)
            assert escrow
            if value := self._part(escrow.held.value):
                amount = Amount(value, escrow.held.asset)
                with suppress(Refusal):  # of what workers sent back, which came by another payment
                    self._see(give_back(job, escrow.funding.pk, amount, by=self.by, form_id=self._form()))
            return
        paid = list(Payment.objects.filter(purpose__in=["work", "fee"], state__in=FINISHED_PAYMENTS).order_by("pk"))
        payment = self.dice.choice(paid) if paid else None
        if payment and (value := self._part(refunds.refundable(payment).value)):
            amount = Amount(value, payment.asset)
            self._see(refunds.refund(payment.pk, amount, by=self.by, form_id=self._form()))

    def _part(self, value: int) -> int:
        return self.dice.choice([value, value // 2, value // 3])

    def _held(self) -> Job | None:
        found = [each.job for each in JobFunding.objects.select_related("job").order_by("pk") if escrow_of(each.job)]
        return self.dice.choice(found) if found else None

    def _go_on(self) -> None:
        """Something that was left on its way ends."""
        open_ones = list(PaymentRequest.objects.filter(state=RequestState.APPROVED).order_by("pk"))
        if open_ones:
            self._end(self.dice.choice(open_ones))

    def _twice(self) -> None:
        """More arrives after a payment was over; a person takes note."""
        paid = list(Payment.objects.filter(state=PaymentState.SETTLED, late_at=None, purpose="work").order_by("pk"))
        if not paid:
            return
        payment = self.dice.choice(paid)
        with transaction.atomic():
            incoming = payment.incoming_payments.get(received_value__gt=0)
            note_received(incoming, payment.value + self.dice.randrange(1, 500), completed=True)
        self._pass_time()
        if self.dice.random() < 0.7:
            attention.take_note(payment.pk, by=self.by)

    def _see(self, request: PaymentRequest) -> None:
        """How far it comes for now, or for good."""
        self._pass_time()
        for payment in request.payments.filter(fixed_debit__isnull=False):
            # What a wallet says that the payer's exact amount buys.
            value = (payment.fixed_debit or 0) * self.dice.randrange(5, 2000) // 100 + 1
            Payment.objects.filter(pk=payment.pk).update(value=value)
        ways: list[Callable[[PaymentRequest], object]] = [
            lambda one: progress.bring(one, RequestState.QUOTED),
            lambda one: progress.bring(one, RequestState.AWAITING_APPROVAL),
            lambda one: progress.end(one, RequestState.DECLINED),
            progress.approve,
            self._leave_under_way,
            self._end,
            self._end,
            self._end,
            progress.settle,
            progress.settle,
        ]
        self.dice.choice(ways)(request)

    def _leave_under_way(self, request: PaymentRequest) -> None:
        progress.approve(request)
        for payment in request.payments.all():
            progress.bring(payment, self.dice.choice([PaymentState.SENT, PaymentState.UNKNOWN, PaymentState.SENDING]))

    def _end(self, request: PaymentRequest) -> None:
        """Each of its payments settles, fails with or without a part, or is settled outside."""
        progress.approve(request)
        for payment in request.payments.exclude(state__in=FINISHED_PAYMENTS):
            self._pass_time()
            way = self.dice.choice([PaymentState.SETTLED, PaymentState.FAILED, PaymentState.SETTLED_OUTSIDE])
            if way == PaymentState.SETTLED:
                progress.bring(payment, way, sent_at=payment.sent_at or clock.now())
                continue
            part = self.dice.choice([0, payment.value // 2])
            progress.bring(payment, PaymentState.NEEDS_ATTENTION, received_value=part)
            if way == PaymentState.SETTLED_OUTSIDE:
                attention.report_outside(payment.pk, way="cash", evidence="Receipt 7", by=self.by)
                attention.confirm_outside(payment.pk, by=self.other)
            progress.bring(payment, way, decision="")
        paid = request.payments.filter(state__in=PAID).count()
        whole = RequestState.SETTLED if paid == request.payments.count() else RequestState.SETTLED_IN_PART
        progress.bring(request, whole if paid else RequestState.FAILED)

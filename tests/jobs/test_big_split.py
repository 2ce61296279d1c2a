"""Twenty workers of three currencies and the platform's fee under one approval, to the minor unit."""

from collections import Counter
from collections.abc import Callable

import pytest

from jobs import decisions, payables
from jobs.funding import fund
from jobs.models import Application, Job, JobStatus, Member
from jobs.tasks import sync_request
from ledger.api import seal, verify
from payments.actions import wallets
from payments.engine.advance import advance, push
from payments.invariants import violations
from payments.models import PaymentRequest, Seller, WalletAddress
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.reasons import sentence
from payments.states import PaymentState, RequestState
from tests import cast
from tests.cast import seller_with_key
from tests.driver import SECONDS, Stage

#: Budget per worker, how many workers, and 2.5 % of all of them, rounded half up: 2.5 % of 2,666.64 MXN is 66.666.
WORK = {Asset("MXN", 2): (333_33, 8, 66_67), Asset("USD", 2): (12_35, 7, 2_16), Asset("JPY", 0): (1_001, 5, 125)}
BALANCE = 100_000_00
PLENTY = 120.0  # seconds
MOST_ROUNDS = 40
LATER = 25 * 3600  # longer than anybody waits for a wallet that closed


def wallet(stage: Stage, name: str, asset: Asset) -> WalletAddress:
    return stage.wallet(name, asset.code, scale=asset.scale)


def platform(stage: Stage) -> Seller:
    """It takes 2.5 %, and has a wallet in each of the three currencies."""
    Seller.objects.filter(pk=stage.seller.pk).update(fee_share=250)
    seller = Seller.objects.select_related("wallet").get(pk=stage.seller.pk)
    wallets.check(seller.wallet_id, SECONDS)
    for asset in (Asset("MXN", 2), Asset("JPY", 0)):
        name = f"platform-{asset.code.lower()}"
        seller_with_key(id=name, name=f"Tequio {asset.code}", wallet=wallet(stage, name, asset))
    seller.refresh_from_db()
    return seller


def work_of(stage: Stage, funder: Member) -> dict[Job, list[Application]]:
    """A job for each currency, with all its work accepted."""
    made = {}
    for asset, (budget, count, _fee) in WORK.items():
        job = cast.job(
            JobStatus.REVIEWING,
            funder=funder,
            title=f"Stories for {asset.code}",
            budget=Amount(budget, asset),
            workers_wanted=count,
        )
        names = [f"{asset.code.lower()}-{number}" for number in range(count)]
        made[job] = [cast.applied(job, cast.member(name, wallet=wallet(stage, name, asset))) for name in names]
        for application in made[job]:
            decisions.accept_submission(cast.handed_in(application).pk, by=stage.staff)
    return made


def approved(stage: Stage, request: PaymentRequest) -> PaymentRequest:
    """Quoted, sent, and approved in the funder's wallet; nothing is ordered yet."""
    return stage.approve(stage.send(request, PLENTY))


def settled(request: PaymentRequest) -> int:
    return request.payments.filter(state=PaymentState.SETTLED).count()


def until(stage: Stage, request: PaymentRequest, done: Callable[[], bool]) -> None:
    """The engine's rounds, with a few seconds between them."""
    for _ in range(MOST_ROUNDS):
        push(request.pk, PLENTY)
        if done():
            return
        stage.later(5)
    raise AssertionError(Counter(request.payments.values_list("purpose", "state", "reason")))


@pytest.mark.prove
@pytest.mark.django_db
def test_of_twenty_workers_two_close_their_wallets_and_everybody_is_paid_exactly_in_the_end(stage: Stage) -> None:
    seller = platform(stage)
    luna = stage.wallet("luna", balance=BALANCE, fee={"fixed": 3, "percentBps": 35})
    funder = cast.member("Luna Foundation", wallet=luna)
    work = work_of(stage, funder)
    workers = [worker for found in work.values() for worker in found]
    unlucky = [workers[0], workers[-1]]

    first = approved(stage, fund(list(work), workers, seller, by=stage.staff, form_id="first"))
    assert first.payments.count() == len(workers) + len(WORK), "a fee for each currency"
    for worker in unlucky:
        stage.sandbox.change_wallet(worker.worker.name, disabled=True)
    until(stage, first, lambda: settled(first) == len(workers) + len(WORK) - 2)
    stage.later(LATER)
    first = advance(first.pk, SECONDS)
    sync_request(first.pk)

    assert (first.state, first.reason) == (RequestState.SETTLED_IN_PART, "some_failed")
    states = Counter(first.payments.values_list("purpose", "state"))
    assert states == {("work", "settled"): 18, ("work", "failed"): 2, ("fee", "settled"): len(WORK)}
    told = {sentence(each.reason, each.reason_params) for each in first.payments.filter(state=PaymentState.FAILED)}
    assert told == {
        f"The wallet of {name} cannot be used: {stage.sandbox.url}/{name} does not exist at that wallet. "
        "Check the address with its owner."
        for name in (worker.worker.name for worker in unlucky)
    }
    once = BALANCE - stage.sandbox.balance("luna")
    assert once <= (first.ceiling_debit or 0), "never more than was shown"
    choices = [choice for job in work for choice in payables.choices(job)]
    assert [choice.receiver for choice in choices] == unlucky

    for worker in unlucky:
        stage.sandbox.change_wallet(worker.worker.name, disabled=False)
        assert worker.worker.wallet
        wallets.check(worker.worker.wallet.pk, SECONDS)
    again = approved(stage, fund([choice.job for choice in choices], unlucky, seller, by=stage.staff, form_id="again"))
    assert again.payments.count() == 2, "no second fee"
    again = advance(again.pk, PLENTY)
    sync_request(again.pk)
    assert again.state == RequestState.SETTLED, again.reason
    assert BALANCE - stage.sandbox.balance("luna") - once <= (again.ceiling_debit or 0)

    for job, found in work.items():
        budget, _count, fee = WORK[job.budget.asset]
        assert {worker.worker.name: stage.received(worker.worker.name) for worker in found} == {
            worker.worker.name: budget for worker in found
        }
        code = job.budget_code.lower()
        assert stage.received("platform" if code == "usd" else f"platform-{code}") == fee
        job.refresh_from_db()
        assert (job.status, job.is_funded) == (JobStatus.COMPLETE, True)
    assert not violations()
    seal()
    assert not list(verify())

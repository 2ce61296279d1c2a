"""A part of what is owed is asked for, or paid: never more than all of it, and the rest stays owed everywhere."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs import decisions, earnings, job_payments
from jobs.derive_status import sync_job
from jobs.escrow import escrow_of, pay_out
from jobs.funding import Way, fund
from jobs.models import Application, Job, JobStatus
from jobs.payables import choices
from jobs.worker_balances import balance_of
from ledger.api import timeline
from ledger.books.figures import tell
from payments.invariants import violations
from payments.models import PaymentRequest, Seller
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal
from tests import cast, progress
from tests.cast import person, signed_in
from tests.dialogs import dialog
from tests.driver import Stage
from tests.jobs.test_admin_jobs import ASK, CHANGE, SEE, action
from tests.jobs.test_ask_dialog import send
from tests.jobs.test_escrow import MAY, funded
from tests.jobs.test_split import staffed

pytestmark = pytest.mark.django_db
MXN = Asset("MXN", 2)


def of(value: int) -> Amount:
    return Amount(value, MXN)


def places(application: Application) -> dict[str, str]:
    found = balance_of(Application.objects.get(pk=application.pk)).places
    return {name: format_amount(each) for name in vars(found) if isinstance(each := getattr(found, name), Amount)}


def owed(worker: Application) -> list[int]:
    told = earnings.of(worker.worker)
    return [line.amount.value for line in (*told.owed, *told.agreed) if not line.payment_id]


def test_a_part_is_asked_for_and_the_rest_stays_owed_until_it_is_asked_for_too(rosa: User, seller: Seller) -> None:
    job = cast.job(JobStatus.SUBMITTING)
    worker = cast.applied(job)
    work = cast.handed_in(worker)
    first = fund(job, [worker], seller, by=rosa, form_id="1", parts={worker.pk: of(40000)})
    assert first.payments.get().value == 40000
    entry = timeline([("job", str(job.pk))])[-1]
    assert (entry.kind, entry.data["event"], entry.data["left"]["value"]) == ("job.payment_requested", "part", "85000")
    assert places(worker) == {"asked": "400.00\xa0MXN", "owed": "850.00\xa0MXN"}
    assert owed(worker) == [85000], "the worker sees what nobody was asked for"
    with pytest.raises(Refusal, match="exists already"):
        fund(job, [worker], seller, by=rosa, form_id="2", parts={worker.pk: of(85000)})

    progress.settle(first)
    sync_job(job.pk)
    job.refresh_from_db()
    decisions.accept_submission(work.pk, by=rosa)
    job.refresh_from_db()
    assert (job.status, job.is_funded) == (JobStatus.REVIEWING, False)
    assert job_payments.money_status(Application.objects.get(pk=worker.pk)) == job_payments.OWED
    assert (places(worker), owed(worker)) == ({"settled": "400.00\xa0MXN", "owed": "850.00\xa0MXN"}, [85000])
    assert [choice.amount.value for choice in choices(job)] == [85000]

    # The advance is paid; the rest was approved for when the work is accepted, which it is.
    progress.settle(fund(job, [worker], seller, Way.HELD, by=rosa, form_id="3"))
    sync_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.is_funded, owed(worker)) == (JobStatus.COMPLETE, True, [])
    assert not violations()


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (of(0), "more than zero"),
        (of(125001), "gets at most 1,250.00\xa0MXN: write that, or less"),
        (of(2**63 - 1), "write that, or less"),
        (Amount(1, Asset("USD", 2)), "changed meanwhile"),
        (Amount(1, Asset("MXN", 255)), "smallest unit is larger|or less"),
    ],
)
def test_what_is_no_part_is_refused(part: Amount, sentence: str, rosa: User, seller: Seller) -> None:
    job = cast.job()
    worker = cast.applied(job)
    with pytest.raises(Refusal, match=sentence):
        fund(job, [worker], seller, by=rosa, form_id="1", parts={worker.pk: part})
    assert not PaymentRequest.objects.exists()


def test_the_fee_is_of_the_part_and_in_the_end_that_of_the_whole(rosa: User, taker: Seller) -> None:
    job = cast.job()
    worker = cast.applied(job)
    values = []
    for number, part in enumerate((33333, 33334, 58333)):
        request = fund(job, [worker], taker, by=rosa, form_id=str(number), parts={worker.pk: of(part)})
        values.append(sum(each.value for each in request.payments.all() if each.is_fee))
        progress.settle(request)
        sync_job(job.pk)
    assert sum(values) == 3125, "2.5 % of 1,250.00, whatever the parts"


def test_from_money_that_is_held_a_part_is_paid_out(rosa: User, holder: Seller) -> None:
    job, (maria, _ana) = funded(holder, rosa)
    request = pay_out(job, [maria], by=rosa, form_id="1", parts={maria.pk: of(50000)})
    found = escrow_of(job)
    assert found
    assert (found.under_way.value, found.held.value) == (50000, 200000)
    progress.settle(request)
    sync_job(job.pk)
    client = signed_in(person("ana", *MAY))
    shown = client.get(action(job, "pay_out")).content.decode()
    assert "Maria Lopez gets 750.00\xa0MXN" in shown
    assert 'value="750.00"' in shown
    fields = {**dialog(client, action(job, "pay_out")), "receivers": [str(maria.pk)], f"amount-{maria.pk}": "750.01"}
    answer = client.post(action(job, "pay_out"), fields, headers={"HX-Request": "true"})
    assert "write that, or less" in answer.content.decode()
    assert 'value="750.01"' in answer.content.decode(), "what was written stays to be mended"
    fields[f"amount-{maria.pk}"] = "749.99"
    assert client.post(action(job, "pay_out"), fields, headers={"HX-Request": "true"}).headers["HX-Redirect"]
    assert PaymentRequest.objects.latest("created_at").payments.get().value == 74999
    assert not violations()


@pytest.fixture
def staff(seller: Seller) -> Client:
    return signed_in(person("ana", *SEE, *CHANGE, *ASK))


def test_each_chosen_workers_amount_can_be_lowered_in_the_dialog(staff: Client) -> None:
    job, workers = staffed()
    url = action(job, "request_payment")
    fields = {**dialog(staff, url), **{f"amount-{worker.pk}": "1250.00" for worker in workers}}
    fields[f"amount-{workers[1].pk}"] = "0.01"
    for wrong, sentence in (("0", "more than zero"), ("-1", "not an amount"), ("1e3", "not an amount"), ("", "not an")):
        answer = send(staff, url, {**fields, f"amount-{workers[1].pk}": wrong}, *workers[:2])
        assert "HX-Redirect" not in answer.headers
        assert sentence in answer.content.decode()
    # What was written for somebody who is not chosen is of no matter.
    first, second = (
        send(staff, url, {**fields, f"amount-{workers[2].pk}": "nonsense"}, *workers[:2]) for _click in range(2)
    )
    assert first.headers["HX-Redirect"] == second.headers["HX-Redirect"]
    made = PaymentRequest.objects.get()
    assert sorted(made.payments.values_list("value", flat=True)) == [1, 125000]


def test_what_is_owed_now_counts_not_what_the_dialog_showed(staff: Client) -> None:
    job, workers = staffed()
    url = action(job, "request_payment")
    fields = {**dialog(staff, url), f"amount-{workers[0].pk}": "1250.00"}
    Job.objects.filter(pk=job.pk).update(budget_value=200000)
    send(staff, url, fields, workers[0])
    assert not PaymentRequest.objects.exists()


def test_two_parts_through_real_wallets_are_exactly_the_whole(stage: Stage) -> None:
    member = cast.member("Maria Lopez", wallet=stage.worker)
    funder = cast.member("Sol Foundation", wallet=stage.payer)
    job = cast.job(funder=funder, budget=Amount(100_00, stage.worker.asset))
    worker = cast.applied(job, member)
    for number, part in enumerate((30_00, 70_00)):
        amount = Amount(part, stage.worker.asset)
        made = fund(job, [worker], stage.seller, by=stage.staff, form_id=str(number), parts={worker.pk: amount})
        stage.settle(stage.send(made))
        sync_job(job.pk)
    assert stage.received() == 100_00
    told = tell(["asked", "received", "outside"])
    assert [str(told.total(name, "USD").major) for name in ("asked", "received", "outside")] == [
        "100.00",
        "100.00",
        "0",
    ]
    assert Job.objects.get().is_funded

"""Who is owed something is found by the database just as each worker is reckoned, in whatever units they were paid."""

from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User

from backoffice.queue_counts import Viewer
from backoffice.to_do import tabs
from jobs import job_payments, paid_outside, payables, to_do
from jobs.models import Application, Job, JobStatus, Member, OutsidePayout, Payout, SubmissionStatus
from jobs.owed import owed_sums, owed_workers
from ledger import clock, days
from payments.actions.outside_payments import Paid
from payments.models import OutsidePayment, Payment
from payments.openpayments.amounts import LARGEST_VALUE, Amount, AmountError, Asset
from payments.states import PaymentState, RequestState
from tests import cast
from tests.cast import applied, asked, handed_in, job, member, paid_to_maria, signed_in

pytestmark = pytest.mark.django_db
MXN = Asset("MXN", 2)
numbers = count(1)


def worker(budget: int = 1000_00, scale: int = 2) -> Application:
    """Somebody whose work is accepted."""
    number = next(numbers)
    funder = Member.objects.filter(name="Sol Foundation").first() or member("Sol Foundation")
    work = job(JobStatus.REVIEWING, title=f"Job {number}", budget=Amount(budget, Asset("MXN", scale)), funder=funder)
    chosen = applied(work, member(f"W{number} Lopez"))
    handed_in(chosen, SubmissionStatus.ACCEPTED)
    return chosen


def by_wallet(to: Application, value: int, scale: int = 2, **columns: Any) -> Application:
    """Paid, in the wallet's own units."""
    paid = paid_to_maria(asked(RequestState.SETTLED), PaymentState.SETTLED, value=value, asset_scale=scale, **columns)
    Payout.objects.create(application=to, payment=paid, paid=True)
    return to


def failed(to: Application, value: int, received: int, scale: int = 2, **columns: Any) -> Application:
    """Of which a part arrived before it failed."""
    paid = paid_to_maria(asked(RequestState.FAILED), PaymentState.FAILED, value=value, asset_scale=scale, **columns)
    Payment.objects.filter(pk=paid.pk).update(received_value=received)
    Payout.objects.create(application=to, payment=paid, active=False)
    return to


def in_cash(to: Application, value: int, scale: int = 2, code: str = "MXN", state: str = "confirmed") -> Application:
    number = next(numbers)
    row = OutsidePayment.objects.create(
        state=state,
        seller=cast.radio(),
        title="Stories",
        payer_key="member:1",
        payer_name="Sol Foundation",
        receiver_key=f"member:{to.worker_id}",
        receiver_name=to.worker.name,
        value=value,
        asset_code=code,
        asset_scale=scale,
        owed_value=value,
        paid_on=days.today(),
        way="cash",
        evidence="Receipt",
        form_id=f"f{number}",
        claimed_by=cast.staff(),
        decided_by=cast.staff("luis"),
        decided_at=clock.now(),
    )
    OutsidePayout.objects.create(application=to, outside=row, budget_value=value)
    return to


def town() -> dict[str, Application]:
    """By what was paid of 1,000.00: those with a dash are owed something."""
    largest = LARGEST_VALUE
    debit: dict[str, Any] = {"fixed_debit": 600_00, "debit_code": "MXN", "debit_scale": 2}
    third: dict[str, Any] = {"fixed_debit": 1000_00, "debit_code": "MXN", "debit_scale": 2, "asset_code": "USD"}
    return {
        "- nothing": worker(),
        "- a part in cash": in_cash(worker(), 400_00),
        "a part in cash, the rest by wallet": by_wallet(in_cash(worker(), 400_00), 600_00),
        "all in cash": in_cash(worker(), 1000_00),
        "- a cent less in cash and by wallet": by_wallet(in_cash(worker(), 400_00), 599_99),
        "- in cash of another currency": in_cash(worker(), 1000_00, code="USD"),
        "- nobody confirmed": in_cash(worker(), 400_00, state="withdrawn"),
        "- a part by a finer wallet": by_wallet(worker(), 400 * 10**9, 9),
        "all by a finer wallet": by_wallet(worker(), 1000 * 10**9, 9),
        "- all but the smallest unit of a finer wallet": by_wallet(worker(), 1000 * 10**9 - 1, 9),
        "three finer parts that come to all": by_wallet(
            by_wallet(by_wallet(worker(), 333_333_333_333, 9), 333_333_333_333, 9), 333_333_333_334, 9
        ),
        "- three finer parts that come to less": by_wallet(
            by_wallet(by_wallet(worker(), 333_333_333_333, 9), 333_333_333_333, 9), 333_333_333_333, 9
        ),
        "a finer part in cash, and the rest in another unit": by_wallet(in_cash(worker(), 999_999_5, 4), 5 * 10**6, 9),
        "- a finer part in cash, and less in another unit": by_wallet(in_cash(worker(), 999_995, 3), 4 * 10**6, 9),
        "- a part by a coarser wallet": by_wallet(worker(), 999, 0),
        "all by a coarser wallet": by_wallet(worker(), 1000, 0),
        "far more by a wallet of larger units": by_wallet(worker(scale=4), largest // 100, 0),
        "of the finest budget more than fits": by_wallet(worker(5, 200), 1, 0),
        "- a hair less than the largest": by_wallet(worker(largest), largest - 1),
        "the largest in two": by_wallet(by_wallet(worker(largest), largest // 2), largest - largest // 2),
        "more than any column holds": by_wallet(by_wallet(worker(largest), largest), largest),
        "- a dead payment brought a part": failed(worker(), 600_00, 200_00),
        "a dead payment brought a part, cash the rest": in_cash(failed(worker(), 600_00, 200_00), 800_00),
        "- a share of what the payer fixed": failed(worker(), 3, 1, **third),
        "a share rounded up, and the rest": in_cash(failed(worker(), 3, 1, **third), 666_66),
        "- a share rounded up, and a cent less than the rest": in_cash(failed(worker(), 3, 1, **third), 666_65),
        "all that was fixed arrived late": in_cash(
            failed(worker(), 32_00, 32_00, **{**debit, "asset_code": "USD"}), 400_00
        ),
        "fixed by the payer, in other units than came": in_cash(
            by_wallet(worker(), 32_00, asset_code="USD", **debit), 400_00
        ),
    }


@pytest.mark.edits_rows("payments in units of which no wallet of these tests is")
def test_who_is_owed_something_is_exactly_whom_the_reckoning_of_each_says() -> None:
    people = town()
    found = set(owed_workers().values_list("pk", flat=True))
    reckoned = payables.with_money(Application.objects.filter(pk__in=[one.pk for one in people.values()]))
    rest: dict[int, Amount] = {}
    for row in reckoned:
        # Of amounts that no column holds, only the database can say so much.
        with suppress(AmountError):
            rest[row.pk] = job_payments.remaining_of(row.job.budget, row)
    for name, one in people.items():
        assert (one.pk in found) == name.startswith("-"), name
        assert one.pk not in rest or bool(rest[one.pk].value) == name.startswith("-"), (name, rest[one.pk])
    assert set(to_do.ready_jobs().values_list("pk", flat=True)) == {
        one.job_id for one in people.values() if one.pk in found
    }
    viewer = Viewer(pk=0, now=clock.now(), permissions=None)
    assert {one.tab.code: one.count for one in tabs.counted(viewer)}["ready"] == len(found)
    sums = owed_sums()
    assert sum(one.count for one in sums) == len(found)
    assert sum(one.total.major for one in sums) == sum(rest[pk].to_major() for pk in found)


def test_who_got_a_part_in_cash_is_still_owed_the_rest_on_every_page() -> None:
    rosa, luis = cast.staff("rosa"), cast.staff("luis")
    cast.seller()
    chosen = worker()
    paid = Paid(Amount(400_00, MXN), days.today() - timedelta(days=1), "cash", "Receipt 7")
    row = paid_outside.report(chosen, paid, from_held=False, by=rosa, form_id="f1")
    paid_outside.confirm(row.pk, by=luis)
    (about,) = to_do.ready_workers(list(to_do.ready_jobs()))[chosen.job_id]
    assert about.amount == Amount(600_00, MXN)
    (told,) = owed_sums()
    assert (told.count, told.total.value) == (1, 600_00)
    root = signed_in(User.objects.create_superuser("root"))
    (group,) = root.get("/admin/to-do/", {"tab": "ready"}).context["groups"]
    assert group.amount.replace("\xa0", " ") == "600.00 MXN"
    listed = root.get("/admin/jobs/application/", {"owed": "all"}).context["cl"].result_list
    assert [each.pk for each in listed] == [chosen.pk]
    assert Job.objects.get().status == JobStatus.REVIEWING

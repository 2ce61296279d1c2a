"""The cast stands on the stage as the product would have it: whatever it has made, every invariant holds."""

from collections.abc import Callable
from functools import partial

import pytest

from jobs.funding import Way, fund
from jobs.models import JobStatus
from payments.invariants import violations
from payments.models import PaymentRequest
from payments.states import DEAD_REQUESTS, GrantState, PaymentState, RequestState
from tests import cast, progress
from tests.cast import asked, interaction, paid_to_maria

pytestmark = pytest.mark.django_db
R, P = RequestState, PaymentState

#: The payment of a request that is in the state on the left.
TOGETHER = [
    (R.QUOTING, P.NEW),
    (R.QUOTED, P.QUOTED),
    (R.AWAITING_AUTHORISATION, P.QUOTED),
    (R.AWAITING_APPROVAL, P.QUOTED),
    *[(R.APPROVED, state) for state in (P.APPROVED, P.SENDING, P.SENT, P.UNKNOWN, P.NEEDS_ATTENTION)],
    (R.SETTLED, P.SETTLED),
    (R.FAILED, P.FAILED),
    *[(state, P.CANCELLED) for state in (R.DECLINED, R.CANCELLED, R.EXPIRED)],
]


@pytest.mark.parametrize(("state", "payment"), TOGETHER)
def test_a_request_of_the_choir(state: RequestState, payment: PaymentState) -> None:
    assert paid_to_maria(asked(state), payment).state == payment
    assert not violations()


@pytest.mark.parametrize("through", [P.QUOTED, P.APPROVED, P.SENT, P.NEEDS_ATTENTION])
def test_a_payment_that_failed_after_a_part_came(through: PaymentState) -> None:
    came = {"received_value": 5000} if through == P.NEEDS_ATTENTION else {}
    paid_to_maria(asked(R.FAILED), P.FAILED, through=through, **came)
    assert not violations()


@pytest.mark.parametrize("state", [GrantState.PENDING, GrantState.RETURNED, GrantState.CONTINUING])
def test_a_payer_at_their_wallet(state: GrantState) -> None:
    request = asked()
    paid_to_maria(request)
    assert interaction(request, state).state == state
    assert not violations()
    progress.approve(request)
    progress.settle(request)
    assert not violations()


def of_a_job(way: Way = Way.NOW) -> PaymentRequest:
    job = cast.job(JobStatus.SUBMITTING, workers_wanted=2)
    workers = [cast.applied(job, cast.member(name)) for name in ("Maria Lopez", "Xochitl Ruiz")]
    return fund(job, workers, cast.seller(), way, by=cast.staff(), form_id="1")


def not_paid(state: RequestState) -> None:
    progress.end(of_a_job(), state)


WAYS: dict[str, Callable[[], None]] = {
    "approved": lambda: progress.approve(of_a_job()),
    "approved, and held": lambda: progress.approve(of_a_job(Way.HELD)),
    "paid": lambda: progress.settle(of_a_job()),
    "one of them not paid": lambda: progress.settle(of_a_job(), "Xochitl Ruiz"),
    "a part came": lambda: progress.end(of_a_job(), R.FAILED, received=5000),
    **{state: partial(not_paid, state) for state in sorted(DEAD_REQUESTS - {R.SETTLED_IN_PART})},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_job(way: str) -> None:
    WAYS[way]()
    assert not violations()

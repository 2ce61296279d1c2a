"""One of two receivers was paid, then the approval ended: what becomes of the request when the payer gives no other."""

from datetime import timedelta

from ledger import clock
from payments.actions import approvals
from payments.engine.advance import advance
from payments.engine.backoff import POLL_SECONDS
from payments.invariants import violations
from payments.models import PaymentRequest
from payments.states import PaymentState, RequestState
from tests.driver import SECONDS, Stage
from tests.payments.engine.splits import split


def one_of_two_sent(stage: Stage, seconds: float = SECONDS) -> PaymentRequest:
    """The approval ended before the other one was."""
    request = stage.approved(lines=split(stage, "ana", "luz"))
    stage.sandbox.faults(
        {"match": {"operation": "create-outgoing-payment", "nth": 2}, "do": "status:401", "times": None},
        {"match": {"operation": "post-token"}, "do": "status:404", "times": None},
    )
    return advance(request.pk, seconds)


def one_of_two_paid(stage: Stage) -> PaymentRequest:
    """Back with the payer, for the other one."""
    request = one_of_two_sent(stage)
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "approval_ended")
    assert states(request) == {PaymentState.SETTLED, PaymentState.QUOTED}
    return request


def states(request: PaymentRequest) -> set[str]:
    return set(request.payments.values_list("state", flat=True))


def test_when_the_link_expires_the_request_has_failed_in_part(stage: Stage) -> None:
    request = one_of_two_paid(stage)
    stage.later(15 * 24 * 3600)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.SETTLED_IN_PART, "rest_expired")
    assert states(request) == {PaymentState.SETTLED, PaymentState.CANCELLED}
    assert list(violations()) == []


def test_while_the_other_is_on_its_way_the_request_waits_for_its_looks(stage: Stage) -> None:
    stage.sandbox.settings(settleDelayMs=24 * 3600 * 1000)
    request = one_of_two_sent(stage, seconds=2)
    for _ in POLL_SECONDS:
        stage.later(600)
        request = advance(request.pk, 0.1)
    assert states(request) == {PaymentState.SENT, PaymentState.APPROVED}
    assert request.next_attempt_at
    assert request.next_attempt_at > clock.now() + timedelta(minutes=5)


def test_when_the_payer_wants_no_more_of_it_their_words_are_kept(stage: Stage) -> None:
    request = one_of_two_paid(stage)
    approvals.decline(request.pk, "Enough")
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.SETTLED_IN_PART, "rest_declined")
    assert request.reason_params == {"words": "Enough"}
    assert states(request) == {PaymentState.SETTLED, PaymentState.CANCELLED}
    assert list(violations()) == []

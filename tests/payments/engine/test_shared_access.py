"""What one request of a seller was told or given by a provider serves the next ones, while it is true and lives."""

from typing import Any

import pytest
from django.db import transaction

from ledger import clock
from payments.engine.advance import advance
from payments.engine.planning.quote_path import AccessGrants
from payments.engine.steps.base import end_dead_grant
from payments.engine.steps.receiving import PollIncomingPayment
from payments.models import Grant, Payment, PaymentRequest
from payments.models.grants import GrantKind
from payments.openpayments.errors import Refused, Said
from payments.openpayments.keys import generate_key, public_jwk
from payments.openpayments.operations import Operation
from payments.openpayments.types import AccessToken
from payments.states import GrantState, PaymentState, RequestState
from payments.tokens import token_columns, token_of
from tests.cast import seller_with_key
from tests.driver import SECONDS, Stage, usable

LOOK_UP, ASK_ACCESS, PLACE = "get-wallet-address", "post-request", "create-incoming-payment"
HOUR = 3600


def asks_of(stage: Stage, request: PaymentRequest, operation: str) -> int:
    """How often a wallet is asked for that, until the request is quoted."""
    stage.sandbox.clear_requests()
    assert advance(request.pk, SECONDS).state == RequestState.QUOTED
    return len(stage.sandbox.requests(operation))


def test_the_next_request_asks_for_no_access_of_its_own(stage: Stage) -> None:
    assert asks_of(stage, stage.ask(), ASK_ACCESS) == 2
    again = stage.ask()
    assert asks_of(stage, again, ASK_ACCESS) == 0
    stage.settle(stage.send(again))
    assert stage.received() == 100_00


def test_access_is_shared_for_an_hour_at_the_most_and_only_while_its_token_lives(stage: Stage) -> None:
    stage.quoted()
    stage.later(HOUR / 2)
    assert asks_of(stage, stage.ask(), ASK_ACCESS) == 2, "the tokens have run out"
    Grant.objects.update(token_expires_at=PaymentRequest.objects.latest("created_at").expires_at)
    stage.later(HOUR + 1)
    assert asks_of(stage, stage.ask(), ASK_ACCESS) == 2


def test_another_seller_asks_for_itself(stage: Stage) -> None:
    stage.quoted()
    key = generate_key()
    url = stage.sandbox.create_wallet("other", keys=[public_jwk(key, "k1").to_wire()])
    stage.seller = seller_with_key(key, id="other", name="Other", wallet=usable(url))
    assert asks_of(stage, stage.ask(), ASK_ACCESS) == 2


def test_a_token_goes_to_no_other_server_than_that_it_was_given_for(stage: Stage) -> None:
    """A wallet that names somebody else's authorization server is not shown tokens that were not asked for it."""
    stage.quoted()
    request = stage.ask()
    access, payment = AccessGrants(request, clock.now()), stage.payment(request)
    assert access.to(GrantKind.INCOMING, payment.receiver_wallet, payment)
    payment.receiver_wallet.resource_server = "https://elsewhere.example/"
    assert access.to(GrantKind.INCOMING, payment.receiver_wallet, payment) is None


def test_a_shared_token_that_the_wallet_no_longer_takes_costs_one_try(stage: Stage) -> None:
    stage.quoted()
    request = stage.ask()
    stage.sandbox.faults({"match": {"operation": PLACE}, "do": "status:401", "times": 1})
    assert asks_of(stage, request, ASK_ACCESS) == 2, "access of its own, for all that is still to be asked"
    assert Grant.objects.filter(kind="incoming-payment", state=GrantState.ENDED).count() == 1


@pytest.mark.parametrize("operation", [PLACE, "create-quote"])
def test_in_whatever_words_a_shared_token_is_refused_it_costs_one_try(stage: Stage, operation: str) -> None:
    stage.quoted()
    stage.sandbox.faults({"match": {"operation": operation}, "do": "status:403", "times": 1})
    assert stage.quoted().state == RequestState.QUOTED


def test_a_token_that_was_renewed_meanwhile_is_not_ended_by_who_used_the_earlier_one(stage: Stage) -> None:
    request = stage.quoted()
    grant = request.grants.get(kind="incoming-payment")
    used = token_of(grant)
    assert used
    renewed = AccessToken(value="renewed", manage_url=used.manage_url, expires_in=600)
    Grant.objects.filter(pk=grant.pk).update(**token_columns(grant, renewed))
    end_dead_grant(grant.pk, dead(), used)
    grant.refresh_from_db()
    assert grant.state == GrantState.ACTIVE
    end_dead_grant(grant.pk, dead(), AccessToken(value="renewed", manage_url=used.manage_url, expires_in=None))
    grant.refresh_from_db()
    assert grant.state == GrantState.ENDED


def dead() -> Refused:
    return Refused(Operation.CREATE_INCOMING_PAYMENT, "https://wallet.example/incoming-payments", 401, Said())


def test_what_is_denied_to_the_token_of_another_request_is_no_evidence(stage: Stage) -> None:
    """That may have been renewed a moment ago. To its own, which lives, it means that what has expired is over."""
    owner, other = stage.quoted(), stage.quoted()
    stage.later(25 * HOUR + 1)
    Grant.objects.filter(kind="incoming-payment").update(changed_at=clock.now())
    for status in (401, 404):
        assert not is_over_once_denied(other, status)
    assert is_over_once_denied(owner, 401)


def is_over_once_denied(request: PaymentRequest, status: int) -> bool:
    incoming = request.payments.get().incoming_payments.get()
    with transaction.atomic():
        step = PollIncomingPayment.plan(request, incoming, Grant.objects.get(kind="incoming-payment"))
        step.failed(Refused(Operation.GET_INCOMING_PAYMENT, incoming.remote_id, status, Said()))
    incoming.refresh_from_db()
    return incoming.over_at is not None


def test_wallets_are_not_looked_up_again_within_minutes(stage: Stage) -> None:
    stage.quoted()
    assert asks_of(stage, stage.ask(), LOOK_UP) == 0
    stage.later(HOUR)
    assert asks_of(stage, stage.ask(), LOOK_UP) == 2, "payer and seller; whoever asks has looked up the receiver"


def test_a_wallet_with_which_something_was_wrong_is_looked_up_again(stage: Stage) -> None:
    stage.quoted()
    wallet = usable(stage.payer_url)
    wallet.keep(problem="wallet_unreachable")
    assert asks_of(stage, stage.ask(), LOOK_UP) == 1


def test_one_that_closed_since_it_was_looked_up_is_told_as_closed(stage: Stage) -> None:
    """What was remembered is looked at anew before anybody is told why it can't be paid; nothing is tried twice."""
    request = stage.ask()
    stage.sandbox.change_wallet("maria", disabled=True)
    stage.sandbox.clear_requests()
    assert advance(request.pk, SECONDS).state == RequestState.FAILED
    payment = Payment.objects.get(request=request)
    assert (payment.state, payment.reason) == (PaymentState.FAILED, "receiver_wallet")
    assert len(stage.sandbox.requests(PLACE)) == 1


def test_a_refusal_that_its_wallets_do_not_explain_is_told_as_it_was(stage: Stage) -> None:
    request = stage.ask()
    refuses: dict[str, Any] = {"match": {"operation": PLACE}, "do": "status:400", "times": None}
    stage.sandbox.faults(refuses)
    assert advance(request.pk, SECONDS).state == RequestState.FAILED
    payment = Payment.objects.get(request=request)
    assert payment.state == PaymentState.FAILED
    assert payment.reason not in {"", "receiver_wallet"}
    assert len(stage.sandbox.requests(PLACE)) == 1

"""Rows that two change at once: nobody's words are lost, and nobody waits for the other for ever.

SQLite has one writer at a time, so there the two only follow each other; PostgreSQL lets them meet.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from ledger import clock
from payments.actions import requests, set_rules, standing_budgets
from payments.actions.requests import lock_request
from payments.actions.set_rules import RuleTerms
from payments.client import client
from payments.engine.advance import _apply
from payments.engine.budget_reservations import note_disagreement
from payments.engine.steps.checking import CheckWallet
from payments.engine.steps.rotate_token import RotateToken
from payments.models import Grant, PaymentRequest, WalletAddress
from payments.models.rules import Measure
from payments.openpayments.amounts import Amount
from payments.openpayments.errors import Refused, Said
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.states import GrantState, RequestState
from tests.driver import SECONDS, Stage, together
from tests.payments.engine.budgets import active, again, drawn

pytestmark = pytest.mark.django_db(transaction=True)

#: Of two that meet nowhere, one waits for the other's transaction: so long for it to come after all.
MEETING_SECONDS = 2.0


class Meeting:
    """Two threads wait for each other, each after it has changed, or read, a row that the other wants next."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2, timeout=MEETING_SECONDS)

    def after(self, statement: str, table: str, call: Callable[[], Any]) -> Callable[[], Any]:
        """`call`, which comes to the meeting after its first such statement on `table`."""

        def watched() -> Any:
            came = False

            def execute(do: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
                nonlocal came
                done = do(sql, params, many, context)
                if not came and sql.startswith(statement) and f'"{table}"' in sql:
                    came = True
                    self._come()
                return done

            with connection.execute_wrapper(execute):
                return call()

        return watched

    def _come(self) -> None:
        # Broken: the other one waits for our transaction, so they were put in one order.
        with suppress(threading.BrokenBarrierError):
            self._barrier.wait()


def test_a_token_that_could_not_be_renewed_and_the_end_of_its_budget(stage: Stage) -> None:
    budget = active(stage)
    draw = PaymentRequest.objects.select_related("seller__wallet").get(pk=drawn(stage, budget).pk)
    assert budget.grant
    step = RotateToken.plan(draw, budget.grant)
    refused = Refused(Operation.ROTATE_TOKEN, step.address, 401, Said())
    meeting = Meeting()
    outcomes = together(
        meeting.after("UPDATE", "payments_grant", lambda: _apply(step, refused)),
        meeting.after("UPDATE", "payments_paymentrequest", lambda: standing_budgets.stop(budget.pk, by=stage.staff)),
    )
    assert outcomes == [None, None]
    assert Grant.objects.get(pk=budget.grant.pk).state == GrantState.CANCELLING
    assert again(budget).request.finished_at


def test_a_budget_that_is_resumed_and_one_that_its_wallet_counts_otherwise(stage: Stage) -> None:
    budget = active(stage)
    draw = drawn(stage, budget)
    standing_budgets.pause(budget.pk, by=stage.staff)
    grant = budget.grant
    assert grant

    @transaction.atomic
    def disagree() -> None:
        lock_request(draw.pk)
        note_disagreement(grant)

    meeting = Meeting()
    outcomes = together(
        meeting.after("UPDATE", "payments_paymentrequest", disagree),
        meeting.after("UPDATE", "payments_standingbudget", lambda: standing_budgets.resume(budget.pk, by=stage.staff)),
    )
    assert outcomes == [None, None]
    assert again(budget).disagreed_at
    assert again(budget).paused_at is None


@pytest.mark.edits_rows("the wallet is proven beside the check")
def test_a_proof_that_is_won_while_the_wallet_is_looked_up_stays(stage: Stage) -> None:
    wallet = stage.worker
    check = CheckWallet("", wallet.pk, wallet.url)
    found = check.call(client(), Deadline.after(SECONDS))

    @transaction.atomic
    def keep() -> None:
        check.apply(found)

    def prove() -> None:
        WalletAddress.objects.filter(pk=wallet.pk).update(proven_at=clock.now())

    meeting = Meeting()
    outcomes = together(
        meeting.after("SELECT", "payments_walletaddress", keep),
        meeting.after("UPDATE", "payments_walletaddress", prove),
    )
    assert outcomes == [None, None]
    assert WalletAddress.objects.get(pk=wallet.pk).proven_at


def test_two_requests_that_one_person_sends_at_once_are_one_sum(stage: Stage) -> None:
    """Alone each is within what they may send alone in a day; together they are not."""
    set_rules.set_rule(Amount(150_00, stage.payer.asset), stage.staff, RuleTerms(Measure.DAY))
    requests_of_rosa = (stage.quoted().pk, stage.quoted().pk)
    meeting = Meeting()

    def send(request_id: str) -> str:
        return str(requests.send(request_id, by=stage.staff).state)

    outcomes = together(
        *(meeting.after("UPDATE", "payments_paymentrequest", partial(send, each)) for each in requests_of_rosa)
    )
    assert sorted(outcomes) == [RequestState.AWAITING_APPROVAL, RequestState.AWAITING_AUTHORISATION]

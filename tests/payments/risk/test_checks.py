"""What is unusual about payments before they are sent, in one sentence each, and at what cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import clock
from payments.actions.set_risk_levels import set_risk_level
from payments.models import Payment, PaymentRequest, RiskLevel, WalletAddress
from payments.models.payments import Purpose
from payments.risk.checks import CHECKS, FAR_ABOVE, LEAST_HABIT
from payments.risk.warnings import unsent_of, warnings_of
from payments.states import PaymentState, RequestState
from tests.cast import RECEIVER_WALLET, asked, paid_to_maria, settled, staff, wallet

pytestmark = pytest.mark.django_db


def quoted(**columns: Any) -> PaymentRequest:
    row = asked(RequestState.QUOTED)
    paid_to_maria(row, **columns)
    return row


def said(request: PaymentRequest) -> dict[str, str]:
    """The sentences of a request's warnings, by check."""
    return {each.check.name: each.text.replace("\xa0", " ") for each in warnings_of(unsent_of(request.pk))}


def proven() -> None:
    WalletAddress.objects.filter(pk=wallet(RECEIVER_WALLET).pk).update(proven_at=clock.now())


def test_a_first_payment_to_a_wallet_that_nobody_has_proven() -> None:
    assert said(quoted()) == {
        "first_payment": f"Nothing was ever paid to the wallet of María Hernández, {RECEIVER_WALLET}.",
        "wallet_unproven": f"Nobody has proven that the wallet of María Hernández, {RECEIVER_WALLET}, is theirs.",
    }


def test_nothing_is_said_of_what_is_usual() -> None:
    proven()
    settled()
    assert said(quoted(value=124000)) == {}


@pytest.mark.parametrize(("days", "warned"), [(0, True), (29, True), (30, False)])
@pytest.mark.parametrize("how", ["another wallet of the member", "another wallet at the address"])
def test_a_wallet_that_changed_lately(days: int, warned: bool, how: str) -> None:
    since = clock.now() - timedelta(days=days)
    request = quoted(wallet_since=since if how == "another wallet of the member" else None)
    if how == "another wallet at the address":
        WalletAddress.objects.filter(pk=wallet(RECEIVER_WALLET).pk).update(became_at=since)
    assert ("wallet_changed" in said(request)) is warned


def test_as_much_to_the_same_wallet_lately() -> None:
    settled()
    told = "In the last 30 days the wallet of María Hernández had another payment of 1,250.00 MXN"
    assert said(quoted())["duplicate"].startswith(told)
    assert "duplicate" not in said(quoted(value=125001))


def test_what_ended_without_money_or_is_long_ago_is_no_duplicate() -> None:
    paid_to_maria(asked(RequestState.CANCELLED), PaymentState.CANCELLED)
    paid_to_maria(asked(RequestState.DECLINED))
    Payment.objects.filter(pk=settled().pk).update(created_at=clock.now() - timedelta(days=31))
    assert "duplicate" not in said(quoted())


def test_far_above_what_this_payer_pays() -> None:
    for _ in range(LEAST_HABIT - 1):
        settled()
    large = quoted(value=FAR_ABOVE * 125000 + 1)
    assert "unlike_payer" not in said(large), "too few to make a habit"
    settled()
    assert said(large)["unlike_payer"] == (
        "María Hernández would get 3,750.01 MXN; by the last 5 payments of Coro de Oaxaca receivers got about"
        " 1,250.00 MXN."
    )
    assert "unlike_payer" not in said(quoted(value=FAR_ABOVE * 125000))
    assert "unlike_payer" not in said(quoted(value=FAR_ABOVE * 125000 + 1, asset_code="USD")), "another currency"


@pytest.mark.parametrize("purpose", [Purpose.FEE, Purpose.ESCROW, Purpose.REFUND])
def test_what_goes_to_ourselves_or_back_is_not_warned_of(purpose: Purpose) -> None:
    assert said(quoted(purpose=purpose)) == {}


def test_a_check_that_is_off_is_not_looked_at() -> None:
    set_risk_level("first_payment", RiskLevel.OFF, staff())
    assert set(said(quoted())) == {"wallet_unproven"}


def test_each_check_says_what_it_is_with_its_figures() -> None:
    for check in CHECKS.values():
        assert "%(name)s" in str(check.words), check.name
        assert str(check.label), check.name


def test_as_many_queries_for_many_payments_as_for_one() -> None:
    for name in CHECKS:
        set_risk_level(name, RiskLevel.BLOCK, staff())
    one, many = quoted(), asked(RequestState.QUOTED)
    for number in range(20):
        paid_to_maria(many, receiver_wallet=wallet(f"worker-{number}"))
    counts = []
    for request in (one, many):
        with CaptureQueriesContext(connection) as queries:
            assert warnings_of(unsent_of(request.pk))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def read_whole(sql: str, params: Any) -> list[str]:
    """The steps by which a statement reads all rows of one of this room's tables."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            steps = [str(row[3]) for row in cursor.fetchall()]
            return [step for step in steps if step.startswith("SCAN payments_") and "INDEX" not in step]
        # Of so few rows reading all is cheaper, as it is not of a million.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}", params)
        return [str(row[0]) for row in cursor.fetchall() if "Seq Scan on payments_" in str(row[0])]


def test_an_index_stands_behind_each_condition() -> None:
    request, asked_for = quoted(), []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        # How strictly checks count is one row each, and all of them are read.
        if sql.startswith("SELECT") and "risksetting" not in sql:
            asked_for.append((sql, params))
        return execute(sql, params, many, context)

    settled()
    with connection.execute_wrapper(keep):
        assert warnings_of(unsent_of(request.pk))
    assert len(asked_for) > 3
    assert not [step for sql, params in asked_for for step in read_whole(sql, params)]

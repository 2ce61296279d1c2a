"""A query whose SQL is put together once reads what it reads when that is done each time, and asks no more."""

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import close_old_connections, connection, connections
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from ledger import clock
from ledger.compiled import Compiled
from payments import pauses
from payments.actions import pausing
from payments.engine import queries
from payments.models import Payment, PaymentRequest, sellers
from payments.models.attempts import incoming_payments_of, latest_quote, outgoing_payments_of
from payments.models.grants import GrantKind
from payments.models.pauses import PauseScope
from payments.states import PaymentState, RequestState
from payments.worker import claims
from tests.cast import asked, paid_to_maria, radio
from tests.progress import granted

ELSEWHERE = ("keys", "pauses", "due", "UNPAID", "ORDERED", "SHARED_ACCESS")
OF_A_REQUEST = ("REQUEST", "PAYMENTS", "OUTGOING_PAYMENTS", "QUOTES", "INCOMING_PAYMENTS", "APPROVALS", "ACCESS")
OF_AN_ATTEMPT: dict[str, Callable[[Payment], str]] = {
    "PAYMENT": lambda payment: payment.pk,
    "GRANT": lambda payment: payment.outgoing_payments.get().grant_id,
    "INCOMING_PAYMENT": lambda payment: payment.incoming_payments.get().pk,
    "QUOTE": lambda payment: payment.quotes.get().pk,
    "OUTGOING_PAYMENT": lambda payment: payment.outgoing_payments.get().pk,
}


def whole() -> Payment:
    """With a row of everything that a plan reads. It failed after its order, and its place is still to be closed."""
    now = clock.now()
    request = asked(RequestState.APPROVED, next_attempt_at=now - timedelta(minutes=1), form_id=None)
    payment = paid_to_maria(request, PaymentState.FAILED, through=PaymentState.SENT)
    payment.incoming_payments.update(expires_at=now + timedelta(days=3))
    key = radio().active_key
    granted(request, kind=GrantKind.QUOTE, key=key, token_expires_at=now + timedelta(minutes=10))
    return payment


def cases(payment: Payment) -> dict[str, tuple[Compiled[Any], tuple[Any, ...]]]:
    """Every such query, with what it is asked for about `payment`."""
    now = clock.now()
    found: dict[str, tuple[Compiled[Any], tuple[Any, ...]]] = {
        "keys": (sellers._KEYS, (payment.request.seller_id,)),
        "pauses": (pauses._ACTIVE, ()),
        "due": (claims._DUE, (now,)),
        "UNPAID": (queries.UNPAID, (payment.request_id, now)),
        "ORDERED": (queries.ORDERED, (payment.request_id, now)),
        "SHARED_ACCESS": (queries.SHARED_ACCESS, (*of_a_provider(payment), now - timedelta(hours=1), now)),
    }
    found |= {name: (getattr(queries, name), (payment.request_id,)) for name in OF_A_REQUEST}
    found |= {name: (getattr(queries, name), (key(payment),)) for name, key in OF_AN_ATTEMPT.items()}
    return found


def of_a_provider(payment: Payment) -> tuple[str, ...]:
    """What tells access that one seller was given by one provider from all other."""
    wallet = payment.request.grants.get(kind=GrantKind.QUOTE).wallet
    return radio().active_key.pk, GrantKind.QUOTE.value, wallet.auth_server, wallet.resource_server


def contents(row: Model, *before: Model) -> dict[str, Any]:
    """Its columns, and those of the rows that were read with it."""
    joined = {
        name: contents(other, row, *before)
        for name, other in row._state.fields_cache.items()
        if other and not any(other is one for one in before)
    }
    return {**{name: value for name, value in vars(row).items() if name != "_state"}, **joined}


def test_no_query_of_a_plan_is_left_out_here(db: None) -> None:
    named = {name for name, found in vars(queries).items() if isinstance(found, Compiled)}
    assert named <= cases(whole()).keys()


@pytest.mark.parametrize("name", [*ELSEWHERE, *OF_A_REQUEST, *OF_AN_ATTEMPT])
def test_it_reads_the_same_rows_by_the_same_sql(db: None, name: str) -> None:
    pausing.pause(PauseScope.HOST, "wallet.example", "Counting", None)
    query, values = cases(whole())[name]
    query(*values)
    other, values = cases(whole())[name]
    assert other is query

    with CaptureQueriesContext(connection) as compiled:
        found = [contents(row) for row in query(*values)]
    with CaptureQueriesContext(connection) as each_time:
        expected = [contents(row) for row in query.build(*values)]

    assert found
    assert found == expected
    assert [asked["sql"] for asked in compiled] == [asked["sql"] for asked in each_time]


def test_attempts_are_at_hand_once_they_were_read(db: None) -> None:
    payment = whole()
    alone = paid_to_maria(payment.request)
    request = queries.REQUEST.get(payment.request_id)
    payments = queries.payments_of(request)
    queries.add_outgoing_payments(request, payments)
    queries.add_quotes(request, payments)

    with CaptureQueriesContext(connection) as asked:
        first, second = payments
        assert [order.quote.incoming.value for order in outgoing_payments_of(first)] == [125000]
        assert [place.payment for place in incoming_payments_of(first)] == [first]
        assert latest_quote(first)
        assert hasattr(latest_quote(first), "outgoing_payment")
        assert second == alone
        assert outgoing_payments_of(second) == []
        assert second.request.payer_wallet.host == first.receiver_wallet.host.replace("bank", "wallet")
    assert not list(asked)


@pytest.mark.django_db(transaction=True)
def test_each_thread_reads_by_its_own_connection() -> None:
    keys = [whole().pk, whole().pk]
    for key in keys:
        queries.PAYMENT.get(key)
    mine = connection.connection

    def read(key: str) -> tuple[str, bool]:
        close_old_connections()
        try:
            return queries.PAYMENT.get(key).pk, connection.connection is mine
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=2) as pool:
        assert list(pool.map(read, keys * 10)) == [(key, False) for key in keys * 10]


@pytest.mark.django_db(transaction=True)
def test_it_keeps_no_connection_of_a_thread_that_ended() -> None:
    query = Compiled(queries.PAYMENT.build, str)

    def first_read(key: str) -> weakref.ref[Any]:
        query(key)
        connections.close_all()
        return weakref.ref(connections["default"])

    with ThreadPoolExecutor(max_workers=1) as pool:
        used = pool.submit(first_read, whole().pk).result()
    gc.collect()
    assert used() is None
    assert query(whole().pk)


def test_a_row_that_is_not_there_is_told_as_always(db: None) -> None:
    with pytest.raises(PaymentRequest.DoesNotExist):
        queries.REQUEST.get("nobody")


def test_a_parameter_that_the_database_would_not_get_as_it_is_is_refused(db: None) -> None:
    wrong = Compiled(lambda text: PaymentRequest.objects.filter(title__contains=text), str)
    with pytest.raises(AssertionError, match="not compared"):
        wrong("Cuentos")

"""Every invariant holds of a payment that went well, and notices what it is there to notice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from ledger import clock
from payments.books.booking import book
from payments.invariants import INVARIANTS, violations
from payments.invariants.amounts import MONEY
from payments.invariants.state_order import ORDER
from payments.mail.queue import queue_message
from payments.models import (
    BudgetPeriod,
    Grant,
    IncomingPayment,
    Message,
    OutgoingPayment,
    OutsidePayment,
    OutsideSettlement,
    Payment,
    PaymentRequest,
    Proposal,
    Quote,
    Refund,
    StandingBudget,
)
from payments.models.messages import Template
from payments.states import PaymentState, RequestState
from tests import cast

pytestmark = pytest.mark.django_db

DEBIT: dict[str, Any] = {"debit_value": 101_00, "debit_code": "MXN", "debit_scale": 2}
RECEIVE: dict[str, Any] = {"receive_value": 100_00, "receive_code": "MXN", "receive_scale": 2}


@dataclass
class Told:
    """A payment that settled, row by row."""

    request: PaymentRequest
    payment: Payment
    grant: Grant
    incoming: IncomingPayment
    quote: Quote
    outgoing: OutgoingPayment
    message: Message
    proposal: Proposal
    rosa: User
    luis: User


def refund_itself(told: Told) -> None:
    Refund.objects.create(of=told.payment, payment=told.payment)


@pytest.fixture
def told() -> Told:
    """Made by the moves that the engine makes, so that the ledger has every one of them."""
    rosa, luis = cast.staff("rosa"), cast.staff("luis")
    request = cast.asked(RequestState.SETTLED, requested_by=rosa, ceiling_debit=101_00)
    payment = cast.paid_to_maria(request, PaymentState.SETTLED, value=100_00)
    message = queue_message(Template.RECEIPT, request=payment.request, occasion="receipt")
    assert message
    return Told(
        payment.request,
        payment,
        payment.request.grants.get(),
        payment.incoming_payments.get(),
        payment.quotes.get(),
        payment.outgoing_payments.get(),
        message,
        Proposal.objects.create(kind="rule", subject="-", proposed_by=rosa, expires_at=clock.now()),
        rosa,
        luis,
    )


def broken() -> dict[str, tuple[str, ...]]:
    return {violation.invariant.name: violation.ids for violation in violations()}


def change(row: object, **columns: object) -> None:
    """As no code of ours would: without a move and without an entry."""
    type(row)._default_manager.filter(pk=row.pk).update(**columns)  # type: ignore[attr-defined]  # any of our rows


def order_again(told: Told) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_live_outgoing_payment")
    quote = Quote.objects.create(payment=told.payment, incoming=told.incoming, state="open", **DEBIT, **RECEIVE)
    OutgoingPayment.objects.create(payment=told.payment, quote=quote, grant=told.grant, state="unknown")


def order_elsewhere(told: Told) -> None:
    """What the first was given for is neither read nor closed."""
    change(told.outgoing, state="refused")
    elsewhere = IncomingPayment.objects.create(
        payment=told.payment, wallet=told.payment.receiver_wallet, value=100_00, asset_code="MXN", asset_scale=2
    )
    quote = Quote.objects.create(payment=told.payment, incoming=elsewhere, state="open", **DEBIT, **RECEIVE)
    OutgoingPayment.objects.create(payment=told.payment, quote=quote, grant=told.grant, state="done")


def settle_outside_alone(told: Told) -> None:
    change(told.payment, state="settled_outside", received_value=0)
    OutsideSettlement.objects.create(
        payment=told.payment,
        way="cash",
        evidence="a receipt",
        claimed_by=told.rosa,
        confirmed_by=told.rosa,
        confirmed_at=clock.now(),
    )


def keep_the_approval(told: Told) -> None:
    change(told.grant, state="active")
    change(told.request, finished_at=clock.now() - timedelta(hours=2))


def pay_more_than_fixed(told: Told) -> None:
    change(told.payment, fixed_debit=100_99, debit_code="MXN", debit_scale=2)


def reserve_for_nobody(told: Told) -> None:
    """In a budget of the same id as the request, so that the row which is named is one of those told of."""
    now = clock.now()
    bounds = {"starts_at": now, "ends_at": now + timedelta(weeks=1)}
    limits = {"limit_value": 100, "largest_value": 100, "asset_code": "USD", "asset_scale": 2}
    budget = StandingBudget.objects.create(
        id=told.request.pk, request=told.request, unit="week", count=1, **limits, **bounds
    )
    BudgetPeriod.objects.create(budget=budget, number=1, limit_value=100, reserved_value=1, **bounds)


def confirm_what_was_paid_in_cash_alone(told: Told) -> None:
    """Under the same id as the request, as above. Its database lost the constraint that keeps this from happening."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        else:
            cursor.execute(
                "ALTER TABLE payments_outsidepayment DROP CONSTRAINT paid_outside_says_a_second_person_and_was_owed"
            )
        amount = {"value": 100_00, "asset_code": "MXN", "asset_scale": 2, "owed_value": 100_00}
        people = {"claimed_by": told.rosa, "decided_by": told.rosa, "decided_at": clock.now()}
        OutsidePayment.objects.create(
            id=told.request.pk,
            seller=told.request.seller,
            way="cash",
            evidence="a receipt",
            paid_on=clock.now().date(),
            state="confirmed",
            **amount,
            **people,
        )
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


#: Each invariant, how to break it, and the row that is then named.
BREAKING: dict[str, tuple[Callable[[Told], None], str]] = {
    "one_live_order": (order_again, "payment"),
    "closed_before_another": (order_elsewhere, "payment"),
    "within_what_was_shown": (lambda told: change(told.grant, limit_debit=100_99), "grant"),
    "within_the_period": (reserve_for_nobody, "request"),
    "drawn_is_reserved": (lambda told: change(told.grant, interval="R1/2026-12-01T06:00:00Z/P1M"), "outgoing"),
    "within_the_ceiling": (lambda told: change(told.request, ceiling_debit=100_99), "request"),
    "within_what_the_payer_fixed": (pay_more_than_fixed, "payment"),
    "held_is_not_ordered": (lambda told: change(told.payment, held=True), "payment"),
    "settled_has_arrived": (lambda told: change(told.incoming, received_value=99_99), "payment"),
    "arrived_is_settled": (lambda told: change(told.payment, state="failed"), "payment"),
    "never_more_than_asked": (lambda told: change(told.incoming, received_value=100_01), "payment"),
    "received_adds_up": (lambda told: change(told.payment, received_value=1), "payment"),
    "outside_by_two": (settle_outside_alone, "payment"),
    "outside_by_two_and_owed": (confirm_what_was_paid_in_cash_alone, "request"),
    "fee_is_ours": (lambda told: change(told.payment, purpose="fee", state="sent"), "payment"),
    "authorised_by_another": (lambda told: change(told.request, authorised_by=told.rosa), "request"),
    "refunded_within_received": (
        # It gives itself back: more than arrived, and a refund of a refund.
        refund_itself,
        "payment",
    ),
    "always_by_two": (
        lambda told: change(told.request, two_people=True, authorised_by=None, sent_at=clock.now()),
        "request",
    ),
    "proposals_by_two": (lambda told: change(told.proposal, state="approved", decided_by=told.rosa), "proposal"),
    "orders_and_payments_agree": (lambda told: change(told.payment, state="sending"), "payment"),
    "sending_under_an_approval": (lambda told: change(told.payment, grant=None), "payment"),
    "ended_together": (lambda told: change(told.payment, state="sent"), "request"),
    "approvals_given_back": (keep_the_approval, "grant"),
    "next_look": (lambda told: change(told.message, next_attempt_at=None), "message"),
    "times_of_the_end": (lambda told: change(told.payment, settled_at=None), "payment"),
    "request_is_in_the_ledger": (lambda told: change(told.request, state="failed"), "request"),
    "payment_is_in_the_ledger": (lambda told: change(told.payment, state="sent"), "payment"),
    "grant_is_in_the_ledger": (lambda told: change(told.grant, state="active"), "grant"),
    "incoming_is_in_the_ledger": (lambda told: change(told.incoming, state="open"), "incoming"),
    "quote_is_in_the_ledger": (lambda told: change(told.quote, state="refused"), "quote"),
    "outgoing_is_in_the_ledger": (lambda told: change(told.outgoing, state="open"), "outgoing"),
}


def test_a_payment_that_went_well_breaks_nothing(told: Told) -> None:
    assert broken() == {}


def test_who_pays_exactly_what_they_fixed_breaks_nothing(told: Told) -> None:
    change(told.payment, fixed_debit=101_00, debit_code="MXN", debit_scale=2)
    book([told.payment.pk])
    assert broken() == {}


def test_an_order_to_a_place_that_was_only_asked_at_is_noticed(told: Told) -> None:
    change(told.quote, probe=True)
    assert broken() == {"within_what_the_payer_fixed": (told.payment.pk,)}


def test_each_invariant_is_broken_here_on_purpose() -> None:
    assert set(BREAKING) == {invariant.name for invariant in (*MONEY, *ORDER)}


@pytest.mark.parametrize("name", BREAKING)
def test_it_is_noticed_and_the_row_is_named(told: Told, name: str) -> None:
    breaking, row = BREAKING[name]
    breaking(told)
    assert broken()[name] == (getattr(told, row).pk,)


def test_an_approval_that_cannot_be_given_back_is_no_violation_while_it_is_tried(told: Told) -> None:
    change(told.request, finished_at=clock.now() - timedelta(days=2), next_attempt_at=clock.now())
    change(told.grant, state="cancelling")
    assert set(broken()) == {"grant_is_in_the_ledger"}


def test_two_people_may_settle_outside_what_came_in_part(told: Told) -> None:
    change(told.incoming, received_value=40_00)
    change(told.payment, state="settled_outside", received_value=40_00)
    claim = {"claimed_by": told.rosa, "confirmed_by": told.luis, "confirmed_at": clock.now()}
    OutsideSettlement.objects.create(payment=told.payment, way="bank", evidence="SPEI 7", **claim)
    assert "outside_by_two" not in broken()


def test_the_command_says_that_all_is_well(told: Told) -> None:
    out = StringIO()
    call_command("check_invariants", stdout=out, no_color=True)
    assert out.getvalue().count("OK  ") == len(INVARIANTS)


def test_the_command_names_what_is_broken_and_fails(told: Told) -> None:
    change(told.grant, limit_debit=1)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_invariants", "--quiet", stdout=out, no_color=True)
    assert ended.value.code == 1
    said, row, summary = out.getvalue().splitlines()
    assert said.startswith("within_what_was_shown: What was ordered under an approval is not more than")
    assert (row.strip(), summary) == (told.grant.pk, "1 of them does not hold.")

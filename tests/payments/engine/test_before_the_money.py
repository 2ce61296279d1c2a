"""The last check before the money: switch, limits and authorisation, when an outgoing payment is written down."""

from datetime import timedelta

import pytest
from django.db import transaction

from ledger import clock
from ledger.api import continues, seal
from payments.actions import approvals, attention, pausing, requests, set_limits, set_rules, standing_budgets
from payments.authorisation import EVERY_OTHER
from payments.engine import advance as engine
from payments.engine.advance import advance
from payments.engine.planning import plan
from payments.engine.planning.approval import note_growth
from payments.engine.steps.base import Step
from payments.engine.steps.sending import CreateOutgoingPayment
from payments.invariants import violations
from payments.models import Grant, OutgoingPayment, Pause, PaymentRequest
from payments.models.pauses import PauseCause, PauseScope
from payments.openpayments.amounts import Amount, Asset
from payments.pauses import active as active_pauses
from payments.presentation.reasons import Refusal
from payments.states import GrantState, PaymentState, RequestState
from payments.worker.broker import Broker
from payments.worker.database_identity import check_installation
from tests import progress
from tests.cast import asked, paid_to_maria, person, wallet
from tests.driver import SECONDS, Stage
from tests.ledger.tampering import tamper
from tests.payments.engine.budgets import DAY, active, drawn
from tests.payments.engine.splits import line, paid_to, states

USD = Asset("USD", 2)
EVERYTHING = 1_000_000
ORDER = "create-outgoing-payment"


def ordered(stage: Stage) -> int:
    return len([call for call in stage.sandbox.requests(ORDER) if call["status"] == 201])


def dearer(stage: Stage) -> None:
    """The payer's wallet takes half a dollar more for each payment, and what it quoted before has run out."""
    stage.later(400)
    stage.sandbox.change_wallet("sol", fee={"fixed": 50, "percentBps": 0})


def limit(stage: Stage, major: str, asset: Asset = USD) -> None:
    set_rules.set_rule(Amount.from_major(major, asset), by=stage.staff)


# The switch


@pytest.mark.prove
def test_a_pause_stops_everything_that_was_not_written_down(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty receivers; somebody pauses while the first few orders are given."""
    names = [f"worker-{number}" for number in range(40)]
    request = stage.approved(lines=[line(stage, name, "10.00") for name in names])
    do = engine._do
    written: list[int] = []

    def do_and_pause(steps: list[Step]) -> engine.Answered:
        if not written and any(isinstance(step, CreateOutgoingPayment) for step in steps):
            pausing.pause(PauseScope.ALL, "", "Audit", stage.staff)
            written.append(OutgoingPayment.objects.count())
        return do(steps)

    monkeypatch.setattr(engine, "_do", do_and_pause)
    advance(request.pk, SECONDS)
    assert OutgoingPayment.objects.count() == written[0] == ordered(stage)
    assert 0 < written[0] <= engine.MAX_AT_ONCE
    waiting = request.payments.filter(state=PaymentState.APPROVED)
    assert set(waiting.values_list("reason", flat=True)) == {"paused"}
    pause = Pause.objects.get()
    pausing.resume(pause.pk, stage.staff)
    assert advance(request.pk, 120).state == RequestState.SETTLED
    assert {stage.received(name) for name in names} == {10_00}
    assert (ordered(stage), stage.sandbox.balance("sol")) == (40, EVERYTHING - 400_00)
    assert not violations()


@pytest.mark.parametrize("host", ["wallet.example", "AUTH.wallet.example", "auth.wallet.example:443", "money.example"])
@pytest.mark.django_db
def test_a_host_is_paused_whichever_part_of_a_wallet_it_serves(host: str) -> None:
    wallet("https://bank.example/maria", resource_server="https://money.example/")
    request = asked()
    payment = paid_to_maria(request)
    progress.approve(request)
    Grant.objects.filter(request=request).update(token_expires_at=clock.now() + timedelta(hours=1))
    pausing.pause(PauseScope.HOST, host, "Audit", None)
    with transaction.atomic():
        plan(PaymentRequest.objects.get(pk=request.pk), clock.now())
    payment.refresh_from_db()
    assert (payment.state, payment.reason) == (PaymentState.APPROVED, "paused")


@pytest.mark.django_db(transaction=True)
def test_a_database_put_in_the_place_of_ours_while_we_run_moves_nothing_until_somebody_accepts_it() -> None:
    """It is noticed by whoever is about to write the order down, before any worker's turn; then all is paused."""
    request = asked()
    payment = paid_to_maria(request)
    progress.approve(request)
    Grant.objects.filter(request=request).update(token_expires_at=clock.now() + timedelta(hours=1))
    seal()
    assert check_installation() is None
    tamper('DELETE FROM ledger_link WHERE "index" = (SELECT MAX("index") FROM ledger_link)')

    def planned() -> str:
        with transaction.atomic():
            plan(PaymentRequest.objects.get(pk=request.pk), clock.now())
        payment.refresh_from_db()
        return payment.reason

    assert planned() == "paused"
    assert payment.state == PaymentState.APPROVED
    assert not OutgoingPayment.objects.exists()
    Broker().look()
    (pause,) = active_pauses()
    assert pause.cause == PauseCause.DATABASE_RESTORED
    pausing.resume(pause.pk, person("ana"))
    assert check_installation() is None
    assert continues()
    assert active_pauses() == []


def test_a_pause_of_days_fails_nothing_that_was_approved(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.faults({"match": {"operation": ORDER}, "do": "status:400", "times": 1})
    request = advance(request.pk, 0)
    while not stage.payment(request).failures:
        request = advance(request.pk, 0)
    pause = pausing.pause(PauseScope.ALL, "", "Audit", stage.staff)
    for _ in range(3):
        stage.later(DAY)
        assert advance(request.pk, 1).state == RequestState.APPROVED
    pausing.resume(pause.pk, stage.staff)
    # It is tried for as long as if there had been no pause, also where a wallet refuses once more.
    stage.sandbox.faults({"match": {"operation": ORDER}, "do": "status:400", "times": 1})
    assert stage.see_through(request).state == RequestState.SETTLED
    assert stage.received() == 100_00


def test_a_budgets_pause_of_days_fails_no_payment_from_it(stage: Stage) -> None:
    budget = active(stage)
    request = drawn(stage, budget)
    stage.sandbox.faults({"match": {"operation": ORDER}, "do": "status:400", "times": 1})
    while not stage.payment(request).failures:
        request = advance(request.pk, 0)
    standing_budgets.pause(budget.pk, by=stage.staff)
    for _ in range(2):
        stage.later(DAY)
        assert advance(request.pk, 1).state == RequestState.APPROVED
    standing_budgets.resume(budget.pk, by=stage.staff)
    stage.sandbox.faults({"match": {"operation": ORDER}, "do": "status:400", "times": 1})
    assert stage.see_through(request).state == RequestState.SETTLED


def test_a_pause_of_months_forgets_no_approval(stage: Stage) -> None:
    request = stage.approved()
    pause = pausing.pause(PauseScope.ALL, "", "Audit", stage.staff)
    advance(request.pk, 1)
    for _ in range(5):
        stage.later(8 * DAY)
        advance(request.pk, 1)
    pausing.resume(pause.pk, stage.staff)
    assert len(stage.sandbox.requests("post-token")) == 5
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED


# A second person


def test_what_grows_beyond_the_limit_goes_to_a_second_person_before_the_payer_sees_it(stage: Stage) -> None:
    limit(stage, "100.00")
    request = stage.sent()
    assert (request.state, request.authorised_debit) == (RequestState.AWAITING_APPROVAL, None)
    dearer(stage)
    approvals.approve(request.pk, 100_00)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.proposed_debit) == (RequestState.AWAITING_AUTHORISATION, 100_50)
    with pytest.raises(Refusal):
        approvals.approve(request.pk, 100_50)
    with pytest.raises(Refusal):
        requests.authorise(request.pk, by=stage.staff)
    request = requests.authorise(request.pk, by=person("luis"))
    assert (request.state, request.authorised_debit) == (RequestState.AWAITING_APPROVAL, 100_50)
    assert request.messages.filter(template="approval_again").count() == 1
    assert stage.settle(request, accepted=100_50).state == RequestState.SETTLED
    assert not violations()


def test_nobody_accepts_what_has_only_just_grown_beyond_the_limit(stage: Stage) -> None:
    limit(stage, "100.00")
    request = stage.sent()
    with transaction.atomic():
        note_growth(request, 100_50)
    with pytest.raises(Refusal, match="second person"):
        approvals.approve(request.pk, 100_50)
    assert advance(request.pk, 1).state == RequestState.AWAITING_AUTHORISATION


def test_what_grows_beyond_what_was_authorised_is_authorised_again(stage: Stage) -> None:
    limit(stage, "50.00")
    request = requests.authorise(stage.sent().pk, by=person("luis"))
    assert (request.state, request.authorised_debit) == (RequestState.AWAITING_APPROVAL, 100_00)
    older = stage.at_wallet(request)
    dearer(stage)
    approvals.approve(request.pk, 100_00)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.authorised_debit) == (RequestState.AWAITING_AUTHORISATION, 100_00)
    # What the payer was about to approve is no longer asked for.
    assert Grant.objects.get(request=request, kind="outgoing-payment").state == GrantState.ENDED
    assert older
    request = requests.authorise(request.pk, by=person("tomas"))
    assert stage.settle(request, accepted=100_50).state == RequestState.SETTLED


def test_what_grows_within_what_was_authorised_asks_nobody_but_the_payer(stage: Stage) -> None:
    limit(stage, "100.50")
    request = stage.sent()
    dearer(stage)
    approvals.approve(request.pk, 100_00)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.proposed_debit) == (RequestState.AWAITING_APPROVAL, 100_50)
    assert stage.settle(request, accepted=100_50).state == RequestState.SETTLED


def test_what_grows_after_the_payers_approval_goes_to_a_second_person_first(stage: Stage) -> None:
    limit(stage, "200.00")
    request = stage.approved(lines=[line(stage, "ana", "100.00"), line(stage, "beto", "100.00")])
    dearer(stage)
    request = advance(request.pk, 30)
    assert (request.state, request.shown) == (RequestState.AWAITING_AUTHORISATION, 100_50)
    assert sorted(states(request).values()) == ["quoted", "settled"]
    request = requests.authorise(request.pk, by=person("luis"))
    assert (request.state, request.authorised_debit) == (RequestState.AWAITING_APPROVAL, 201_00)
    assert stage.settle(request, accepted=100_50).state == RequestState.SETTLED
    assert not violations()


@pytest.mark.usefixtures("soon_a_person")
def test_what_was_ordered_is_seen_to_its_end_while_a_second_person_is_asked(stage: Stage) -> None:
    request = unauthorised_while_ana_needs_a_person(stage)
    requests.cancel(request.pk, by=stage.staff)
    request = advance(request.pk, SECONDS)
    assert states(request) == {"ana": "needs_attention", "beto": "cancelled"}
    stage.later(DAY // 2)
    stage.sandbox.settle()
    attention.look_again(paid_to(request, "ana").pk, by=stage.staff)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED_IN_PART
    assert not violations()


@pytest.mark.usefixtures("soon_a_person")
def test_it_expires_while_a_second_person_is_asked(stage: Stage) -> None:
    request = unauthorised_while_ana_needs_a_person(stage)
    stage.later(DAY // 2)
    stage.sandbox.settle()
    attention.look_again(paid_to(request, "ana").pk, by=stage.staff)
    assert states(advance(request.pk, 6))["ana"] == "settled"
    stage.later(15 * DAY)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.SETTLED_IN_PART, "rest_expired")
    assert states(request) == {"ana": "settled", "beto": "cancelled"}


def unauthorised_while_ana_needs_a_person(stage: Stage) -> PaymentRequest:
    """Ana's money is on its way for too long; Beto's grew, and waits for a second person."""
    limit(stage, "200.00")
    stage.sandbox.settings(settleDelayMs=DAY // 2 * 1000)
    request = stage.approved(lines=[line(stage, "ana", "100.00"), line(stage, "beto", "100.00")])
    stage.later(400)
    stage.sandbox.change_wallet("beto", disabled=True)
    advance(request.pk, 3)
    stage.later(2 * 3600)
    stage.sandbox.change_wallet("beto", disabled=False)
    stage.sandbox.change_wallet("sol", fee={"fixed": 50, "percentBps": 0})
    request.payments.update(failures=0)
    request = advance(request.pk, 10)
    assert states(request) == {"ana": "needs_attention", "beto": "quoted"}
    assert request.state == RequestState.AWAITING_AUTHORISATION
    return request


def test_a_limit_that_was_lowered_since_counts_when_the_money_is_about_to_move(stage: Stage) -> None:
    request = stage.approved()
    limit(stage, "99.99")
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.AWAITING_AUTHORISATION, "needs_authorisation")
    assert ordered(stage) == 0
    request = requests.authorise(request.pk, by=person("luis"))
    assert stage.settle(request).state == RequestState.SETTLED


def test_a_draw_above_a_lowered_limit_goes_back_to_staff(stage: Stage) -> None:
    budget = active(stage)
    request = drawn(stage, budget)
    limit(stage, "99.99")
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason, ordered(stage)) == (RequestState.QUOTED, "needs_authorisation", 0)
    request = standing_budgets.draw(request.pk, budget.pk, by=stage.staff)
    assert request.state == RequestState.AWAITING_AUTHORISATION
    requests.authorise(request.pk, by=person("luis"))
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED


@pytest.mark.edits_rows("the wallet is proven at once")
def test_a_wallet_that_must_be_proven_since_is_not_paid_before_it_is(stage: Stage) -> None:
    request = stage.approved()
    set_limits.set_proof_limit(Amount(99_99, USD), by=stage.staff)
    request = advance(request.pk, 2)
    payment = stage.payment(request)
    assert (payment.state, payment.reason, ordered(stage)) == (PaymentState.APPROVED, "wallet_unproven", 0)
    type(payment.receiver_wallet).objects.filter(pk=payment.receiver_wallet_id).update(proven_at=clock.now())
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED


# Limits, whatever the scale of a wallet


def in_micros(stage: Stage, code: str = "USD") -> PaymentRequest:
    """A request for 100 of a currency between two wallets that count it in millionths."""
    payer = stage.wallet("sol-micro", code, scale=6, balance=10**9)
    worker = stage.wallet("ana-micro", code, scale=6)
    return stage.quoted(payer_url=payer.url, worker_url=worker.url)


@pytest.mark.parametrize(
    ("major", "code", "state"),
    [
        ("99.99", "USD", RequestState.AWAITING_AUTHORISATION),
        ("100", "USD", RequestState.AWAITING_APPROVAL),
        ("99.9999999", "USD", RequestState.AWAITING_AUTHORISATION),
        ("99.99", "usd", RequestState.AWAITING_AUTHORISATION),
        ("99.99", "MXN", RequestState.AWAITING_APPROVAL),
    ],
)
def test_a_limit_is_one_of_its_currency(stage: Stage, major: str, code: str, state: RequestState) -> None:
    limit(stage, major, Asset("USD", 7))
    assert requests.send(in_micros(stage, code).pk, by=stage.staff).state == state


@pytest.mark.parametrize(
    ("every_other", "state"), [("99.99", RequestState.AWAITING_AUTHORISATION), ("100", RequestState.AWAITING_APPROVAL)]
)
def test_a_currency_without_a_limit_has_that_of_every_other(
    stage: Stage, every_other: str, state: RequestState
) -> None:
    limit(stage, "1.00", Asset("MXN", 2))
    limit(stage, every_other, Asset(EVERY_OTHER, 2))
    assert requests.send(in_micros(stage).pk, by=stage.staff).state == state


def test_a_currencys_own_limit_comes_before_that_of_every_other(stage: Stage) -> None:
    limit(stage, "500.00")
    limit(stage, "0", Asset(EVERY_OTHER, 0))
    assert requests.send(in_micros(stage).pk, by=stage.staff).state == RequestState.AWAITING_APPROVAL


def test_a_proof_is_asked_for_whatever_the_scale(stage: Stage) -> None:
    set_limits.set_proof_limit(Amount(99_99, USD), by=stage.staff)
    with pytest.raises(Refusal, match="prove"):
        requests.send(in_micros(stage).pk, by=stage.staff)

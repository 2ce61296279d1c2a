"""The payer pays exactly so much, fee included, and the receiver gets what it buys."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.actions import release_held, requests, wallets
from payments.actions.requests import Contact, RequestLine
from payments.engine import advance as engine
from payments.engine.advance import advance
from payments.engine.leases import acquire, lock_leased, release
from payments.engine.planning.buying import MOST_TRIES, lower
from payments.invariants import violations
from payments.models import IncomingPayment, Payment, PaymentRequest, Quote
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.amount_rows import asked, charged
from payments.presentation.cost_summary import cost_summary_of
from payments.presentation.reasons import Refusal, sentence
from payments.sandbox import fees_and_rates as rates
from payments.states import PaymentState, RequestState
from tests.driver import SECONDS, Stage
from tests.payments.engine.splits import paid_to

BALANCE = 10_000_000
ASSETS = {"USD": 2, "MXN": 2, "JPY": 0, "EUR": 2}
FREE = pytest.param({}, id="free", marks=pytest.mark.prove)
FEE = pytest.param({"fixed": 7, "percentBps": 150}, id="fee")


def fixed(stage: Stage, pays: str, name: str = "ana", *, payer: Asset, asset: str = "MXN", **more: Any) -> RequestLine:
    """A new worker who is to get what `pays` (of the payer's currency) buys."""
    wallet = stage.wallet(name, asset, scale=ASSETS[asset])
    contact = Contact(name, f"{name}@example.org", "es")
    return RequestLine(wallet, contact, None, pays=Amount.from_major(pays, payer), **more)


def exact(stage: Stage, amount: str, name: str, asset: str) -> RequestLine:
    """A new worker who is to get exactly `amount` of their own currency."""
    scale = ASSETS[asset]
    wallet = wallets.find_or_add(stage.sandbox.create_wallet(name, asset=asset, scale=scale, balance=0))
    return RequestLine(
        wallet, Contact(name, f"{name}@example.org", "es"), Amount.from_major(amount, Asset(asset, scale))
    )


def payer(stage: Stage, asset: str = "USD", fee: dict[str, int] | None = None) -> tuple[str, Asset]:
    wallet = stage.wallet("ada", asset, scale=ASSETS[asset], balance=BALANCE, fee=fee or {})
    return wallet.url, wallet.asset


def spent(stage: Stage) -> int:
    return BALANCE - stage.sandbox.balance("ada")


def what_it_buys(pays: int, source: Asset, fee: dict[str, int], asset: str) -> int:
    """By the sandbox's own sums."""
    sent = rates.SendingFee(fee.get("fixed", 0), fee.get("percentBps", 0)).largest_sent(pays)
    from_, to = rates.WalletAsset(source.code, source.scale), rates.WalletAsset(asset, ASSETS[asset])
    return rates.received(sent, from_, to)


def fresh(request: PaymentRequest) -> PaymentRequest:
    return PaymentRequest.objects.get(pk=request.pk)


def one_round(request: PaymentRequest) -> None:
    """What the engine does between two looks at the rows."""
    lease = acquire(request.pk)
    assert lease
    planned = engine._keep_and_decide(lease, None, frozenset(), lambda _plan: False).planned
    engine._keep(engine._carry_out(lease, planned.steps, frozenset()), frozenset())
    lock_leased(lease)  # what was learned meanwhile is for the next look
    assert release(lease, None)


def until_probed(request: PaymentRequest) -> None:
    """One round of the engine after the other, until the payer's wallet has said what the amount buys."""
    for _ in range(20):
        if Quote.objects.filter(payment__request=request, probe=True).exclude(remote_id="").exists():
            return
        one_round(request)
    raise AssertionError(fresh(request).reason)


@pytest.mark.parametrize("fee", [FREE, FEE])
@pytest.mark.parametrize("code", ASSETS)
def test_both_sides_settle_in_every_pair_of_currencies(stage: Stage, code: str, fee: dict[str, int]) -> None:
    url, own = payer(stage, code, fee)
    pays = "3000" if code == "JPY" else "30.00"
    lines = [fixed(stage, pays, f"gets-{asset.lower()}", payer=own, asset=asset) for asset in ASSETS]
    lines += [exact(stage, "12", f"exact-{asset.lower()}", asset) for asset in ASSETS]
    request = stage.settled(payer_url=url, lines=lines)
    assert request.state == RequestState.SETTLED, request.reason
    value = Amount.from_major(pays, own).value
    for asset, scale in ASSETS.items():
        bought = paid_to(request, f"gets-{asset.lower()}")
        assert stage.received(bought.receiver_name) == bought.value == what_it_buys(value, own, fee, asset)
        assert bought.outgoing_payments.get().debit_value <= value
        assert stage.received(f"exact-{asset.lower()}") == 12 * 10**scale
    assert spent(stage) <= (request.ceiling_debit or 0)
    assert not violations()


def test_the_payer_approves_exactly_what_was_fixed_and_sees_both_amounts(stage: Stage) -> None:
    url, own = payer(stage, "USD", {"percentBps": 100})
    request = stage.quoted(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    buys = what_it_buys(50_00, own, {"percentBps": 100}, "MXN")
    assert (request.state, request.ceiling_debit) == (RequestState.QUOTED, 50_00)
    assert stage.payment(request).value == buys
    rows = asked(cost_summary_of(request))
    assert rows[0]["value"] == f"about {buys / 100:,.2f}\N{NO-BREAK SPACE}MXN"
    assert rows[1]["value"].startswith("1\N{NO-BREAK SPACE}USD = 18.3")
    assert rows[2]["value"] == "50.00\N{NO-BREAK SPACE}USD"


def test_once_settled_both_amounts_the_rate_and_the_charge_are_shown(stage: Stage) -> None:
    url, own = payer(stage)
    request = stage.settled(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    assert [row["value"].replace("\N{NO-BREAK SPACE}", " ") for row in charged(cost_summary_of(request))] == [
        "925.92 MXN", "1 USD = 18.5184 MXN", "50.00 USD",
    ]  # fmt: skip


def test_the_place_that_was_only_asked_at_takes_no_money_and_is_closed(stage: Stage) -> None:
    url, own = payer(stage)
    request = stage.quoted(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    probe = IncomingPayment.objects.get(payment__request=request, probe=True)
    assert (probe.over_at is not None, probe.received_value, probe.value) == (True, 0, 0)
    place = IncomingPayment.objects.get(payment__request=request, probe=False)
    assert place.value == stage.payment(request).value
    assert not place.over_at


@pytest.mark.parametrize("cents", [1, 2, 3, 99, 100, 101, 1999, 12345])
def test_small_amounts_never_cost_more_than_was_fixed(stage: Stage, cents: int) -> None:
    url, own = payer(stage, "USD", {"percentBps": 35})
    request = stage.ask(payer_url=url, lines=[fixed(stage, f"{cents / 100:.2f}", payer=own, asset="JPY")])
    request = advance(request.pk, SECONDS)
    buys = what_it_buys(cents, own, {"percentBps": 35}, "JPY")
    if buys:
        assert (request.ceiling_debit, stage.payment(request).value) == (cents, buys)
    else:
        assert request.reason == "amount_below"


def test_too_little_is_told_with_the_smallest_amount_that_arrives(stage: Stage) -> None:
    url, own = payer(stage, "MXN")
    request = stage.quoted(payer_url=url, lines=[fixed(stage, "0.01", payer=own, asset="JPY")])
    assert (request.state, request.reason) == (RequestState.FAILED, "amount_below")
    assert "at least 0.13\N{NO-BREAK SPACE}MXN" in sentence(request.reason, request.reason_params)


def test_wallets_without_a_way_between_their_currencies_are_told_apart(stage: Stage) -> None:
    stage.sandbox.settings(noRouteSeconds=0)
    url, own = payer(stage)
    wallet = stage.wallet("xts", "XTS")
    pays = Amount.from_major("10.00", own)
    line = RequestLine(wallet, Contact("Xo", "xo@example.org", "es"), None, pays=pays)
    request = stage.quoted(payer_url=url, lines=[line])
    assert (request.state, request.reason) == (RequestState.FAILED, "no_route")


def test_who_is_to_pay_another_currency_than_their_wallets_is_refused(stage: Stage) -> None:
    url, _own = payer(stage, "MXN")
    with pytest.raises(Refusal, match="their wallet pays in MXN/2"):
        stage.ask(payer_url=url, lines=[fixed(stage, "10.00", payer=Asset("USD", 2))])


def test_a_rate_that_worsens_before_the_approval_lowers_what_arrives_never_raises_what_is_paid(stage: Stage) -> None:
    url, own = payer(stage)
    request = stage.sent(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    before = stage.payment(request).value
    stage.sandbox.change_wallet("ada", fee={"percentBps": 500})
    request = stage.settle(request)
    assert request.state == RequestState.SETTLED
    buys = what_it_buys(50_00, own, {"percentBps": 500}, "MXN")
    assert stage.received("ana") == stage.payment(request).value == buys < before
    assert spent(stage) == 50_00
    assert not violations()


def test_a_quote_that_runs_out_after_the_approval_is_asked_anew_within_what_was_fixed(stage: Stage) -> None:
    url, own = payer(stage)
    request = stage.approved(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    stage.sandbox.change_wallet("ada", fee={"fixed": 3_00})
    stage.later(400)
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.SETTLED, request.reason
    assert stage.received("ana") == what_it_buys(50_00, own, {"fixed": 3_00}, "MXN")
    assert spent(stage) == 50_00
    assert request.grants.filter(kind="outgoing-payment").count() == 1
    assert not violations()


def test_a_rate_that_improves_brings_the_receiver_more(stage: Stage) -> None:
    url, own = payer(stage, fee={"percentBps": 500})
    request = stage.approved(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    stage.sandbox.change_wallet("ada", fee={"percentBps": 0})
    stage.later(400)
    request = advance(request.pk, SECONDS)
    assert stage.received("ana") == what_it_buys(50_00, own, {}, "MXN")
    assert spent(stage) == 50_00
    assert IncomingPayment.objects.filter(payment__request=request, over_at=None).exclude(state="done").count() == 0
    assert not violations()


def test_the_price_moves_between_both_quotes_and_the_receiver_gets_a_little_less(stage: Stage) -> None:
    url, own = payer(stage)
    request = stage.ask(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    until_probed(request)
    stage.sandbox.change_wallet("ada", fee={"percentBps": 200})
    request = advance(request.pk, SECONDS)
    assert (request.state, request.ceiling_debit) == (RequestState.QUOTED, 50_00), request.reason
    quotes = Quote.objects.filter(payment__request=request, probe=False).order_by("created_at")
    first, *_others, last = [quote.debit_value or 0 for quote in quotes]
    assert first == 51_00
    assert 49_90 < last <= 50_00


def test_a_wallet_that_never_quotes_within_the_amount_is_given_up(stage: Stage) -> None:
    url, own = payer(stage)
    request = stage.ask(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    until_probed(request)
    for percent in range(1, 40):
        stage.sandbox.change_wallet("ada", fee={"percentBps": percent * 300})
        one_round(request)
        if fresh(request).state == RequestState.FAILED:
            break
    request = fresh(request)
    assert request.reason == "rate_unsteady"
    assert Quote.objects.filter(payment__request=request, probe=False).count() == MOST_TRIES
    advance(request.pk, SECONDS)
    assert not IncomingPayment.objects.filter(payment__request=request, over_at=None).exists()


def test_a_stranger_who_pays_where_was_only_asked_is_noticed_before_anything_is_sent(stage: Stage) -> None:
    url, own = payer(stage)
    request = stage.ask(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    until_probed(request)
    probe = IncomingPayment.objects.get(payment__request=request, probe=True)
    stage.sandbox.pay_in(probe.remote_id, 5_00)
    request = advance(request.pk, SECONDS)
    assert (request.state, request.reason) == (RequestState.FAILED, "paid_by_another")


def test_a_held_one_gets_what_it_buys_at_its_release(stage: Stage) -> None:
    url, own = payer(stage)
    request = stage.approved(payer_url=url, lines=[fixed(stage, "50.00", payer=own, held=True)])
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.APPROVED
    stage.later(3 * 86400)
    stage.sandbox.change_wallet("ada", fee={"percentBps": 300})
    release_held.release(stage.payment(request).pk, by=stage.staff)
    request = advance(request.pk, SECONDS)
    assert request.state == RequestState.SETTLED, request.reason
    assert stage.received("ana") == what_it_buys(50_00, own, {"percentBps": 300}, "MXN")
    assert spent(stage) == 50_00
    assert not violations()


def test_quoting_again_asks_anew_what_it_buys(stage: Stage) -> None:
    url, own = payer(stage)
    request = stage.quoted(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    stage.sandbox.change_wallet("ada", fee={"percentBps": 300})
    requests.quote_again(request.pk, by=stage.staff)
    request = advance(request.pk, SECONDS)
    assert request.ceiling_debit == 50_00
    assert stage.payment(request).value == what_it_buys(50_00, own, {"percentBps": 300}, "MXN")


@pytest.mark.parametrize("lost", ["create-incoming-payment", "create-quote", "complete-incoming-payment"])
def test_a_lost_answer_on_the_way_to_the_quote_costs_nothing_but_another_try(stage: Stage, lost: str) -> None:
    url, own = payer(stage)
    stage.sandbox.faults({"match": {"operation": lost}, "do": "reset-after", "times": 1})
    request = stage.settled(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    assert request.state == RequestState.SETTLED, request.reason
    assert stage.received("ana") == 925_92
    assert not violations()


def test_an_order_whose_answer_is_lost_is_found_and_paid_once(stage: Stage) -> None:
    url, own = payer(stage)
    stage.sandbox.faults({"match": {"operation": "create-outgoing-payment"}, "do": "reset-after", "times": 1})
    request = stage.settled(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    assert request.state == RequestState.SETTLED, request.reason
    assert (stage.received("ana"), spent(stage)) == (925_92, 50_00)
    assert not violations()


def test_a_wallet_that_lies_about_what_it_buys_pays_nothing(stage: Stage) -> None:
    url, own = payer(stage)
    stage.sandbox.faults({"match": {"operation": "create-quote"}, "do": "wrong-asset", "times": 1})
    request = stage.quoted(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    assert (request.state, request.reason) == (RequestState.FAILED, "quote_wrong")


def test_before_a_quote_nobody_reads_a_zero(stage: Stage) -> None:
    url, own = payer(stage)
    request = stage.ask(payer_url=url, lines=[fixed(stage, "50.00", payer=own)])
    (line,) = cost_summary_of(request).lines
    assert line.gets_text == "what 50.00\N{NO-BREAK SPACE}USD buys"
    assert Payment.objects.get(request=request).state == PaymentState.NEW


@given(
    pays=st.integers(1, 10**9),
    per_unit=st.fractions(min_value="1/5000", max_value=5000),
    dearer=st.fractions(min_value=1, max_value="11/10"),
)
def test_lowering_ends_within_the_amount_in_few_tries(pays: int, per_unit: Any, dearer: Any) -> None:
    """However a wallet reckons the two ways, up to a tenth apart, what is found fits; or nothing would."""
    receive = int(pays / per_unit)
    for _ in range(MOST_TRIES):
        debit = -(-receive * per_unit * dearer // 1)
        if receive <= 0 or debit <= pays:
            break
        lowered = lower(receive, debit, pays)
        assert lowered < receive
        receive = lowered
    assert receive <= 0 or -(-receive * per_unit * dearer // 1) <= pays

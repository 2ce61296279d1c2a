"""A program lets a seller's wallet expect money: once, whatever becomes of the answer; and sees what arrived."""

import pytest

from ledger.models import Entry
from payments.actions import api_keys
from payments.actions.pausing import pause, resume
from payments.models import ApiAnswer, IncomingAsk, IncomingPayment, Seller
from payments.models.pauses import PauseScope
from payments.states import AttemptState
from tests.driver import Stage, usable
from tests.fixtures import sandbox, sandbox_process, short_waits, stage
from tests.jobs.test_api import Program, code
from tests.jobs.test_api_work import worker_of_ours

__all__ = ["sandbox", "sandbox_process", "short_waits", "stage"]
PATH = "/api/payments/incoming"
BODY = {"amount": "100", "description": "Job funding for developer position", "sellerId": "platform"}


@pytest.fixture
def shop(stage: Stage) -> Program:
    Seller.objects.filter(pk="platform").update(may_hold_money=True)
    usable(stage.seller.wallet.url)
    stage.sandbox.clear_requests()
    return Program(by=worker_of_ours())


def tried(stage: Stage) -> int:
    """How often the wallet was asked to make one."""
    return len(stage.sandbox.requests("create-incoming-payment"))


@pytest.mark.edits_rows("an administrator lets the seller hold money")
def test_it_is_made_once_and_shows_what_arrived(stage: Stage, shop: Program) -> None:
    first = shop.post(PATH, BODY, once="fund 7")
    assert first.status_code == 200, first.content
    told = first.json()
    assert told["success"]
    assert told["paymentId"] == told["payment_id"] == told["data"]["incomingPaymentId"]
    assert (told["data"]["amount"], told["data"]["assetCode"], told["data"]["assetScale"]) == ("100", "USD", 2)
    assert told["data"]["walletAddress"] == stage.seller.wallet.url
    assert shop.post(PATH, BODY, once="fund 7").json() == told
    # Even when the answer is forgotten: the row knows it.
    ApiAnswer.objects.all().delete()
    assert shop.post(PATH, BODY, once="fund 7").json() == told
    assert IncomingPayment.objects.get().remote_id == told["paymentId"]
    assert shop.get(f"{PATH}/{told['data']['id']}").json() == told
    kinds = [entry.kind for entry in Entry.objects.filter(kind__startswith="incoming").order_by("recorded_at", "id")]
    assert sorted(kinds) == ["incoming.intended", "incoming.open", "incoming_ask.made"]
    made = Entry.objects.get(kind="incoming_ask.made")
    assert (made.actor_kind, made.actor_id) == ("api", shop.key.pk)

    looked = shop.post(f"{PATH}/{told['data']['id']}/look", {}).json()
    assert looked["data"]["received"] == {"value": "0", "assetCode": "USD", "assetScale": 2}
    assert looked["data"]["readAt"]
    stage.sandbox.pay_in(told["paymentId"], 4000)
    looked = shop.post(f"{PATH}/{told['data']['id']}/look", {}).json()
    assert (looked["data"]["received"]["value"], looked["data"]["state"]) == ("4000", "open")
    stage.sandbox.pay_in(told["paymentId"], 6000)
    shop.post(f"{PATH}/{told['data']['id']}/look", {})
    shown = shop.get(f"{PATH}/{told['data']['id']}").json()["data"]
    assert (shown["received"]["value"], shown["state"], tried(stage)) == ("10000", "done", 1)


@pytest.mark.edits_rows("an administrator lets the seller hold money")
def test_a_lost_answer_is_looked_for_and_nothing_is_made_twice(stage: Stage, shop: Program) -> None:
    at_once = {"match": {"operation": "create-incoming-payment"}, "do": "500-after", "times": 1}
    stage.sandbox.faults(at_once)
    assert shop.post(PATH, BODY, once="z").status_code == 200, "it is looked for before the answer"
    assert tried(stage) == 1
    stage.sandbox.faults(at_once, {"match": {"operation": "list-incoming-payments"}, "do": "500-before", "times": 1})
    lost = shop.post(PATH, BODY, once="a")
    assert (code(lost, 503), lost["Retry-After"]) == ("incoming_unknown", "2")
    row = IncomingPayment.objects.get(pk=lost.json()["details"]["id"])
    assert row.state == AttemptState.UNKNOWN
    found = shop.post(PATH, BODY, once="a").json()
    row.refresh_from_db()
    assert (row.state, row.remote_id, row.pk) == (AttemptState.OPEN, found["paymentId"], found["data"]["id"])

    # Its wallet never heard of it: that says nothing, and it is not asked for again.
    stage.sandbox.faults({"match": {"operation": "create-incoming-payment"}, "do": "500-before", "times": 1})
    assert code(shop.post(PATH, BODY, once="b"), 503) == "incoming_unknown"
    assert code(shop.post(PATH, BODY, once="b"), 503) == "incoming_unknown"
    assert (IncomingPayment.objects.filter(state=AttemptState.UNKNOWN).count(), tried(stage)) == (1, 3)
    shown = shop.get(f"{PATH}/{IncomingAsk.objects.get(incoming__state='unknown').pk}").json()
    assert (shown["success"], shown["paymentId"], shown["data"]["state"]) == (False, None, "unknown")


@pytest.mark.edits_rows("an administrator lets the seller hold money")
def test_what_is_refused(stage: Stage, shop: Program) -> None:
    for changed, refused in (
        ({"amount": "1.005"}, "amount_not_exact"),
        ({"amount": "0"}, "nothing_to_pay"),
        ({"sellerId": "nobody"}, "no_such_seller"),
    ):
        assert code(shop.post(PATH, {**BODY, **changed}), 422) == refused
    assert code(shop.post(PATH, {**BODY, "amount": 100}), 400) == "invalid"
    assert code(shop.post(PATH, {**BODY, "description": "x" * 201}), 400) == "invalid"
    stage.sandbox.faults({"match": {"operation": "create-incoming-payment"}, "do": "status:400", "times": 1})
    assert code(shop.post(PATH, BODY, once="c"), 422)
    assert IncomingPayment.objects.get().state == AttemptState.REFUSED
    stage.sandbox.faults({"match": {"operation": "post-request"}, "do": "status:503", "times": 5})
    assert shop.post(PATH, BODY).status_code == 503
    stage.sandbox.clear_faults()
    Seller.objects.filter(pk="platform").update(may_hold_money=False)
    assert code(shop.post(PATH, BODY), 422) == "seller_may_not_hold"
    Seller.objects.filter(pk="platform").update(may_hold_money=True)
    stopped = pause(PauseScope.SELLER, "platform", "for now", stage.staff)
    assert code(shop.post(PATH, BODY, once="later"), 503) == "paused"
    resume(stopped.pk, stage.staff)
    assert IncomingPayment.objects.count() == 1
    assert shop.post(PATH, BODY, once="later").status_code == 200, "a pause is no answer for ever"
    other = Program(by=shop.key.acts_for, marketplace=api_keys.add_marketplace("Voces", stage.seller, by=stage.staff))
    theirs = other.post(PATH, {"amount": "1"}).json()["data"]["id"]
    for path in (f"{PATH}/{theirs}", f"{PATH}/x", f"{PATH}/{'0' * 26}"):
        assert code(shop.get(path), 404) == "not_found"
    assert code(shop.post(f"{PATH}/{theirs}/look", {}), 404) == "not_found"
    assert other.get(f"{PATH}/{theirs}").status_code == 200

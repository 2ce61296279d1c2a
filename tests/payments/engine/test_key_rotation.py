"""A seller's key changes while payments are under way, at wallets that tie what they allow to the key that asked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ledger import clock
from ledger.api import timeline
from payments.actions import requests, seller_keys
from payments.engine.advance import advance
from payments.engine.steps.approving import MOST_TRIES_UNKNOWN
from payments.invariants import violations
from payments.models import Grant, Message, SellerKey
from payments.openpayments.keys import generate_key, private_key_to_pem
from payments.presentation.reasons import Refusal
from payments.presentation.timeline_text import describe
from payments.states import GrantState, KeyState, PaymentState, RequestState
from tests.driver import SECONDS, Stage

pytestmark = pytest.mark.django_db(transaction=True)
REST = int(seller_keys.REST.total_seconds()) + 1


@pytest.fixture(autouse=True)
def strict(stage: Stage) -> Iterator[None]:
    """Wallets that take a grant's calls from the key that asked for it only (GNAP)."""
    stage.sandbox.settings(bindsKeys=True)
    yield
    assert violations() == []


def publish(stage: Stage, key: SellerKey) -> None:
    stage.sandbox.change_keys("platform", add=[dict(key.jwk.to_wire())])


def withdraw(stage: Stage, key: SellerKey) -> None:
    stage.sandbox.change_keys("platform", remove=[key.kid])


def rotate(stage: Stage, kid: str = "k2") -> tuple[SellerKey, SellerKey]:
    """The old key and the one that took its place."""
    old = SellerKey.objects.get(state=KeyState.ACTIVE)
    new = seller_keys.make("platform", kid, by=stage.staff)
    publish(stage, new)
    seller_keys.check("platform", SECONDS)
    seller_keys.use("platform", by=stage.staff)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state) == (KeyState.REPLACED, KeyState.ACTIVE)
    return old, new


def test_what_is_new_is_asked_for_with_the_new_key(stage: Stage) -> None:
    old, new = rotate(stage)
    withdraw(stage, old)
    assert stage.settled().state == RequestState.SETTLED
    assert set(Grant.objects.values_list("key", flat=True)) == {new.pk}


def test_an_approval_that_waits_at_the_wallet_is_ended_with_the_key_that_asked(stage: Stage) -> None:
    request = stage.sent()
    page = stage.at_wallet(request)
    old, _new = rotate(stage)
    assert stage.come_back(request, stage.sandbox.approve(page)) == "accepted"
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert stage.received() == 100_00
    grant = request.grants.get(kind="outgoing-payment")
    assert (grant.key, grant.state) == (old, GrantState.ENDED)


def test_the_key_changes_between_the_order_and_its_settlement(stage: Stage) -> None:
    stage.sandbox.settings(settleOnCommand=True)
    request = advance(stage.approved().pk, 2)
    assert stage.payment(request).state == PaymentState.SENT
    rotate(stage)
    stage.sandbox.settle()
    stage.later(60)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert stage.received() == 100_00


def test_a_token_that_ran_out_is_renewed_with_the_old_key(stage: Stage) -> None:
    request = stage.approved()
    stage.sandbox.faults({"match": {"operation": "create-outgoing-payment"}, "do": "status:400", "times": 1})
    advance(request.pk, 1)
    rotate(stage)
    stage.later(1200)
    assert advance(request.pk, SECONDS).state == RequestState.SETTLED
    assert stage.received() == 100_00


def test_a_key_withdrawn_too_early_asks_the_payer_once_more_and_says_why(stage: Stage) -> None:
    request = stage.sent()
    page = stage.at_wallet(request)
    old, _new = rotate(stage)
    withdraw(stage, old)
    assert stage.come_back(request, stage.sandbox.approve(page)) == "accepted"
    for _ in range(MOST_TRIES_UNKNOWN + 1):
        request = advance(request.pk, 0.5)
        stage.later(60)
    assert (request.state, request.reason) == (RequestState.AWAITING_APPROVAL, "key_withdrawn")
    assert "taken out of the asker's wallet too early" in str(Refusal(request.reason))
    assert Message.objects.filter(template="approval_again").count() == 1
    assert stage.settle(request).state == RequestState.SETTLED
    assert stage.received() == 100_00


def test_a_key_is_used_only_when_the_wallet_was_seen_to_list_it(stage: Stage) -> None:
    with pytest.raises(Refusal, match="There is no new key"):
        seller_keys.use("platform", by=stage.staff)
    new = seller_keys.make("platform", "k2", by=stage.staff)
    with pytest.raises(Refusal, match="not seen at the wallet"):
        seller_keys.use("platform", by=stage.staff)
    seller_keys.check("platform", SECONDS)
    new.refresh_from_db()
    assert (new.state, new.reason) == (KeyState.GENERATED, "key_not_published")
    other = SellerKey(seller=stage.seller, kid="k2")
    other.keep(private_key_to_pem(generate_key()))
    publish(stage, other)
    seller_keys.check("platform", SECONDS)
    new.refresh_from_db()
    assert (new.state, new.reason) == (KeyState.GENERATED, "key_differs")
    withdraw(stage, other)
    publish(stage, new)
    seller_keys.check("platform", SECONDS)
    withdraw(stage, new)
    seller_keys.check("platform", SECONDS)
    with pytest.raises(Refusal, match="not seen at the wallet"):
        seller_keys.use("platform", by=stage.staff)


def test_there_is_one_new_key_at_a_time_and_no_key_id_twice(stage: Stage) -> None:
    with pytest.raises(Refusal, match="already names another key"):
        seller_keys.make("platform", "k1", by=stage.staff)
    with pytest.raises(Refusal, match="visible ASCII"):
        seller_keys.make("platform", "a b", by=stage.staff)
    seller_keys.make("platform", "k2", by=stage.staff)
    with pytest.raises(Refusal, match="already a new key, “k2”"):
        seller_keys.make("platform", "k3", by=stage.staff)
    assert seller_keys.discard("platform", by=stage.staff).sealed == ""
    seller_keys.make("platform", "k3", by=stage.staff)


def test_an_old_key_is_destroyed_only_when_nothing_needs_it(stage: Stage) -> None:
    request = stage.sent()
    stage.at_wallet(request)
    old, new = rotate(stage)
    stage.later(REST)
    with pytest.raises(Refusal, match="“k1” still ends what was begun with it: 1 "):
        seller_keys.retire("platform", by=stage.staff)
    seller_keys.look_daily()
    old.refresh_from_db()
    assert old.state == KeyState.REPLACED
    requests.cancel(request.pk, by=stage.staff)
    advance(request.pk, SECONDS)
    stage.later(2 * REST)
    seller_keys.look_daily()
    old.refresh_from_db()
    assert (old.state, old.sealed) == (KeyState.RETIRED, "")
    assert stage.seller.keys.get(state=KeyState.ACTIVE) == new
    with pytest.raises(Refusal, match="no old key"):
        seller_keys.retire("platform", by=stage.staff)


def test_an_old_key_is_not_destroyed_at_the_moment_of_the_change(stage: Stage) -> None:
    rotate(stage)
    with pytest.raises(Refusal, match="still ends what was begun"):
        seller_keys.retire("platform", by=stage.staff)
    stage.later(REST)
    (gone,) = seller_keys.retire("platform", by=stage.staff)
    assert gone.state == KeyState.RETIRED
    assert gone.retired_at
    assert gone.retired_at > clock.now() - timedelta(minutes=1)


def test_the_daily_look_warns_once_that_the_key_in_use_is_gone(stage: Stage) -> None:
    key = SellerKey.objects.get()
    seller_keys.look_daily()
    withdraw(stage, key)
    seller_keys.look_daily()
    seller_keys.look_daily()
    key.refresh_from_db()
    assert (key.state, key.reason) == (KeyState.ACTIVE, "key_not_published")
    told = timeline([("key", key.pk)])
    assert [row.kind for row in told] == ["key.missing"]
    assert describe(told[0]).text == "The key “k1” of the seller platform is no longer published at its wallet."
    publish(stage, key)
    seller_keys.look_daily()
    key.refresh_from_db()
    assert key.reason == ""


def test_a_wallet_that_is_down_says_nothing_about_keys(stage: Stage) -> None:
    stage.sandbox.faults({"match": {"operation": "get-wallet-address-keys"}, "do": "500-before", "times": 2})
    with pytest.raises(Refusal, match="error of its own"):
        seller_keys.check("platform", SECONDS)
    seller_keys.look_daily()
    assert SellerKey.objects.get().reason == ""


def test_the_entries_name_the_key_and_never_hold_it(stage: Stage) -> None:
    old, new = rotate(stage)
    rows = timeline([("seller", "platform")])
    assert [row.kind for row in rows] == ["key.generated", "key.published", "key.replaced", "key.active"]
    assert {row.data["thumbprint"] for row in rows} == {old.jwk.thumbprint, new.jwk.thumbprint}
    for row in rows:
        assert set(row.data) == {"seller", "key_id", "thumbprint"}
        assert new.private_key.splitlines()[1] not in str(row)


def test_a_retired_seller_asks_for_nothing_new_and_ends_what_it_began(stage: Stage) -> None:
    from payments.actions import sellers  # noqa: PLC0415 - only here

    request = stage.sent()
    with pytest.raises(Refusal, match="used where none is chosen"):
        sellers.retire("platform", by=stage.staff)
    type(stage.seller).objects.update(is_default=False)
    stage.seller = sellers.retire("platform", by=stage.staff)
    with pytest.raises(Refusal, match="Tequio is retired"):
        stage.ask()
    assert stage.settle(request).state == RequestState.SETTLED
    stage.seller = sellers.resume("platform", by=stage.staff)
    assert stage.ask().pk

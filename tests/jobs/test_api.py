"""A marketplace's program pays a worker through the API: asked, repeated, refused, followed until it is paid."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from backoffice.front_door import request_limits
from jobs.models import Job, JobStatus, SubmissionStatus
from ledger import clock
from ledger.models import Entry
from payments.actions import api_keys, proposals
from payments.api import keys
from payments.api.keys import OF_A_KEY
from payments.api.once import GIVEN_UP_AFTER
from payments.buckets import Rate
from payments.models import (
    ApiAnswer,
    ApiAsk,
    ApiKey,
    ApiScope,
    PaymentRequest,
    Proposal,
    SecondPersonRule,
    Seller,
    WalletAddress,
)
from payments.openpayments.keys import generate_key, private_key_to_pem
from payments.states import RequestState
from payments.worker import places
from tests import cast
from tests.driver import Stage

MAY = (
    *("payments.request_paymentrequest", "payments.view_paymentrequest", "payments.view_payment", "jobs.view_job"),
    *("payments.view_seller", "payments.add_seller", "payments.hold_money_seller"),
)


class Program:
    """Asks as a program does, with its key."""

    def __init__(self, **made: Any) -> None:
        made = {"by": User.objects.filter(username="ana").first() or cast.person("ana", *MAY), **made}
        self.key, self.token = api_keys.make("Shop", made.pop("scopes", list(ApiScope)), **made)
        self.client = Client(headers={"Authorization": f"Bearer {self.token}"})

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(path, query)

    def post(self, path: str, body: Any, once: str = "") -> Any:
        more = {"Idempotency-Key": once} if once else {}
        return self.client.post(path, json.dumps(body), content_type="application/json", headers=more)


def person(name: str, wallet: str) -> dict[str, Any]:
    return {"name": name, "email": f"{name.lower()}@example.org".replace("í", "i"), "walletAddressUrl": wallet}


def code(answer: Any, status: int) -> str:
    """Which problem it is; every one has a sentence and the id of its request."""
    told = answer.json()
    assert answer.status_code == status, told
    assert told["error"]
    assert told["details"]["requestId"] == answer["X-Request-ID"]
    return str(told["details"]["code"])


@pytest.fixture
def job(stage: Stage) -> Job:
    made = cast.job(JobStatus.SUBMITTING, funder=cast.member("Sol Foundation", wallet=stage.payer))
    application = cast.applied(made, cast.member("Maria Lopez", wallet=stage.worker))
    cast.handed_in(application, SubmissionStatus.ACCEPTED)
    Job.objects.filter(pk=made.pk).update(budget_code=stage.worker.asset_code)
    made.refresh_from_db()
    return made


def test_an_offer_is_paid_by_the_seeds_own_requests(stage: Stage, job: Job) -> None:
    shop = Program()
    start = f"/offers/{job.pk}/quotes/start"
    body = {"sellerId": "platform", "buyerWalletAddressUrl": stage.payer_url, "amount": "1250"}

    for told, refused in (
        ({**body, "amount": "1249.99"}, "amount_differs"),
        ({**body, "sellerId": "nobody"}, "no_such_seller"),
        ({**body, "buyerWalletAddressUrl": stage.worker_url}, "buyer_wallet_differs"),
        ({**body, "receiver": "seller"}, "seller_holds_no_money"),
    ):
        assert code(shop.post(start, told), 422) == refused
    assert not PaymentRequest.objects.exists()

    first = shop.post(start, body, once="order 7")
    assert first.status_code == 200, first.content
    told = first.json()
    assert (told["success"], told["amount"], told["assetCode"], told["status"]) == (True, "1250", "USD", "pending")
    assert told["redirectUrl"] == told["paymentUrl"]
    assert told["quoteId"].startswith("http")
    assert told["incomingPaymentId"].startswith("http")
    # Said once more, it is the same; said with something else, it is a mistake; said anew, the money is asked for.
    again = shop.post(start, body, once="order 7")
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    assert code(shop.post(start, {**body, "amount": "1"}, once="order 7"), 422) == "idempotency_key_reused"
    assert code(shop.post(start, body), 422) in {"nobody_chosen", "payout_exists", "nothing_owed"}
    ApiAnswer.objects.filter(name="order 7").update(http_status=None)
    busy = shop.post(start, body, once="order 7")
    assert (code(busy, 409), busy["Retry-After"]) == ("in_progress", "2")
    # Whoever was to answer is gone: it is done again, and is still one payment.
    ApiAnswer.objects.update(begun_at=clock.now() - GIVEN_UP_AFTER - timedelta(seconds=1))
    assert shop.post(start, body, once="order 7").json()["pendingId"] == told["pendingId"]

    request = PaymentRequest.objects.get()
    assert (request.pk, request.state) == (told["pendingId"], RequestState.AWAITING_APPROVAL)
    assert request.requested_by == shop.key.acts_for
    assert ApiAsk.objects.get().key == shop.key
    asked = Entry.objects.get(kind="api_ask.made")
    assert (asked.actor_kind, asked.actor_id) == ("api", shop.key.pk)
    assert {"request.awaiting_approval", "job.payment_requested"} <= set(Entry.objects.values_list("kind", flat=True))

    # The link of the answer is the payer's page.
    assert Client().get(told["redirectUrl"].removeprefix("http://testserver")).status_code == 200
    assert stage.settle(request).state == RequestState.SETTLED
    row = shop.get(f"/payments/{request.pk}/status").json()
    assert (
        row.items()
        >= {
            "pendingId": request.pk,
            "offerId": str(job.pk),
            "status": "paid",
            "buyerWalletAddressUrl": request.payer_wallet.url,
            "redirectUrl": None,
        }.items()
    )
    assert row["outgoingPaymentId"].startswith("http")
    assert row["payments"][0]["receiveAmount"] == {"value": "125000", "assetCode": "USD", "assetScale": 2}
    assert shop.get("/payments/pending").json() == {"payments": [row], "next": None}
    assert shop.get("/payments/pending", status="failed").json()["payments"] == []
    assert shop.get(f"/offers/{job.pk}/payments").json() == {"offerId": str(job.pk), "payments": [row], "next": None}


def test_more_than_one_person_may_ask_alone_waits_for_a_second_one(stage: Stage, job: Job) -> None:
    SecondPersonRule.objects.create(asset_code="USD", asset_scale=2, limit=100)
    body = {"sellerId": "platform", "buyerWalletAddressUrl": stage.payer_url, "amount": "1250.00"}
    told = Program().post(f"/offers/{job.pk}/quotes/start", body).json()
    assert (told["state"], told["redirectUrl"]) == ("awaiting_authorisation", None)


def test_another_marketplace_asks_for_what_is_no_offer_of_ours(stage: Stage) -> None:
    other = Program(marketplace=api_keys.add_marketplace("Voces", stage.seller, by=stage.staff))
    cast.seller(id="ours", is_default=False)
    maria = {"name": "María", "email": "maria@example.org", "language": "es", "walletAddressUrl": stage.worker_url}
    maria |= {"amount": "12.50", "assetCode": "USD"}
    payer = {"name": "Sol", "email": "sol@example.org", "walletAddressUrl": stage.payer_url}
    body = {"title": "Cuentos", "reference": "V-7", "payer": payer, "receivers": [maria]}
    where = "/api/payments/requests"
    for told, refused in (
        ({**body, "receivers": [{**maria, "amount": "12.505"}]}, "amount_unusable"),
        ({**body, "receivers": [{**maria, "amount": "0"}]}, "nothing_to_pay"),
        ({**body, "receivers": [{**maria, "assetCode": "MXN"}]}, "other_currency"),
        ({**body, "receivers": [{**maria, "walletAddressUrl": stage.payer_url}]}, "same_wallet"),
        ({**body, "receivers": [{**maria, "walletAddressUrl": "nothing"}]}, "wallet_not_an_address"),
        ({**body, "receivers": [{**maria, "walletAddressUrl": f"{stage.worker_url}-2"}]}, "wallet_not_found"),
        ({**body, "sellerId": "ours"}, "no_such_seller"),
    ):
        assert code(other.post(where, told), 422) == refused
    assert not PaymentRequest.objects.exists()
    first = other.post(where, body, once="V-7").json()
    assert (first["state"], first["offerId"]) == ("awaiting_approval", None)
    assert other.post(where, body, once="V-7").json() == first
    assert stage.settle(PaymentRequest.objects.get()).state == RequestState.SETTLED
    assert stage.received() == 1250
    assert other.get(f"/payments/{first['pendingId']}/status").json()["status"] == "paid"
    assert code(Program().get(f"/payments/{first['pendingId']}/status"), 404) == "not_found"
    # Who works here is paid by two.
    User.objects.create_user("lupe", email="maria@example.org", is_staff=True)
    assert other.post(where, body).json()["state"] == "awaiting_authorisation"


def test_as_many_as_may_wait_for_wallets_do(stage: Stage, job: Job) -> None:
    """The answer is one to ask again, and asking again is not asking twice."""
    shop = Program()
    start = f"/offers/{job.pk}/quotes/start"
    body = {"sellerId": "platform", "buyerWalletAddressUrl": stage.payer_url, "amount": "1250.00"}
    assert all(places.take() for _each in range(places.PLACES))
    late = shop.post(start, body, once="a")
    assert (code(late, 503), late["Retry-After"]) == ("quote_not_ready", "2")
    plain: dict[str, Any] = {"title": "Cuentos", "payer": person("Sol", stage.payer_url), "receivers": []}
    plain["receivers"] = [{**person("María", stage.worker_url), "amount": "12.50", "assetCode": "USD"}]
    WalletAddress.objects.filter(url=stage.worker_url).update(canonical_id="")
    busy = shop.post("/api/payments/requests", plain, once="b")
    assert (code(busy, 503), busy["Retry-After"]) == ("wallets_busy", "15")
    for _each in range(places.PLACES):
        places.give_back()
    # Whatever was answered, the key stands for what it was used with.
    assert code(shop.post(start, {**body, "amount": "99"}, once="a"), 422) == "idempotency_key_reused"
    assert shop.post(start, body, once="a").json()["pendingId"] == PaymentRequest.objects.get().pk
    assert shop.post("/api/payments/requests", plain, once="b").status_code == 200


@pytest.mark.django_db
def test_who_sees_what() -> None:
    ours, mine = cast.asked(), cast.asked(RequestState.SETTLED)
    market = api_keys.add_marketplace("Voces", ours.seller, by=cast.staff())
    shop, other = Program(), Program(marketplace=market)
    ApiAsk.objects.create(request=mine, key=other.key)
    paths = [f"/payments/{ours.pk}/status", f"/payments/{mine.pk}/status"]

    assert [shop.get(path).status_code for path in paths] == [200, 404]
    assert [other.get(path).status_code for path in paths] == [404, 200]
    assert [row["pendingId"] for row in other.get("/payments/pending").json()["payments"]] == [mine.pk]
    job = cast.job()
    assert shop.get(f"/offers/{job.pk}/payments").status_code == 200
    for hidden in (
        f"/offers/{job.pk}/payments",
        "/offers/0/payments",
        f"/offers/{9**20}/payments",
        "/payments/x/status",
    ):
        assert code(other.get(hidden), 404) == "not_found"
    cast.seller(id="another", is_default=False)
    assert [row["id"] for row in other.get("/sellers").json()["sellers"]] == [ours.seller_id]
    assert "private" not in shop.get("/sellers").content.decode()

    # Page by page, newest first, in a constant number of queries.
    more = [cast.asked().pk for _each in range(3)]
    first = shop.get("/payments/pending", limit="2").json()
    rest = shop.get("/payments/pending", limit="2", after=first["next"]).json()
    assert [row["pendingId"] for row in first["payments"] + rest["payments"]] == [*reversed(more), ours.pk]
    assert rest["next"] is None
    assert shop.get("/payments/pending", after=mine.pk).json()["payments"] == [], "it is behind nothing of theirs"


@pytest.mark.django_db
def test_who_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments.buckets._now", lambda: 1e9)  # no bucket fills meanwhile
    row, job = cast.asked(), cast.job()
    reads = ("/sellers", "/payments/pending", f"/payments/{row.pk}/status", f"/offers/{job.pk}/payments")
    writes = ("/sellers", f"/offers/{job.pk}/quotes/start", "/api/payments/requests")
    shop, nothing = Program(), Program(scopes=[])
    powerless = Program(by=cast.person("otto"))
    revoked = Program()
    api_keys.revoke(revoked.key.pk, by=revoked.key.acts_for)
    nobody = Client()
    for path in reads:
        assert code(nobody.get(path), 401) == code(revoked.get(path), 401) == "no_key"
        assert code(nobody.get(path, headers={"Authorization": "Bearer tq_"}), 401) == "no_key"
        assert code(nothing.get(path), 403) == "wrong_scope"
        assert code(powerless.get(path), 403) == "not_permitted"
        assert shop.get(path).status_code == 200
    for path in writes:
        assert code(nobody.post(path, "{}", content_type="application/json"), 401) == "no_key"
        assert code(nothing.post(path, {}), 403) == "wrong_scope"
        assert code(powerless.post(path, {}), 403) == "not_permitted"
        bad: list[Any] = [
            {},
            [],
            None,
            7,
            {"amount": "-1"},
            {"amount": "1e3", "sellerId": "x", "buyerWalletAddressUrl": "y"},
        ]
        assert {code(shop.post(path, body), 400) for body in bad} == {"invalid"}
        unreadable = shop.client.post(path, b"\xff{", content_type="application/json")
        assert code(unreadable, 400) == "unreadable"
    assert code(shop.client.delete("/sellers"), 405) == "method_not_allowed"
    assert code(shop.post("/sellers", {}, once="x" * 256), 400) in {"invalid", "idempotency_key_unusable"}
    answer = shop.get("/sellers", Origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in answer
    assert answer["Cache-Control"] == "no-store"
    assert int(answer["RateLimit-Limit"]) == OF_A_KEY.at_once
    assert not ApiKey.objects.filter(digest__contains=shop.token).exists()

    monkeypatch.setattr(keys, "OF_A_KEY", Rate(at_once=2, a_second=2))
    last = [shop.get("/sellers") for _each in range(3)][-1]
    assert code(last, 429) == "too_many_requests"
    assert (last["Retry-After"], last["RateLimit-Remaining"]) == ("1", "0")
    assert "openapi" in nobody.get("/api/openapi.json").json()
    assert b"/offers/{offer_id}/quotes/start" in nobody.get("/api/docs").content


@pytest.mark.django_db
def test_a_seller_is_registered_by_two_people(tmp_path: Path, settings: Settings) -> None:
    """Its private key is the name of a file in one folder; neither that folder nor the key is ever told."""
    settings.SELLER_PRIVATE_KEY_DIR = str(tmp_path / "privates")
    (tmp_path / "privates").mkdir()
    secret = private_key_to_pem(generate_key())
    for name in ("mvr5656.key", "../outside.key"):
        path = tmp_path / "privates" / name
        path.write_text(secret)
        path.chmod(0o600)
    shop, luis = Program(), cast.person("luis", "payments.hold_money_seller")
    body = {
        "id": "default-seller",
        "walletAddressUrl": "https://ilp.interledger-test.dev/mvr5656",
        "keyId": "fe775339-6ebc-4eb8-a4b4-0811acba3b62",
        "privateKeyPath": "./privates/mvr5656.key",
    }
    odd = dict.fromkeys(("nothing.key", "../outside.key", "/etc/passwd", ".."), "key_unusable")
    for given, why in {**odd, "": "invalid", "mvr5656.key\0": "unreadable"}.items():
        refused = shop.post("/sellers", {**body, "privateKeyPath": given})
        assert code(refused, 422 if given.isprintable() and given else 400) == why
        assert str(tmp_path) not in refused.content.decode()
    assert not Seller.objects.exists()

    assert shop.post("/sellers", body, once="s").json() == {"ok": True, "id": "default-seller", "status": "waiting"}
    assert [row["inUse"] for row in shop.get("/sellers").json()["sellers"]] == [False]
    proposals.approve(Proposal.objects.get().pk, by=luis)
    told = shop.get("/sellers")
    public = {name: body[name] for name in ("id", "walletAddressUrl", "keyId")}
    assert told.json() == {"sellers": [{**public, "inUse": True}]}
    assert shop.post("/sellers", body).json()["status"] == "done"
    assert code(shop.post("/sellers", {**body, "keyId": "another"}), 409) == "key_by_steps"
    moved = {**body, "walletAddressUrl": "https://ilp.interledger-test.dev/elsewhere"}
    assert shop.post("/sellers", moved).json()["status"] == "waiting"
    market = api_keys.add_marketplace("Voces", Seller.objects.get(), by=luis)
    assert code(Program(marketplace=market).post("/sellers", moved), 403) == "not_permitted"
    used = Entry.objects.filter(kind="api_key.used", actor_id=shop.key.pk)
    assert used.count() == 2


@pytest.mark.django_db
def test_what_is_too_much_is_refused_in_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Program()
    assert code(shop.post("/sellers", {"id": "x" * 40_000}), 413) == "too_large"
    monkeypatch.setattr("payments.buckets._now", lambda: 2e9)
    monkeypatch.setattr(request_limits, "OF_AN_ADDRESS", Rate(at_once=2, a_second=1))
    elsewhere = Client(REMOTE_ADDR="198.51.100.7", headers={"Authorization": "Bearer tq_"})
    last = [elsewhere.get("/sellers") for _each in range(3)][-1]
    assert (code(last, 429), last["Retry-After"]) == ("too_many_requests", "1")

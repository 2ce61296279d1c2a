"""A marketplace's program brings members, jobs, applications and work, through the API and webhooks alone."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs.models import Application, Job, Member, Submission
from jobs.tasks import sync_request
from ledger import clock
from ledger.models import Entry
from payments.actions import api_keys
from payments.api import keys
from payments.buckets import Rate
from payments.engine.advance import advance
from payments.models import ApiAnswer, ApiScope, PaymentRequest
from payments.webhooks.sending import send_next
from tests import cast
from tests.driver import SECONDS, Stage, usable
from tests.jobs.test_api import MAY, Program, code
from tests.openpayments.wallet_server import WalletServer
from tests.payments.webhooks import PATH, endpoint, receiver, secret_of, verified

__all__ = ["receiver"]
KINDS = ("members", "jobs", "applications", "submissions")
WORK = tuple(f"jobs.{verb}_{kind[:-1]}" for kind in KINDS for verb in ("view", "add", "change"))


def worker_of_ours() -> User:
    return User.objects.filter(username="ana").first() or cast.person("ana", *{*MAY, *WORK})


def asked_until_told(shop: Program, path: str, body: dict[str, Any], once: str) -> dict[str, Any]:
    """Wallets may take longer than a program is kept waiting: it asks again, with the same key."""
    for _each in range(10):
        if (answer := shop.post(path, body, once=once)).status_code != HTTPStatus.SERVICE_UNAVAILABLE:
            break
    return made(answer)


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_the_marketplaces_own_story(stage: Stage, receiver: WalletServer) -> None:
    """Apply, select, fund, hand in, accept, pay; and every word of it told to the program."""
    shop, hooks = Program(by=worker_of_ours()), endpoint(receiver.origin + PATH)
    sol, maria = (
        made(shop.post("/api/members", {"name": name, "email": f"{name}@example.org", "walletAddressUrl": url}))
        for name, url in (("sol", stage.payer_url), ("maria", stage.worker_url))
    )
    assert not maria["walletIsReady"]
    usable(stage.payer_url)  # a worker looks them up
    usable(stage.worker_url)
    assert shop.get(f"/api/members/{maria['id']}").json()["walletIsReady"]
    told = {"title": "Cuentos", "reference": "N-1", "funderId": sol["id"], "budget": "100.00", "assetCode": "USD"}
    job = made(shop.post("/api/jobs", told, once="N-1"))
    assert (job["status"], job["budget"], job["workersWanted"]) == ("draft", "100.00", 1)
    assert made(shop.post("/api/jobs", told, once="N-1")) == job
    page = f"/api/jobs/{job['id']}"
    applies = {"jobId": job["id"], "workerId": maria["id"]}
    assert code(shop.post("/api/applications", applies), 422) == "not_kept"
    assert made(shop.post(f"{page}/publish", {}))["status"] == "recruiting"
    application = made(shop.post("/api/applications", applies))
    assert made(shop.post(f"/api/applications/{application['id']}/select", {}))["status"] == "selected"

    body: dict[str, Any] = {"sellerId": "platform", "buyerWalletAddressUrl": stage.payer_url, "amount": "100"}
    body |= {"receiver": "workers", "when": "held"}
    asked = asked_until_told(shop, f"/offers/{job['id']}/quotes/start", body, once="fund N-1")
    request = PaymentRequest.objects.get(pk=asked["pendingId"])
    assert stage.settle(request).state == "approved", "the funder approved; nothing is paid before the work is there"
    assert stage.received() == 0
    work = made(shop.post("/api/submissions", {"applicationId": application["id"], "text": "Ce tonalli"}, once="w"))
    accept = f"/api/submissions/{work['id']}/accept"
    assert made(shop.post(accept, {}, once="yes"))["status"] == "accepted"
    # The answer was lost, and is asked for again much later: it is done once.
    ApiAnswer.objects.filter(name__in=("yes", "w")).delete()
    assert made(shop.post(accept, {}, once="yes"))["status"] == "accepted"
    assert made(shop.post("/api/submissions", {"applicationId": application["id"], "text": "Ce tonalli"}, once="w"))
    assert (Submission.objects.count(), code(shop.post(accept, {}), 422)) == (1, "submission_moved")
    # A key that was forgotten, and is used for something else, is for that.
    ApiAnswer.objects.filter(name="yes").delete()
    assert made(shop.post("/api/members", {"name": "beto", "email": "beto@example.org"}, once="yes"))["name"] == "beto"

    advance(request.pk, SECONDS)
    sync_request(request.pk)
    assert stage.received() == 100_00
    assert shop.get(page).json() == {**job, "status": "complete", "isFunded": True}
    assert shop.get(f"/payments/{request.pk}/status").json()["status"] == "paid"
    while send_next(hooks):
        pass
    heard = [verified(one, secret_of(hooks)) for one in receiver.received]
    assert [event["type"] for event in heard] == [
        "request.approved",
        "payment.sent",
        "payment.completed",
        "request.settled",
    ]
    assert {event["data"]["pendingId"] for event in heard} == {request.pk}

    # Each thing has the entry that it has when staff do it, and one that names the key.
    used = Entry.objects.filter(kind="api_key.used", actor_kind="api", actor_id=shop.key.pk).count()
    assert used == 3 + 1 + 1 + 1 + 1 + 1 + 1 + 1, "members, job, publish, apply, select, send, hand in, accept"
    for kind in ("member.created", "job.created", "job.recruiting", "application.selected", "submission.accepted"):
        entry = Entry.objects.filter(kind=kind).latest("recorded_at")
        assert (entry.actor_kind, entry.actor_id) == ("staff", str(shop.key.acts_for_id))


@pytest.mark.django_db
def test_what_can_not_be_taken_is_said_in_one_shape_and_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "OF_A_KEY", Rate(at_once=10_000, a_second=1000))
    shop = Program(by=worker_of_ours())
    sol = cast.member("Sol")
    job = {"title": "T", "funderId": str(sol.pk), "budget": "10", "assetCode": "MXN"}
    person = {"name": "María", "email": "maria@example.org"}
    now = clock.now()
    odd: list[Any] = [
        "\0",
        "\ud800",
        "x" * 300,
        "\u202e",
        "",
        None,
        7,
        1.5,
        True,
        [],
        {},
        "-1",
        "1e3",
        2**63,
        -1,
        "9" * 19,
    ]
    for path, good in (("/api/members", person), ("/api/jobs", job)):
        for field in good:
            for value in odd:
                answer = shop.post(path, {**good, field: value})
                if answer.status_code != 200:
                    assert code(answer, answer.status_code) in {"invalid", "not_kept", "unreadable"}
                    assert answer.status_code in {400, 422}
                    continue
                assert isinstance(value, str), (path, field, value)
        for whole in ([], None, "x", 7, {}, [good], {**good, "budget": "0"} if "budget" in good else {}):
            assert shop.post(path, whole).status_code in {400, 422}
    Member.objects.exclude(pk=sol.pk).delete()
    Job.objects.all().delete()
    before = Entry.objects.exclude(kind="api_key.refused").count()

    past, far = (now - timedelta(days=1)).isoformat(), datetime(2199, 12, 31, tzinfo=UTC).isoformat()
    for path, body, status, where in (
        ("/api/members", {**person, "email": "SOL@example.org"}, 422, None),
        ("/api/members", {**person, "email": "no address"}, 422, "email"),
        ("/api/members", {**person, "kind": "robot"}, 400, None),
        ("/api/members", {**person, "walletAddressUrl": "http://127.0.0.1/x"}, 422, "walletAddressUrl"),
        ("/api/jobs", {**job, "funderId": "987654321"}, 422, "funderId"),
        ("/api/jobs", {**job, "sellerId": "nobody"}, 422, "sellerId"),
        ("/api/jobs", {**job, "budget": str(2**63)}, 422, "budget"),
        ("/api/jobs", {**job, "budget": "0.001"}, 422, "budget"),
        ("/api/jobs", {**job, "assetCode": "XXX"}, 422, "assetCode"),
        ("/api/jobs", {**job, "workersWanted": 0}, 400, None),
        ("/api/jobs", {**job, "workersWanted": True}, 400, None),
        ("/api/jobs", {**job, "recruitDeadline": past}, 422, "recruitDeadline"),
        ("/api/jobs", {**job, "recruitDeadline": "2099-01-01T00:00:00"}, 400, None),
        ("/api/jobs", {**job, "recruitDeadline": "9999-12-31T23:59:59-14:00"}, 400, None),
        ("/api/jobs", {**job, "recruitDeadline": far, "submitDeadline": far}, 422, "submitDeadline"),
        ("/api/applications", {"jobId": "1" * 18, "workerId": str(sol.pk)}, 422, "jobId"),
        ("/api/applications", {"jobId": "1" * 19, "workerId": "x"}, 400, None),
        ("/api/submissions", {"applicationId": "1", "text": "x"}, 422, "applicationId"),
    ):
        answer = shop.post(path, body)
        assert code(answer, status) == {400: "invalid", 422: "not_kept"}[status], (path, body)
        mistakes = answer.json()["details"]["mistakes"]
        assert all(mistake["what"] for mistake in mistakes)
        assert where is None or [where] in [mistake["where"] for mistake in mistakes], mistakes
    twin = shop.post("/api/members", {**person, "email": "SOL@example.org"}).json()["details"]["mistakes"]
    assert [(mistake["where"], mistake["code"]) for mistake in twin] == [([], "member_exists")]
    assert list(Member.objects.all()) == [sol]
    assert Entry.objects.exclude(kind="api_key.refused").count() == before

    row = made(shop.post("/api/jobs", job))
    for path in (
        *(f"/api/{kind}/{pk}" for kind in KINDS for pk in ("0", "9" * 18, "9" * 19, "x", "²", "-1")),
        "/api/nothing",
    ):
        assert shop.get(path).status_code == 404
    for path in ("jobs/0/publish", "applications/0/select", "applications/x/reject", "submissions/0/accept"):
        assert code(shop.post(f"/api/{path}", {}), 404) == "not_found"
    assert made(shop.post(f"/api/jobs/{row['id']}/publish", {}))["status"] == "recruiting"
    assert code(shop.post(f"/api/jobs/{row['id']}/publish", {}), 422) == "job_not_now"
    for query in ({"limit": "0"}, {"limit": "101"}, {"after": "x"}, {"after": "\0"}):
        assert code(shop.get("/api/jobs", **query), 400) == "invalid"
    assert shop.get("/api/members", email="\0").json() == {"members": [], "next": None}


@pytest.mark.django_db
def test_our_work_is_for_our_own_keys_and_those_who_may() -> None:
    by = worker_of_ours()
    sol = cast.member("Sol")
    job = cast.job(funder=sol)
    application = cast.applied(job)
    work = cast.handed_in(application)
    shop = Program(by=by)
    assert [row["id"] for row in shop.get("/api/members", email="SOL@example.org").json()["members"]] == [str(sol.pk)]
    assert shop.get("/api/jobs", reference="PO-7", status="selecting").json()["jobs"][0]["id"] == str(job.pk)
    assert shop.get("/api/jobs", status="draft").json() == {"jobs": [], "next": None}
    assert len(shop.get("/api/applications", jobId=str(job.pk)).json()["applications"]) == 1
    assert len(shop.get("/api/submissions", applicationId=str(application.pk)).json()["submissions"]) == 1
    first = shop.get("/api/members", limit="1").json()
    rest = shop.get("/api/members", limit="1", after=first["next"]).json()
    ids = [row["id"] for row in first["members"] + rest["members"]]
    assert ids == [str(pk) for pk in Member.objects.order_by("-pk").values_list("pk", flat=True)]
    assert rest["next"] is None

    market = api_keys.add_marketplace("Voces", cast.seller(), by=by)
    others = {
        "not_permitted": [Program(by=by, marketplace=market), Program(by=cast.person("otto"))],
        "wrong_scope": [Program(by=by, scopes=[ApiScope.ASK])],
    }
    reading = Program(by=by, scopes=[ApiScope.READ_WORK])
    paths = [f"/api/{kind}" for kind in KINDS]
    decisions = [f"/api/jobs/{job.pk}/publish", f"/api/submissions/{work.pk}/accept"]
    decisions += [f"/api/applications/{application.pk}/{what}" for what in ("select", "reject")]
    for refused, programs in others.items():
        for program in programs:
            assert {code(program.get(path), 403) for path in paths} == {refused}
            assert {code(program.post(path, {}), 403) for path in (*paths, *decisions)} == {refused}
    assert {code(reading.post(path, {}), 403) for path in (*paths, *decisions)} == {"wrong_scope"}
    assert {reading.get(path).status_code for path in paths} == {200}
    application.refresh_from_db()
    assert (application.status, Application.objects.count()) == ("selected", 1)

"""Programs change members and jobs as staff do: by the same rules, and as they have seen them."""

import json
from typing import Any

import pytest

from jobs import decisions, wallet_changes
from jobs.funding import fund
from jobs.models import JobStatus, Member, WalletChange
from jobs.reasons import JobRefusal
from ledger.models import Entry
from payments.models import ApiScope, Message
from tests import cast
from tests.jobs.test_api import Program, code
from tests.jobs.test_api_work import worker_of_ours

pytestmark = pytest.mark.django_db


class Changing(Program):
    """A program that may do what `ana` may."""

    def __init__(self, **made: Any) -> None:
        super().__init__(**{"by": worker_of_ours(), **made})

    def patch(self, path: str, body: Any, seen: str | None = None) -> Any:
        """As it is now, unless it says what was `seen`."""
        tag = self.get(path)["ETag"] if seen is None else seen
        headers = {"If-Match": tag} if tag else {}
        return self.client.patch(path, json.dumps(body), content_type="application/json", headers=headers)


def entries(*kinds: str) -> list[Entry]:
    return list(Entry.objects.filter(kind__in=kinds).order_by("recorded_at", "id"))


def mistakes(answer: Any) -> list[tuple[list[str], str]]:
    assert code(answer, 422) == "not_kept"
    return [(each["where"], each["code"]) for each in answer.json()["details"]["mistakes"]]


def test_what_is_named_changes_once_and_one_entry_names_the_key() -> None:
    shop, maria = Changing(), cast.member("Maria Lopez")
    page = f"/api/members/{maria.pk}"
    read = shop.get(page)
    changed = shop.patch(page, {"name": "María L.", "language": "en"}, read["ETag"])
    assert changed.status_code == 200, changed.content
    assert changed.json() == {**read.json(), "name": "María L.", "language": "en"} == shop.get(page).json()
    assert changed["ETag"] == shop.get(page)["ETag"] != read["ETag"]
    staffs, keys = entries("member.changed", "api_key.used")
    assert (staffs.actor_kind, staffs.actor_id) == ("staff", str(shop.key.acts_for_id))
    assert (keys.actor_kind, keys.actor_id) == ("api", shop.key.pk)
    assert json.loads(keys.body)["data"]["changed"] == ["language", "name"]

    # Its answer was lost, and it is sent again: it is what was seen that is gone.
    assert code(shop.patch(page, {"name": "María L."}, read["ETag"]), 412) == "changed_meanwhile"
    # What changes nothing is told of nowhere.
    same = shop.patch(page, {"name": "María L."})
    assert (same.status_code, same["ETag"]) == (200, changed["ETag"])
    assert shop.patch(page, {}).status_code == 200
    assert len(entries("member.changed", "api_key.used")) == 2


def test_it_has_to_say_what_it_saw() -> None:
    shop, job = Changing(), cast.job(JobStatus.DRAFT)
    page = f"/api/jobs/{job.pk}"
    tag = shop.get(page)["ETag"]
    for nothing in ("", "*", "no tag"):
        assert code(shop.patch(page, {"title": "X"}, nothing), 428) == "if_match_missing"
    for other in (f"W/{tag}", '"x"', shop.get(f"/api/members/{job.funder_id}")["ETag"]):
        assert code(shop.patch(page, {"title": "X"}, other), 412) == "changed_meanwhile"
    # Somebody in the back office was faster.
    decisions.move_job(job.pk, "publish", by=worker_of_ours(), seen="draft")
    assert code(shop.patch(page, {"title": "X"}, tag), 412) == "changed_meanwhile"
    assert shop.patch(page, {"title": "X"}, f'"x", {shop.get(page)["ETag"]}').json()["title"] == "X"
    assert [json.loads(entry.body)["data"]["changed"] for entry in entries("api_key.used")] == [["title"]]


def test_another_wallet_waits_for_a_second_person_who_is_not_the_keys() -> None:
    shop, maria = Changing(), cast.member("Maria", wallet=cast.wallet("maria"))
    page = f"/api/members/{maria.pk}"
    other = cast.wallet("maria-new").url
    told = shop.patch(page, {"walletAddressUrl": other}).json()
    assert maria.wallet is not None
    assert (told["walletAddressUrl"], told["waitingWalletAddressUrl"]) == (maria.wallet.url, other)
    assert shop.get(page).json() == told == shop.get("/api/members").json()["members"][0]
    assert Message.objects.filter(template="wallet_change", to_email=maria.email).count() == 1
    keys = entries("api_key.used")
    assert [json.loads(entry.body)["data"]["changed"] for entry in keys] == [["walletAddressUrl"]]
    # Said once more, it is the same change.
    assert shop.patch(page, {"walletAddressUrl": other}).json() == told
    change = WalletChange.objects.get()
    with pytest.raises(JobRefusal) as refused:
        wallet_changes.confirm(change.pk, by=shop.key.acts_for)
    assert refused.value.code == "own_wallet_change"
    wallet_changes.confirm(change.pk, by=cast.staff("rosa"))
    assert shop.get(page).json() == {**told, "walletAddressUrl": other, "waitingWalletAddressUrl": None}

    assert mistakes(shop.patch(page, {"walletAddressUrl": "http://10.0.0.1/x"})) == [
        (["walletAddressUrl"], "wallet_unsafe")
    ]


def test_the_earlier_email_is_told_of_another_and_nobody_gets_somebody_elses() -> None:
    shop, maria, ana = Changing(), cast.member("Maria"), cast.member("Ana")
    page, before = f"/api/members/{maria.pk}", maria.email
    assert mistakes(shop.patch(page, {"email": ana.email.upper()})) == [([], "member_exists")]
    assert shop.patch(page, {"email": "m@example.org"}).json()["email"] == "m@example.org"
    assert list(Message.objects.values_list("template", "to_email")) == [("email_change", before)]
    assert Member.objects.get(pk=maria.pk).email == "m@example.org"
    assert len(entries("member.email_changed", "member.changed", "api_key.used")) == 3


def test_a_job_changes_by_the_rules_of_its_page() -> None:
    shop, job = Changing(), cast.job(JobStatus.RECRUITING)
    page = f"/api/jobs/{job.pk}"
    first = shop.get(page).json()
    told = {"title": "Cuentos", "budget": "77.50", "workersWanted": 3, "submitDeadline": "2099-05-01T12:00:00Z"}
    told |= {"deliverables": ["audio", "text"], "targetLanguage": "náhuatl", "reference": "N-2"}
    changed = shop.patch(page, told)
    assert changed.status_code == 200, changed.content
    assert changed.json() == {**first, **told}
    assert shop.patch(page, {"submitDeadline": None}).json() == {**first, **told, "submitDeadline": None}
    assert mistakes(shop.patch(page, {"recruitDeadline": "2020-01-01T00:00:00Z"}))[0][0] == ["recruitDeadline"]
    assert mistakes(shop.patch(page, {"budget": "0.001"}))[0][0] == ["budget"]
    assert mistakes(shop.patch(page, {"funderId": "987654321"}))[0][0] == ["funderId"]
    nonsense: list[Any] = [{"titel": "X"}, {"status": "complete"}, {"title": None}, {"title": ""}, {"workersWanted": 0}]
    for wrong in (*nonsense, []):
        assert code(shop.patch(page, wrong), 400) == "invalid"

    paying = cast.job(funder=cast.member("Sol Foundation", wallet=cast.wallet("sol-foundation")))
    fund(paying, [cast.applied(paying)], cast.seller(), by=worker_of_ours(), form_id="1")
    page = f"/api/jobs/{paying.pk}"
    first = shop.get(page).json()
    assert mistakes(shop.patch(page, {"assetCode": "USD"})) == [([], "job_money_fixed")]
    assert shop.get(page).json()["assetCode"] == first["assetCode"]
    assert len(entries("job.changed")) == 2 == len(entries("api_key.used"))


def test_who_may_not_change_it_in_the_back_office_may_not_here() -> None:
    maria, job = cast.member("Maria"), cast.job(JobStatus.DRAFT)
    reads = cast.person("lupe", "jobs.view_member", "jobs.add_member", "jobs.view_job", "jobs.add_job")
    for page in (f"/api/members/{maria.pk}", f"/api/jobs/{job.pk}"):
        assert code(Changing(by=reads).patch(page, {}), 403) == "not_permitted"
        reader = Changing(scopes=[ApiScope.READ_WORK])
        assert code(reader.patch(page, {}), 403) == "wrong_scope"

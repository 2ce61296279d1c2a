"""Everything that is known of a payment, or of a job, as one file: made with a permission, and kept in the ledger."""

import json
from hashlib import sha256
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from jobs import decisions, paid_outside
from jobs.funding import fund
from jobs.models import Job, JobStatus
from ledger import clock, days
from ledger.api import seal, timeline
from ledger.models import Entry
from payments.actions.outside_payments import Paid
from payments.links import approval_url
from payments.models import Message, Payment
from payments.models.messages import MessageState
from payments.openpayments.amounts import Amount
from tests import cast, progress
from tests.cast import person, signed_in

pytestmark = pytest.mark.django_db
MAY = ("payments.make_evidence", "payments.view_payment", "jobs.view_job", "ledger.view_entry")


@pytest.fixture
def job(settings: object, tmp_path: object) -> Job:
    """Maria was paid by wallet, Ana in cash; the work of both was accepted."""
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    rosa, seller = cast.staff("rosa"), cast.seller()
    job = cast.job(JobStatus.SUBMITTING, workers_wanted=2)
    maria, ana = cast.applied(job), cast.applied(job, cast.member("Ana Cruz"))
    request = fund(job, [maria], seller, by=rosa, form_id="1")
    progress.settle(request)
    cash = Paid(Amount(125000, job.budget.asset), days.today(), "cash", "Receipt 7")
    paid_outside.confirm(paid_outside.report(ana, cash, by=rosa, form_id="2").pk, by=cast.staff("luis"))
    work = cast.handed_in(maria)
    work.file.save("plan.txt", ContentFile(b"Ce tonalli"))
    for each in (work, cast.handed_in(ana)):
        decisions.accept_submission(each.pk, by=rosa)
    Message.objects.update(state=MessageState.SENT, sent_at=clock.now())
    while seal():
        pass
    return job


def made(client: Client, path: str) -> tuple[bytes, ZipFile]:
    answer = client.post(path)
    assert answer.status_code == 200
    content = b"".join(answer)
    return content, ZipFile(BytesIO(content))


def test_a_jobs_file_has_all_of_it_and_the_ledger_its_digest(job: Job) -> None:
    client, path = signed_in(person("eva", *MAY)), f"/admin/jobs/job/{job.pk}/evidence/"
    assert "File of evidence" in client.get(f"/admin/jobs/job/{job.pk}/change/").content.decode()
    assert "Make the file" in client.get(path).content.decode()
    assert not Entry.objects.filter(kind="evidence.made").exists(), "looking makes nothing"
    content, found = made(client, path)
    entry = timeline([("job", str(job.pk))])[-1]
    assert (entry.kind, entry.data["sha256"]) == ("evidence.made", sha256(content).hexdigest())

    told = json.loads(found.read("summary.json"))
    (request,), (payment,), (cash,) = told["requests"], told["payments"], told["outsidePayments"]
    assert (request["requestedBy"], request["payer"]) == ("rosa", "Sol Foundation")
    assert payment["received"]["value"] == "125000"
    assert (cash["reportedBy"], cash["decidedBy"], cash["evidence"]) == ("rosa", "luis", "Receipt 7")
    assert len(told["acceptedWork"]) == 2
    assert "arrived at https://wallet.example/maria" in found.read("timeline.txt").decode()
    bodies = [json.loads(line) for line in found.read("entries.jsonl").decode().splitlines()]
    rows = dict(Entry.objects.values_list("pk", "body"))
    assert all(rows[each["id"]] == each["body"] for each in bodies)
    assert {json.loads(each["body"])["kind"] for each in bodies} >= {"payment.settled", "paid_outside.confirmed"}
    answers = [json.loads(line)["body"] for line in found.read("wallets.jsonl").decode().splitlines()]
    assert {json.loads(body)["kind"].partition(".")[0] for body in answers} >= {"quote", "outgoing", "incoming"}
    names = found.namelist()
    mails = Message.objects.exclude(template="second_person").count()
    assert sum(name.startswith("emails/") for name in names) == 2 * mails > 0
    assert [found.read(name) for name in names if name.startswith("work/") and "text.txt" not in name] == [
        b"Ce tonalli"
    ]
    assert not any(".." in name or name.startswith("/") for name in names)
    every = b"".join(found.read(name) for name in names).decode(errors="replace")
    token = approval_url(Payment.objects.get().request).rsplit("/", 1)[1]
    assert token not in every, "whoever has the file can't approve with it"


def test_a_payments_file_has_nothing_of_the_jobs_others(job: Job) -> None:
    payment = Payment.objects.get()
    _content, found = made(signed_in(person("eva", *MAY)), f"/admin/payments/payment/{payment.pk}/evidence/")
    every = b"".join(found.read(name) for name in found.namelist()).decode(errors="replace")
    assert "Maria Lopez" in every
    assert "Ana Cruz" not in every
    assert timeline([("payment", payment.pk)])[-1].kind == "evidence.made"


def test_without_the_permission_there_is_no_file_and_no_link(job: Job) -> None:
    for lacking in MAY[:3]:
        client = signed_in(person(f"no-{lacking}", *(one for one in MAY if one != lacking)))
        path = f"/admin/{'jobs/job' if lacking.startswith('jobs') else 'payments/payment'}"
        key = job.pk if lacking.startswith("jobs") else Payment.objects.get().pk
        assert client.get(f"{path}/{key}/evidence/").status_code == 403
        assert client.post(f"{path}/{key}/evidence/").status_code == 403
    client = signed_in(person("eva", *MAY))
    for key in ("0", "9" * 50, "nonsense"):
        assert client.post(f"/admin/jobs/job/{key}/evidence/").status_code == 404
    assert client.post("/admin/payments/payment/nonsense/evidence/").status_code == 404
    assert not Entry.objects.filter(kind="evidence.made").exists()

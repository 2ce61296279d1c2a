"""Members, jobs, applications and submissions come as files: looked at first, then all of a file or nothing."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from backoffice import roles
from backoffice.intake.reading import MOST_ROWS
from jobs.models import Application, Job, JobStatus, Member, Submission, WalletChange
from ledger import clock
from ledger.models import Entry
from tests import cast
from tests.backoffice.finance.test_exceptions import in_role

pytestmark = pytest.mark.django_db
HEAD = "email,name,kind,language,wallet_address\n"
MARIA = "maria@example.org,María Hernández,person,es,$wallet.example/maria\n"


@pytest.fixture
def ana(db: None) -> Client:
    return cast.signed_in(in_role("ana", roles.PLATFORM_STAFF))


def words(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text)))


def where(model: str) -> str:
    return f"/admin/jobs/{model}/import/"


def upload(client: Client, model: str, content: str | bytes) -> str:
    raw = content if isinstance(content, bytes) else content.encode()
    answer = client.post(where(model), {"file": SimpleUploadedFile("people.csv", raw)})
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, model: str, page: str) -> str:
    [shown] = re.findall(r'name="shown" value="([^"]+)"', page)
    return words(client.post(where(model), {"shown": unescape(shown)}, follow=True).content.decode())


def bring(client: Client, model: str, content: str | bytes) -> str:
    page = upload(client, model, content)
    assert "Import all of it" in page, words(page)
    return press(client, model, page)


def kinds(kind: str) -> int:
    return Entry.objects.filter(kind=kind).count()


def test_members_are_looked_at_then_imported_and_twice_changes_nothing(ana: Client) -> None:
    page = upload(ana, "member", HEAD + MARIA + "sol@example.org,=1+1,organisation,en,\n")
    assert "New 2 Changed 0 Unchanged 0" in words(page)
    assert not Member.objects.exists()
    assert not Entry.objects.filter(kind__in=("wallet.added", "intake.imported")).exists()
    assert "Imported: 2 new, 0 changed, 0 as they were." in press(ana, "member", page)
    assert (kinds("member.created"), kinds("intake.imported")) == (2, 1)
    maria = Member.objects.select_related("wallet").get(email="maria@example.org")
    assert maria.wallet
    assert (maria.name, maria.language, maria.wallet.url) == ("María Hernández", "es", "https://wallet.example/maria")
    # What looks like a formula is a name like another one.
    assert Member.objects.get(email="sol@example.org").name == "=1+1"
    # The button of the page that was shown, once more; the file, once more, as a spreadsheet of Windows saves it.
    assert "Something changed meanwhile, so nothing was imported." in press(ana, "member", page)
    again = (HEAD + MARIA.replace("maria@", "Maria@")).replace(",", ";").encode("cp1252")
    assert "There is nothing to import." in (told := upload(ana, "member", again))
    assert "New 0 Changed 0 Unchanged 1" in words(told)

    # An empty cell says nothing; a new wallet waits for a second person, and waiting for it is no change.
    cast.wallet("maria")
    moved = HEAD + "maria@example.org,María H.,,,https://other.example/maria\n"
    page = upload(ana, "member", moved)
    assert "name : María Hernández María H." in words(page)
    assert "wallet_address : https://wallet.example/maria https://other.example/maria" in words(page)
    assert "0 new, 1 changed" in press(ana, "member", page)
    maria.refresh_from_db()
    assert (maria.name, maria.kind, maria.language) == ("María H.", "person", "es")
    assert maria.wallet == cast.wallet("maria")
    assert WalletChange.objects.count() == 1
    assert "There is nothing to import." in upload(ana, "member", moved)
    assert kinds("intake.imported") == 2


def test_one_bad_row_is_named_and_nothing_of_the_file_is_kept(ana: Client) -> None:
    rows = "".join(f"w{number}@example.org,W{number},,,\n" for number in range(20))
    bad = "w3@EXAMPLE.org,Twin,,,\n,Nobody,,,\nlupe@example.org,Lupe,robot,es,nonsense\n"
    bad += "pia@example.org,Pía, SA,person,es,$x.example\nnobody,,robot,es,\n"
    shown = words(upload(ana, "member", HEAD + rows + bad))
    for told in (
        "22 The same stands in line 5 already.",
        "23 email This is missing.",
        "24 kind Select a valid choice. robot is not one of the available choices.",
        "25 The row has more cells than there are columns. A text with a comma needs quotes.",
        "26 email Enter a valid email address.",
        "26 kind Select a valid choice. robot is not one of the available choices.",
        "26 name This is missing.",
    ):
        assert told in shown, told
    assert "Import all of it" not in shown
    assert not Member.objects.exists()
    for content, told in (
        (b"", "The submitted file is empty."),
        (b"\x00\x01\x02", "This is no text with rows"),
        ("name,kind\nA,person\n", "The file has no column “email”."),
        ("name,email,iban\nA,a@example.org,1\n", "Nothing is known of the column “iban”."),
        ("name,email,name\nA,a@example.org,B\n", "The column “name” stands there twice."),
        (HEAD + MARIA * (MOST_ROWS + 1), "The file has more than 1,000 rows. Split it"),
        ("a" * (1024 * 1024 + 1), "The file is larger than 1 MB."),
    ):
        assert told in words(upload(ana, "member", content))


def test_jobs_applications_and_submissions_follow_each_other(ana: Client) -> None:
    cast.member("Sol"), cast.member("Maria")
    head = "Reference,Title,Funder email,Budget,Currency,Deliverables,Apply\n"
    assert "Nothing is known of the column “apply”." in words(upload(ana, "job", head + "N,T,s,1,MXN,,\n"))
    head = "Reference;Title;Funder email;Budget;Currency;Deliverables;Recruit deadline\n"
    page = words(upload(ana, "job", head + "N-1;Cuentos;nobody@example.org;1.250,50;mxn;text audio;01/02/2027\n"))
    assert "recruit_deadline “01/02/2027” can be read in more than one way. Write it like 2027-01-31 18:00." in page
    page = words(upload(ana, "job", head + "N-1;Cuentos;nobody@example.org;1.250,50;mxn;;\n"))
    assert "There is no member with the email “nobody@example.org”. Add them first." in page
    page = words(upload(ana, "job", head + "N-1;Cuentos;SOL@example.org;1.250,50;mxn;;\n"))
    assert "budget “1.250,50” is not an amount. Write it like 1250.00." in page
    good = head + 'N-1;Cuentos;SOL@example.org;"1,250.50";mxn;text audio;2099-02-01 18:00\n'
    assert "1 new" in bring(ana, "job", good)
    assert "There is nothing to import." in upload(ana, "job", good)
    job = Job.objects.get()
    assert (job.budget.value, job.status, job.deliverable_types) == (125050, JobStatus.DRAFT, ["text", "audio"])
    assert "budget : 1250.50 1300" in words(upload(ana, "job", good.replace('"1,250.50"', "1300")))

    applied = "job_reference,worker_email\nN-1,maria@example.org\n"
    assert "This cannot be done while the job is “Draft”." in words(upload(ana, "application", applied))
    Job.objects.update(status=JobStatus.RECRUITING)
    assert "1 new" in bring(ana, "application", applied)
    assert "There is nothing to import." in upload(ana, "application", applied)
    work = "job_reference,worker_email,text,link\nN-1,maria@example.org,Ce tonalli,\n"
    assert "is not selected for this job" in words(upload(ana, "submission", work))
    Application.objects.update(status="selected")
    assert "1 new" in bring(ana, "submission", work)
    assert "There is nothing to import." in upload(ana, "submission", work)
    assert Submission.objects.get().text == "Ce tonalli"
    cast.job(reference="N-1", funder=job.funder)
    assert "More than one job has the reference “N-1”" in words(upload(ana, "application", applied))


def test_only_who_may_imports_and_the_example_is_a_file_that_can_be_imported(ana: Client) -> None:
    luis = cast.signed_in(in_role("luis", roles.FINANCE))
    page = upload(ana, "member", HEAD + MARIA)
    [shown] = re.findall(r'name="shown" value="([^"]+)"', page)
    for model in ("member", "job", "application", "submission"):
        assert luis.get(where(model)).status_code == 403
        assert luis.post(where(model), {"shown": unescape(shown)}).status_code == 403
        assert where(model) in ana.get(f"/admin/jobs/{model}/").content.decode()
        assert where(model) not in luis.get(f"/admin/jobs/{model}/").content.decode()
        assert "Columns" in words(ana.get(where(model)).content.decode())
    # What one person was shown is imported by nobody else, and for no other list.
    root = User.objects.create_superuser("root")
    for client, model in ((cast.signed_in(root), "member"), (ana, "job")):
        answer = client.post(where(model), {"shown": unescape(shown)}, follow=True)
        assert "The file was looked at too long ago." in words(answer.content.decode())
    assert not Member.objects.exists()

    cast.member("Sol", email="sol@example.org")
    for model in ("member", "job"):
        example = ana.get(where(model) + "?example").content
        assert "1 new" in bring(ana, model, example)


def test_what_a_new_job_does_not_name_is_usual_for_its_funder(ana: Client) -> None:
    sol = cast.member("Sol", kind="organisation")
    cast.seller()
    cast.seller(id="north", is_default=False)
    row = "reference,title,funder_email,budget\nN-1,Cuentos,sol@example.org,100\n"
    assert "currency Choose a currency: none is usual for this funder." in words(upload(ana, "job", row))
    page = f"/admin/jobs/member/{sol.pk}/change/"
    fields = {"name": "Sol", "kind": "organisation", "email": "sol@example.org", "language": "es"}
    fields |= {"wallet_text": "https://wallet.example/sol", "organisation-TOTAL_FORMS": "1"}
    fields |= {"organisation-INITIAL_FORMS": "0", "organisation-0-default_currency": "nada"}
    assert "“NADA” is not a currency in use." in words(ana.post(page, fields).content.decode())
    fields |= {"organisation-0-default_currency": "usd", "organisation-0-default_seller": "north"}
    assert ana.post(page, fields).status_code == 302
    assert "1 new" in bring(ana, "job", row)
    job = Job.objects.get()
    assert (job.budget.asset.code, job.seller_id) == ("USD", "north")
    # Changed later, a job has what it has; another one says its own.
    assert "There is nothing to import." in upload(ana, "job", row)
    own = (
        row.replace("budget\n", "budget,currency,seller\n").replace("N-1", "N-2").replace("100\n", "100,MXN,platform\n")
    )
    assert "1 new" in bring(ana, "job", own)
    job = Job.objects.get(reference="N-2")
    assert (job.budget.asset.code, job.seller_id) == ("MXN", "platform")


def test_a_job_is_duplicated_from_its_page(ana: Client) -> None:
    made = clock.now() - timedelta(days=30)
    told = {"recruit_deadline": made + timedelta(days=7), "expires_at": made + timedelta(days=20)}
    old = cast.job(JobStatus.CANCELED, workers_wanted=3, description="Ce tonalli", created_at=made, **told)
    where = f"/admin/jobs/job/{old.pk}/duplicate/"
    shown = ana.get(where).content.decode()
    assert 'value="1250.00"' in shown
    assert 'value="30"' in shown
    form = {**hidden_fields(shown), "title": "Again", "with_text": "on", "budget_text": "1300", "workers_wanted": "3"}
    assert "has passed already" in words(ana.post(where, {**form, "days": "7"}).content.decode())
    for _press in range(2):
        ana.post(where, {**form, "days": "30"})
    new = Job.objects.exclude(pk=old.pk).get()
    assert (new.title, new.status, new.description, new.budget.value) == ("Again", "draft", "Ce tonalli", 130000)
    assert (new.workers_wanted, new.funder, new.reference) == (3, old.funder, "")
    assert new.recruit_deadline == made + timedelta(days=37)
    assert (new.submit_deadline, new.expires_at) == (None, made + timedelta(days=50))
    assert kinds("job.created") == 1
    # Without its text and dates; and only by who may add a job.
    form = hidden_fields(ana.get(where).content.decode())
    form |= {"title": "Bare", "budget_text": "1", "workers_wanted": "1"}
    ana.post(where, form)
    bare = Job.objects.get(title="Bare")
    assert (bare.description, bare.recruit_deadline, bare.expires_at) == ("", None, None)
    luis = cast.signed_in(in_role("luis", roles.FINANCE))
    assert luis.get(where).status_code == luis.post(where, form).status_code == 403


def hidden_fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}

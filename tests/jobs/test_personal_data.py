"""What is known of a member: handed out as one file, and erased by two people with chain, rows and books intact."""

import json
from collections import Counter
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from jobs import decisions, paid_outside
from jobs.funding import fund
from jobs.member_emails import tell_change
from jobs.models import Job, JobStatus, Member
from jobs.personal_data import erasing
from jobs.personal_data.belongings import of
from ledger import days
from ledger.api import carry_over, seal, timeline, verify, verify_rows
from ledger.books.figures import tell
from payments.actions import break_glass, mail_stops, proposals, wallet_proofs
from payments.actions.outside_payments import Paid
from payments.actions.staff_notes import NoteSubject, write_staff_note
from payments.invariants import violations
from payments.mail.queue import queue_message, queue_notice
from payments.models import Message, Payment, Proposal, Seller
from payments.models.messages import Template
from payments.models.proposals import ProposalState
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal
from tests import cast, progress
from tests.cast import person, signed_in
from tests.dialogs import confirm

pytestmark = pytest.mark.django_db
ERASE = ("jobs.erase_member", "jobs.view_member", "jobs.change_member")
NAMES = ("Ximena Ocelotl", "ximena@example.org", "Ce tonalli", "Receipt of Ximena")


@pytest.fixture
def ximena(rosa: User, seller: Seller, settings: object) -> Member:
    """She was paid a part by wallet and the rest in cash for work that was accepted; the job is over."""
    settings.PERSONAL_DATA_DAYS = 0  # type: ignore[attr-defined]
    member = cast.member("Ximena Ocelotl")
    job = cast.job(JobStatus.SUBMITTING)
    worker = cast.applied(job, member)
    request = fund(job, [worker], seller, by=rosa, form_id="1", parts={worker.pk: Amount(25000, job.budget.asset)})
    progress.settle(request)
    queue_message(Template.PAID, request=request, payment=request.payments.get(), occasion="paid")
    cash = Paid(Amount(100000, job.budget.asset), days.today(), "cash", "Receipt of Ximena")
    paid_outside.confirm(paid_outside.report(worker, cash, by=rosa, form_id="2").pk, by=cast.staff("luis"))
    member.notes.create(text="I am Ximena Ocelotl")
    about = NoteSubject("job", str(job.pk), job.title, "/", "jobs.view_job")
    write_staff_note(about, "Ximena Ocelotl called twice.", by=rosa, form_id="3")
    work = cast.handed_in(worker)
    decisions.accept_submission(work.pk, by=rosa)
    for room in ("payments", "jobs"):
        carry_over(room)  # what the cast wrote without an entry
    return member


def everything() -> str:
    """Every row of every table."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            found.append(repr(cursor.fetchall()))
    return "\n".join(found)


def figures() -> dict[tuple[object, ...], str]:
    told = tell(["asked", "received", "outside", "ended"])
    return {key: str(total.major) for key, total in told.totals.items()}


def test_two_people_erase_what_names_somebody_and_everything_else_holds(ximena: Member) -> None:
    one, two = person("one", *ERASE), person("two", *ERASE)
    assert ximena.wallet
    typed = {"name": ximena.name, "kind": "person", "email": ximena.email, "wallet_text": ximena.wallet.url}
    saved = signed_in(one).post(f"/admin/jobs/member/{ximena.pk}/change/", {**typed, "language": "es"})
    assert saved.status_code == 302
    before, books = everything(), figures()
    assert all(name in before for name in NAMES)
    proposal = erasing.propose(ximena, by=one)
    assert proposal.state == ProposalState.WAITING
    assert everything().count("Ximena Ocelotl") >= before.count("Ximena Ocelotl"), "nothing goes before two agree"
    with pytest.raises(Refusal):
        proposals.approve(proposal.pk, by=one)
    with pytest.raises(Refusal, match="by two people"):
        break_glass.approve_alone(proposal.pk, by=one, why="In a hurry")
    proposals.approve(proposal.pk, by=two)

    after = everything()
    assert not [name for name in NAMES if name in after]
    while seal():
        pass
    assert not list(verify())
    assert not list(verify_rows())
    assert not violations()
    assert figures() == books
    assert Payment.objects.get().received_value == 25000
    last = timeline([("member", str(ximena.pk))])[-1]
    assert (last.kind, last.actor.id) == ("member.erased", str(two.pk))
    ximena.refresh_from_db()
    with pytest.raises(Refusal, match="erased before"):
        erasing.propose(ximena, by=one)


def test_it_waits_until_nobody_needs_the_names(ximena: Member, rosa: User, settings: object) -> None:
    one = person("one", *ERASE)
    with pytest.raises(Refusal, match="by two people"):
        erasing.propose(ximena, by=one)
    two = person("two", *ERASE)
    settings.PERSONAL_DATA_DAYS = 30  # type: ignore[attr-defined]
    with pytest.raises(Refusal, match="is kept until"):
        erasing.propose(ximena, by=one)
    settings.PERSONAL_DATA_DAYS = 0  # type: ignore[attr-defined]
    funder = Job.objects.get().funder
    other = cast.job(funder=funder)
    with pytest.raises(Refusal, match="still has to do with"):
        erasing.propose(funder, by=one)
    proposal = erasing.propose(ximena, by=one)
    cast.applied(other, ximena)
    with pytest.raises(Refusal, match="still has to do with"):
        proposals.approve(proposal.pk, by=two)
    assert Member.objects.get(pk=ximena.pk).name == "Ximena Ocelotl"


def test_from_the_members_page(ximena: Member, client: Client) -> None:
    one, page = signed_in(person("one", *ERASE)), f"/admin/jobs/member/{ximena.pk}"
    person("two", *ERASE)
    assert "Erase personal data" in one.get(f"{page}/change/").content.decode()
    confirm(one, f"{page}/erase/", name="Somebody else")
    confirm(one, f"{page}/erase/", name="Ximena Ocelotl")
    assert Counter(str(row.kind) for row in Proposal.objects.all()) == {"erase_member": 1}
    assert "Ximena Ocelotl" in one.get("/admin/waiting/").content.decode()
    assert one.get(f"{page}/data/").status_code == 403
    eva = signed_in(person("eva", "jobs.disclose_member", "jobs.view_member"))
    assert "Personal data as a file" in eva.get(f"{page}/change/").content.decode()
    assert eva.get(f"{page}/data/").status_code == 200
    assert eva.post("/admin/jobs/member/999999/data/").status_code == 404
    assert eva.post(f"{page}/erase/").status_code == 403
    answer = eva.post(f"{page}/data/")
    found = ZipFile(BytesIO(b"".join(answer)))
    told = json.loads(found.read("data.json"))
    assert (told["member"]["name"], told["member"]["wallet"]) == ("Ximena Ocelotl", "https://wallet.example/ximena")
    assert [each["value"] for each in told["paidToThem"]] == [25000]
    assert [each["evidence"] for each in told["paidOutsideTheWallets"]] == ["Receipt of Ximena"]
    assert told["notes"][0]["text"] == "I am Ximena Ocelotl"
    assert told["work"][0]["text"] == "Ce tonalli…"
    mails = [name for name in found.namelist() if name.startswith("emails/")]
    assert len(mails) == Message.objects.filter(to_email="ximena@example.org").count() > 0
    assert timeline([("member", str(ximena.pk))])[-1].kind == "member.data_exported"


EARLIER = "ce.tonalli@old.example"


def had_another_address(member: Member, rosa: User) -> None:
    """She was written to at `EARLIER`, of nothing else that says whose it was, before it was changed."""
    Member.objects.filter(pk=member.pk).update(email=EARLIER)
    member.refresh_from_db()
    assert member.wallet
    seller = Seller.objects.get()
    wallet_proofs.ask(member.wallet, seller, name=member.name, email=EARLIER, language="en", by=rosa)
    with transaction.atomic():
        queue_notice(
            Template.WALLET_CHANGED,
            name=member.name,
            email=EARLIER,
            language="en",
            details={"before": "", "after": "https://wallet.example/x"},
            occasion="as it was kept before",
        )
        Member.objects.filter(pk=member.pk).update(email="ximena@example.org")
        member.refresh_from_db()
        tell_change(member, EARLIER, member.email, by=rosa.pk)
    mail_stops.mark_bounced(EARLIER, "550 no such user", by=rosa, about={})
    carry_over("jobs")


def test_what_went_to_an_earlier_address_is_found_and_erased_too(ximena: Member, rosa: User) -> None:
    had_another_address(ximena, rosa)
    known = of(ximena)
    to_it = known.messages.filter(to_email=EARLIER).values_list("template", flat=True)
    assert sorted(to_it) == sorted([Template.EMAIL_CHANGE, Template.PROOF, Template.WALLET_CHANGED])
    assert known.proofs.filter(email=EARLIER).exists()
    assert known.mail_stops.filter(email=EARLIER).exists()
    one, two = person("one", *ERASE), person("two", *ERASE)
    proposals.approve(erasing.propose(ximena, by=one).pk, by=two)
    after = everything()
    assert not [name for name in (*NAMES, EARLIER) if name in after]
    while seal():
        pass
    assert not list(verify())
    assert not list(verify_rows())


def test_mail_to_an_address_that_is_somebody_elses_now_stays_theirs(ximena: Member, rosa: User) -> None:
    had_another_address(ximena, rosa)
    other = cast.member("Itzel", email=EARLIER.upper())
    with transaction.atomic():
        queue_notice(
            Template.WALLET_CHANGED,
            name=other.name,
            email=other.email,
            language="en",
            details={"before": "", "after": "https://wallet.example/itzel"},
            occasion="itzel",
        )
    assert not of(ximena).messages.filter(to_name="Itzel").exists()
    assert of(ximena).messages.filter(template=Template.EMAIL_CHANGE).exists(), "that says whose it is"

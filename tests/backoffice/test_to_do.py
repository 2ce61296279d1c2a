"""“To do”: what the sidebar counts is what the tabs list, the oldest first, and doing the one thing empties them."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice import roles
from backoffice.to_do import shapes, tabs
from jobs.decisions import accept_submission
from jobs.models import (
    Application,
    ApplicationStatus,
    Job,
    JobFunding,
    JobStatus,
    Member,
    MemberNote,
    Payout,
    SubmissionStatus,
)
from jobs.self_service import handle_note, write_note
from ledger import clock
from payments.actions.staff_notes import NoteSubject, write_staff_note
from payments.authorisation import why_second_person
from payments.engine.second_person import to_second_person
from payments.models import Payment, PaymentRequest, Refund, WalletAddress
from payments.models.payments import Block
from payments.states import PaymentState, RequestState
from tests import cast
from tests.cast import applied, asked, handed_in, job, member, paid_to_maria, person, signed_in
from tests.jobs.test_paid_so_far import in_cash
from tests.progress import ACTOR

pytestmark = pytest.mark.django_db
PAGE = "/admin/to-do/"


def in_role(role: str, name: str = "") -> User:
    user = User.objects.create_user(name or role.replace(" ", "-"), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def counts(client: Client, tab: str = "") -> dict[str, int]:
    answer = client.get(PAGE, {"tab": tab} if tab else {})
    assert answer.status_code == 200
    return {one.tab.code: one.count for one in answer.context["tabs"]}


def listed(client: Client, tab: str) -> list[shapes.Todo]:
    answer = client.get(PAGE, {"tab": tab})
    assert answer.context["chosen"].tab.code == tab
    return [row for group in answer.context["groups"] for row in group.rows]


def ask(work: Application, state: RequestState, paid: PaymentState, active: bool = True) -> PaymentRequest:
    request = asked(state, title=work.job.title)
    payment = paid_to_maria(request, paid)
    Payout.objects.create(application=work, payment=payment, active=active, paid=paid == PaymentState.SETTLED)
    return request


def accepted(to: Job, name: str = "Maria Lopez", **columns: object) -> Application:
    work = applied(to, member(name, **columns))
    handed_in(work, SubmissionStatus.ACCEPTED)
    return work


def town(by: User) -> None:
    """One of everything that waits, and beside each something like it that doesn't."""
    sol = member("Sol Foundation")
    ready = job(JobStatus.REVIEWING, funder=sol, title="Ready")
    accepted(ready)
    paid = job(JobStatus.REVIEWING, funder=sol, title="Paid")
    ask(accepted(paid, "Ana Paid"), RequestState.SETTLED, PaymentState.SETTLED)
    under_way = job(JobStatus.REVIEWING, funder=sol, title="Under way")
    ask(accepted(under_way, "Eva Asked"), RequestState.AWAITING_APPROVAL, PaymentState.QUOTED)
    accepted(job(JobStatus.COMPLETE, funder=sol, title="Over"), "Leo Over")
    handed_in(applied(job(JobStatus.SUBMITTING, funder=sol, title="To read"), member("Iris Reads")))
    handed_in(applied(job(JobStatus.CANCELED, funder=sol), member("Otto Late")))
    full = job(JobStatus.RECRUITING, funder=sol, title="Full")
    applied(full, member("Full Chosen"))
    applied(full, member("Full Waits"), ApplicationStatus.PENDING)
    applied(job(JobStatus.RECRUITING, funder=sol, title="To choose"), member("Tom Asks"), ApplicationStatus.PENDING)
    asked(RequestState.QUOTED, title="Quoted")
    declined = applied(job(JobStatus.SUBMITTING, funder=sol, title="Declined"), member("Dora Declined"))
    ask(declined, RequestState.DECLINED, PaymentState.CANCELLED, active=False)
    again = applied(job(JobStatus.SUBMITTING, funder=sol, title="Asked again"), member("Ada Again"))
    ask(again, RequestState.EXPIRED, PaymentState.CANCELLED, active=False)
    ask(again, RequestState.AWAITING_APPROVAL, PaymentState.QUOTED)
    paid_to_maria(asked(RequestState.APPROVED, title="Stopped"), PaymentState.NEEDS_ATTENTION)
    warned = paid_to_maria(asked(RequestState.APPROVED, title="Warned"), PaymentState.APPROVED)
    Payment.objects.filter(pk=warned.pk).update(blocked_by=Block.WARNING, reason="warning_stops")
    write_note(sol.pk, "The amount is wrong.")
    handle_note(write_note(sol.pk, "Thank you.").pk, by=by)
    broken = cast.wallet(f"broken-{WalletAddress.objects.count()}")
    broken.keep(problem="wallet_not_found", problem_params={"wallet": broken.url})
    member("Broken Wallet", wallet=broken)
    cast.wallet("nobodys").keep(problem="wallet_not_found", problem_params={})
    job(JobStatus.SUBMITTING, funder=sol, title="Late", submit_deadline=clock.now() - timedelta(days=3))
    about = NoteSubject("job", str(ready.pk), ready.title, f"/admin/jobs/job/{ready.pk}/change/", "jobs.view_job")
    write_staff_note(about, "@administrator: is it hers?", by=by, form_id=f"note-{ready.pk}")
    waits = asked(RequestState.QUOTED, requested_by=by, title="For two", two_people=True)
    paid_to_maria(waits)
    with transaction.atomic():
        to_second_person(waits, why_second_person(waits), actor=ACTOR)


def test_each_tab_counts_exactly_what_it_lists_and_lists_only_what_waits() -> None:
    root = in_role(roles.ADMINISTRATOR)
    town(in_role(roles.PLATFORM_STAFF))
    client = signed_in(root)
    found = {tab.code: listed(client, tab.code) for tab in tabs.TABS}
    assert {code: len(rows) for code, rows in found.items()} == counts(client)
    assert {code: [row.title for row in rows] for code, rows in found.items()} == {
        "ready": ["Ready"],
        "attention": ["Stopped"],
        "warned": ["Warned"],
        "review": ["To read"],
        "applicants": ["To choose"],
        "quoted": ["Quoted"],
        "second": ["For two"],
        "mentions": ["Ready"],
        "ended": ["Declined"],
        "notes": ["Sol Foundation"],
        "wallets": ["Broken Wallet"],
        "overdue": ["Late"],
        "payer": ["Under way", "Asked again"],
    }
    page = client.get(PAGE).content.decode()
    item = page[page.index(f'href="{PAGE}"') :].split("</a>")[0]
    assert re.findall(r"min-w-\[18px\][^>]*>\s*(\d+)", item) == ["12"], "all but what waits for the payer"
    for code, rows in found.items():
        assert rows[0].action, code
        assert client.get(rows[0].action.path).status_code == 200, code


def test_a_part_of_what_is_owed_keeps_a_worker_ready_and_one_approval_pays_many_jobs_of_a_funder() -> None:
    sol, client = member("Sol Foundation"), signed_in(in_role(roles.PLATFORM_STAFF))
    first, second = (job(JobStatus.REVIEWING, funder=sol, title=title) for title in ("First", "Second"))
    work = accepted(first)
    accepted(second, "Juan Perez")
    part = paid_to_maria(asked(RequestState.SETTLED), PaymentState.SETTLED, value=250_00)
    Payout.objects.create(application=work, payment=part, paid=True)
    (group,) = client.get(PAGE, {"tab": "ready"}).context["groups"]
    assert [row.amount.replace("\xa0", " ") for row in group.rows] == ["1,000.00 MXN", "1,250.00 MXN"]
    assert (group.title, group.amount.replace("\xa0", " ")) == ("Sol Foundation", "2,250.00 MXN")
    assert client.get(group.action.path).status_code == 200
    rest = paid_to_maria(asked(RequestState.SETTLED), PaymentState.SETTLED, value=1000_00)
    Payout.objects.create(application=work, payment=rest, paid=True)
    assert [row.title for row in listed(client, "ready")] == ["Second"]


def test_a_row_says_what_blocks_it_and_offers_nothing_that_cannot_be_done() -> None:
    sol, client = member("Sol Foundation"), signed_in(in_role(roles.PLATFORM_STAFF))
    accepted(job(JobStatus.REVIEWING, funder=sol), "Juan Perez", wallet=None)
    (row,) = listed(client, "ready")
    assert row.blocks == "Juan Perez has no wallet yet."
    assert row.action
    assert not row.action.dialog
    auditor = signed_in(in_role(roles.AUDITOR))
    assert not any(row.action and row.action.dialog for row in listed(auditor, "ready"))


def test_deciding_empties_a_queue() -> None:
    staff = in_role(roles.PLATFORM_STAFF)
    client = signed_in(staff)
    work = handed_in(applied(job(JobStatus.SUBMITTING), member("Iris Reads")))
    assert (counts(client)["review"], counts(client)["ready"]) == (1, 0)
    accept_submission(work.pk, by=staff)
    assert (counts(client)["review"], counts(client)["ready"]) == (0, 1)


def test_who_may_see_less_has_fewer_queues_and_many_rows_cost_no_more() -> None:
    nobody = signed_in(person("nadie"))
    assert counts(nobody) == {}
    assert set(counts(signed_in(person("jobs", "jobs.view_job")))) == {"ready", "overdue"}
    staff, root = in_role(roles.PLATFORM_STAFF), in_role(roles.ADMINISTRATOR)
    town(staff)
    client = signed_in(root)

    def cost(number: int) -> dict[str, int]:
        found = {}
        for tab in tabs.TABS:
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(PAGE, {"tab": tab.code})
            found[tab.code] = len(queries)
            rows = sum(len(group.rows) for group in answer.context["groups"])
            assert answer.context["chosen"].count == rows == number * (2 if tab.code == "payer" else 1), tab.code
        return found

    few = cost(1)
    town(staff)
    assert cost(2) == few
    member = Member.objects.all()[0]
    MemberNote.objects.bulk_create(MemberNote(member=member, text="Where is it?") for _ in range(100))
    answer = client.get(PAGE, {"tab": "notes"})
    assert "More than 100 wait" in answer.content.decode()
    assert sum(len(group.rows) for group in answer.context["groups"]) == 100


def ended(work: Application) -> PaymentRequest:
    return ask(work, RequestState.DECLINED, PaymentState.CANCELLED, active=False)


@pytest.mark.edits_rows("of what was said to be paid outside, only the row is looked at")
def test_what_was_declined_and_paid_in_another_way_since_waits_no_more() -> None:
    client, sol = signed_in(in_role(roles.ADMINISTRATOR)), member("Sol Foundation")
    titles = ("Waits", "Paid in cash", "Said to be", "Taken back", "Cash before", "Held", "Paid direct")
    jobs = {title: job(JobStatus.SUBMITTING, funder=sol, title=title) for title in titles}
    for title in titles[:4]:
        ended(applied(jobs[title], member(f"{title} Lopez")))
    in_cash(jobs["Paid in cash"].applications.get(), 400_00)
    in_cash(jobs["Said to be"].applications.get(), 400_00, state="waiting")
    in_cash(jobs["Taken back"].applications.get(), 400_00, state="withdrawn")
    before = applied(jobs["Cash before"], member("Before Lopez"))
    in_cash(before, 400_00)
    ended(before)
    for title in titles[5:]:
        held = asked(RequestState.DECLINED, title=title)
        JobFunding.objects.create(job=jobs[title], request=held, active=False)
    ask(applied(jobs["Paid direct"], member("Direct Lopez")), RequestState.AWAITING_APPROVAL, PaymentState.QUOTED)
    assert [row.title for row in listed(client, "ended")] == ["Waits", "Taken back", "Cash before", "Held"]
    assert counts(client)["ended"] == 4


def test_declined_refunds_and_standing_budgets_wait_too_until_they_are_asked_for_again() -> None:
    client, sol = signed_in(in_role(roles.ADMINISTRATOR)), member("Sol Foundation")
    of = paid_to_maria(asked(RequestState.SETTLED), PaymentState.SETTLED)
    refund = asked(RequestState.EXPIRED, title="Refund")
    Refund.objects.create(of=of, payment=paid_to_maria(refund, PaymentState.CANCELLED))
    budget = cast.standing_budget(asked(RequestState.DECLINED, title="Budget", payer_wallet=sol.wallet))
    assert [row.title for row in listed(client, "ended")] == ["Refund"], "no work goes on to be paid from the budget"
    job(JobStatus.RECRUITING, funder=sol)
    rows = listed(client, "ended")
    assert [row.title for row in rows] == ["Refund", "Budget"]
    assert [row.action.path for row in rows if row.action] == [
        f"/admin/payments/payment/{of.pk}/change/",
        f"/admin/payments/standingbudget/{budget.pk}/change/",
    ]
    assert {client.get(row.action.path).status_code for row in rows if row.action} == {200}
    again = asked(RequestState.AWAITING_APPROVAL, title="Refund again")
    Refund.objects.create(of=of, payment=paid_to_maria(again))
    cast.standing_budget(asked(RequestState.AWAITING_APPROVAL, title="Budget again", payer_wallet=sol.wallet))
    assert listed(client, "ended") == []

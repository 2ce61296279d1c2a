"""Rows under “To do” are worked on: taken, handed over, put off until a morning or until something happens to them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice import roles
from backoffice.models import QueueMark
from backoffice.to_do.tasks import forget_marks
from jobs.decisions import accept_submission, move_job
from jobs.models import ApplicationStatus, JobStatus, Submission
from jobs.self_service import write_note
from ledger import clock, days
from ledger.api import timeline
from ledger.models import Entry
from tests.backoffice.test_to_do import PAGE, counts, in_role, listed
from tests.cast import applied, handed_in, job, member, person, signed_in

pytestmark = pytest.mark.django_db
TOMORROW = timedelta(days=1)


@pytest.fixture
def rosa() -> User:
    return in_role(roles.PLATFORM_STAFF, "rosa")


def works(number: int) -> list[Submission]:
    return [
        handed_in(applied(job(JobStatus.SUBMITTING, title=f"Job {n}"), member(f"Worker Number{n}")))
        for n in range(number)
    ]


def do(client: Client, what: str, rows: list[Any], tab: str = "review", **more: object) -> str:
    form = {"tab": tab, "do": what, "row": [str(row.pk) for row in rows], **more}
    answer = client.post(f"{PAGE}marks/", form, follow=True)
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def titles(client: Client, whose: str) -> list[str]:
    answer = client.get(PAGE, {"tab": "review", "whose": whose})
    return [row.title for group in answer.context["groups"] for row in group.rows]


def test_rows_are_taken_many_at_once_and_stay_with_whoever_was_first(rosa: User) -> None:
    client, other = signed_in(rosa), signed_in(in_role(roles.PLATFORM_STAFF, "otto"))
    found = works(3)
    assert "2 are yours." in do(client, "take", found[:2])
    assert "1 is yours." in (text := do(other, "take", found))
    assert "2 were taken already." in text
    assert titles(client, "mine") == ["Job 0", "Job 1"]
    assert titles(other, "mine") == ["Job 2"]
    assert titles(client, "nobodys") == []
    assert [row.owner for row in listed(client, "review")] == ["rosa", "rosa", "otto"]
    do(client, "leave", found)
    assert titles(client, "nobodys") == ["Job 0", "Job 1"]
    assert titles(client, "mine") == []
    assert counts(client)["review"] == 3, "whoever has them, they wait"
    taken = timeline([("to_do", f"review:{found[2].pk}")])
    assert [entry.kind for entry in taken] == ["to_do.taken"]


def test_a_row_is_handed_only_to_a_colleague_who_may_do_it(rosa: User) -> None:
    client, otto = signed_in(rosa), in_role(roles.PLATFORM_STAFF, "otto")
    (work,) = works(1)
    for nobody in (in_role(roles.AUDITOR), person("eva", "jobs.change_submission")):
        assert "Choose a colleague who may do this." in do(client, "hand", [work], to=nobody.pk)
    assert "goes to otto" in do(client, "hand", [work], to=otto.pk)
    assert titles(signed_in(otto), "mine") == ["Job 0"]


def test_what_is_put_off_is_not_counted_until_that_morning(rosa: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client, (first, second) = signed_in(rosa), works(2)
    day = days.today() + timedelta(days=2)
    do(client, "put_off", [first], until=day.isoformat())
    assert counts(client)["review"] == 1
    assert [row.title for row in listed(client, "review")] == ["Job 1"]
    assert titles(client, "put_off") == ["Job 0"]
    for moment, number in ((days.begins(day) - timedelta(seconds=1), 1), (days.begins(day), 2)):
        assert seen_at(moment, client, monkeypatch) == number
    do(client, "put_off", [second], until=day.isoformat())
    do(client, "wake", [first])
    assert titles(client, "all") == ["Job 0"]


def seen_at(moment: datetime, client: Client, monkeypatch: pytest.MonkeyPatch) -> int:
    """How much work waits to be read then."""
    with monkeypatch.context() as then:
        then.setattr(clock, "now", lambda: moment)
        return counts(client)["review"]


def test_what_is_put_off_waits_again_as_soon_as_something_happens_to_it(rosa: User) -> None:
    client, row = signed_in(rosa), job(JobStatus.RECRUITING)
    applied(row, member("Tom Asks"), ApplicationStatus.PENDING)
    do(client, "put_off", [row], tab="applicants", until=(days.today() + TOMORROW).isoformat())
    assert counts(client)["applicants"] == 0
    move_job(row.pk, "close_recruiting", by=rosa, seen=row.status)
    assert counts(client)["applicants"] == 1
    (todo,) = listed(client, "applicants")
    assert todo.until is None


@pytest.mark.parametrize("wrong", ["", "nonsense", "2020-01-01", "9999-12-31"])
def test_only_a_day_soon_is_one_to_put_off_until(rosa: User, wrong: str) -> None:
    client, found = signed_in(rosa), works(1)
    assert "Choose a day after today" in do(client, "put_off", found, until=wrong)
    assert "Choose a day after today" in do(client, "put_off", found, until=days.today().isoformat())
    assert counts(client)["review"] == 1


def test_who_may_not_do_what_a_row_waits_for_marks_none(rosa: User) -> None:
    found = works(1)
    for reader in (in_role(roles.AUDITOR), person("nadie")):
        client = signed_in(reader)
        for tab in ("review", "second"):
            assert client.post(f"{PAGE}marks/", {"tab": tab, "do": "take", "row": found[0].pk}).status_code == 403
        assert client.get(f"{PAGE}marks/").status_code == 403
        assert 'name="row"' not in client.get(PAGE, {"tab": "review"}).content.decode()
    client = signed_in(rosa)
    assert client.get(f"{PAGE}marks/").status_code == 405
    assert client.post(f"{PAGE}marks/", {"tab": "mentions", "do": "take", "row": "1"}).status_code == 403
    before = Entry.objects.count()
    for row in ("nonsense", "9" * 40, "0"):
        answer = client.post(f"{PAGE}marks/", {"tab": "review", "do": "take", "row": row}, follow=True)
        assert "Mark rows first." in answer.content.decode()
    assert not QueueMark.objects.exists()
    assert Entry.objects.count() == before


def test_a_mark_is_forgotten_once_its_row_left_the_queue(rosa: User) -> None:
    client, (done, waits) = signed_in(rosa), works(2)
    note = write_note(member("Maria Lopez").pk, "The amount is wrong.")
    do(client, "take", [done, waits])
    do(client, "put_off", [note], tab="notes", until=(days.today() + TOMORROW).isoformat())
    accept_submission(done.pk, by=rosa)
    forget_marks()
    forget_marks()
    assert set(QueueMark.objects.values_list("queue", "row")) == {("review", str(waits.pk)), ("notes", str(note.pk))}


def test_marks_and_many_of_them_cost_no_more_queries(rosa: User) -> None:
    client = signed_in(rosa)
    in_role(roles.PLATFORM_STAFF, "otto")

    def cost() -> int:
        client.get(PAGE, {"tab": "review"})
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE, {"tab": "review"})
        return len(queries)

    do(client, "take", works(1))
    few = cost()
    for name in ("ana", "eva", "luz"):
        in_role(roles.PLATFORM_STAFF, name)
    with CaptureQueriesContext(connection) as one:
        do(client, "take", list(Submission.objects.all()[:1]))
    more = [handed_in(applied(job(JobStatus.SUBMITTING), member(f"More Number{n}"))) for n in range(4)]
    with CaptureQueriesContext(connection) as many:
        do(client, "take", more)
    assert cost() == few
    assert len(many) <= len(one) + 12

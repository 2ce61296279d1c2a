"""Notes of colleagues: kept once, told to whom they name, read by whoever may see the row, and erased with a member."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice import roles
from jobs.models import JobStatus
from jobs.personal_data.belongings import of
from ledger.api import timeline
from payments.mail.rendering import render
from payments.models import Colleague, Message, NoteMention, StaffNote
from payments.models.messages import Template
from payments.states import RequestState
from tests.backoffice.test_to_do import counts, in_role, listed
from tests.cast import applied, asked, job, member, paid_to_maria, person, signed_in

pytestmark = pytest.mark.django_db


def colleague(name: str, role: str = roles.FINANCE, language: str = "en") -> User:
    user = in_role(role, name)
    User.objects.filter(pk=user.pk).update(email=f"{name}@example.org")
    Colleague.objects.create(user=user, language=language)
    return user


def page_of(row: Any, name: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])


def write(client: Client, row: Any, text: str, form_id: str = "") -> Any:
    return client.post(page_of(row, "team_notes"), {"text": text, "form_id": form_id}, follow=True)


def everything_noted() -> list[Any]:
    """One row of each kind that has notes."""
    request = asked(RequestState.QUOTED, title="Songs")
    return [job(title="Songs"), member("Maria Lopez"), request, paid_to_maria(request)]


def test_a_note_is_on_each_page_of_its_row_and_an_entry_without_its_words() -> None:
    rosa = colleague("rosa", roles.PLATFORM_STAFF)
    client = signed_in(rosa)
    for row in everything_noted():
        assert "The note was kept." in write(client, row, "She called: the wallet is new.").content.decode()
        assert "She called: the wallet is new." in client.get(page_of(row)).content.decode()
        note = StaffNote.objects.latest("pk")
        (entry,) = timeline([("staff_note", str(note.pk))])
        assert (entry.kind, entry.actor.id, note.written_by) == ("staff_note.written", str(rosa.pk), rosa)
        assert list(entry.subjects[note.about_kind]) == [note.about_id]
        assert not entry.private
        assert "wallet is new" not in str(entry.data)


def test_whom_it_names_is_told_by_mail_in_their_language_and_to_do_until_they_answer() -> None:
    luis, rosa = colleague("luis", language="es"), colleague("rosa", roles.PLATFORM_STAFF)
    row = job(title="Songs")
    write(signed_in(rosa), row, "Ask rosa@luis.example, or @Luis, why: @rosa", form_id="1")
    write(signed_in(rosa), row, "Ask rosa@luis.example, or @Luis, why: @rosa", form_id="1")
    assert [(each.colleague, each.note.about_id) for each in NoteMention.objects.all()] == [(luis, str(row.pk))]
    mail = Message.objects.get(template=Template.MENTION)
    assert (mail.to_email, mail.language) == ("luis@example.org", "es")
    text = render(mail).text
    assert "Songs" in text
    assert page_of(row) in text
    assert "why" not in text, "the words are for who signs in"

    reader = signed_in(luis)
    assert counts(reader)["mentions"] == 1
    (todo,) = listed(reader, "mentions")
    assert (todo.title, todo.who, todo.link) == ("Songs", "rosa", f"{page_of(row)}#team-notes")
    assert "A note names you." in reader.get(page_of(row)).content.decode()
    write(reader, row, "It is hers.")
    assert counts(reader)["mentions"] == 0
    assert "A note names you." not in reader.get(page_of(row)).content.decode()


def test_who_has_read_it_says_so_and_nobody_says_so_for_them() -> None:
    ines, rosa = colleague("ines", roles.AUDITOR), colleague("rosa", roles.PLATFORM_STAFF)
    row = member("Maria Lopez")
    write(signed_in(rosa), row, "@ines look")
    signed_in(rosa).post(page_of(row, "team_notes"), {"seen": "1"})
    assert counts(signed_in(ines))["mentions"] == 1
    signed_in(ines).post(page_of(row, "team_notes"), {"seen": "1"})
    assert counts(signed_in(ines))["mentions"] == 0


def test_nobody_is_told_of_what_they_may_not_see_and_the_writer_hears_of_it() -> None:
    person("nadie", "payments.view_payment", "payments.view_staffnote")
    answer = write(signed_in(colleague("rosa", roles.PLATFORM_STAFF)), job(), "@nadie and @nobody: look.")
    assert "signs in as @nadie, @nobody, so nobody was told" in answer.content.decode()
    assert not NoteMention.objects.exists()


def test_who_may_not_write_or_see_the_row_writes_nothing_there() -> None:
    row = job()
    auditor = signed_in(colleague("ines", roles.AUDITOR))
    assert auditor.post(page_of(row, "team_notes"), {"text": "x"}).status_code == 403
    assert 'name="text"' not in auditor.get(page_of(row)).content.decode()
    other = signed_in(person("eva", "payments.add_staffnote", "payments.view_staffnote"))
    assert other.post(page_of(row, "team_notes"), {"text": "x"}).status_code == 404
    looks = signed_in(person("leo", "jobs.view_job"))
    assert looks.post(page_of(row, "team_notes"), {"text": "x"}).status_code == 404
    assert "team-notes" not in looks.get(page_of(row)).content.decode()
    rosa = signed_in(colleague("rosa", roles.PLATFORM_STAFF))
    assert rosa.get(page_of(row, "team_notes")).status_code == 405
    for text in ("", " \n", "x" * 2001):
        write(rosa, row, text)
    assert not StaffNote.objects.exists()


def test_erasing_a_member_reaches_what_was_written_about_them() -> None:
    rosa = signed_in(colleague("rosa", roles.PLATFORM_STAFF))
    maria, other = member("Maria Lopez"), member("Juan Perez")
    work = job(JobStatus.SUBMITTING)
    applied(work, maria)
    payment = paid_to_maria(asked(RequestState.QUOTED), receiver_key=maria.key)
    for row, text in (
        (maria, "She moved."),
        (payment, "She called."),
        (work, "Lopez is late."),
        (work, "All is well."),
        (other, "Knows Maria."),
    ):
        write(rosa, row, text)
    reached = of(maria).staff_notes.values_list("text", flat=True)
    assert sorted(reached) == ["Lopez is late.", "She called.", "She moved."]


def test_many_notes_cost_no_more_queries() -> None:
    rosa = colleague("rosa", roles.PLATFORM_STAFF)
    colleague("luis")
    client, row = signed_in(rosa), job()

    def cost() -> int:
        client.get(page_of(row))
        with CaptureQueriesContext(connection) as queries:
            text = client.get(page_of(row)).content.decode()
        assert re.findall("note [0-9]", text)
        return len(queries)

    write(client, row, "note 0 @luis")
    few = cost()
    for number in range(1, 4):
        write(client, row, f"note {number} @luis")
    assert cost() == few

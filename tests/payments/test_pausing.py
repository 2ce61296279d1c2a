"""One switch stops new money movement: everything, a seller, a wallet host."""

import io
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse
from pytest_django import Settings

from ledger.api import timeline
from ledger.checkpoints.make_key import make_key
from ledger.models import Entry
from payments.actions.pausing import pause, pause_by_itself, resume
from payments.mail.rendering import render
from payments.models import Message, Pause
from payments.models.messages import Template
from payments.models.pauses import PauseCause, PauseScope
from payments.pauses import active, blocking
from payments.presentation.reasons import pause_reason
from payments.presentation.timeline_text import describe
from tests.cast import person, radio, signed_in

pytestmark = pytest.mark.django_db
HOSTS = ["wallet.example", "bank.example"]


@pytest.fixture
def ana() -> User:
    return person("ana", "payments.view_pause", "payments.add_pause", "payments.change_pause")


def test_nothing_blocks_while_nothing_is_paused() -> None:
    assert blocking("platform", HOSTS) is None


@pytest.mark.parametrize(
    ("scope", "target", "blocked"),
    [
        (PauseScope.ALL, "", {"platform", "other"}),
        (PauseScope.SELLER, "platform", {"platform"}),
        (PauseScope.HOST, "Bank.Example", {"platform", "other"}),
        (PauseScope.HOST, "elsewhere.example", set()),
    ],
)
def test_a_pause_blocks_its_own_scope(scope: PauseScope, target: str, blocked: set[str], ana: User) -> None:
    radio()
    started = pause(scope, target, "an incident", ana)
    assert {one for one in ("platform", "other") if blocking(one, HOSTS) == started} == blocked


def test_a_resumed_pause_blocks_nothing(ana: User) -> None:
    ended = resume(pause(PauseScope.ALL, "", "an incident", ana).pk, ana)
    assert ended.ended_by == ana
    assert blocking("platform", HOSTS) is None
    assert active() == []


def test_pausing_twice_is_pausing_once(ana: User) -> None:
    first = pause(PauseScope.ALL, "", "an incident", ana)
    assert pause(PauseScope.ALL, "", "another", ana) == first
    assert resume(first.pk, ana).ended_at == resume(first.pk, ana).ended_at
    assert [row.kind for row in timeline([("pause", str(first.pk))])] == ["pause.started", "pause.ended"]


def test_it_can_be_paused_anew(ana: User) -> None:
    first = pause(PauseScope.ALL, "", "an incident", ana)
    resume(first.pk, ana)
    assert pause(PauseScope.ALL, "", "again", ana) != first


def test_what_a_person_wrote_can_be_erased_from_the_ledger(ana: User) -> None:
    started = pause(PauseScope.HOST, "bank.example", "María called", ana)
    (row,) = timeline([("pause", str(started.pk))])
    assert "María" not in str(row.data)
    assert str(describe(row)) == "New payments with the wallet host bank.example are paused. María called"


@pytest.mark.parametrize(
    ("scope", "target", "field", "sentence"),
    [
        (PauseScope.ALL, "platform", "target", "Leave this empty to pause everything."),
        (PauseScope.SELLER, "nobody", "target", "There is no seller with the id “nobody”."),
        (
            PauseScope.HOST,
            "https://bank.example/",
            "target",
            "A wallet host looks like wallet.example, without https://.",
        ),
        (PauseScope.HOST, "", "target", "A wallet host looks like wallet.example, without https://."),
    ],
)
def test_a_target_that_names_nothing_is_refused(scope: PauseScope, target: str, field: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        pause(scope, target, "an incident", None)
    assert refused.value.message_dict == {field: [sentence]}
    assert not Pause.objects.exists()


def test_a_pause_needs_a_reason() -> None:
    with pytest.raises(ValidationError, match="Say why"):
        pause(PauseScope.ALL, "", "  ", None)


# In the admin


def test_every_page_says_what_is_paused(ana: User) -> None:
    pause(PauseScope.ALL, "", "an incident at the bank", ana)
    client = signed_in(ana)
    for url in (reverse("admin:index"), reverse("admin:payments_pause_changelist")):
        text = client.get(url).content.decode()
        assert "New payments are paused:" in text
        assert "an incident at the bank." in text


def test_no_banner_when_nothing_is_paused(ana: User) -> None:
    assert "are paused:" not in signed_in(ana).get(reverse("admin:index")).content.decode()


def test_adding_a_pause_starts_it(ana: User) -> None:
    form = {"scope": "host", "target": "Bank.Example", "reason": "an incident"}
    answer = signed_in(ana).post(reverse("admin:payments_pause_add"), form)
    assert answer.status_code == 302
    started = Pause.objects.get()
    assert (started.scope, started.target, started.started_by) == ("host", "bank.example", ana)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"scope": "seller", "target": "nobody", "reason": "x"}, "There is no seller with the id “nobody”."),
        ({"scope": "all", "target": "", "reason": "x"}, "This is paused already."),
        ({"scope": "all", "target": "", "reason": ""}, "This field is required."),
    ],
)
def test_a_pause_that_cannot_be_is_refused_on_the_form(ana: User, form: dict[str, str], sentence: str) -> None:
    pause(PauseScope.ALL, "", "an incident", ana)
    answer = signed_in(ana).post(reverse("admin:payments_pause_add"), form)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert Pause.objects.count() == 1


def test_resume_is_a_dialog_for_those_who_may(ana: User) -> None:
    started = pause(PauseScope.ALL, "", "an incident", ana)
    url = reverse("admin:payments_pause_resume", args=[started.pk])
    looker = signed_in(person("eva", "payments.view_pause"))
    assert looker.post(url, {"_form_submitted": "True"}).status_code == 403
    assert url not in looker.get(reverse("admin:payments_pause_change", args=[started.pk])).content.decode()
    client = signed_in(ana)
    assert client.get(url).status_code == 200
    assert active() == [started]
    client.post(url, {"_form_submitted": "True"})
    assert active() == []


def test_a_pause_is_never_edited_or_deleted(ana: User) -> None:
    started = pause(PauseScope.ALL, "", "an incident", ana)
    client = signed_in(User.objects.create_superuser("root"))
    change, delete = (reverse(f"admin:payments_pause_{what}", args=[started.pk]) for what in ("change", "delete"))
    assert client.post(change, {"reason": "another"}).status_code == 403
    assert client.post(delete, {"post": "yes"}).status_code == 403


# By command


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("pause", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_pauses_lists_and_resumes(ana: User) -> None:
    assert said("--list") == "Nothing is paused.\n"
    assert "One wallet host bank.example — an incident" in said("--host", "bank.example", "--reason", "an incident")
    assert "One wallet host bank.example — an incident" in said("--list")
    assert "Resumed" in said("--host", "bank.example", "--resume", "--by", "ana")
    assert active() == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--seller", "nobody", "--reason", "x"], "There is no seller with the id “nobody”."),
        (["--resume", "--by", "ana"], "Nothing of that kind is paused."),
        (["--resume"], "--by is missing"),
        (["--resume", "--by", "nobody"], "There is no active user called nobody."),
        (["--resume", "--by", "eva"], "eva may not pause or resume payments."),
    ],
)
def test_the_command_refuses_with_a_sentence(ana: User, arguments: list[str], sentence: str) -> None:
    person("eva")
    with pytest.raises(CommandError, match=sentence):
        call_command("pause", *arguments)


def test_who_may_resume_is_told_by_mail_once_when_the_program_pauses(ana: User) -> None:
    for who, name in ((ana, "ana"), (person("ines", "payments.view_pause"), "ines")):
        User.objects.filter(pk=who.pk).update(email=f"{name}@example.org")
    started = pause_by_itself(PauseCause.DATABASE_RESTORED)
    assert pause_by_itself(PauseCause.DATABASE_RESTORED) == started
    told = Message.objects.get(template=Template.PAUSED)
    assert told.to_email == "ana@example.org"
    assert "Compare the latest payments with the wallets" in render(told).text
    assert "http://testserver/admin/payments/pause/" in render(told).text
    told.language = "es"
    assert "Se pausaron todos los pagos nuevos" in render(told).text
    resume(started.pk, ana)
    pause(PauseScope.ALL, "", "an incident", ana)
    assert Message.objects.filter(template=Template.PAUSED).count() == 1


def test_the_programs_own_reasons_are_words() -> None:
    started = pause_by_itself(PauseCause.DATABASE_RESTORED)
    assert "Compare the latest payments with the wallets" in pause_reason(started)


@pytest.mark.django_db(transaction=True)
def test_resuming_after_a_restore_makes_this_history_count(ana: User, settings: Settings, tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    settings.LEDGER_CHECKPOINT_KEY_FILE, settings.LEDGER_CHECKPOINT_DIR = str(tmp_path / "key"), str(tmp_path / "out")
    resume(pause_by_itself(PauseCause.DATABASE_RESTORED).pk, ana)
    assert (tmp_path / "out" / "latest").exists()
    assert Entry.objects.get(kind="ledger.accepted").actor_id == str(ana.pk)

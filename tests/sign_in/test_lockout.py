"""Who guesses is stopped for a while, whatever they guess; who is guessed at still comes in where they are known."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from backoffice import roles
from backoffice.ledger_kinds import SIGN_IN
from backoffice.models import FailedTries
from backoffice.sign_in import entries as sign_in_entries
from backoffice.sign_in import lockout
from ledger.api import timeline
from ledger.models import Entry
from payments.presentation.timeline_text import describe
from tests.dialogs import confirm
from tests.sign_in.codes import code
from tests.sign_in.people import CODE, PASSWORD, entries, is_in, knock, person, with_factor

pytestmark = pytest.mark.django_db
TRIES = lockout.RULES["name"].tries
MANY = lockout.RULES["address"].tries


def guess(client: Client, name: str, times: int) -> str:
    """Wrong passwords, one after the other; the last answer."""
    for number in range(times):
        page = knock(client, name, f"guess {number}").content.decode()
    return page


def later(minutes: int) -> None:
    """As if the tries so far had been so long ago."""
    for row in FailedTries.objects.all():
        row.since -= timedelta(minutes=minutes)
        row.locked_until = row.locked_until and row.locked_until - timedelta(minutes=minutes)
        row.save()


def test_after_sixty_wrong_passwords_the_right_one_is_refused_until_it_is_over() -> None:
    rosa, thief = person("rosa"), Client()
    assert "don&#x27;t belong together" in guess(thief, "rosa", TRIES)
    refused = guess(thief, "rosa", 60 - TRIES)
    assert "There were too many wrong tries" in refused
    assert "Try again at" in refused
    assert "There were too many wrong tries" in knock(thief, "rosa").content.decode()
    assert not is_in(thief)
    assert entries(rosa) == ["sign_in.wrong", "sign_in.locked_out"], "told once, however often"
    assert Entry.objects.get(kind="sign_in.locked_out").body.count(f'"tries":{TRIES}') == 1
    later(16)
    assert knock(thief, "rosa").status_code == 302


def test_what_is_tried_meanwhile_does_not_make_it_longer() -> None:
    person("rosa")
    guess(Client(), "rosa", TRIES)
    later(14)
    guess(Client(), "rosa", 3)
    later(2)
    assert knock(Client(), "rosa").status_code == 302


def test_who_signed_in_here_before_is_not_locked_out_by_a_stranger() -> None:
    person("rosa")
    at_home = Client()
    knock(at_home, "rosa")
    at_home.post("/admin/logout/")
    assert "too many wrong tries" in guess(Client(), "rosa", TRIES + 1)
    assert knock(at_home, "rosa").status_code == 302
    stolen = Client()
    stolen.cookies = at_home.cookies
    stolen.cookies.pop("tequio_session", None)
    assert "too many wrong tries" in guess(stolen, "rosa", TRIES + 1), "whoever has the cookie has no more tries"
    assert "too many wrong tries" in guess(stolen, "luis", TRIES + 1), "and it is of no use for another name"


def test_one_address_can_not_try_all_the_names() -> None:
    rosa = person("rosa")
    thief = Client(REMOTE_ADDR="203.0.113.1")
    for number in range(MANY):
        knock(thief, f"nobody-{number}")
    assert "too many wrong tries" in knock(thief, "rosa").content.decode()
    assert knock(Client(REMOTE_ADDR="203.0.113.7"), "rosa").status_code == 302
    told = Entry.objects.filter(kind="sign_in.address_locked_out")
    assert told.count() == 1
    assert "203.0.113.1" not in told.get().body, "an address is in the part that can be erased"
    assert "203.0.113.1" in told.get().private_part.text
    assert "sign_in.wrong" not in entries(rosa)


def test_where_an_address_tells_nobody_apart_none_is_locked_out() -> None:
    """Behind a proxy that we were not told of, everybody's is the proxy's."""
    person("rosa")
    for number in range(MANY + 1):
        knock(Client(), f"nobody-{number}")
    assert knock(Client(), "rosa").status_code == 302


def test_nobody_fills_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_entries, "MOST_PER_HOUR", 4)
    for number in range(6):
        person(f"staff-{number}")
        guess(Client(REMOTE_ADDR=f"203.0.113.{number}"), f"staff-{number}", TRIES)
    kinds = list(Entry.objects.filter(kind__startswith="sign_in.").order_by("id").values_list("kind", flat=True))
    assert kinds == ["sign_in.wrong", "sign_in.locked_out", "sign_in.wrong", "sign_in.flood"]


def test_guessing_the_code_is_guessing_too() -> None:
    rosa = person("rosa")
    key = with_factor(rosa)
    client = Client()
    for _number in range(TRIES):
        knock(client, "rosa")
        page = client.post(CODE, {"code": "000000"}).content.decode()
    assert "That code is not right" in page
    client.post(CODE, {"code": code(key)})
    assert not is_in(client)
    assert "too many wrong tries" in knock(Client(), "rosa").content.decode()


def test_a_name_that_nobody_has_is_answered_like_one_that_somebody_has() -> None:
    person("rosa")
    person("gone", is_active=False)
    answers = {name: guess(Client(), name, TRIES + 1) for name in ("rosa", "nobody", "gone")}
    plain = {answer.replace(name, "…").split("csrfmiddlewaretoken")[0] for name, answer in answers.items()}
    assert len(plain) == 1
    assert "too many wrong tries" in plain.pop()
    later(16)
    wrong = {name: knock(Client(), name, "x").content.decode().split('role="alert"')[1] for name in answers}
    assert len({answer.replace(name, "…").split("csrfmiddlewaretoken")[0] for name, answer in wrong.items()}) == 1


def test_an_administrator_lifts_it(client: Client) -> None:
    rosa, alma = person("rosa"), person("alma", roles.ADMINISTRATOR)
    client.force_login(alma)
    page = f"/admin/auth/user/{rosa.pk}/change/"
    assert "Lift the lock-out" not in client.get(page).content.decode()
    guess(Client(), "rosa", TRIES)
    assert "Lift the lock-out" in client.get(page).content.decode()
    confirm(client, f"/admin/auth/user/{rosa.pk}/lift_lock_out/")
    assert knock(Client(), "rosa").status_code == 302
    assert entries(rosa)[2:] == ["sign_in.lock_lifted", "sign_in.done"]


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once_are_no_more_than_many_one_after_the_other() -> None:
    """Each is counted before it is looked at: with twenty at once, ten are."""
    person("rosa")

    def one(number: int) -> bool:
        try:
            return "don&#x27;t belong together" in knock(Client(), "rosa", f"guess {number}").content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        looked_at = sum(threads.map(one, range(20)))
    assert looked_at == TRIES
    assert not is_in(Client())
    assert User.objects.get().check_password(PASSWORD)


def test_every_entry_has_a_sentence() -> None:
    rosa = person("rosa")
    for kind in SIGN_IN:
        sign_in_entries.tell(kind, rosa, tries=3, left=2, sessions=1)
    told = [describe(row) for row in timeline([("user", str(rosa.pk))])]
    assert len({sentence.text for sentence in told}) == len(SIGN_IN)
    assert not [sentence.text for sentence in told if "Recorded" in sentence.text or "%(" in sentence.text]


def test_an_administrator_lifts_it_in_their_own_browser_too(client: Client) -> None:
    rosa, alma = person("rosa"), person("alma", roles.ADMINISTRATOR)
    at_home, elsewhere = Client(), Client()
    for browser in (at_home, elsewhere):
        knock(browser, "rosa")
        browser.post("/admin/logout/")
    assert "too many wrong tries" in guess(at_home, "rosa", TRIES + 1)
    assert knock(Client(), "rosa").status_code == 302, "what is counted in one browser keeps no other out"
    client.force_login(alma)
    assert "Lift the lock-out" in client.get(f"/admin/auth/user/{rosa.pk}/change/").content.decode()
    confirm(client, f"/admin/auth/user/{rosa.pk}/lift_lock_out/")
    assert knock(at_home, "rosa").status_code == 302
    assert entries(rosa)[-2:].count("sign_in.lock_lifted") == 1
    assert "Lift the lock-out" not in client.get(f"/admin/auth/user/{rosa.pk}/change/").content.decode()


def test_lifting_it_for_one_person_lifts_it_for_nobody_else() -> None:
    for name in ("rosa", "luis"):
        person(name)
        browser = Client()
        knock(browser, name)
        browser.post("/admin/logout/")
        guess(browser, name, TRIES + 1)
    assert lockout.forget("rosa")
    assert lockout.locked_until("rosa") is None
    assert lockout.locked_until("luis")

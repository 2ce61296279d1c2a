"""Where somebody is signed in: they see it, and end it; some things end it for them."""

import re
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django_q.models import OrmQ, Schedule

from backoffice import roles
from backoffice.sign_in.devices import device
from backoffice.sign_in.tasks import forget_expired_sessions
from ledger import clock
from tests.dialogs import confirm
from tests.sign_in.codes import code
from tests.sign_in.people import LOGIN, OWN, PASSWORD, SET_UP, entries, is_in, key_on, knock, person

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/18 Safari/604"
)


def at(user_agent: str, name: str = "rosa") -> Client:
    client = Client(HTTP_USER_AGENT=user_agent)
    knock(client, name)
    assert is_in(client)
    return client


def test_they_are_listed_and_each_can_be_ended() -> None:
    rosa = person("rosa")
    here, phone, third = at(FIREFOX), at(PHONE), at(FIREFOX)
    page = here.get(OWN).content.decode()
    assert page.index("Firefox · Linux") < page.index("This one") < page.index("Safari · iPhone")
    assert page.count("This one") == 1
    numbers = re.findall(r'name="session" value="(\d+)"', page)
    assert len(numbers) == 2
    ended = UserSession.objects.get(session_key=phone.session.session_key).pk
    here.post(OWN, {"session": str(ended)})
    assert (is_in(here), is_in(phone), is_in(third)) == (True, False, True)
    here.post(OWN)
    assert (is_in(here), is_in(third)) == (True, False)
    assert entries(rosa)[-2:] == ["sign_in.sessions_ended"] * 2


def test_nobody_ends_another_persons() -> None:
    person("rosa")
    person("luis")
    theirs, mine = at(FIREFOX), at(FIREFOX, "luis")
    number = UserSession.objects.get(user__username="rosa").pk
    for session in (str(number), "-1", "9" * 30, "x"):
        mine.post(OWN, {"session": session})
    assert is_in(theirs)
    assert is_in(mine)


def test_another_password_ends_the_others() -> None:
    rosa = person("rosa")
    here, there = at(FIREFOX), at(PHONE)
    new = "otra frase bien larga"
    url = "/admin/sign-in/password/"
    assert here.get("/admin/password_change/").headers["Location"] == url
    wrong = here.post(url, {"oldpassword": "x", "password1": new, "password2": new}).content.decode()
    assert "That is not your password" in wrong
    assert "too short" in here.post(url, {"oldpassword": PASSWORD, "password1": "a", "password2": "a"}).content.decode()
    assert here.post(url, {"oldpassword": PASSWORD, "password1": new, "password2": new}).headers["Location"] == OWN
    assert (is_in(here), is_in(there)) == (True, False)
    assert "This one" in here.get(OWN).content.decode()
    assert entries(rosa)[-1] == "sign_in.password_changed"
    assert OrmQ.objects.get().func() == "backoffice.sign_in.tasks.mail_change"


def test_a_second_factor_ends_the_others(django_capture_on_commit_callbacks: object) -> None:
    person("rosa")
    here, there = at(FIREFOX), at(PHONE)
    key = key_on(here.get(SET_UP).content.decode())
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # pytest-django's
        here.post(SET_UP, {"code": code(key)})
    assert (is_in(here), is_in(there)) == (True, False)


def test_who_is_switched_off_is_out_at_once_and_does_not_come_back_with_an_old_session(client: Client) -> None:
    rosa = person("rosa")
    there = at(FIREFOX)
    client.force_login(person("alma", roles.ADMINISTRATOR))
    for active in (False, True):
        form = {"username": "rosa", "email": rosa.email, "is_staff": "on", **({"is_active": "on"} if active else {})}
        form |= {"date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}
        assert client.post(f"/admin/auth/user/{rosa.pk}/change/", form).status_code == 302
        assert User.objects.get(pk=rosa.pk).is_active is active
        assert not is_in(there)


def test_an_administrator_ends_them(client: Client) -> None:
    rosa = person("rosa")
    there = at(FIREFOX)
    client.force_login(person("alma", roles.ADMINISTRATOR))
    confirm(client, f"/admin/auth/user/{rosa.pk}/end_their_sessions/")
    assert not is_in(there)


def test_a_dialog_of_somebody_who_is_no_longer_in_leads_to_the_sign_in() -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/admin/auth/user/1/change/"}
    answer = Client().get("/admin/auth/user/1/reset_factor/", headers=headers)
    assert answer.headers["HX-Redirect"] == f"{LOGIN}?next=%2Fadmin%2Fauth%2Fuser%2F1%2Fchange%2F"


def test_who_leaves_is_no_longer_listed() -> None:
    rosa = person("rosa")
    here = at(FIREFOX)
    here.post("/admin/logout/")
    assert not UserSession.objects.exists()
    assert entries(rosa) == ["sign_in.done", "sign_in.over"]


@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil", "http:///x"]
)
def test_the_door_leads_only_to_paths_of_this_site(there: str) -> None:
    person("rosa")
    client = Client()
    assert knock(client, "rosa", next=there).headers["Location"] == "/admin/"
    assert client.get(f"{LOGIN}?next={there}").headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox · Linux"),
        (PHONE, "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge · Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140 Mobile Safari/537", "Chrome · Android"),
        ("curl/8.5", ""),
    ],
)
def test_a_device_has_a_name(user_agent: str, name: str) -> None:
    assert device(user_agent) == name


def test_who_is_no_longer_staff_is_not_led_in_circles(client: Client) -> None:
    person("rosa")
    here = at(FIREFOX)
    User.objects.update(is_staff=False)
    answer = here.get("/admin/", follow=True)
    assert answer.redirect_chain == [("/admin/login/?next=/admin/", 302)]
    assert 'id="login-form"' in answer.content.decode()
    assert "belong together" in knock(here, "rosa").content.decode()


def test_nobody_comes_in_with_one_click_where_it_is_not_the_demo(client: Client) -> None:
    person("rosa")
    assert client.post("/admin/login/as/rosa/").status_code == 404
    assert "one-click" not in client.get(LOGIN).content.decode()


def test_what_ran_out_is_forgotten_each_day() -> None:
    person("rosa")
    here, gone = at(FIREFOX), at(PHONE)
    Session.objects.filter(pk=gone.session.session_key).update(expire_date=clock.now() - timedelta(minutes=1))
    row = Schedule.objects.get(name="sign_in.sessions")
    assert (row.func, row.schedule_type) == ("backoffice.sign_in.tasks.forget_expired_sessions", Schedule.DAILY)
    forget_expired_sessions()
    assert [row.pk for row in Session.objects.all()] == [here.session.session_key]
    assert [row.session_key for row in UserSession.objects.all()] == [here.session.session_key]
    assert is_in(here)

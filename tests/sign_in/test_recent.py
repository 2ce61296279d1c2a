"""Money is moved, and people are changed, only by whoever showed who they are not long ago; or nothing is done."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from backoffice import roles
from ledger import clock
from payments.models import Pause
from tests.sign_in.codes import code
from tests.sign_in.people import CODE, CONFIRM, CONFIRM_BY_CODE, PASSWORD, SET_UP, is_in, knock, person, with_factor

pytestmark = pytest.mark.django_db
OVERVIEW = "http://testserver/admin/payments/pause/?all=1"


def test_after_half_an_hour_it_is_asked_again_and_nothing_was_done(client: Client) -> None:
    person("luis", roles.FINANCE)
    knock(client, "luis")
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        assert is_in(client), "reading goes on"
        answer = client.post(
            "/admin/payments/pause/pause/", {}, headers={"HX-Request": "true", "HX-Current-URL": OVERVIEW}
        )
        there = answer.headers["HX-Redirect"]
        assert there == f"{CONFIRM}?next=%2Fadmin%2Fpayments%2Fpause%2F%3Fall%3D1"
        assert not Pause.objects.exists()
        assert "Nothing was done yet" in client.get(there).content.decode()
        assert "That is not your password" in client.post(there, {"password": "x"}).content.decode()
        back = client.post(there, {"password": PASSWORD}, follow=True)
        assert back.redirect_chain == [("/admin/payments/pause/?all=1", 302)]
        assert "was not done yet: please choose it again" in back.content.decode()
        assert "Nothing was done yet" not in client.get(CONFIRM).content.decode()


def test_who_has_a_second_factor_confirms_with_it(client: Client) -> None:
    luis = person("luis", roles.FINANCE)
    key = with_factor(luis)
    knock(client, "luis")
    client.post(CODE, {"code": code(key)})
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        there = client.post("/admin/payments/pause/add/", {}).headers["Location"]
        assert there.startswith(CONFIRM_BY_CODE)
        assert client.post(CONFIRM, {"password": PASSWORD}).headers["Location"].startswith(CONFIRM_BY_CODE)
        assert client.post(there, {"code": code(key)}).headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("path", "asks"),
    [
        ("/admin/auth/user/add/", True),
        ("/admin/auth/user/{user}/change/", True),
        ("/admin/auth/user/{user}/password/", True),
        ("/admin/payments/secondpersonrule/add/", True),
        ("/admin/payments/seller/add/", True),
        ("/admin/jobs/member/add/", True),
        ("/admin/jobs/job/", True),
        ("/admin/jobs/job/add/", False),
        ("/admin/jobs/application/add/", False),
    ],
)
def test_what_changes_people_limits_or_money_asks_and_keeping_records_does_not(
    client: Client, path: str, asks: bool
) -> None:
    client.force_login(User.objects.create_superuser("raiz", password=PASSWORD))
    url = path.format(user=person("rosa").pk)
    assert client.post(url, {}).status_code in {200, 302}
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        answer = client.post(url, {})
        assert answer.headers.get("Location", "").startswith(CONFIRM) is asks
        assert client.get(url).status_code == 200, "to look is free"


def test_who_has_a_second_factor_shows_it_just_before_they_change_how_they_come_in(client: Client) -> None:
    """A session that was stolen lately must not become its thief's for good."""
    luis = person("luis", roles.FINANCE)
    key = with_factor(luis)
    knock(client, "luis")
    client.post(CODE, {"code": code(key)})
    assert client.get(SET_UP).status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        for page in (SET_UP, "/admin/sign-in/codes/new/", "/admin/sign-in/password/"):
            assert client.get(page).headers["Location"].startswith(CONFIRM_BY_CODE)
        assert client.post("/admin/payments/pause/add/", {}).status_code == 200, "for money it was lately enough"


@pytest.mark.parametrize("page", ["app", "codes/new", "password"])
def test_how_somebody_comes_in_is_changed_only_by_themselves(client: Client, page: str) -> None:
    luis = person("luis")
    if page == "codes/new":
        with_factor(luis)
    client.force_login(luis)
    assert client.get(f"/admin/sign-in/{page}/").status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        assert client.get(f"/admin/sign-in/{page}/").headers["Location"].startswith(CONFIRM)

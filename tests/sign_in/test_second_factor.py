"""It is the session that must have shown the second factor: who must have one does nothing without it."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from backoffice import roles
from backoffice.models import FactorSecret
from backoffice.sign_in import proof
from backoffice.sign_in.tasks import mail_factor_reset
from tests.dialogs import confirm
from tests.sign_in.codes import code
from tests.sign_in.people import (
    CODE,
    CONFIRM_BY_CODE,
    OWN,
    PASSWORD,
    SET_UP,
    entries,
    is_in,
    key_on,
    knock,
    person,
    with_factor,
)

pytestmark = pytest.mark.django_db
CODES = "/admin/sign-in/codes/"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def required(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.mark.usefixtures("required")
def test_who_has_none_is_led_to_it_and_can_do_nothing_else(client: Client) -> None:
    rosa = person("rosa", roles.PLATFORM_STAFF)
    assert knock(client, "rosa", next="/admin/jobs/job/").headers["Location"] == "/admin/jobs/job/"
    for path in ("/admin/", "/admin/jobs/job/", "/admin/sign-in/password/", OWN, "/admin/jsi18n/x"):
        answer = client.get(path)
        assert answer.status_code in {302, 404}, path
        assert answer.status_code == 404 or answer.headers["Location"] == SET_UP
    answer = client.post("/admin/jobs/job/add/", {"title": "x"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == SET_UP
    page = client.get(SET_UP).content.decode()
    assert "a password is not enough" in page
    assert 'src="data:image/svg+xml;base64,' in page
    assert "That code is not right" in client.post(SET_UP, {"code": "000000"}).content.decode()
    key = key_on(client.get(SET_UP).content.decode())
    assert client.post(SET_UP, {"code": code(key)}).headers["Location"] == CODES
    assert is_in(client)
    shown = client.get(CODES).content.decode()
    assert shown.count("<li><code>") == 10
    assert "recovery-codes.txt" in shown
    assert "not shown again" in client.get(CODES).content.decode()
    assert entries(rosa) == ["sign_in.done", "sign_in.factor_set", "sign_in.codes_made"]
    kept = Authenticator.objects.get(user=rosa, type="totp").data["secret"]
    assert key.replace(" ", "") not in kept + FactorSecret.objects.get(pk=kept).sealed, "encrypted at rest"
    Authenticator.objects.filter(user=rosa).delete()
    assert not FactorSecret.objects.exists(), "nothing is left of it"


@time_machine.travel(NOW, tick=False)
def test_from_then_on_nobody_is_in_before_the_code(client: Client) -> None:
    rosa = person("rosa", roles.PLATFORM_STAFF)
    key = with_factor(rosa)
    assert knock(client, "rosa", next="/admin/jobs/job/").headers["Location"] == CODE
    assert not is_in(client)
    assert not client.session.get("_auth_user_id")
    before = client.session.session_key
    right = code(key)
    assert client.post(CODE, {"code": right}).headers["Location"] == "/admin/jobs/job/"
    assert client.session.session_key != before, "nobody's session from before becomes theirs"
    again = Client()
    knock(again, "rosa")
    assert "each works once" in again.post(CODE, {"code": right}).content.decode()
    assert again.post(CODE, {"code": code(key, later=1)}).status_code == 302
    older = Client()
    knock(older, "rosa")
    assert "used before" in older.post(CODE, {"code": code(key, later=-1)}).content.decode(), "nor one from before that"


def test_a_lost_phone_a_recovery_code_lets_in_once(client: Client) -> None:
    rosa = person("rosa")
    with_factor(rosa)
    kept = Authenticator.objects.get(user=rosa, type="recovery_codes").wrap().get_unused_codes()
    knock(client, "rosa")
    assert client.post(CODE, {"code": kept[0]}).status_code == 302
    assert is_in(client)
    assert "9 recovery codes are left" in client.get(OWN).content.decode()
    assert entries(rosa)[2:] == ["sign_in.code_used", "sign_in.done"]
    again = Client()
    knock(again, "rosa")
    assert "That code is not right" in again.post(CODE, {"code": kept[0]}).content.decode()


def test_a_lost_phone_another_person_resets_it(client: Client, settings: Any) -> None:
    alma, rosa = person("alma", roles.ADMINISTRATOR), person("rosa", roles.PLATFORM_STAFF)
    key = with_factor(rosa)
    with_factor(alma)
    theirs = Client()
    knock(theirs, "rosa")
    theirs.post(CODE, {"code": code(key)})
    assert is_in(theirs)
    client.force_login(alma)
    url = f"/admin/auth/user/{rosa.pk}/reset_factor/"
    assert "Reset second factor" in client.get(f"/admin/auth/user/{rosa.pk}/change/").content.decode()
    assert "Reset second factor" not in client.get(f"/admin/auth/user/{alma.pk}/change/").content.decode()
    assert client.post(f"/admin/auth/user/{alma.pk}/reset_factor/").status_code == 403, "never one's own"
    confirm(client, url)
    assert not is_in(theirs), "their sessions ended"
    assert not proof.owns_factor(rosa)
    assert "sign_in.factor_reset" in entries(rosa)
    settings.SECOND_FACTOR_REQUIRED = True
    knock(theirs, "rosa")
    assert theirs.get("/admin/").headers["Location"] == SET_UP


def test_nobody_without_the_right_to_change_people_resets_it(client: Client) -> None:
    rosa = person("rosa")
    with_factor(rosa)
    root = User.objects.create_superuser("raiz")
    with_factor(root)
    for role, whose in ((roles.PLATFORM_STAFF, rosa), (roles.AUDITOR, rosa), (roles.ADMINISTRATOR, root)):
        client.force_login(person(f"a {role}", role))
        assert client.post(f"/admin/auth/user/{whose.pk}/reset_factor/").status_code == 403
    assert Authenticator.objects.count() == 4


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize(("role", "must"), [(role, role != roles.AUDITOR) for role in roles.EXACT])
def test_who_may_do_more_than_read_must_have_one(role: str, must: bool) -> None:
    assert proof.must_have_factor(person("somebody", role)) is must


@pytest.mark.usefixtures("required")
def test_it_is_what_somebody_may_do_that_counts_not_what_their_role_is_called() -> None:
    group = Group.objects.create(name="helpers")
    user = person("ayudante")
    user.groups.add(group)
    assert not proof.must_have_factor(User.objects.get(pk=user.pk))
    group.permissions.add(Permission.objects.get(codename="add_pause"))
    assert proof.must_have_factor(User.objects.get(pk=user.pk))
    assert proof.must_have_factor(User.objects.create_superuser("raiz"))


@pytest.mark.usefixtures("required")
def test_a_session_that_did_not_show_it_shows_it_before_it_goes_on(client: Client) -> None:
    rosa = person("rosa", roles.PLATFORM_STAFF)
    client.force_login(rosa)
    key = with_factor(rosa)
    there = client.get("/admin/jobs/job/?q=x").headers["Location"]
    assert there == f"{CONFIRM_BY_CODE}?next=%2Fadmin%2Fjobs%2Fjob%2F%3Fq%3Dx"
    assert client.post(there, {"code": code(key)}).headers["Location"] == "/admin/jobs/job/?q=x"
    assert is_in(client)


def test_who_must_have_one_can_not_remove_it_and_others_can(client: Client, settings: Any) -> None:
    ines = person("ines", roles.AUDITOR)
    key = with_factor(ines)
    knock(client, "ines")
    client.post(CODE, {"code": code(key)})
    settings.SECOND_FACTOR_REQUIRED = True
    ines.groups.add(Group.objects.get(name=roles.FINANCE))
    assert "you can&#x27;t be without" in client.post("/admin/sign-in/app/remove/").content.decode()
    ines.groups.remove(Group.objects.get(name=roles.FINANCE))
    other = Client()
    other.force_login(ines)
    assert client.post("/admin/sign-in/app/remove/").status_code == 302
    assert not Authenticator.objects.exists()
    assert entries(ines)[-1] == "sign_in.factor_removed"


@pytest.mark.usefixtures("required")
def test_a_new_phone_takes_the_place_of_the_old_one(client: Client) -> None:
    rosa = person("rosa", roles.PLATFORM_STAFF)
    old = with_factor(rosa)
    codes = Authenticator.objects.get(user=rosa, type="recovery_codes").wrap().get_unused_codes()
    knock(client, "rosa")
    client.post(CODE, {"code": code(old)})
    new = key_on(client.get(SET_UP).content.decode())
    assert client.post(SET_UP, {"code": code(old, later=1)}).status_code == 200
    assert client.post(SET_UP, {"code": code(new)}).headers["Location"] == OWN
    assert is_in(client)
    again = Client()
    knock(again, "rosa")
    assert again.post(CODE, {"code": code(old, later=1)}).status_code == 200
    assert again.post(CODE, {"code": codes[0]}).status_code == 302
    assert entries(rosa)[3:5] == ["sign_in.factor_removed", "sign_in.factor_set"]


def test_where_the_program_runs_the_last_administrator_is_helped() -> None:
    alma = person("alma", roles.ADMINISTRATOR)
    with_factor(alma)
    call_command("reset_second_factor", "alma", stdout=StringIO())
    assert not proof.owns_factor(alma)
    assert entries(alma)[-1] == "sign_in.factor_reset"
    for name in ("alma", "nobody"):
        with pytest.raises(CommandError, match=name):
            call_command("reset_second_factor", name)


def test_new_recovery_codes_replace_the_old(client: Client) -> None:
    rosa = person("rosa")
    key = with_factor(rosa)
    old = Authenticator.objects.get(user=rosa, type="recovery_codes").wrap().get_unused_codes()
    knock(client, "rosa")
    client.post(CODE, {"code": code(key)})
    assert client.post("/admin/sign-in/codes/new/").headers["Location"] == CODES
    shown = client.get(CODES).content.decode()
    assert shown.count("<li><code>") == 10
    assert not [one for one in old if one in shown]
    assert entries(rosa)[-1] == "sign_in.codes_made"


def test_the_mail_about_a_reset_goes_to_its_owner(settings: Any) -> None:
    rosa = person("rosa", first_name="Rosa")
    mail_factor_reset(rosa.pk, "Alma", "es")
    assert mail.outbox[0].to == ["rosa@example.org"]
    assert "Alma" in mail.outbox[0].body
    assert f"{settings.BASE_URL}/admin/login/" in mail.outbox[0].body
    assert PASSWORD not in mail.outbox[0].body

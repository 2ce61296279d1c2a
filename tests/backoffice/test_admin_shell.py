"""The frame of the admin: sign-in, sidebar, languages, and who may touch people and the queue."""

from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils.translation import override
from django_q.models import Failure, OrmQ, Schedule

from backoffice import navigation, roles
from backoffice.admin_site import BackofficeAdminSite

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def staff(role: str) -> User:
    person = User.objects.create_user(role.replace(" ", "-"), is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    return person


def signed_in(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


@pytest.fixture
def superuser() -> User:
    return User.objects.create_superuser("raiz")


def test_every_app_registers_with_our_site() -> None:
    assert isinstance(admin.site, BackofficeAdminSite)


def test_the_root_leads_to_the_admin_and_a_stranger_to_the_sign_in(client: Client) -> None:
    response = client.get("/", follow=True)
    assert response.redirect_chain == [("/admin/", 302), ("/admin/login/?next=/admin/", 302)]


def test_the_sign_in_page_is_ours_and_offers_both_languages(client: Client) -> None:
    page = client.get("/admin/login/").content.decode()
    assert "Payments back office" in page
    assert ">English</button>" in page
    assert ">Español</button>" in page


def test_a_right_password_leads_to_where_the_person_wanted_to_go(client: Client) -> None:
    User.objects.create_superuser("raiz", password="una frase bien larga")
    response = client.post(
        "/admin/login/?next=/admin/auth/user/", {"login": "raiz", "password": "una frase bien larga"}
    )
    assert (response.status_code, response["Location"]) == (302, "/admin/auth/user/")


def test_a_wrong_password_gets_a_sentence(client: Client) -> None:
    page = client.post("/admin/login/", {"login": "raiz", "password": "mal"}).content.decode()
    assert 'role="alert"' in page
    assert "That username and password don" in page


def test_the_chosen_language_stays(client: Client) -> None:
    response = client.post("/languages/setlang/", {"language": "es", "next": "/admin/login/"})
    assert response["Location"] == "/admin/login/"
    assert '<html lang="es"' in client.get("/admin/login/").content.decode()


def sidebar(client: Client) -> dict[str, list[str]]:
    groups = client.get("/admin/").context["sidebar_navigation"]
    return {str(group.get("title", "")): [str(item["title"]) for item in group["items"]] for group in groups}


def unfolded(client: Client) -> set[str]:
    groups = client.get("/admin/").context["sidebar_navigation"]
    return {str(group["title"]) for group in groups if not group.get("collapsible", True)}


def test_the_sidebar_of_a_superuser_has_every_page(client: Client, superuser: User) -> None:
    shown = sidebar(signed_in(client, superuser))
    del shown[""]
    assert shown == {str(group.title): [str(page.title) for page in group.pages] for group in navigation.GROUPS}


def test_the_sidebar_of_an_auditor_has_who_may_do_what_and_no_queue(client: Client) -> None:
    shown = sidebar(signed_in(client, staff(roles.AUDITOR)))
    assert {"Users", "Roles", "Who could do what"} <= set(shown["Set-up"])
    assert "Background work" not in shown


OPEN = {
    roles.PLATFORM_STAFF: {"Work", "Payments"},
    roles.FINANCE: {"Payments", "Finance"},
    roles.AUDITOR: {"Payments", "Records"},
    roles.ADMINISTRATOR: {"Work", "Payments", "Finance", "Records", "Set-up"},
}


@pytest.mark.parametrize("role", OPEN)
def test_each_role_has_open_what_it_works_with_and_folded_what_it_may_also_look_at(client: Client, role: str) -> None:
    assert unfolded(signed_in(client, staff(role))) == OPEN[role]


def test_past_the_sidebar_there_is_one_main_part_and_whose_hours_it_shows_stands_there_once(
    client: Client, superuser: User
) -> None:
    page = signed_in(client, superuser).get("/admin/jobs/job/").content.decode()
    assert page.count("<main ") == 1
    assert page.index('href="#main-part"') < page.index('id="nav-sidebar"') < page.index('id="main-part"')
    assert page.count("Times of Mexico City") == 1


def test_nobody_gives_the_queue_something_to_run(client: Client, superuser: User) -> None:
    root, sweep = signed_in(client, superuser), Schedule.objects.get(name="jobs.sweep")
    form = {"name": "theirs", "func": "os.system", "schedule_type": "I", "minutes": 1, "repeats": 0, "next_run_0": ""}
    for page in ("schedule/add", "failure/add", "ormq/add"):
        assert root.post(f"/admin/django_q/{page}/", form).status_code == 403
    moment = {"next_run_0": "2026-01-01", "next_run_1": "00:00:00"}
    assert root.post(f"/admin/django_q/schedule/{sweep.pk}/change/", {**form, **moment}).status_code == 302
    changed = Schedule.objects.get(pk=sweep.pk)
    assert (changed.name, changed.func, changed.repeats) == ("jobs.sweep", "jobs.tasks.sweep", 0)
    done = Failure.objects.create(id="1" * 32, name="a", func="os.system", started=NOW, stopped=NOW, success=False)
    again = {"action": "resubmit_task", "_selected_action": [done.pk]}
    assert "resubmit_task" not in root.post("/admin/django_q/failure/", again).content.decode()
    assert not OrmQ.objects.exists()


def test_an_administrator_cannot_make_a_superuser(client: Client) -> None:
    other = User.objects.create_user("otra", is_staff=True)
    form = {"username": "otra", "is_staff": "on", "is_active": "on", "is_superuser": "on"}
    signed_in(client, staff(roles.ADMINISTRATOR)).post(f"/admin/auth/user/{other.pk}/change/", form)
    other.refresh_from_db()
    assert other.is_superuser is False


def test_an_administrator_cannot_change_a_superuser(client: Client, superuser: User) -> None:
    administrator = signed_in(client, staff(roles.ADMINISTRATOR))
    assert administrator.post(f"/admin/auth/user/{superuser.pk}/change/", {}).status_code == 403
    assert administrator.get(f"/admin/auth/user/{superuser.pk}/password/").status_code == 403


def test_nobody_deletes_a_person(client: Client, superuser: User) -> None:
    other = User.objects.create_user("otra")
    assert signed_in(client, superuser).post(f"/admin/auth/user/{other.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(("language", "words"), [("en", "There is nothing"), ("es", "No hay nada")])
def test_a_page_that_is_not_there_says_what_to_do(client: Client, language: str, words: str) -> None:
    with override(None):
        response = client.get("/nowhere", headers={"accept-language": language})
    assert response.status_code == 404
    assert words in response.content.decode()

"""Who works here, and what they may do: every change is an entry with before and after, and others are told of it.

What a red team did: an administrator made a second person, or reset one's password, and there was no entry.
"""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from backoffice import roles
from ledger.api import TimelineRow, timeline
from payments.mail.rendering import render
from payments.models import Message
from payments.presentation.timeline_text import describe
from payments.second_person import objection
from tests.cast import signed_in

pytestmark = pytest.mark.django_db

SECRET = "una frase bien larga, y nueva"


def works_here(name: str, role: str, email: str = "") -> User:
    user = User.objects.create_user(name, email or f"{name}@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def ana() -> User:
    return works_here("ana", roles.ADMINISTRATOR)


@pytest.fixture
def eva() -> User:
    """The other administrator."""
    return works_here("eva", roles.ADMINISTRATOR)


@pytest.fixture
def luis() -> User:
    return works_here("luis", roles.FINANCE)


def entries(user: User) -> list[TimelineRow]:
    return [row for row in timeline([("user", str(user.pk))]) if row.kind.startswith("user.")]


def url(user: User, name: str = "change") -> str:
    return reverse(
        "admin:auth_user_password_change" if name == "password" else f"admin:auth_user_{name}", args=[user.pk]
    )


def form(user: User, **changes: object) -> dict[str, object]:
    groups = [group.pk for group in user.groups.all()]
    own = {"username": user.username, "first_name": "", "last_name": "", "email": user.email, "groups": groups}
    return {**own, "is_active": "on", "is_staff": "on", **changes}


def told() -> dict[str, str]:
    return dict(Message.objects.filter(template="account").values_list("to_email", "details__what"))


def test_a_person_that_an_administrator_makes_is_no_second_person_for_them(ana: User, eva: User, luis: User) -> None:
    new = {"username": "pepe", "email": "pepe@example.org", "password1": SECRET, "password2": SECRET}
    answer = signed_in(ana).post(reverse("admin:auth_user_add"), {**new, "usable_password": "true"})
    assert answer.status_code == 302
    pepe = User.objects.get(username="pepe")
    entry = entries(pepe)[0]
    assert (entry.kind, entry.actor.id, entry.private["username"]) == ("user.created", str(ana.pk), "pepe")
    assert told() == {"eva@example.org": "user.created", "pepe@example.org": "user.created"}
    mail = render(Message.objects.get(to_email="eva@example.org"))
    assert "ana made the account pepe." in mail.text
    assert "the two accounts count as one person" in mail.text
    assert url(pepe) in mail.text
    assert objection(pepe, [ana.pk]) == objection(ana, [pepe.pk]) == "same_hands"
    assert objection(pepe, [luis.pk]) is None
    assert SECRET not in "".join(str(row) for row in timeline([("user", str(pepe.pk))]))


def test_a_password_that_an_administrator_sets_is_an_entry_without_it(ana: User, eva: User, luis: User) -> None:
    client = signed_in(ana)
    fields = {"password1": SECRET, "password2": SECRET, "usable_password": "true"}
    assert client.post(url(luis, "password"), {**fields, "set-password": ""}).status_code == 302
    luis.refresh_from_db()
    assert luis.check_password(SECRET)
    assert [row.kind for row in entries(luis)] == ["user.password_changed"]
    assert told() == {"eva@example.org": "user.password_changed", "luis@example.org": "user.password_changed"}
    assert objection(luis, [ana.pk]) == "same_hands"

    client.post(url(luis, "password"), {"usable_password": "false", "unset-password": ""})
    assert entries(luis)[-1].kind == "user.password_removed"
    assert SECRET not in "".join(str(row) for row in timeline([("user", str(luis.pk))]))


def test_one_s_own_password_makes_nobody_less_of_a_second_person(ana: User, luis: User) -> None:
    fields = {"password1": SECRET, "password2": SECRET, "usable_password": "true"}
    signed_in(ana).post(url(ana, "password"), {**fields, "set-password": ""})
    assert [row.kind for row in entries(ana)] == ["user.password_changed"]
    assert objection(ana, [luis.pk]) is None


def test_another_email_address_is_told_to_both_and_counts_as_having_the_account(
    ana: User, eva: User, luis: User
) -> None:
    signed_in(ana).post(url(luis), form(luis, email="new@example.org"))
    changed, moved = entries(luis)
    assert (changed.kind, changed.data["changed"]) == ("user.changed", ["email"])
    assert (moved.kind, moved.private["before"], moved.private["after"]) == (
        "user.email_changed",
        "luis@example.org",
        "new@example.org",
    )
    assert {"luis@example.org", "new@example.org", "eva@example.org"} == set(told())
    assert objection(luis, [ana.pk]) == "same_hands"


def test_roles_and_switches_have_before_and_after(ana: User, luis: User) -> None:
    auditor = Group.objects.get(name=roles.AUDITOR)
    signed_in(ana).post(url(luis), form(luis, groups=[auditor.pk], is_active=""))
    entry = entries(luis)[0]
    assert entry.data["before"] == {"groups": ["finance"], "is_active": True}
    assert entry.data["after"] == {"groups": ["auditor"], "is_active": False}
    text = describe(entry).text
    assert "The account luis was changed:" in text
    assert "roles (finance → auditor)" in text
    assert "may sign in (yes → no)" in text
    assert text in signed_in(ana).get(url(luis)).content.decode().replace("&quot;", '"')
    assert objection(luis, [ana.pk]) is None, "that gives nobody the account"


def test_saving_what_is_there_is_no_change(ana: User, luis: User) -> None:
    signed_in(ana).post(url(luis), form(luis))
    assert not entries(luis)
    assert not told()


@pytest.mark.parametrize("is_superuser", [False, True])
def test_nobody_raises_themselves(ana: User, is_superuser: bool) -> None:
    User.objects.filter(pk=ana.pk).update(is_superuser=is_superuser)
    every = [group.pk for group in Group.objects.all()]
    mine = [permission.pk for permission in Permission.objects.all()[:3]]
    raised = form(ana, groups=every, user_permissions=mine, is_superuser="on", first_name="Ana")
    assert signed_in(ana).post(url(ana), raised).status_code == 302
    ana.refresh_from_db()
    assert (ana.first_name, ana.is_superuser) == ("Ana", is_superuser)
    assert [group.name for group in ana.groups.all()] == [roles.ADMINISTRATOR]
    assert not ana.user_permissions.exists()


def test_the_built_in_roles_can_only_be_read_and_others_are_entries() -> None:
    root = signed_in(User.objects.create_superuser("root"))
    auditor = Group.objects.get(name=roles.AUDITOR)
    page = reverse("admin:auth_group_change", args=[auditor.pk])
    assert root.get(page).status_code == 200
    assert root.post(page, {"name": "auditor", "permissions": []}).status_code == 403
    assert root.post(reverse("admin:auth_group_delete", args=[auditor.pk]), {"post": "yes"}).status_code == 403

    first, second = Permission.objects.filter(codename__in=["view_job", "change_job"]).order_by("codename")
    root.post(reverse("admin:auth_group_add"), {"name": "readers", "permissions": [first.pk]})
    made = Group.objects.get(name="readers")
    root.post(reverse("admin:auth_group_change", args=[made.pk]), {"name": "readers", "permissions": [second.pk]})
    created, changed = timeline([("role", str(made.pk))])
    assert (created.kind, created.data["after"]["permissions"]) == ("role.created", ["jobs.change_job"])
    assert changed.data["before"] == {"permissions": ["jobs.change_job"]}
    assert changed.data["after"] == {"permissions": ["jobs.view_job"]}
    assert describe(changed).text == "The role “readers” was changed."


def test_who_may_only_look_at_people_sees_no_part_of_a_password(luis: User) -> None:
    luis.set_password(SECRET)
    luis.save()
    reader: Client = signed_in(works_here("otto", roles.AUDITOR))
    page = reader.get(url(luis)).content.decode()
    assert "luis@example.org" in page
    assert not [part for part in luis.password.split("$")[2:] if part in page]

"""The four roles: who may do what, kept by the code and not by hand."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command

from backoffice import roles
from tests import cast

pytestmark = pytest.mark.django_db


def permissions_of(role: str) -> set[str]:
    found = Permission.objects.filter(group__name=role).select_related("content_type")
    return {f"{permission.content_type.app_label}.{permission.codename}" for permission in found}


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    books = Permission.objects.filter(content_type__app_label__in=roles.BOOKS, codename__startswith="view_")
    assert books.count() > 0
    reading = {f"{permission.content_type.app_label}.{permission.codename}" for permission in books}
    assert permissions_of(roles.AUDITOR) == reading | {"auth.view_user", "auth.view_group"}


@pytest.mark.parametrize("role", roles.EXACT)
def test_every_permission_that_a_role_names_exists(role: str) -> None:
    assert set(roles.EXACT[role]) <= permissions_of(role)


@pytest.mark.parametrize("role", roles.EXACT)
def test_no_role_deletes_or_touches_the_queue(role: str) -> None:
    permissions = permissions_of(role)
    assert not {name for name in permissions if ".delete_" in name}
    assert not {name for name in permissions if name.startswith("django_q.")}


@pytest.mark.parametrize(
    ("permission", "holders"),
    [
        ("payments.request_paymentrequest", {roles.ADMINISTRATOR, roles.PLATFORM_STAFF}),
        ("payments.authorise_paymentrequest", {roles.ADMINISTRATOR, roles.FINANCE}),
        ("payments.resolve_payment", {roles.ADMINISTRATOR, roles.PLATFORM_STAFF, roles.FINANCE}),
        ("payments.change_pause", {roles.ADMINISTRATOR, roles.FINANCE}),
        ("payments.change_seller", {roles.ADMINISTRATOR}),
        ("jobs.change_job", {roles.ADMINISTRATOR, roles.PLATFORM_STAFF}),
        ("ledger.view_entry", set(roles.EXACT)),
        ("auth.change_user", {roles.ADMINISTRATOR}),
        ("auth.change_group", set()),
    ],
)
def test_who_may(permission: str, holders: set[str]) -> None:
    assert {role for role in roles.EXACT if permission in permissions_of(role)} == holders


def test_a_role_that_somebody_has_is_given_nothing_more_by_one_person() -> None:
    readers = Group.objects.create(name="Readers")
    readers.permissions.set(Permission.objects.filter(codename="view_job"))
    more = Permission.objects.get(codename="authorise_paymentrequest")
    client, page = cast.signed_in(User.objects.create_superuser("root")), f"/admin/auth/group/{readers.pk}/change/"
    form = {"name": "Readers", "permissions": [more.pk, *readers.permissions.values_list("pk", flat=True)]}
    inspector = User.objects.create_user("inspector")
    inspector.groups.add(readers)
    answer = client.post(page, form)
    assert "Somebody has this role" in answer.content.decode()
    assert permissions_of("Readers") == {"jobs.view_job"}
    assert client.post(page, {**form, "permissions": []}).status_code == 302, "less is no matter of two"
    inspector.groups.clear()
    assert client.post(page, form).status_code == 302
    assert "payments.authorise_paymentrequest" in permissions_of("Readers")


def test_a_migrate_takes_back_what_was_added_by_hand_and_gives_back_what_was_taken() -> None:
    group = Group.objects.get(name=roles.AUDITOR)
    before = permissions_of(roles.AUDITOR)
    group.permissions.set(Permission.objects.filter(codename="add_user"))
    call_command("migrate", verbosity=0)
    assert permissions_of(roles.AUDITOR) == before
    assert Group.objects.filter(name=roles.AUDITOR).count() == 1


def test_a_group_of_another_name_is_left_alone() -> None:
    group = Group.objects.create(name="interpreters")
    group.permissions.set(Permission.objects.filter(codename="view_user"))
    call_command("migrate", verbosity=0)
    assert permissions_of("interpreters") == {"auth.view_user"}


def test_somebody_without_a_role_may_nothing() -> None:
    person = User.objects.create_user("nadie", is_staff=True)
    assert person.get_all_permissions() == set()

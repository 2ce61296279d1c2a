"""Who could do what on a day that is over: told from the ledger, whatever was changed since."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User

from backoffice import people
from backoffice.access_history import StaffAccount, at_end_of
from backoffice.access_proposals import access_now, propose_access
from ledger import days
from tests.cast import person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def tomorrow(settings: object, tmp_path: object) -> object:
    """Moves the clock on by a day, each time that it is called."""
    file = tmp_path / "clock"  # type: ignore[operator]
    settings.CLOCK_OFFSET_FILE = str(file)  # type: ignore[attr-defined]
    passed = [0]

    def move() -> None:
        passed[0] += 86400
        file.write_text(str(passed[0]))

    return move


def of(name: str, day: object) -> StaffAccount | None:
    return next((each for each in at_end_of(day) if each.name == name), None)  # type: ignore[arg-type]


def test_what_was_changed_since_is_taken_back(tomorrow: object) -> None:
    root = User.objects.create_superuser("root")
    role = Group.objects.create(name="cashier")
    pay = Permission.objects.get(codename="request_paymentrequest")
    ana = person("ana")
    first = days.today()
    people.created(ana, root)
    tomorrow()  # type: ignore[operator]
    second = days.today()
    role.permissions.add(pay)
    people.role_saved(
        role, people.Changes({"permissions": []}, {"permissions": [people._name(pay)]}), root, is_new=False
    )
    propose_access(str(ana.pk), {**access_now(str(ana.pk)), "groups": ["cashier"]}, by=root)
    tomorrow()  # type: ignore[operator]
    third = days.today()
    propose_access(str(ana.pk), {**access_now(str(ana.pk)), "groups": [], "is_active": False}, by=root)

    assert of("ana", first - timedelta(days=1)) is None, "there was no such account"
    assert of("ana", first) == StaffAccount("ana", superuser=False, roles=(), beside=(), may=())
    assert of("ana", second) == StaffAccount(
        "ana", superuser=False, roles=("cashier",), beside=(), may=("payments.request_paymentrequest",)
    )
    assert of("ana", third) is None, "it was switched off"
    client = signed_in(root)
    page = client.get(f"/admin/access-history/?day={second}").content.decode()
    assert "payments.request_paymentrequest" in page
    assert "ana" in page
    for nonsense in ("", "2026-13-40", "9999-01-01", "<script>"):
        assert client.get("/admin/access-history/", {"day": nonsense}).status_code == 200
    assert signed_in(person("eva", "auth.view_user")).get("/admin/access-history/").status_code == 403

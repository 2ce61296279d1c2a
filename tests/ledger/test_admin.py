from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ledger.api import Actor, erase, keep_if_due, seal
from ledger.models import Checkpoint, Entry, EntrySubject, Link, PrivatePart, Unsealed
from ledger.stamps import short
from tests.ledger import samples
from tests.ledger.conftest import MoveClock

pytestmark = pytest.mark.django_db
LIST = "admin:ledger_entry_changelist"


@pytest.fixture
def auditor(client: Client) -> Client:
    """Someone who may see the ledger and nothing else."""
    user = User.objects.create_user("auditor", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_entry"))
    client.force_login(user)
    return client


def page(client: Client, query: str = "") -> str:
    response = client.get(reverse(LIST) + query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_says_when_what_who_and_about_what(auditor: Client) -> None:
    entry = samples.settled("P77", job="42")
    seal()
    shown = page(auditor)
    for text in (short(entry.recorded_at), "payment.settled", "wallet.example", "job 42", "payment P77"):
        assert text in shown


def test_a_detail_page_has_what_was_recorded_and_its_place_in_the_chain(auditor: Client) -> None:
    entry = samples.settled(name="<b>Ana</b>")
    seal()
    shown = auditor.get(reverse("admin:ledger_entry_change", args=[entry.id])).content.decode()
    assert "&quot;value&quot;: &quot;1250&quot;" in shown
    assert "&lt;b&gt;Ana&lt;/b&gt;" in shown
    assert "<b>Ana</b>" not in shown
    assert Link.objects.get().hash in shown
    assert entry.digest in shown


def test_an_erased_part_is_shown_as_erased(auditor: Client) -> None:
    entry = samples.settled(name="Ana")
    erase([entry.id], actor=Actor.staff(1), reason="member_asked")
    shown = auditor.get(reverse("admin:ledger_entry_change", args=[entry.id])).content.decode()
    assert "Erased." in shown
    assert "waiting" in shown


def test_entries_are_found_by_kind_subject_and_id(auditor: Client) -> None:
    wanted, other = samples.settled("P1", job="7"), samples.noted(job="70")
    for query in ("?kind=payment.settled", "?subject=job:7", "?q=P1", f"?q={wanted.id}"):
        shown = page(auditor, query)
        assert wanted.id in shown
        assert other.id not in shown
    assert other.id in page(auditor, "?q=70")
    assert wanted.id not in page(auditor, "?subject=nothing")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from_0=2030-05-04", True),
        ("from_0=2030-05-05", False),
        ("to_0=2030-05-04", True),
        ("to_0=2030-05-03", False),
        ("from_0=2030-05-04&recorded_at_from_1=12:00", True),
        ("from_0=2030-05-04&recorded_at_from_1=12:01:00", False),
        ("to_0=2030-05-04&recorded_at_to_1=11:59:00", False),
        ("from_0=yesterday", True),
    ],
)
def test_a_range_of_days_has_its_last_day_and_a_range_of_moments_its_last_second(
    auditor: Client, move_clock: MoveClock, query: str, found: bool
) -> None:
    noon = datetime(2030, 5, 4, 12, 0, 30, tzinfo=UTC)
    move_clock(noon - datetime.now(UTC))
    entry = samples.settled()
    assert (entry.id in page(auditor, f"?recorded_at_{query}")) is found


def test_a_full_page_costs_no_more_queries_than_a_short_one(auditor: Client) -> None:
    counted = []
    for more in (2, 23):
        for _ in range(more):
            samples.settled(name="Ana")
        seal()
        with CaptureQueriesContext(connection) as queries:
            page(auditor)
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_nobody_can_add_change_or_delete_an_entry(admin_client: Client) -> None:
    entry = samples.settled()
    before = Entry.objects.values().get()
    change = reverse("admin:ledger_entry_change", args=[entry.id])
    delete = reverse("admin:ledger_entry_delete", args=[entry.id])
    assert admin_client.get(reverse("admin:ledger_entry_add")).status_code == 403
    assert admin_client.post(change, {"kind": "x.y"}).status_code == 403
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    admin_client.post(reverse(LIST), {"action": "delete_selected", "_selected_action": entry.id, "post": "yes"})
    assert Entry.objects.values().get() == before


def test_someone_without_the_permission_sees_nothing(client: Client) -> None:
    client.force_login(User.objects.create_user("helper", is_staff=True))
    assert client.get(reverse(LIST)).status_code == 403


def test_only_entries_have_a_page() -> None:
    assert admin.site.is_registered(Entry)
    assert not any(admin.site.is_registered(model) for model in (EntrySubject, Link, PrivatePart, Unsealed))


def test_nothing_of_the_chain_can_be_permitted_but_to_look_and_to_take_along() -> None:
    chain = ["checkpoint", "entry", "entrysubject", "link", "privatepart", "unsealed", "movement"]
    permissions = Permission.objects.filter(content_type__app_label="ledger", content_type__model__in=chain)
    assert set(permissions.values_list("codename", flat=True)) == {
        "view_checkpoint",
        "view_entry",
        "export_entry",
        "view_movement",
        "export_movement",
    }


def test_checkpoints_are_shown_and_downloaded_by_whoever_may_see_them(auditor: Client, key: Path) -> None:
    entry = samples.settled()
    seal()
    keep_if_due()
    note = Checkpoint.objects.get().note
    url = reverse("admin:ledger_checkpoint_note", args=[1])
    assert auditor.get(url).status_code == 404
    user = User.objects.get()
    user.user_permissions.add(Permission.objects.get(codename="view_checkpoint"))
    listed = auditor.get(reverse("admin:ledger_checkpoint_changelist")).content.decode()
    assert "the first entry" in listed
    assert short(entry.recorded_at) in listed
    shown = auditor.get(reverse("admin:ledger_checkpoint_change", args=[1])).content.decode()
    assert note.splitlines()[2] in unescape(shown)
    assert url in shown
    downloaded = auditor.get(url)
    assert (downloaded.content.decode(), downloaded["Content-Type"]) == (note, "text/plain; charset=utf-8")
    assert auditor.get(reverse("admin:ledger_checkpoint_note", args=["x"])).status_code == 404
    assert auditor.post(reverse("admin:ledger_checkpoint_delete", args=[1])).status_code == 403

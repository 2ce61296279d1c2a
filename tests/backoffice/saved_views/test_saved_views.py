"""A list by a name: whoever saved it finds it again, whoever sees the list finds what is shared, and nobody more."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice.models import SavedView
from backoffice.models.exports import LONGEST_QUERY
from backoffice.saved_views.page import MOST_SAVED, MOST_SHOWN
from ledger.api import timeline
from tests import cast
from tests.cast import person, signed_in

pytestmark = pytest.mark.django_db
PAYMENTS = "/admin/payments/payment/"
SETTLED = "status=settled&q=rosa"
VIEWS = "/admin/views/"


def member_of(role: str, name: str) -> Client:
    user = cast.staff(name)
    user.groups.set(Group.objects.filter(name=role))
    return signed_in(user)


@pytest.fixture
def luis() -> Client:
    return member_of("finance", "luis")


def save(client: Client, name: str = "Rosa, paid", query: str = SETTLED, **more: str) -> SavedView:
    answer = client.post(f"{PAYMENTS}save-view/?{query}", {"name": name, **more})
    assert answer.status_code == 302, answer.content.decode()
    assert answer.headers["Location"] == f"{PAYMENTS}?{query}"
    return SavedView.objects.get(name=name.strip())


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_was_saved_is_in_the_lists_menu_and_is_marked_there(luis: Client) -> None:
    assert f'href="{PAYMENTS}save-view/?status=settled&amp;q=rosa"' in text(luis, f"{PAYMENTS}?{SETTLED}&p=0")
    view = save(luis, "  Rosa, paid ")
    link = f'<a href="{PAYMENTS}?status=settled&amp;q=rosa"'
    assert f'{link} aria-current="true">Rosa, paid' in text(luis, f"{PAYMENTS}?q=rosa&status=settled")
    assert f"{link}>Rosa, paid" in text(luis, PAYMENTS)
    assert "Rosa, paid" not in text(luis, "/admin/jobs/job/"), "another list has views of its own"
    (entry,) = timeline([("view", view.pk)])
    assert (entry.kind, entry.data) == ("view.saved", {"list": "payments.payment", "shared": False})


def test_a_list_that_nobody_narrowed_has_nothing_to_save(luis: Client) -> None:
    assert "save-view" not in text(luis, PAYMENTS)
    assert luis.post(f"{PAYMENTS}save-view/", {"name": "All"}).headers["Location"] == PAYMENTS
    assert not SavedView.objects.exists()


def test_a_name_that_is_taken_is_replaced_and_each_persons_names_are_theirs(luis: Client) -> None:
    save(luis)
    again = save(luis, query="status=failed")
    assert (SavedView.objects.count(), again.query) == (1, "status=failed")
    member_of("finance", "ana").post(f"{PAYMENTS}save-view/?{SETTLED}", {"name": "Rosa, paid"})
    assert SavedView.objects.filter(name="Rosa, paid").count() == 2


def test_only_what_is_shared_is_seen_by_others_and_only_by_who_may_see_the_list(luis: Client) -> None:
    save(luis, "Mine alone")
    save(luis, "For all", is_shared="on")
    ana = member_of("finance", "ana")
    for page in (PAYMENTS, VIEWS):
        shown = text(ana, page)
        assert "For all" in shown
        assert "luis" in shown
        assert "Mine alone" not in shown
    blind = signed_in(person("blind", "jobs.view_job"))
    assert "For all" not in text(blind, VIEWS)
    assert blind.get(f"{PAYMENTS}save-view/?{SETTLED}").status_code == 403
    assert blind.post(f"{PAYMENTS}save-view/?{SETTLED}", {"name": "x"}).status_code == 403


def test_only_its_owner_removes_it(luis: Client) -> None:
    view = save(luis)
    remove = f"{VIEWS}{view.pk}/remove/"
    assert member_of("administrator", "ada").post(remove).status_code == 404
    SavedView.objects.update(is_shared=True)
    assert member_of("finance", "ana").post(remove).status_code == 404
    assert "/remove/" not in text(member_of("finance", "ana"), VIEWS)
    assert luis.get(remove).status_code == 405
    assert SavedView.objects.exists()
    assert luis.post(remove).headers["Location"] == VIEWS
    assert luis.post(remove).status_code == 404
    assert not SavedView.objects.exists()
    assert [row.kind for row in timeline([("view", view.pk)])] == ["view.saved", "view.removed"]


@pytest.mark.parametrize(
    "query", ["body__regex=a", "receiver_email=a", f"q={'a' * LONGEST_QUERY}"], ids=lambda one: one[:20]
)
def test_what_the_list_does_not_offer_is_not_kept(luis: Client, query: str) -> None:
    answer = luis.post(f"{PAYMENTS}save-view/?{query}", {"name": "x"}, follow=True)
    assert "The list has no such filter, so nothing was saved." in answer.content.decode()
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "n" * 61, "a\0b"])
def test_a_name_that_is_none_is_asked_for_again(luis: Client, name: str) -> None:
    assert luis.post(f"{PAYMENTS}save-view/?{SETTLED}", {"name": name}).status_code == 200
    assert not SavedView.objects.exists()


def test_a_name_is_shown_as_it_was_written(luis: Client) -> None:
    save(luis, "<b>bold</b>")
    assert "&lt;b&gt;bold&lt;/b&gt;" in text(luis, PAYMENTS)


def test_a_menu_has_an_end_and_costs_one_query(luis: Client) -> None:
    text(luis, PAYMENTS)
    with CaptureQueriesContext(connection) as few:
        text(luis, PAYMENTS)
    owner = SavedView(owner_id=luis.session["_auth_user_id"]).owner
    rows = [SavedView(owner=owner, model="payments.payment", query="q=a", name=f"View {n}") for n in range(MOST_SAVED)]
    SavedView.objects.bulk_create(rows)
    with CaptureQueriesContext(connection) as many:
        text(luis, PAYMENTS)
    assert len(many) == len(few)
    answer = luis.post(f"{PAYMENTS}save-view/?{SETTLED}", {"name": "One more"})
    assert f"You have {MOST_SAVED} views of this list. Remove one first." in answer.content.decode()
    save(luis, "View 1")
    assert SavedView.objects.count() == MOST_SAVED


def test_an_administrator_removes_what_somebody_shares_and_the_ledger_says_who(luis: Client) -> None:
    view, ada = save(luis, is_shared="on"), member_of("administrator", "ada")
    remove = f"{VIEWS}{view.pk}/remove/"
    assert remove in text(ada, VIEWS)
    assert ada.post(remove).headers["Location"] == VIEWS
    assert not SavedView.objects.exists()
    _saved, removed = timeline([("view", view.pk)])
    assert (removed.kind, removed.actor.id) == ("view.removed", str(cast.staff("ada").pk))


def test_what_others_share_pushes_out_neither_ones_own_nor_what_one_may_see(luis: Client) -> None:
    save(luis, "Zulu")
    ana = cast.staff("ana")
    names = [f"A{number}" for number in range(MOST_SHOWN)]
    shared = {"owner": ana, "query": "q=a", "is_shared": True}
    SavedView.objects.bulk_create(SavedView(model="payments.payment", name=name, **shared) for name in names)
    assert "Zulu" in text(luis, PAYMENTS)
    assert "Zulu" in text(luis, VIEWS)
    SavedView.objects.filter(owner=ana).update(model="auth.group")
    SavedView.objects.create(model="payments.payment", name="Yankee", **shared)
    assert "Yankee" in text(luis, VIEWS), "of lists that they may not see nothing takes its place"


def test_what_is_shared_by_who_works_here_no_more_is_offered_to_nobody(luis: Client) -> None:
    save(luis, "For all", is_shared="on")
    user = cast.staff("luis")
    user.is_active = False
    user.save(update_fields=["is_active"])
    ana = member_of("finance", "ana")
    for page in (PAYMENTS, VIEWS):
        assert "For all" not in text(ana, page)

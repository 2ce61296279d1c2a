"""The head of a page keeps its place for the title: what is seldom pressed stands in a menu, for whoever may do it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs.models import JobStatus
from tests import cast

pytestmark = pytest.mark.django_db
MENU = 'id="more-actions"'


def head(client: Client, path: str) -> tuple[str, str]:
    """Its buttons, and its menu."""
    page = client.get(path, headers={"accept-language": "en"}).content.decode()
    actions = page[page.index('id="tequio-actions"') :].split("</ul>", 1)[0]
    buttons, _between, menu = actions.partition(MENU)
    return buttons, menu


def test_a_job_is_canceled_from_the_menu() -> None:
    boss = cast.signed_in(User.objects.create_superuser("boss"))
    job = cast.job(JobStatus.SELECTING)
    buttons, menu = head(boss, f"/admin/jobs/job/{job.pk}/change/")
    assert "Add a worker" in buttons
    for seldom in ("Cancel the job", "Duplicate"):
        assert seldom in menu
        assert seldom not in buttons


def test_a_members_links_are_revoked_from_the_menu() -> None:
    boss = cast.signed_in(User.objects.create_superuser("boss"))
    buttons, menu = head(boss, f"/admin/jobs/member/{cast.member('Maria Lopez').pk}/change/")
    assert "Check wallet now" in buttons
    assert "Revoke the links" in menu


def test_who_may_do_nothing_of_it_has_no_menu() -> None:
    reader = cast.signed_in(cast.person("eva", "jobs.view_job"))
    page = reader.get(f"/admin/jobs/job/{cast.job().pk}/change/").content.decode()
    assert MENU not in page

"""The pages of reports: every figure leads to exactly its rows, in a constant number of queries."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice.finance.reports.catalogue import REPORTS
from ledger import days
from tests.backoffice.finance.histories import History
from tests.cast import person, settled, signed_in
from tests.payments.pages import words

pytestmark = pytest.mark.django_db
MAY = "ledger.view_movement"
A_WHILE = timedelta(days=12)


@pytest.fixture
def reader() -> Client:
    return signed_in(person("ana", MAY))


def page(client: Client, code: str, **query: str) -> str:
    answer = client.get(f"/admin/reports/{code}/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def figures(text: str) -> list[tuple[str, str]]:
    """Each figure that is a link: where to, and the number."""
    found = re.findall(r'<a class="tequio-amount" href="([^"]+)">([^<]+)</a>', text)
    return [(unescape(link), number) for link, number in found]


def plain(number: str) -> str:
    """Without its sign, and without zeros that only bring it in line with finer amounts above and below."""
    return re.sub(r"(\.\d\d)0+$", r"\1", number.lstrip("\N{MINUS SIGN}"))


@pytest.mark.prove
def test_every_figure_of_every_report_leads_to_the_movements_that_it_sums_up(tmp_path: Path, settings: Any) -> None:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    History(4, 14, tmp_path / "clock")
    client = signed_in(User.objects.create_superuser("raiz"))
    # Most of it is in what they begin with.
    span = {"from": (days.today() - A_WHILE).isoformat(), "to": days.today().isoformat()}
    for code in REPORTS:
        found = figures(page(client, code, **span))
        assert found, code
        for link, number in found[:: len(found) // 12 + 1]:
            shown = words(client.get(link))
            assert plain(number) in shown.replace("\xa0", " "), (code, link, number)


def test_a_report_costs_as_many_queries_for_much_as_for_little(reader: Client) -> None:
    settled()
    for code in REPORTS:
        page(reader, code)
        with CaptureQueriesContext(connection) as little:
            page(reader, code)
        settled()
        with CaptureQueriesContext(connection) as more:
            page(reader, code)
        assert len(more) == len(little), code


def test_only_who_may_see_movements_sees_reports() -> None:
    stranger = signed_in(person("eva"))
    for address in ("/admin/reports/", "/admin/reports/bridge/", "/admin/figures/"):
        assert stranger.get(address).status_code == 403
    assert signed_in(person("ana", MAY)).get("/admin/reports/nonsense/").status_code == 404


@pytest.mark.parametrize(
    "moments",
    ["0001-01-01T00:00:00+14:00/", "/0001-01-01T00:00:00+14:00", "/9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00/"],
)
def test_moments_that_are_in_no_year_have_no_movements(reader: Client, moments: str) -> None:
    answer = reader.get("/admin/ledger/movement/", {"open": f"2026-01-01/{moments}"})
    assert answer.status_code == 200
    assert list(answer.context["cl"].result_list) == []

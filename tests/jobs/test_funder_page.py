"""What a funder reads on their own page: what waits, what is live, what was charged in a month; what they may stop."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs import links, statements
from jobs.models import Member
from jobs.statements import Month
from ledger import clock, days
from ledger.api import timeline
from payments import links as payment_links
from payments.actions import refunds
from payments.models import PaymentRequest, Seller
from payments.openpayments.amounts import Amount
from payments.states import PaymentState, RequestState
from tests import cast, progress
from tests.jobs.member_pages import asked, post, shown

pytestmark = pytest.mark.django_db
SUMS = ("charged", "sent_back", "net")


@pytest.fixture
def choir(db: None) -> Member:
    return cast.member("Choir of Oaxaca", language="en")


def test_a_funder_sees_what_waits_what_is_live_and_receipts(choir: Member, rosa: User, seller: Seller) -> None:
    waits = asked(choir, rosa, seller, "Waits", RequestState.AWAITING_APPROVAL)
    live = asked(choir, rosa, seller, "Live", RequestState.APPROVED)
    paid = asked(choir, rosa, seller, "Paid", RequestState.SETTLED)
    asked(cast.member("Another funder"), rosa, seller, "Not theirs", RequestState.AWAITING_APPROVAL)
    html = Client().get(links.funder_url(choir)).content.decode()
    for request in (waits, live, paid):
        assert payment_links.approval_url(request) in html
    page = shown(links.funder_url(choir))
    assert page.index("Waits") < page.index("Live") < page.index("Receipts") < page.index("Paid")
    assert "1,262.50 MXN at most" in page
    assert "Not theirs" not in page


def test_a_long_page_is_cut_newest_first_and_shows_more_when_it_is_asked_to(
    choir: Member, rosa: User, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.pages.funder.STEPS", (2, 4))
    for number in range(5):
        for state in (RequestState.AWAITING_APPROVAL, RequestState.APPROVED, RequestState.SETTLED):
            row = asked(choir, rosa, seller, f"{state.name} {number}", state)
            at = clock.now() + timedelta(hours=number + 1)
            ends = {"expires_at": at, "approved_at": at, "finished_at": at}
            PaymentRequest.objects.filter(pk=row.pk).update(**ends)
    html = Client().get(links.funder_url(choir)).content.decode()
    first = {"AWAITING_APPROVAL": [0, 1], "APPROVED": [4, 3], "SETTLED": [4, 3]}
    assert listed(html) == first, "what ends first, and the newest"
    (more,) = {link.partition("#")[0] for link in re.findall(r'href="([^"]*more=1[^"]*)"', html)}
    html = Client().get(more).content.decode()
    assert {state: len(found) for state, found in listed(html).items()} == dict.fromkeys(first, 4)
    assert "There is more than this page shows." in html
    for nonsense in ("9", "-1", "all", "1'"):
        assert listed(Client().get(links.funder_url(choir), {"more": nonsense}).content.decode()) == first


def listed(html: str) -> dict[str, list[int]]:
    """The numbers of the shown requests by their state, in their order."""
    found: dict[str, list[int]] = {}
    for state, number in re.findall(r"(?:<h3>|\">)([A-Z_]+) (\d)</", html):
        if int(number) not in found.setdefault(state, []):
            found[state].append(int(number))
    return found


def test_a_funder_stops_an_approval_of_theirs(choir: Member, rosa: User, seller: Seller) -> None:
    live = asked(choir, rosa, seller, "Live", RequestState.APPROVED)
    page = post(links.funder_url(choir), stop=live.pk)
    live.refresh_from_db()
    assert live.state == RequestState.CANCELLED
    assert live.payments.get().state == PaymentState.CANCELLED
    assert "There is no approval of yours that can still be used." in page
    entries = [row for row in timeline([("request", live.pk)]) if row.kind == "request.cancelled"]
    assert [(row.actor.kind, row.actor.id) for row in entries] == [("payer", live.pk)]
    assert not live.messages.exists()


def test_money_that_is_on_its_way_can_not_be_stopped(choir: Member, rosa: User, seller: Seller) -> None:
    live = asked(choir, rosa, seller, "Live", RequestState.APPROVED)
    progress.bring(live.payments.get(), PaymentState.SENT)
    assert "Stop this approval" not in shown(links.funder_url(choir))
    assert "Money is already on its way" in post(links.funder_url(choir), stop=live.pk)
    live.refresh_from_db()
    assert live.state == RequestState.APPROVED


@pytest.mark.parametrize("what", ["another's", "waiting", "nonsense", "\0"])
def test_nothing_else_is_stopped(what: str, choir: Member, rosa: User, seller: Seller) -> None:
    theirs = asked(cast.member("Another funder"), rosa, seller, "Not theirs", RequestState.APPROVED)
    waits = asked(choir, rosa, seller, "Waits", RequestState.AWAITING_APPROVAL)
    named = {"another's": theirs.pk, "waiting": waits.pk}.get(what, what)
    post(links.funder_url(choir), stop=named)
    states = set(PaymentRequest.objects.values_list("state", flat=True))
    assert states == {RequestState.APPROVED, RequestState.AWAITING_APPROVAL}


def test_a_statement_has_what_was_charged_in_its_month_and_what_went_back(
    choir: Member, rosa: User, seller: Seller, settings: Any, tmp_path: Path
) -> None:
    clock_file, begins = tmp_path / "clock", days.begins(days.today().replace(day=1))
    settings.CLOCK_OFFSET_FILE = str(clock_file)
    for title, seconds in (("Earlier", -1), ("One", 1), ("Two", 2)):
        clock_file.write_text(f"={(begins + timedelta(seconds=seconds)).timestamp()}")
        request = asked(choir, rosa, seller, title, RequestState.SETTLED)
    clock_file.write_text(f"={(begins + timedelta(seconds=3)).timestamp()}")
    paid = request.payments.get()
    progress.settle(refunds.refund(paid.pk, Amount(500_00, paid.asset), by=rosa, form_id="back"))
    this = f"{days.today():%Y-%m}"
    page = shown(f"{links.funder_url(choir)}/{this}")
    assert "One" in page
    assert "Two" in page
    assert "Earlier" not in page
    assert "Received 1,250.00 MXN" in page
    assert f"/{this}" in Client().get(links.funder_url(choir)).content.decode()
    (charged,), (back,), (net,) = (
        getattr(statements.of(choir, Month(days.today().replace(day=1))), name) for name in SUMS
    )
    assert (charged.major, back.major) == (Decimal("2520.00"), Decimal("500.00"))
    assert net.major == charged.major - back.major
    assert "Sent back to you 500.00 MXN Charged, less what was sent back 2,020.00 MXN" in page


def test_what_was_settled_outside_stands_apart_in_the_statement(choir: Member, rosa: User, seller: Seller) -> None:
    request = asked(choir, rosa, seller, "By bank", RequestState.APPROVED)
    progress.bring(request.payments.get(), PaymentState.SETTLED_OUTSIDE)
    progress.bring(request, RequestState.SETTLED)
    page = shown(f"{links.funder_url(choir)}/{days.today():%Y-%m}")
    assert page.count("Settled outside the wallets 1,250.00 MXN") == 2
    assert "You were charged" not in page


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "nonsense", "2999-01", "1999-12", "2026-11-01"])
def test_a_month_that_can_not_be_has_no_statement(month: str, choir: Member) -> None:
    assert Client().get(f"{links.funder_url(choir)}/{month}").status_code == 404


# Where people find their links

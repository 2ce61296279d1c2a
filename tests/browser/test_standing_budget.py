"""A standing budget, as people walk it: set up, approved once, paid from, told, stopped by its funder."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import screens
from tests.browser.installation import Installation
from tests.browser.screens import PATIENCE, Camera
from tests.browser.test_fund_a_job import Walk
from tests.browser.test_own_pages import own_link

pytestmark = pytest.mark.prove


@pytest.mark.parametrize(("language", "abroad"), [("en", True), ("es", False)])
def test_a_funder_approves_once_is_told_and_stops(
    site: Installation, browser: Browser, camera: Camera, language: str, *, abroad: bool
) -> None:
    walk = Walk(site, site.work(language=language, abroad=abroad), language, camera)
    with screens.fresh_page(browser, language) as staff:
        approval_id = _set_up(staff, walk)
    link = _link(walk)
    with screens.fresh_page(browser, language) as funder:
        funder.goto(link)
        walk.look(funder, "61-budget-asked")
        funder.get_by_role("button", name=walk.say("Approve in my wallet")).click()
        screens.decide_at_wallet(funder, "approve")
        site.wait_for_state(approval_id, "approved")

    with screens.fresh_page(browser, language) as staff:
        drawn_id = _draw(staff, walk, look_first=abroad)
        site.wait_for_state(drawn_id, "settled")
    assert site.workers.balance(walk.work.worker.account) == 1_250_00
    with screens.fresh_page(browser, language) as funder:
        funder.goto(own_link(site.mail_to(walk.work.funder), "f"))
        budget = funder.locator("section.card", has=funder.get_by_role("heading", name=walk.say("Standing budgets")))
        expect(budget.get_by_role("link", name=walk.work.title)).to_be_visible()
        walk.look(funder, "64-budget-on-the-funders-page")
        funder.goto(link)
        expect(funder.locator("#period-heading")).to_be_visible()
        walk.look(funder, "64-budget-standing")
        funder.get_by_text(walk.say("Stop this standing budget")).click()
        funder.get_by_role("button", name=walk.say("Yes, stop it now")).click()
        expect(funder.locator(".notice-title")).to_contain_text(walk.say("Stopped"), timeout=PATIENCE)
        walk.look(funder, "65-budget-stopped")
    assert [state for kind, state in site.request(approval_id)["grants"] if kind == "outgoing-payment"] == ["ended"]
    kinds = [entry["kind"] for entry in site.backstage("entries", subject="request", subject_id=drawn_id)]
    assert {"budget.drawn", "budget.reserved", "payment.settled"} <= set(kinds)
    with screens.fresh_page(browser, language) as staff:
        screens.sign_in(staff, site)
        staff.goto(f"{site.url}/admin/payments/standingbudget/")
        walk.look(staff, "66-budget-list")
        staff.locator("#result_list a", has_text=walk.work.funder.name).first.click()
        expect(staff.locator("#budget-draws")).to_be_visible()
        walk.look(staff, "67-budget-over")


def _set_up(page: Page, walk: Walk) -> str:
    site = walk.site
    screens.sign_in(page, site)
    page.goto(f"{site.url}/admin/jobs/job/{walk.work.job_id}/change/")
    page.goto(f"{site.url}/admin/jobs/member/?q={walk.work.funder.name}")
    page.get_by_role("link", name=walk.work.funder.name).first.click()
    page.get_by_role("button", name=walk.say("More actions")).click()
    screens.open_dialog(page, walk.say("Set up a standing budget"))
    shown = page.locator("#dialog")
    shown.locator("input[name=limit]").fill("5000.00")
    shown.locator("input[name=largest]").fill("2000.00")
    walk.look(page, "60-budget-dialog")
    screens.submit_dialog(page)
    page.wait_for_url("**/paymentrequest/*/change/")
    expect(page.locator(".tequio-step")).to_contain_text(walk.say("Quoted, not sent"), timeout=PATIENCE)
    walk.look(page, "60-budget-review")
    screens.open_dialog(page, walk.say("Send approval request"))
    screens.submit_dialog(page)
    expect(page.locator(".tequio-step")).to_contain_text(walk.say("Waiting for the payer"))
    return screens.path_of(page).split("/")[-3]


def _draw(page: Page, walk: Walk, *, look_first: bool) -> str:
    """Chosen on the job's page. What costs more than was seen there, as in another currency, is looked at first."""
    site = walk.site
    screens.sign_in(page, site)
    page.goto(f"{site.url}/admin/jobs/job/{walk.work.job_id}/change/")
    screens.open_dialog(page, walk.say("Quote & request approval"))
    page.locator("#dialog input[name=way][value^='budget:']").check()
    walk.look(page, "62-budget-in-the-job-s-dialog")
    screens.submit_dialog(page)
    page.wait_for_url("**/paymentrequest/*/change/")
    if look_first:
        expect(page.locator(".tequio-step")).to_contain_text(walk.say("Quoted, not sent"))
        walk.look(page, "62-budget-look-first")
        screens.open_dialog(page, walk.say("Pay from the standing budget"))
        walk.look(page, "63-budget-draw-dialog")
        screens.submit_dialog(page)
    told = walk.say("It is being paid from the standing budget. %(payer)s is told.")
    expect(page.get_by_text(told % {"payer": walk.work.funder.name})).to_be_visible()
    walk.look(page, "63-budget-paying")
    return screens.path_of(page).split("/")[-3]


def _link(walk: Walk) -> str:
    text = walk.site.mail_to(walk.work.funder).get_body(("plain",))
    assert text
    return screens.link_in(text.get_content())

"""Days of people who work here, as they spend them: choosing and paying, looking at figures, auditing."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe, screens
from tests.browser.installation import Installation
from tests.browser.screens import PATIENCE, Camera

pytestmark = pytest.mark.prove

#: From a worker who is to be chosen to their money under way, by staff, from the job's page.
MOST_CLICKS = 6
COUNT = (
    "addEventListener('click', event => event.isTrusted && sessionStorage.clicks++, true); sessionStorage.clicks ??= 0"
)


def clicks(page: Page) -> int:
    return int(page.evaluate("sessionStorage.clicks"))


def test_from_choosing_a_worker_to_their_pay_staff_click_six_times(
    site: Installation, browser: Browser, camera: Camera
) -> None:
    work = site.work(selected=False)
    with screens.fresh_page(browser, "en") as page:
        screens.sign_in(page, site)
        page.add_init_script(COUNT)
        page.goto(f"{site.url}/admin/jobs/job/{work.job_id}/change/")
        camera.take(page, "days-01-job")
        page.locator("#applications-group").get_by_role("link", name="Select").click()
        expect(page.locator("#dialog")).to_be_visible()
        screens.submit_dialog(page)
        expect(page).to_have_url(re.compile(rf"/job/{work.job_id}/change/"))
        screens.open_dialog(page, "Quote & request approval")
        screens.submit_dialog(page)
        page.wait_for_url("**/paymentrequest/*/change/")
        expect(page.locator(".tequio-step")).to_contain_text("Quoted, not sent", timeout=PATIENCE)
        screens.open_dialog(page, "Send approval request")
        screens.submit_dialog(page)
        expect(page.locator(".tequio-step")).to_contain_text("Waiting for the payer")
        assert clicks(page) <= MOST_CLICKS
        request_id = screens.path_of(page).split("/")[-3]
    with site.http() as http:
        http.get(site.funders.approve(site.wallet_page(request_id)))
    site.wait_for_state(request_id, "settled")


def test_a_managers_day(site: Installation, browser: Browser, camera: Camera) -> None:
    """From the overview's figures to their rows, a view of them by a name, and the other pages of figures."""
    request_id = site.asked(site.work())
    with site.http() as http:
        http.get(site.funders.approve(site.wallet_page(request_id)))
    site.wait_for_state(request_id, "settled")
    with screens.fresh_page(browser, "en") as page:
        screens.sign_in(page, site, "luis")
        found = [f"overview: {line}" for line in axe.violations(page, {})]
        page.locator("#nav-sidebar-apps").get_by_role("link", name="Payments", exact=True).click()
        page.wait_for_url("**/payments/payment/")
        page.goto(f"{site.url}/admin/payments/payment/?status=settled&q=Citlali")
        expect(page.locator(".tequio-list-totals")).to_contain_text("MXN")
        page.locator(".tequio-views summary").click()
        camera.take(page, "days-02-views")
        found += [f"list: {line}" for line in axe.violations(page, {})]
        page.get_by_role("link", name="Save this view…").click()
        page.get_by_label("Name").fill("Citlali's, settled")
        found += [f"saving: {line}" for line in axe.violations(page, {})]
        camera.take(page, "days-03-save-view")
        page.get_by_role("button", name="Save this view").click()
        page.wait_for_url("**/payments/payment/?status=settled*")

        page.goto(f"{site.url}/admin/payments/payment/")
        page.locator(".tequio-views summary").press("Enter")
        page.get_by_role("link", name="Citlali's, settled").click()
        page.wait_for_url("**/payments/payment/?status=settled*")
        rows = page.locator("#result_list tbody tr")
        assert rows.count()
        expect(rows.first).to_contain_text("Settled")
        for name in ("payments", "funders", "workers", "quality"):
            page.goto(f"{site.url}/admin/overview/{name}/")
            found += [f"{name}: {line}" for line in axe.violations(page, {})]
        page.goto(f"{site.url}/admin/views/")
        camera.take(page, "days-04-all-views")
        found += [f"views: {line}" for line in axe.violations(page, {})]
        page.get_by_role("button", name=re.compile("Remove.*Citlali")).click()
        expect(page.locator("main")).to_contain_text("Nothing is saved yet")
    assert not found, "\n".join(found)


def test_an_auditors_day(site: Installation, browser: Browser, camera: Camera) -> None:
    """They read everything, take no part in anything, and what they took away is in the ledger."""
    request_id = site.asked(site.work())
    site.passwords["otto"] = "otto looks at it all 77"
    site.backstage("staff", name="otto", role="auditor", password=site.passwords["otto"])
    with screens.fresh_page(browser, "en") as page:
        screens.sign_in(page, site, "otto")
        page.goto(f"{site.url}/admin/payments/paymentrequest/{request_id}/change/")
        expect(page.locator("main")).to_contain_text("Waiting for the payer")
        assert not page.locator("[aria-haspopup=dialog]").count(), "an auditor is offered nothing to do"
        camera.take(page, "days-05-auditor-request")
        found = [f"request: {line}" for line in axe.violations(page, {})]
        page.goto(f"{site.url}/admin/ledger/entry/")
        assert page.locator("#result_list tbody tr").count()
        page.keyboard.press("Control+k")
        expect(page.locator("[aria-controls=command-results]")).to_be_focused()
        page.keyboard.type(request_id)
        expect(page.locator("#command-results")).to_contain_text(request_id[-6:], timeout=PATIENCE)
    assert not found, "\n".join(found)

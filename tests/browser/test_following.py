"""Pages that somebody looks at follow what happens, and take nothing away from whoever is at work on them."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.installation import Installation
from tests.browser.screens import PATIENCE, Camera, fresh_page, sign_in

pytestmark = pytest.mark.prove


def come_back(page: Page) -> None:
    """As after another window: the page looks soon, and not when its slow pace would have it."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_page_shows_what_happened_unless_somebody_is_at_work_on_it(
    site: Installation, browser: Browser, camera: Camera
) -> None:
    work = site.work()
    with fresh_page(browser, "en") as page:
        sign_in(page, site)
        page.goto(f"{site.url}/admin/")
        page.goto(f"{site.url}/admin/jobs/job/{work.job_id}/change/")
        status = page.locator("#follow [role=status]")
        expect(status).to_have_text("")
        first = site.asked(work)
        expect(status).to_have_text("This page was brought up to date.", timeout=PATIENCE)
        expect(page.locator(f'#content a[href*="{first}"]').first).to_be_visible()
        expect(page.locator("#follow button")).to_be_hidden()

        page.goto(f"{site.url}/admin/jobs/job/{work.job_id}/change/?edit=1")
        page.locator("[name=title]").fill("Songs, and a story")
        page.locator("[name=title]").blur()
        back = site.funders.approve(site.wallet_page(first))
        with site.http() as http:
            assert http.get(back).status_code == 302
        come_back(page)
        expect(status).to_have_text("There is news.", timeout=PATIENCE)
        expect(page.locator("[name=title]")).to_have_value("Songs, and a story")
        camera.take(page, "following-news")
        page.on("dialog", lambda dialog: dialog.accept())
        with page.expect_navigation():
            page.get_by_role("button", name="Show it").click()
        expect(page.locator("[name=title]")).to_have_value(work.title)

"""No page that people need keeps anybody out: WCAG 2.2 AA as far as axe can tell, in light and dark."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import axe
from tests.browser.installation import Installation
from tests.browser.screens import WIDTHS, Camera, fresh_page, open_dialog, sign_in, wear

pytestmark = pytest.mark.prove
#: What Unfold's own markup breaks, by rule; each as little as possible.
UNFOLD: Final[Mapping[str, tuple[str, ...]]] = {}
OURS: Final[Mapping[str, tuple[str, ...]]] = {}


@dataclass(frozen=True)
class Told:
    """Requests in the states that pages show, by name."""

    requests: Mapping[str, str]
    job_id: int


@pytest.fixture(scope="module")
def told(site: Installation) -> Told:
    """A request in each state that people see: asked, declined, cancelled, at the wallet, settled."""
    works = {name: site.work() for name in ("asked", "declined", "cancelled", "ready", "settled")}
    requests = {name: site.asked(work) for name, work in works.items()}
    with site.http() as http:
        http.post(site.request(requests["declined"])["link"], data={"action": "decline", "reason": "No budget."})
        site.backstage("cancel", request_id=requests["cancelled"])
        site.wallet_page(requests["ready"])
        http.get(site.funders.approve(site.wallet_page(requests["settled"])))
    site.wait_for_state(requests["settled"], "settled")
    return Told(requests, works["settled"].job_id)


def test_public_pages_keep_nobody_out(site: Installation, browser: Browser, camera: Camera, told: Told) -> None:
    links = {name: site.request(request_id)["link"] for name, request_id in told.requests.items()}
    pages = {
        **links,
        "refused": f"{links['asked']}?hint=rejected",
        "invalid": f"{links['asked']}?hint=invalid",
        "spanish": f"{links['settled']}?lang=es",
    }
    found = []
    with fresh_page(browser, "en") as page:
        for name, url in pages.items():
            page.goto(url)
            found += _look(page, name, OURS)
            page.set_viewport_size({"width": WIDTHS["narrow"][0], "height": WIDTHS["narrow"][1]})
            found += _look(page, f"{name}, narrow", OURS)
            page.set_viewport_size({"width": WIDTHS["wide"][0], "height": WIDTHS["wide"][1]})
            camera.take(page, f"public-{name}")
    assert not found, "\n".join(found)


def test_pages_for_lost_people_keep_nobody_out(site: Installation, browser: Browser) -> None:
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    found = []
    for name, path in (("a forged link", "/approve/forged"), ("back from nowhere", "/payments/finish")):
        page.goto(f"{site.url}{path}")
        found += _look(page, name, OURS)
    context.close()
    assert not found, "\n".join(found)


def test_pages_of_staff_keep_nobody_out(site: Installation, browser: Browser, camera: Camera, told: Told) -> None:
    pages = {
        "dashboard": "/admin/",
        "jobs": "/admin/jobs/job/",
        "job": f"/admin/jobs/job/{told.job_id}/change/",
        "new member": "/admin/jobs/member/add/",
        "notes": "/admin/jobs/membernote/",
        "requests": "/admin/payments/paymentrequest/",
        "settled request": f"/admin/payments/paymentrequest/{told.requests['settled']}/change/",
        "declined request": f"/admin/payments/paymentrequest/{told.requests['declined']}/change/",
        "wallets": "/admin/payments/walletaddress/",
        "entries": "/admin/ledger/entry/",
        "outbox": "/admin/payments/message/",
    }
    found = []
    with fresh_page(browser, "en") as page:
        page.goto(f"{site.url}/admin/")
        found += _look(page, "sign-in", UNFOLD)
        sign_in(page, site)
        for name, path in pages.items():
            page.goto(f"{site.url}{path}")
            found += _look(page, name, UNFOLD)
            camera.take(page, f"admin-{name}")
        page.goto(f"{site.url}/admin/jobs/member/")
        with page.expect_navigation():
            page.get_by_role("link", name="Citlali").first.click()
        found += _look(page, "member", UNFOLD)
        page.goto(f"{site.url}/admin/jobs/application/")
        page.locator("input.action-select").first.check()
        page.locator("select[name=action]").select_option("reject_all_marked")
        with page.expect_navigation():
            page.locator("#changelist-actions button[type=submit]").click()
        found += _look(page, "deciding many", UNFOLD)
        page.goto(f"{site.url}/admin/payments/paymentrequest/{told.requests['asked']}/change/")
        open_dialog(page, "Send the email again")
        # Without the veil and what is behind it, through which axe cannot tell one colour from another.
        page.evaluate(
            "document.body.style.visibility = 'hidden';"
            "document.getElementById('modal-content').style.visibility = 'visible'"
        )
        found += _look(page, "dialog", UNFOLD)
    assert not found, "\n".join(found)


def test_no_page_of_the_sidebar_has_a_script_that_fails_or_runs_out_of_its_window(
    site: Installation, browser: Browser, told: Told
) -> None:
    """`fresh_page` finds the errors. What only some pages bring (calendars, charts, choices) is among them."""
    marked = ".".join(str(site.work().job_id) for _job in range(2))
    with fresh_page(browser, "es") as page:
        sign_in(page, site, "admin")
        links = page.locator("#nav-sidebar-apps a").evaluate_all("links => links.map(link => link.href)")
        more = [f"/admin/jobs/job/ask/{marked}/", "/admin/jobs/job/add/", "/admin/auth/user/add/"]
        details = [f"/admin/jobs/job/{told.job_id}/change/", "/admin/payments/payment/export/"]
        for address in (*links, *(f"{site.url}{path}" for path in (*more, *details))):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} is too wide"
        page.goto(f"{site.url}/admin/reports/payments/")
        page.set_viewport_size({"width": WIDTHS["narrow"][0], "height": WIDTHS["narrow"][1]})
        assert not axe.violations(page, {}, ["target-size"], "rule")


def _look(page: Page, name: str, excepted: Mapping[str, tuple[str, ...]]) -> list[str]:
    """By all rules while it is light; dark, only the colours are others."""
    found = [f"{name}: {line}" for line in axe.violations(page, excepted)]
    wear(page, "dark")
    found += [f"{name}, dark: {line}" for line in axe.violations(page, excepted, ["color-contrast"], "rule")]
    wear(page, "light")
    return found

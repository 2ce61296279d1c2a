"""Every page of the admin, with something on it: nobody is kept out, light or dark; no script fails; phones show it."""

import re
from collections.abc import Iterator
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.browser import axe
from tests.browser.installation import Installation, installed
from tests.browser.screens import WIDTHS, fresh_page, sign_in, wear

pytestmark = pytest.mark.prove

#: What Django's own markup breaks, by rule: the hint beside a choice of permissions is a span with a label.
DJANGO: Final = {"aria-prohibited-attr": ("help-tooltip search-label-icon",)}
#: Parts of pages, and files: what is no page of its own.
NO_PAGES: Final = ("/status/", "/logout/", "/autocomplete/")
#: Lists and pages as people choose what is on them.
CHOSEN: Final = (
    "/admin/?period=quarter&currency=MXN",
    "/admin/overview/payments/?period=last_month",
    "/admin/jobs/job/?status__exact=selecting&q=radio",
    "/admin/jobs/member/?q=maria",
    "/admin/payments/payment/?status=needs_attention",
    "/admin/payments/paymentrequest/?q=nobody",
    "/admin/payments/grant/?q=nobody",
    "/admin/ledger/entry/?q=payment",
    "/admin/ledger/statementexception/?shown=all",
    "/admin/where-is-the-money/?q=maria",
    "/admin/reports/payments/?period=month",
    "/admin/payments/payment/save-view/?status=settled",
)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, list[str]]]:
    """A house of its own: its wallets are nowhere, and no other test meets what waits for them."""
    with installed(tmp_path_factory.mktemp("furnished")) as site:
        yield site, site.backstage("one_of_everything")


def test_no_page_of_the_admin_keeps_anybody_out_has_a_script_that_fails_or_runs_out_of_a_phone(
    furnished: tuple[Installation, list[str]], browser: Browser
) -> None:
    """`fresh_page` finds the errors of scripts."""
    site, paths = furnished
    with site.signed_in("admin") as http:
        queues = [f"/admin/to-do/?tab={code}" for code in site.backstage("queues")]
        wanted = dict.fromkeys([*paths, *queues, *CHOSEN])
        opened = [path for path in wanted if not any(part in path for part in NO_PAGES) and _is_page(http.get(path))]
    assert set(CHOSEN) <= set(opened), "what is to be looked at is not shown"
    found = []
    with fresh_page(browser, "en") as page:
        sign_in(page, site, "admin")
        sidebar = page.locator("#nav-sidebar-apps a").evaluate_all("all => all.map(one => one.pathname)")
        assert set(sidebar) <= set(opened), "a page of the sidebar is not looked at"
        for path in opened:
            page.goto(f"{site.url}{path}")
            found += [f"{path}: {line}" for line in (*_violations(page), *_of_the_program(page), *_too_wide(page))]
    assert not found, "\n".join(found)


def _is_page(answer: httpx.Response) -> bool:
    """Whole, and neither a part of another page nor a form that is only answered when it is sent."""
    is_html = answer.headers.get("content-type", "").startswith("text/html")
    return answer.status_code == httpx.codes.OK and is_html and "<html" in answer.text


def _violations(page: Page) -> Iterator[str]:
    """By all rules while it is light; dark, only the colours are others."""
    yield from axe.violations(page, DJANGO)
    wear(page, "dark")
    yield from (f"dark, {line}" for line in axe.violations(page, {}, ["color-contrast"], "rule"))
    wear(page, "light")


def _of_the_program(page: Page) -> Iterator[str]:
    """What Python would write, and nobody reads: pairs, lists, objects."""
    yield from re.findall(r"\('\w+', ['\"].*|\['\w+'.*|<\w+[ :].* object.*", page.locator("main").inner_text())


def _too_wide(page: Page) -> Iterator[str]:
    """What is wider than a phone's window: whoever reads it would push the page to and fro, line by line."""
    wide, (across, down) = page.viewport_size, WIDTHS["narrow"]
    page.set_viewport_size({"width": across, "height": down})
    width = page.evaluate("document.scrollingElement.scrollWidth")
    if width > across:
        yield f"{width} px wide in a window of {across} px"
    if wide:
        page.set_viewport_size(wide)

"""Finance closes a month in a browser: what is open, the dialog, what was kept, and the journal as a file."""

from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, expect

from tests.browser.installation import Installation
from tests.browser.screens import Camera, fresh_page, open_dialog, sign_in, submit_dialog


def say(text: str, language: str) -> str:
    with translation.override(language):
        return gettext(text)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_month_is_closed_and_its_journal_downloaded(
    site: Installation, browser: Browser, camera: Camera, tmp_path: Path, language: str
) -> None:
    site.backstage("booked_months_ago")
    with fresh_page(browser, language) as page:
        sign_in(page, site, "luis")
        page.goto(f"{site.url}/admin/periods/")
        expect(page.locator(".tequio-checks")).to_be_visible()
        camera.take(page, f"{language}-closing-1-periods")
        open_dialog(page, say("Close the month", language))
        page.fill("#dialog [name=note]", "Nothing else is expected.")
        camera.take(page, f"{language}-closing-2-dialog")
        submit_dialog(page)
        totals = say("Control totals in %(code)s", language) % {"code": "MXN"}
        expect(page.locator("body")).to_contain_text(totals)
        camera.take(page, f"{language}-closing-3-closed")
        with page.expect_download() as waiting:
            page.locator("[name=form][value=hledger]").click()
        file = tmp_path / "journal"
        waiting.value.save_as(file)
        assert "clearing:workers" in file.read_text()
        page.goto(f"{site.url}/admin/periods/")
        expect(page.locator("table")).to_contain_text("luis")
        camera.take(page, f"{language}-closing-4-periods")

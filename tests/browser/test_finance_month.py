"""Finance does a month in a browser: exceptions are resolved, the month is closed, and its files leave the house."""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext
from openpyxl import load_workbook
from playwright.sync_api import Browser, Download, Page, expect

from tests.browser.installation import Installation, Person
from tests.browser.screens import Camera, fresh_page, open_dialog, sign_in, submit_dialog

pytestmark = pytest.mark.prove

LUIS = Person("luis", "luis@example.org", "en", "")


@dataclass(frozen=True)
class Desk:
    """Luis of finance, signed in, in one language."""

    page: Page
    site: Installation
    camera: Camera
    folder: Path
    language: str

    def say(self, text: str) -> str:
        """The product's own text in the language of this desk."""
        with translation.override(self.language):
            return gettext(text)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.site.url}/admin/{path}")

    def look(self, name: str) -> None:
        self.camera.take(self.page, f"{self.language}-finance-{name}")

    def press(self, text: str) -> None:
        name = self.say(text)
        link = self.page.get_by_role("link", name=name, exact=True)
        link.or_(self.page.get_by_role("button", name=name, exact=True)).first.click()

    def download(self, text: str) -> Path:
        """The file that a press brings."""
        with self.page.expect_download() as waiting:
            self.press(text)
        return self.kept(waiting.value)

    def kept(self, download: Download) -> Path:
        file = self.folder / download.suggested_filename
        download.save_as(file)
        return file


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_month_from_exceptions_to_the_files_that_are_sent(
    site: Installation, browser: Browser, camera: Camera, tmp_path: Path, language: str
) -> None:
    site.backstage("booked_months_ago")
    found = site.backstage("exceptions", name=f"Banco del Sur ({language})")
    with fresh_page(browser, language) as page:
        sign_in(page, site, "luis")
        desk = Desk(page, site, camera, tmp_path, language)
        one_by_one(desk, found[0])
        all_others_by_file(desk, len(found) - 1)
        close_the_month(desk)
        export_by_hand(desk)
        export_by_mail(desk)


def one_by_one(desk: Desk, first: int) -> None:
    desk.go("ledger/statementexception/")
    desk.look("1-exceptions")
    desk.go(f"ledger/statementexception/{first}/change/")
    desk.look("2-exception")
    open_dialog(desk.page, desk.say("Resolve"))
    desk.page.select_option("#dialog [name=resolution]", "accepted")
    desk.page.fill("#dialog [name=why]", "The bank explained it by phone.")
    desk.look("3-resolve")
    submit_dialog(desk.page)
    expect(desk.page.locator("section.tequio-step")).to_contain_text(desk.say("Accept: both are right"))


def all_others_by_file(desk: Desk, others: int) -> None:
    """The list is downloaded, its columns filled in, and uploaded; what will happen is shown before it does."""
    desk.go("ledger/statementexception/")
    workbook = load_workbook(desk.download("Download what is open (XLSX)"))
    sheet = workbook.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    action, why = (heads.index(desk.say(head)) + 1 for head in ("Action", "Why"))
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, action).value = desk.say("Accept: both are right")
        sheet.cell(row, why).value = "Looked at with the bank."
    filled = desk.folder / "filled.xlsx"
    workbook.save(filled)
    desk.press("Upload the filled list")
    desk.page.set_input_files("[name=file]", filled)
    desk.look("4-upload")
    desk.press("Look at what will happen")
    expect(desk.page.locator("tbody tr")).to_have_count(sheet.max_row - 1)
    assert sheet.max_row - 1 >= others
    assert desk.site.backstage("open_exceptions") == sheet.max_row - 1, "so far it was only looked at"
    desk.look("5-will-happen")
    desk.press("Resolve these")
    expect(desk.page.locator("#result_list tbody tr")).to_have_count(0)
    assert desk.site.backstage("open_exceptions") == 0
    desk.look("6-nothing-left")


def close_the_month(desk: Desk) -> None:
    page = desk.page
    desk.go("periods/")
    expect(page.locator(".tequio-checks")).to_be_visible()
    desk.look("7-periods")
    open_dialog(page, desk.say("Close the month"))
    page.fill("#dialog [name=note]", "Nothing else is expected.")
    desk.look("8-close")
    submit_dialog(page)
    expect(page.locator("body")).to_contain_text(desk.say("Control totals in %(code)s") % {"code": "MXN"})
    desk.look("9-closed")
    with page.expect_download() as waiting:
        page.locator("[name=form][value=hledger]").click()
    assert "clearing:workers" in desk.kept(waiting.value).read_text(encoding="utf-8")
    desk.go("periods/")
    expect(page.locator("table")).to_contain_text("luis")


def export_by_hand(desk: Desk) -> None:
    """The movements of the books as a workbook: exactly the list's rows, and it downloads by itself."""
    desk.go("ledger/movement/")
    desk.look("10-movements")
    desk.press("Export")
    desk.look("11-export")
    file = desk.download("Export")
    sheets = load_workbook(file).worksheets
    assert len(list(sheets[0].rows)) == desk.site.backstage("movements") + 1, "a row for each, below the head"
    assert sheets[-1].title == desk.say("Totals")
    assert list((desk.site.folder / "exports").iterdir()), "it lies with this installation's files"
    expect(desk.page.get_by_role("link", name=desk.say("Download"), exact=True)).to_be_visible()
    desk.look("12-exported")


def export_by_mail(desk: Desk) -> None:
    """From now on every month: the mail has a link, which asks who is there, and brings the file."""
    page, site = desk.page, desk.site
    desk.go("ledger/movement/export/")
    page.locator("main summary").click()
    page.select_option("[name=often]", "monthly")
    page.get_by_label(f"{LUIS.name} <{LUIS.email}>", exact=True).check()
    desk.look("13-regularly")
    page.get_by_role("button", name=desk.say("Export it regularly")).click()
    expect(page.locator("body")).to_contain_text(desk.say("From now on this list is exported regularly."))
    desk.look("14-regular")
    before = {mail["Message-ID"] for mail in site.postbox.mails}
    site.backstage("a_month_later_for_regular_exports")
    mail = site.mail_to(LUIS, lambda mail: mail["Message-ID"] not in before)
    page.goto(link_of(mail, site))
    assert desk.download("Download").stat().st_size


def link_of(mail: EmailMessage, site: Installation) -> str:
    text = mail.get_body(("plain",))
    assert text
    found = re.search(rf"{re.escape(site.url)}/admin/backoffice/export/\S+", str(text.get_content()))
    assert found, text.get_content()
    return found.group()

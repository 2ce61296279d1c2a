"""A worker and a funder, each with the links in their mail and a phone, see what concerns them in their language."""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

import pytest
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe
from tests.browser.installation import Installation
from tests.browser.screens import PATIENCE, SCHEMES, WIDTHS, Camera, decide_at_wallet, fresh_page, wear

pytestmark = pytest.mark.prove

PHONE: Final = {"width": WIDTHS["narrow"][0], "height": WIDTHS["narrow"][1]}
OWED: Final = "1,250.00\xa0MXN"


@dataclass(frozen=True)
class Phone:
    """Somebody's telephone, in their language."""

    page: Page
    language: str
    camera: Camera

    def say(self, text: str) -> str:
        """The product's own text in the language of this phone."""
        with translation.override(self.language):
            return gettext(text)

    def open(self, url: str) -> None:
        self.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        self.page.goto(url)

    def see(self, heading: str, *texts: str) -> None:
        """The card under `heading` says all of `texts`."""
        card = self.page.locator("section.card", has=self.page.get_by_role("heading", name=heading, exact=True))
        for text in texts:
            expect(card).to_contain_text(text)

    def look(self, name: str) -> None:
        """Nothing keeps anybody out, nothing runs over the edge, light or dark; and a picture."""
        for scheme in SCHEMES:
            wear(self.page, scheme)
            found = axe.violations(self.page, {})
            assert not found, "\n".join(found)
        wear(self.page, "light")
        wide: int = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], f"{name} is {wide} pixels wide"
        self.camera.take(self.page, f"own-{self.language}-{name}")
        self.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})


def own_link(mail: EmailMessage, kind: str) -> str:
    text = mail.get_body(("plain",))
    assert text
    found = re.search(rf"http://127\.0\.0\.1:\d+/{kind}/\S+", text.get_content())
    assert found, f"no link to their own page in:\n{text.get_content()}"
    return found.group()


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_sees_what_concerns_them(site: Installation, browser: Browser, camera: Camera, language: str) -> None:
    work = site.work(language=language)
    worker_link = own_link(site.mail_to(work.worker), "w")
    with fresh_page(browser, language) as page:
        phone = Phone(page, language, camera)
        phone.open(worker_link)
        phone.see(phone.say("Agreed"), work.title, OWED, phone.say("Once your work is accepted"))
        phone.look("1-worker-owed")

    request_id = site.asked(work)
    funder_link = own_link(site.mail_to(work.funder), "f")
    with fresh_page(browser, language) as page:
        phone = Phone(page, language, camera)
        phone.open(funder_link)
        phone.see(phone.say("Waiting for you"), work.title)
        phone.look("2-funder-waiting")
        page.get_by_role("link", name=phone.say("Look at it and approve")).click()
        page.get_by_role("button", name=phone.say("Approve in my wallet")).click()
        decide_at_wallet(page, "approve")
        expect(page.locator("#follow")).to_contain_text(phone.say("Settled"), timeout=PATIENCE)

    site.wait_for_state(request_id, "settled")
    with fresh_page(browser, language) as page:
        phone = Phone(page, language, camera)
        phone.open(funder_link)
        phone.see(phone.say("Receipts"), work.title, "USD")
        phone.look("3-funder-receipt")
        heading = page.get_by_role("heading", name=phone.say("Monthly statements"))
        page.locator("section.card", has=heading).get_by_role("link").first.click()
        expect(page.locator("main")).to_contain_text(OWED)
        expect(page.locator("main")).to_contain_text(work.worker.name)
        phone.look("4-funder-statement")

    with fresh_page(browser, language) as page:
        phone = Phone(page, language, camera)
        phone.open(worker_link)
        phone.see(phone.say("Arrived"), work.title, OWED, phone.say("In your wallet"))
        page.get_by_text(phone.say("This isn't right")).click()
        page.get_by_label(phone.say("What isn't right?")).fill("¿Es para la radio de Ayutla?")
        page.get_by_role("button", name=phone.say("Send")).click()
        expect(page.get_by_text(phone.say("We have your note"))).to_be_visible()
        phone.look("5-worker-arrived")


def test_a_worker_without_a_script_or_a_cookie_gives_their_wallet(site: Installation, browser: Browser) -> None:
    work = site.work()
    link = own_link(site.mail_to(work.worker), "w")
    wallet = site.workers.create_wallet("newcomer", asset="MXN", balance=0, public_name="Citlali")
    site.backstage("forget_wallet", name=work.worker.name)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(link)
    page.get_by_label("Your wallet address").fill(wallet)
    page.get_by_role("button", name="Use this wallet").click()
    expect(page.locator("main")).to_contain_text(wallet)
    site.programs.wait_for(lambda: site.backstage("wallet", url=wallet)["is_known"], "the wallet to be looked up")
    page.reload()
    expect(page.locator("main")).to_contain_text("Citlali")
    expect(page.locator("main")).not_to_contain_text("Use this wallet")
    assert not context.cookies()
    context.close()


def test_lost_people_are_told_calmly(site: Installation, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    for path in ("/w/forged", "/f/forged"):
        page.goto(f"{site.url}{path}")
        assert not axe.violations(page, {})
    context.close()

"""The whole line as people walk it: staff ask, the funder approves in their wallet, the money is there, all is told."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

import pytest
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, Page, expect

from tests.browser import screens
from tests.browser.installation import Installation, Work
from tests.browser.screens import PATIENCE, Camera

#: The words that matter most stand here as people read them; the others come from the catalogue.
SETTLED: Final = {"en": "Settled", "es": "Liquidado"}
RECEIVED: Final = "1,250.00\xa0MXN"
#: What the ledger tells of a request that settled, in this order; other entries may stand between.
STORY: Final = (
    "request.quoting",
    "job.payment_requested",
    "grant.active",
    "incoming.open",
    "quote.open",
    "request.quoted",
    "request.awaiting_approval",
    "message.sent",
    "request.approve_pressed",
    "grant.pending",
    "grant.returned",
    "request.approved",
    "outgoing.open",
    "payment.sent",
    "payment.settled",
    "request.settled",
)
WITH_AMOUNTS: Final = {
    "job.payment_requested",
    "incoming.open",
    "quote.open",
    "request.quoted",
    "request.awaiting_approval",
    "request.approve_pressed",
    "outgoing.open",
    "payment.sent",
    "payment.settled",
}


@dataclass(frozen=True)
class Walk:
    """One walk down the line: whose work, in which language, with a camera in hand."""

    site: Installation
    work: Work
    language: str
    camera: Camera

    def say(self, text: str) -> str:
        """The product's own text in the language of this walk."""
        with translation.override(self.language):
            return gettext(text)

    def look(self, page: Page, name: str) -> None:
        self.camera.take(page, f"{self.language}-{name}")


@pytest.mark.parametrize("language", ["en", pytest.param("es", marks=pytest.mark.prove)])
def test_staff_ask_the_funder_approves_and_the_worker_has_the_money(
    site: Installation, browser: Browser, camera: Camera, language: str
) -> None:
    walk = Walk(site, site.work(language=language), language, camera)

    with screens.fresh_page(browser, language) as staff:
        request_id, debit = _staff_ask(staff, walk)
    link = _approval_mail(site.mail_to(walk.work.funder), walk, debit)
    with screens.fresh_page(browser, language) as funder:
        _funder_approves(funder, walk, link, debit)

    assert site.request(request_id)["payments"] == ["settled"]
    assert site.workers.balance(walk.work.worker.account) == 1_250_00
    _receipts(walk, debit)
    with screens.fresh_page(browser, language) as staff:
        _job_tells_everything(staff, walk, request_id, debit)
    _ledger_tells_the_story(site, request_id)
    site.programs.wait_for(lambda: _ledger_verifies(site), "the ledger to be sealed and verified")


def _staff_ask(page: Page, walk: Walk) -> tuple[str, str]:
    """From the sign-in to the sent request, by keyboard alone; its id, and the debit as the review page writes it."""
    site, work = walk.site, walk.work
    page.goto(f"{site.url}/admin/")
    walk.look(page, "01-sign-in")
    screens.sign_in(page, site)
    walk.look(page, "02-dashboard")
    page.goto(f"{site.url}/admin/jobs/job/{work.job_id}/change/")
    walk.look(page, "03-job-before")

    screens.tab_to(page, walk.say("Skip to the content"))
    page.keyboard.press("Enter")
    screens.open_by_keyboard(page, walk.say("Quote & request approval"))
    expect(page.locator("#dialog")).to_contain_text(work.worker.name)
    expect(page.locator("#dialog")).to_contain_text(RECEIVED)
    walk.look(page, "04-quote-dialog")
    screens.confirm_by_keyboard(page, walk.say("Continue"))

    page.wait_for_url("**/paymentrequest/*/change/")
    expect(page.locator(".tequio-step")).to_contain_text(walk.say("Quoted, not sent"), timeout=PATIENCE)
    payer, receiver = page.locator(".tequio-sides > div").first, page.locator(".tequio-receiver")
    expect(payer).to_contain_text(walk.say("The payer pays at most"))
    debit = payer.locator(".tequio-figure").inner_text()
    assert debit.endswith("\xa0USD")
    expect(receiver.locator(".tequio-figure")).to_have_text(RECEIVED)
    walk.look(page, "05-review")
    screens.open_by_keyboard(page, walk.say("Send approval request"))
    expect(page.locator("#dialog")).to_contain_text(debit)
    walk.look(page, "06-send-dialog")
    screens.confirm_by_keyboard(page, walk.say("Send"))
    expect(page.locator(".tequio-step")).to_contain_text(walk.say("Waiting for the payer"))
    walk.look(page, "07-sent")
    return screens.path_of(page).split("/")[-3], debit


def _approval_mail(mail: EmailMessage, walk: Walk, debit: str) -> str:
    """The mail says who asks, for what and how much, in the funder's language, as text and as HTML; its link."""
    work = walk.work
    assert _subject(mail) == walk.say("Please approve: %(title)s") % {"title": work.title}
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text
    assert html
    link = screens.link_in(text.get_content())
    for part in (text.get_content(), html.get_content()):
        for expected in (
            link,
            "Tequio Marketplace",
            work.title,
            work.worker.name,
            RECEIVED,
            debit,
            walk.say("You pay at most"),
        ):
            assert expected in part, f"{expected!r} is missing"
    assert f'lang="{walk.language}"' in html.get_content()
    return link


def _funder_approves(page: Page, walk: Walk, link: str, debit: str) -> None:
    """From the mail's link to the receipt. The page is never loaded again by hand."""
    work = walk.work
    page.goto(link)
    for expected in ("Tequio Marketplace", work.title, work.funder.name, work.worker.name, RECEIVED, debit):
        expect(page.locator("main")).to_contain_text(expected)
    expect(page.locator(".hero-label")).to_have_text(walk.say("You pay at most"))
    walk.look(page, "08-approve")
    page.get_by_role("button", name=walk.say("Approve in my wallet")).click()

    page.wait_for_url("**/auth/interact/**")
    expect(page.locator("main")).to_contain_text("Tequio Marketplace")
    expect(page.locator("[data-limit]")).to_contain_text(debit.partition("\xa0")[0])
    walk.look(page, "09-wallet")
    screens.decide_at_wallet(page, "approve")

    walk.look(page, "10-returned")
    expect(page.locator(".notice-good")).to_contain_text(SETTLED[walk.language], timeout=PATIENCE)
    expect(page.locator(".hero-label")).to_have_text(walk.say("You paid"))
    expect(page.locator("#details-heading")).to_have_text(walk.say("Receipt"))
    walk.look(page, "11-settled")


def _subject(mail: EmailMessage) -> str:
    """As a mail program shows it: where a long header was folded means nothing."""
    return str(mail["subject"]).strip()


def _receipts(walk: Walk, debit: str) -> None:
    site, work = walk.site, walk.work

    def is_receipt(mail: EmailMessage) -> bool:
        return _subject(mail) == walk.say("Receipt: %(title)s") % {"title": work.title}

    receipt = site.mail_to(work.funder, is_receipt).get_body(("plain",))
    assert receipt
    assert debit in receipt.get_content()
    told = {"amount": RECEIVED.replace("\xa0", " "), "title": work.title}
    subject = walk.say("You were paid %(amount)s: %(title)s") % told
    paid = site.mail_to(work.worker, lambda mail: _subject(mail) == subject)
    body = paid.get_body(("plain",))
    assert body
    assert RECEIVED in body.get_content()
    assert work.worker.wallet in body.get_content()


def _job_tells_everything(page: Page, walk: Walk, request_id: str, debit: str) -> None:
    site, work = walk.site, walk.work
    screens.sign_in(page, site)
    page.goto(f"{site.url}/admin/jobs/job/{work.job_id}/change/")
    card = page.locator(".tequio-step", has_text=request_id)
    for expected in (SETTLED[walk.language], RECEIVED, debit):
        expect(card).to_contain_text(expected)
    walk.look(page, "12-job-settled")
    timeline = page.locator("section[aria-labelledby=timeline]")
    for expected in (RECEIVED, debit, work.funder.name, work.worker.name, "rosa"):
        expect(timeline).to_contain_text(expected)
    page.goto(f"{site.url}/admin/payments/paymentrequest/{request_id}/change/")
    walk.look(page, "13-request-settled")
    page.goto(f"{site.url}/admin/payments/message/")
    walk.look(page, "14-outbox")


def _ledger_tells_the_story(site: Installation, request_id: str) -> None:
    entries = site.backstage("entries", subject="request", subject_id=request_id)
    kinds = iter([entry["kind"] for entry in entries])
    assert all(kind in kinds for kind in STORY), [entry["kind"] for entry in entries]
    for entry in entries:
        if entry["kind"] in WITH_AMOUNTS:
            amounts = [value for value in entry["data"].values() if isinstance(value, dict) and "assetScale" in value]
            assert amounts, f"{entry} has no amount"


def _ledger_verifies(site: Installation) -> bool:
    return bool(site.programs.run("manage.py", "verify_ledger"))

"""Payments that need attention, in a browser: reached by their wallets' faults, explained, and brought to an end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, Page, expect

from tests.browser.installation import Installation, Work
from tests.browser.screens import PATIENCE, Camera, decide_at_wallet, fresh_page, open_dialog, sign_in, submit_dialog

pytestmark = pytest.mark.prove

SECONDS: Final = 90
LONG: Final = 30 * 86400
SHORT: Final = 300
LITTLE: Final = 100
ENOUGH: Final = 500_000_00
AMOUNT: Final = 1_250_00
PART: Final = 500_00
EVIDENCE: Final = "SPEI 20260503-4711"
LANGUAGES: Final = ("en", "es")


@dataclass(frozen=True)
class Trouble:
    """One payment that needs attention, and those who look at it."""

    site: Installation
    browser: Browser
    camera: Camera
    work: Work
    request_id: str

    @property
    def payment(self) -> dict[str, Any]:
        found: dict[str, Any] = self.site.backstage("payment", request_id=self.request_id)
        return found

    @property
    def url(self) -> str:
        return f"{self.site.url}/admin/payments/payment/{self.payment['id']}/change/"

    def wait_for(self, *states: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found = self.payment
            return found if found["state"] in states else None

        return self.site.programs.wait_for(look, f"the payment to be {' or '.join(states)}", SECONDS)

    def is_read_twice(self) -> None:
        """The receiver's wallet said that its side is closed, and can be asked again at once, not in a minute."""
        self.site.programs.wait_for(
            lambda: self.payment["is_over"] or None, "the receiver's side to be closed", SECONDS
        )
        self.site.backstage("a_minute_later", request_id=self.request_id)

    def received(self) -> int:
        """Minor units at the worker's wallet."""
        return self.site.workers.balance(self.work.worker.account)

    @contextmanager
    def seen_by(self, name: str, language: str) -> Iterator[Page]:
        """The payment's page as a member of staff reads it."""
        with fresh_page(self.browser, language) as page:
            sign_in(page, self.site, name)
            page.goto(self.url)
            yield page


def say(text: str, language: str) -> str:
    """The product's own text in the reader's language."""
    with translation.override(language):
        return gettext(text)


def approved(site: Installation, browser: Browser, camera: Camera, *, balance: int = ENOUGH) -> Trouble:
    """Staff asked, and the payer approved in their wallet, which then has `balance` minor units left."""
    work = site.work()
    request_id = site.asked(work)
    back = site.funders.approve(site.wallet_page(request_id))
    site.funders.set_balance(work.funder.account, balance)
    with site.http() as http:
        assert http.get(back).status_code == 302
    return Trouble(site, browser, camera, work, request_id)


@pytest.fixture(autouse=True)
def wallets_that_work_again(site: Installation) -> Iterator[None]:
    """Whatever a test makes of the wallets, the next finds them as they were."""
    yield
    for provider in (site.funders, site.workers):
        provider.clear_faults()
        provider.settings(quoteSeconds=SHORT)
    site.backstage("try_hosts_again")


def explained(trouble: Trouble, reason: str) -> None:
    """The list leads to a page that says in both languages what happened, what is certain, what is not, what helps."""
    assert trouble.payment["reason"] == reason
    for language in LANGUAGES:
        with fresh_page(trouble.browser, language) as page:
            sign_in(page, trouble.site)
            page.locator(f'a[href*="{trouble.payment["id"]}"]').first.click()
            told = page.locator(".tequio-step")
            for head in ("What happened", "What is certain", "What nobody knows yet", "What helps"):
                expect(told).to_contain_text(say(head, language))
            expect(told).to_contain_text(trouble.work.worker.name)
            expect(told).to_contain_text("1,250.00\xa0MXN")
            trouble.camera.take(page, f"{language}-attention-{reason}")
            page.goto(f"{trouble.site.url}/admin/payments/payment/?status=needs_attention")
            expect(page.locator("#result_list")).to_contain_text(trouble.work.worker.name)
            trouble.camera.take(page, f"{language}-attention-list")


def shows(page: Page, text: str) -> None:
    expect(page.locator("body")).to_contain_text(text, timeout=PATIENCE)


def test_money_that_never_settles_is_sent_again_and_arrives_once(
    site: Installation, browser: Browser, camera: Camera
) -> None:
    site.funders.settings(quoteSeconds=LONG)
    trouble = approved(site, browser, camera, balance=LITTLE)
    trouble.wait_for("sent")
    site.backstage("a_day_later", request_id=trouble.request_id)
    trouble.wait_for("needs_attention")
    explained(trouble, "not_settled")

    with trouble.seen_by("rosa", "en") as page:
        open_dialog(page, "Take care of it")
        submit_dialog(page)
        shows(page, "rosa takes care of it.")
        open_dialog(page, "Look again now")
        submit_dialog(page)
        shows(page, "Both wallets are being asked.")
        open_dialog(page, "Send it again")
        expect(page.locator("#dialog")).to_contain_text("First the receiver's side is closed")
        camera.take(page, "en-attention-send-again")
        submit_dialog(page)
        shows(page, "It is sent again as soon as the receiver's side is closed.")
    trouble.is_read_twice()
    # The order that waited still counts at the payer's wallet, so they are asked once more.
    site.wait_for_state(trouble.request_id, "awaiting_approval", seconds=SECONDS)
    site.funders.set_balance(trouble.work.funder.account, ENOUGH)
    with fresh_page(browser, "en") as payer:
        payer.goto(site.request(trouble.request_id)["link"])
        payer.locator("form.actions button").first.click()
        decide_at_wallet(payer, "approve")
    trouble.wait_for("settled")
    assert trouble.received() == AMOUNT
    spent = ENOUGH - site.funders.balance(trouble.work.funder.account)
    assert 0 < spent <= site.request(trouble.request_id)["debit"]


def test_what_partly_arrived_is_settled_outside_by_two_people(
    site: Installation, browser: Browser, camera: Camera
) -> None:
    site.funders.settings(quoteSeconds=LONG)
    trouble = approved(site, browser, camera, balance=LITTLE)
    found = trouble.wait_for("sent")
    assert site.workers.pay_in(found["incoming"], PART) == PART
    site.funders.cancel(found["order"])
    trouble.is_read_twice()
    trouble.wait_for("needs_attention")
    explained(trouble, "partly_arrived")

    with trouble.seen_by("rosa", "es") as page:
        expect(page.get_by_role("link", name=say("Send it again", "es"))).to_have_count(0)
        open_dialog(page, say("Settled outside…", "es"))
        page.select_option("#dialog [name=way]", "bank")
        page.fill("#dialog [name=evidence]", EVIDENCE)
        camera.take(page, "es-attention-report")
        submit_dialog(page)
        shows(page, say("Reported. A second person must confirm it.", "es"))
        expect(page.get_by_role("link", name=say("Confirm: settled outside", "es"))).to_have_count(0)
        camera.take(page, "es-attention-reported")
    with trouble.seen_by("luis", "en") as page:
        shows(page, EVIDENCE)
        open_dialog(page, "Confirm: settled outside")
        expect(page.locator("#dialog")).to_contain_text(EVIDENCE)
        expect(page.locator("#dialog")).to_contain_text("750.00\xa0MXN")
        camera.take(page, "en-attention-confirm")
        submit_dialog(page)
        shows(page, "Decided: “Settled outside”.")
        trouble.is_read_twice()
        trouble.wait_for("settled_outside")
        page.reload()
        camera.take(page, "en-attention-settled-outside")
        page.goto(f"{site.url}/admin/jobs/job/{trouble.work.job_id}/change/")
        shows(page, "Settled outside")
        camera.take(page, "en-attention-job-settled-outside")
    trouble.wait_for("settled_outside")
    assert trouble.received() == PART
    with fresh_page(browser, "en") as payer:
        payer.goto(site.request(trouble.request_id)["link"])
        shows(payer, "Settled outside the wallets")
        camera.take(payer, "en-attention-payer-settled-outside")
    asked = "Were you paid 750.00 MXN outside your wallet?"
    site.mail_to(trouble.work.worker, lambda mail: str(mail["subject"]).replace("\xa0", " ").startswith(asked))
    assert site.backstage("job_status", job_id=trouble.work.job_id)["is_funded"]


def test_what_nobody_can_tell_is_given_up_once_the_receivers_side_is_closed(
    site: Installation, browser: Browser, camera: Camera
) -> None:
    mute: dict[str, Any] = {"do": "500-before", "times": None}
    site.funders.faults({"match": {"operation": "create-outgoing-payment"}, **mute})
    site.funders.faults({"match": {"operation": "list-outgoing-payments"}, **mute})
    site.workers.faults({"match": {"operation": "complete-incoming-payment"}, **mute})
    trouble = approved(site, browser, camera)
    trouble.wait_for("unknown")
    site.backstage("a_day_later", request_id=trouble.request_id)
    trouble.wait_for("needs_attention")
    explained(trouble, "cannot_be_fenced")

    with trouble.seen_by("luis", "en") as page:
        open_dialog(page, "Give up")
        camera.take(page, "en-attention-give-up")
        submit_dialog(page)
        shows(page, "Decided: “Give up”.")
        camera.take(page, "en-attention-decided")
        assert trouble.payment["state"] == "needs_attention", "the receiver's side is not closed yet"
        for provider in (site.funders, site.workers):
            provider.clear_faults()
        site.backstage("try_hosts_again")
        open_dialog(page, "Look again now")
        submit_dialog(page)
        shows(page, "Decided: “Give up”.")
    trouble.is_read_twice()
    assert trouble.received() == 0
    site.wait_for_state(trouble.request_id, "failed")
    with fresh_page(browser, "en") as page:
        sign_in(page, site)
        page.goto(f"{site.url}/admin/jobs/job/{trouble.work.job_id}/change/")
        shows(page, "Somebody decided not to try any longer. Nothing more can arrive.")

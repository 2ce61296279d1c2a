"""A worker proves their wallet from the link in their mail, on a phone; an administrator changes the seller's key."""

import json
import re
from typing import Final

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.axe import violations
from tests.browser.installation import Installation
from tests.browser.screens import PATIENCE, Camera, fresh_page, open_dialog, path_of, sign_in, submit_dialog

pytestmark = pytest.mark.prove

PROOF_LINK: Final = re.compile(r"http://127\.0\.0\.1:\d+/prove/\S+")
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}


def test_a_worker_proves_their_wallet_from_the_mail_and_the_request_is_sent(
    site: Installation, browser: Browser, camera: Camera
) -> None:
    work = site.work(language="es")
    site.backstage("proof_limit", amount="1000.00", asset=["MXN", 2])
    try:
        request_id = str(site.backstage("ask", job_id=work.job_id, form_id=f"proof-{work.job_id}", send=False))
        with fresh_page(browser, "en") as staff:
            sign_in(staff, site)
            staff.goto(f"{site.url}/admin/payments/paymentrequest/{request_id}/change/")
            expect(staff.locator(".tequio-step")).to_contain_text(f"{work.worker.name} must first prove")
            camera.take(staff, "proof-01-review")
            open_dialog(staff, "Send the proof link")
            expect(staff.locator("#dialog")).to_contain_text(work.worker.wallet)
            submit_dialog(staff)

        mail = site.mail_to(work.worker, lambda mail: "Compruebe" in str(mail["subject"]))
        body = mail.get_body(("plain",))
        assert body
        link = PROOF_LINK.search(body.get_content())
        assert link
        with fresh_page(browser, "es") as page:
            page.set_viewport_size(PHONE)
            page.goto(link[0])
            expect(page.locator("h1")).to_have_text("¿Es suya esta billetera?")
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], "it scrolls sideways"
            assert violations(page, {}) == []
            camera.take(page, "proof-02-page")
            page.set_viewport_size(PHONE)
            page.get_by_role("button", name="Confirmar en mi billetera").click()
            page.wait_for_url("**/auth/interact/**")
            camera.take(page, "proof-03-wallet")
            page.click("button[value=approve]")
            page.wait_for_url("**/prove/**")
            expect(page.locator("h1")).to_have_text("Comprobado: esta billetera es suya", timeout=PATIENCE)
            page.set_viewport_size(PHONE)
            assert violations(page, {}) == []
            camera.take(page, "proof-04-proven")

        with fresh_page(browser, "en") as staff:
            sign_in(staff, site)
            staff.goto(f"{site.url}/admin/payments/paymentrequest/{request_id}/change/")
            expect(staff.locator(".tequio-step")).not_to_contain_text("must first prove")
            open_dialog(staff, "Send approval request")
            submit_dialog(staff)
            expect(staff.locator(".tequio-step")).to_contain_text("Waiting for the payer")
    finally:
        site.backstage("no_proof_limit")


def test_an_administrator_changes_the_sellers_key_and_payments_go_on(
    site: Installation, browser: Browser, camera: Camera
) -> None:
    work = site.work()
    with fresh_page(browser, "en") as page:
        sign_in(page, site, "admin")
        page.goto(f"{site.url}/admin/payments/seller/tequio/change/")
        camera.take(page, "key-01-before")
        open_dialog(page, "New key")
        camera.take(page, "key-02-dialog")
        submit_dialog(page)
        assert path_of(page).endswith("/tequio/change/")
        waiting = page.locator(".tequio-key", has_text="To be published")
        jwk = json.loads(waiting.locator("input").input_value())
        camera.take(page, "key-03-made")

        open_dialog(page, "Check at the wallet")
        submit_dialog(page)
        expect(page.locator("body")).to_contain_text("does not list the key")
        expect(page.get_by_role("link", name="Use the new key")).to_have_count(0)

        site.workers.change_keys("tequio", add=[jwk])
        open_dialog(page, "Check at the wallet")
        submit_dialog(page)
        expect(page.locator(".tequio-key").first).to_contain_text("Seen at the wallet")
        open_dialog(page, "Use the new key")
        submit_dialog(page)
        expect(page.locator(".tequio-key").first).to_contain_text("In use")
        expect(page.locator(".tequio-key").last).to_contain_text("Ends what it began")
        camera.take(page, "key-04-used")
        open_dialog(page, "Retire the old key")
        submit_dialog(page)
        expect(page.locator("body")).to_contain_text("still ends what was begun with it")
    request_id = site.asked(work)
    page_at_wallet = site.wallet_page(request_id)
    assert page_at_wallet.startswith(site.funders.url)

"""Coming in, as people do: with a code from a phone, without it, after too many tries; and once more for money."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from backoffice import roles
from tests.browser import axe
from tests.browser.installation import Installation
from tests.browser.screens import SCHEMES, WIDTHS, Camera, fresh_page, open_dialog, path_of, submit_dialog
from tests.sign_in.codes import code

pytestmark = pytest.mark.prove

PASSWORD: Final = "una frase bien larga"
#: Recovery codes saved, phone lost, not done yet, reset.
WORDS: Final = {
    "en": ("I have saved them", "Lost your phone?", "Nothing was done yet", "Reset second factor"),
    "es": ("Ya los guardé", "¿Perdió su teléfono?", "Todavía no se hizo nada", "Restablecer el segundo factor"),
}


@pytest.fixture(scope="module")
def strict(site: Installation) -> Iterator[str]:
    """The site as it is in production: with a second factor for whoever may do more than read."""
    with site.with_settings(SECOND_FACTOR_REQUIRED="true") as url:
        yield url


def knock(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/admin/login/")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")


def type_code(page: Page, digits: str) -> None:
    page.fill("input[name=code]", digits)
    with page.expect_navigation():
        page.press("input[name=code]", "Enter")


def looked_at(page: Page, camera: Camera, name: str) -> list[str]:
    """What keeps anybody out of this page, wide and narrow; with a picture of it."""
    found = []
    for width, (across, down) in WIDTHS.items():
        page.set_viewport_size({"width": across, "height": down})
        found += [f"{name}, {width}: {line}" for line in axe.violations(page, {})] if axe.SOURCE.exists() else []
        aside = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        found += [f"{name}, {width}: it has to be moved sideways"] if aside else []
    page.set_viewport_size({"width": WIDTHS["wide"][0], "height": WIDTHS["wide"][1]})
    camera.take(page, name)
    return found


def mail_to(site: Installation, name: str, saying: str) -> str:
    """The words of the mail to somebody of the staff, with these in it, as soon as it is there."""

    def look() -> str | None:
        bodies = (mail.get_body(("plain",)) for mail in site.postbox.mails if f"{name}@example.org" in str(mail["to"]))
        return next((text for body in bodies if body and saying in (text := str(body.get_content()))), None)

    return site.programs.wait_for(look, f"a mail to {name}")


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_second_factor_is_set_up_used_lost_and_reset(
    site: Installation, browser: Browser, camera: Camera, strict: str, language: str
) -> None:
    saved, lost, nothing_done, reset = WORDS[language]
    name, admin = f"luis-{language}", f"alma-{language}"
    number = site.backstage("staff", name=name, role=roles.FINANCE, password=PASSWORD)
    site.backstage("staff", name=admin, role=roles.ADMINISTRATOR, password=PASSWORD)
    faults = []
    with fresh_page(browser, language, SCHEMES[language == "es"]) as page:
        page.goto(f"{strict}/admin/payments/payment/")
        faults += looked_at(page, camera, f"sign-in-{language}")
        # With no second factor, to the set-up and nowhere else.
        knock(page, strict, name)
        page.wait_for_url("**/admin/sign-in/app/")
        page.goto(f"{strict}/admin/payments/payment/")
        assert path_of(page) == "/admin/sign-in/app/"
        expect(page.locator(".tequio-qr")).to_be_visible()
        page.locator("details summary").first.click()
        faults += looked_at(page, camera, f"sign-in-set-up-{language}")
        key = page.locator(".tequio-secret").inner_text()
        type_code(page, "000000")
        page.locator("details summary").first.click()
        assert page.locator(".tequio-secret").inner_text() == key, "a wrong code is no reason to scan again"
        type_code(page, code(key))
        # Recovery codes, shown once and saved.
        codes = page.locator(".tequio-codes code").all_inner_texts()
        assert len(codes) == 10
        faults += looked_at(page, camera, f"sign-in-codes-{language}")
        with page.expect_download() as download:
            page.locator("a[download]").click()
        assert download.value.path().read_text().split() == codes
        page.get_by_text(saved).click()
        page.wait_for_url(f"{strict}/admin/")
        # What moves money asks again, after a while, and nothing was done.
        page.goto(f"{strict}/admin/payments/pause/add/")
        site.backstage("signed_in_an_hour_ago", name=name)
        page.fill("[name=reason]", "A test")
        page.locator("[name=_save]").click()
        page.wait_for_url("**/admin/sign-in/confirm/code/**")
        expect(page.get_by_text(nothing_done)).to_be_visible()
        faults += looked_at(page, camera, f"sign-in-confirm-{language}")
        type_code(page, codes[0])
        page.wait_for_url("**/admin/payments/pause/add/")
        page.goto(f"{strict}/admin/sign-in/")
        faults += looked_at(page, camera, f"sign-in-own-{language}")
    # The phone is lost: a recovery code lets in once.
    with fresh_page(browser, language, SCHEMES[language == "es"]) as page:
        knock(page, strict, name)
        page.wait_for_url("**/admin/login/code/")
        page.get_by_text(lost).click()
        faults += looked_at(page, camera, f"sign-in-code-{language}")
        type_code(page, codes[0])
        assert path_of(page) == "/admin/login/code/", "used before"
        type_code(page, codes[1])
        page.wait_for_url(f"{strict}/admin/")
    # And without recovery codes: an administrator, who has a second factor too, resets it.
    with fresh_page(browser, language) as page:
        knock(page, strict, admin)
        page.wait_for_url("**/admin/sign-in/app/")
        page.locator("details summary").first.click()
        type_code(page, code(page.locator(".tequio-secret").inner_text()))
        mine = page.locator(".tequio-codes code").all_inner_texts()
        theirs = f"{strict}/admin/auth/user/{number}/change/"
        page.goto(theirs)
        open_dialog(page, reset)
        camera.take(page, f"sign-in-reset-{language}")
        # It is a while since they came: the dialog leads to the confirmation, and nothing was done.
        site.backstage("signed_in_an_hour_ago", name=admin)
        submit_dialog(page)
        expect(page.get_by_text(nothing_done)).to_be_visible()
        type_code(page, mine[0])
        page.wait_for_url(theirs)
        open_dialog(page, reset)
        submit_dialog(page)
        page.wait_for_url(theirs)
        expect(page.get_by_role("link", name=reset)).to_have_count(0)
    assert "127.0.0.1" in mail_to(site, name, f"Alma-{language.title()}")
    with fresh_page(browser, language) as page:
        knock(page, strict, name)
        page.wait_for_url("**/admin/sign-in/app/")
    kinds = [entry["kind"] for entry in site.backstage("entries", subject="user", subject_id=str(number))]
    assert {"sign_in.factor_set", "sign_in.code_used", "sign_in.factor_reset"} <= set(kinds)
    assert not faults, "\n".join(faults)


def test_after_too_many_tries_nobody_gets_in_until_somebody_lifts_it(
    site: Installation, browser: Browser, camera: Camera
) -> None:
    number = site.backstage("staff", name="ines", role=roles.AUDITOR, password=PASSWORD)
    with fresh_page(browser, "es") as page:
        for attempt in range(10):
            knock(page, site.url, "ines", f"guess {attempt}")
        knock(page, site.url, "ines")
        expect(page.get_by_role("alert")).to_contain_text("Hubo demasiados intentos fallidos")
        camera.take(page, "sign-in-locked-out")
        with fresh_page(browser, "en") as theirs:
            knock(theirs, site.url, "admin", site.passwords["admin"])
            theirs.wait_for_url(f"{site.url}/admin/")
            theirs.goto(f"{site.url}/admin/auth/user/{number}/change/")
            open_dialog(theirs, "Lift the lock-out")
            submit_dialog(theirs)
        knock(page, site.url, "ines")
        page.wait_for_url(f"{site.url}/admin/")


def test_sessions_are_seen_and_ended(site: Installation, browser: Browser) -> None:
    site.backstage("staff", name="lupe", role=roles.AUDITOR, password=PASSWORD)
    with fresh_page(browser, "en") as here, fresh_page(browser, "en") as there:
        for page in (here, there):
            knock(page, site.url, "lupe")
            page.wait_for_url(f"{site.url}/admin/")
        here.goto(f"{site.url}/admin/sign-in/")
        expect(here.get_by_text("This one")).to_be_visible()
        here.get_by_role("button", name="End this session").click()
        expect(here.get_by_text("Ended:")).to_be_visible()
        there.reload()
        assert path_of(there) == "/admin/login/"


def test_a_new_password_by_mail(site: Installation, browser: Browser, camera: Camera) -> None:
    site.backstage("staff", name="nora", role=roles.AUDITOR, password=PASSWORD)
    with fresh_page(browser, "en") as page:
        page.goto(f"{site.url}/admin/login/")
        page.get_by_role("link", name="Forgotten your password?").click()
        page.fill("input[name=email]", "nora@example.org")
        camera.take(page, "sign-in-forgotten")
        page.get_by_role("button", name="Send me a link").click()
        expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        page.goto(
            next(
                word
                for word in mail_to(site, "nora", "/admin/login/forgotten/").split()
                if "/admin/login/forgotten/" in word
            )
        )
        camera.take(page, "sign-in-new-password")
        for field in ("password1", "password2"):
            page.fill(f"input[name={field}]", "otra frase bien larga")
        page.press("input[name=password2]", "Enter")
        page.get_by_role("link", name="Sign in").click()
        knock(page, site.url, "nora", "otra frase bien larga")
        page.wait_for_url(f"{site.url}/admin/")

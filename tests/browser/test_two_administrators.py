"""A rule that one administrator proposes and another decides on, in a browser: mail, badge, page, dialog, outcome."""

from typing import Final

import pytest
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, expect

from backoffice import roles
from tests.browser.installation import Installation, Person
from tests.browser.screens import Camera, fresh_page, open_dialog, path_of, sign_in, submit_dialog

pytestmark = pytest.mark.prove

RULES: Final = "/admin/payments/secondpersonrule/"
#: Currencies that no other test pays in.
CURRENCY: Final = {"en": "XTS", "es": "XXX"}


def say(text: str, language: str) -> str:
    with translation.override(language):
        return gettext(text)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_second_administrator_gets_a_mail_looks_and_agrees(
    site: Installation, browser: Browser, camera: Camera, language: str
) -> None:
    first, second = (_administrator(site, f"{name}-{language}") for name in ("ana", "beto"))
    code = CURRENCY[language]
    rule = say("Above %(amount)s", language) % {"amount": f"750.00\xa0{code}"}
    with fresh_page(browser, language) as page:
        # So that their mail is in the language that they work in.
        sign_in(page, site, second)
    with fresh_page(browser, language) as page:
        sign_in(page, site, first)
        page.goto(f"{site.url}{RULES}add/")
        page.fill("[name=asset_code]", code)
        page.fill("[name=amount]", "750.00")
        camera.take(page, f"{language}-two-1-rule-form")
        with page.expect_navigation():
            page.locator("[name=_save]").first.click()
        assert path_of(page) == RULES
        told = say(
            "Proposed. It changes nothing before a second administrator has agreed; they get an email.", language
        )
        expect(page.locator("body")).to_contain_text(told)
        expect(page.locator("#changelist")).not_to_contain_text(rule)
        camera.take(page, f"{language}-two-2-proposed")
        page.goto(f"{site.url}/admin/waiting/")
        expect(page.locator(".tequio-cards")).to_contain_text(say("Others decide on these", language))
    subject = (say("Please decide: %(title)s", language)) % {"title": say("A rule for a second person", language)}
    reader = Person(second, f"{second}@example.org", language, "")
    mail = site.mail_to(reader, lambda each: str(each["subject"]) == subject)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert rule in text
    link = next(word for word in text.split() if "/admin/payments/proposal/" in word)
    with fresh_page(browser, language) as page:
        sign_in(page, site, second)
        expect(page.locator(".tequio-for-you")).to_be_visible()
        camera.take(page, f"{language}-two-3-overview")
        page.goto(f"{site.url}/admin/waiting/")
        expect(page.locator(".tequio-waiting-title").first).to_have_text(say("A rule for a second person", language))
        expect(page.locator(".tequio-cards")).to_contain_text(rule)
        camera.take(page, f"{language}-two-4-waiting")
        page.goto(link)
        expect(page.locator(".tequio-changes")).to_contain_text(rule)
        camera.take(page, f"{language}-two-5-proposal")
        open_dialog(page, say("Approve", language))
        expect(page.locator("#dialog")).to_contain_text(rule)
        camera.take(page, f"{language}-two-6-dialog")
        submit_dialog(page)
        expect(page.locator("body")).to_contain_text(say("Approved: it counts from now on.", language))
        page.goto(f"{site.url}{RULES}")
        expect(page.locator("body").first).to_contain_text(rule)
        camera.take(page, f"{language}-two-7-rules")
    outcome = say("%(name)s agreed: it counts from now on.", language) % {"name": second.title()}
    proposer = Person(first, f"{first}@example.org", language, "")
    decided = site.mail_to(proposer, lambda each: say("A rule for a second person", language) in str(each["subject"]))
    assert outcome in decided.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def _administrator(site: Installation, name: str) -> str:
    site.passwords[name] = site.passwords["admin"]
    site.backstage("staff", name=name, role=roles.ADMINISTRATOR, password=site.passwords[name])
    return name

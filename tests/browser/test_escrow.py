"""Money that the platform holds, as people walk it: funded, paid out by two people, and the rest given back."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import screens
from tests.browser.installation import MXN, Installation, Person, Work
from tests.browser.screens import PATIENCE, Camera
from tests.browser.test_fund_a_job import Walk

pytestmark = pytest.mark.prove


@pytest.fixture
def treasury(site: Installation, language: str) -> Iterator[Person]:
    """Who approves what the platform pays out; it may hold money while this test runs."""
    site.backstage("hold_money", email="treasury@example.org", language=language)
    yield Person("Tequio Marketplace", "treasury@example.org", language, "tequio")
    site.backstage("hold_money", email="", language=language)


# In one of the two languages: a whole story takes long, and `test_fund_a_job` is told in both.
@pytest.mark.parametrize("language", ["es"])
def test_what_is_held_is_paid_out_by_two_people_and_the_rest_goes_back(
    site: Installation, browser: Browser, camera: Camera, treasury: Person, language: str
) -> None:
    walk = Walk(site, _work_in_pesos(site, language), language, camera)
    first, second = walk.work.worker, site.one_more_worker(walk.work)
    job = f"{site.url}/admin/jobs/job/{walk.work.job_id}/change/"
    with screens.fresh_page(browser, language) as staff:
        screens.sign_in(staff, site)
        staff.goto(job)
        screens.open_dialog(staff, walk.say("Quote & request approval"))
        staff.locator("#dialog input[name=way][value=platform]").check()
        screens.submit_dialog(staff)
        funding = _send(staff, walk)
    _approve(browser, walk, walk.work.funder, funding, "41-held-by-us")
    submissions = _submissions(site, walk.work.job_id)

    with screens.fresh_page(browser, language) as staff:
        screens.sign_in(staff, site)
        staff.goto(f"{site.url}/admin/jobs/submission/{submissions[0]}/change/")
        screens.open_dialog(staff, walk.say("Accept"))
        screens.submit_dialog(staff)
        staff.goto(job)
        expect(staff.locator("section[aria-labelledby^=escrow]")).to_contain_text("2,500.00\xa0MXN")
        walk.look(staff, "42-escrow-job")
        screens.open_dialog(staff, walk.say("Pay out from escrow"))
        expect(staff.locator("#dialog")).to_contain_text(first.name)
        expect(staff.locator("#dialog")).not_to_contain_text(second.name)
        walk.look(staff, "43-pay-out")
        screens.submit_dialog(staff)
        payout = _send(staff, walk, second_person=True)
    _authorise(browser, walk, payout)
    _approve(browser, walk, treasury, payout, "44-pay-out")
    assert [site.workers.balance(person.account) for person in (first, second)] == [1_250_00, 0]

    before = site.workers.balance(walk.work.funder.account)
    with screens.fresh_page(browser, language) as staff:
        screens.sign_in(staff, site)
        staff.goto(job)
        staff.get_by_role("button", name=walk.say("More actions")).click()
        screens.open_dialog(staff, walk.say("Cancel the job"))
        screens.submit_dialog(staff)
        expect(staff.locator("section[aria-labelledby^=escrow]")).to_contain_text("1,250.00\xa0MXN")
        walk.look(staff, "45-to-be-refunded")
        screens.open_dialog(staff, walk.say("Refund the rest"))
        walk.look(staff, "46-refund")
        screens.submit_dialog(staff)
        refund = _send(staff, walk, second_person=True)
    _authorise(browser, walk, refund)
    _approve(browser, walk, treasury, refund, "47-refund")
    assert site.workers.balance(walk.work.funder.account) - before == 1_250_00
    kinds = [entry["kind"] for entry in site.backstage("entries", subject="request", subject_id=refund)]
    assert {"payment.refund_asked", "payment.settled"} <= set(kinds)
    with screens.fresh_page(browser, language) as staff:
        screens.sign_in(staff, site)
        staff.goto(job)
        expect(staff.locator("section[aria-labelledby^=escrow]")).to_contain_text(walk.say("Refunded"))
        walk.look(staff, "48-escrow-over")


def _work_in_pesos(site: Installation, language: str) -> Work:
    """Funder and worker in one currency, so that exactly what was paid can go back."""
    site.made += 1
    people = [
        Person(
            f"{name} {site.made}",
            f"{account}-{site.made}@example.org",
            language,
            site.workers.create_wallet(f"{account}-{site.made}", asset="MXN", balance=balance, public_name=name),
        )
        for name, account, balance in (("Radio Comunal", "comunal", 5_000_00), ("Nayeli Cruz", "nayeli", 0))
    ]
    funder, worker = (site.backstage("member", **vars(person)) for person in people)
    title = f"Tales of the lake {site.made}"
    told = {"title": title, "reference": f"PO-{site.made:04}", "budget": "1250.00", "asset": MXN}
    return Work(site.backstage("job", funder=funder, worker=worker, **told), title, *people)


def _submissions(site: Installation, job_id: int) -> list[int]:
    site.programs.wait_for(
        lambda: site.backstage("job_status", job_id=job_id)["status"] == "submitting", "the work to start"
    )
    found: list[int] = site.backstage("hand_in", job_id=job_id)
    return found


def _send(page: Page, walk: Walk, *, second_person: bool = False) -> str:
    """From the quote to the sent request, or to the second person; its id."""
    page.wait_for_url("**/paymentrequest/*/change/")
    expect(page.locator(".tequio-step")).to_contain_text(walk.say("Quoted, not sent"), timeout=PATIENCE)
    screens.open_dialog(page, walk.say("Send approval request"))
    screens.submit_dialog(page)
    then = "Waiting for a second person" if second_person else "Waiting for the payer"
    expect(page.locator(".tequio-step")).to_contain_text(walk.say(then))
    return screens.path_of(page).split("/")[-3]


def _authorise(browser: Browser, walk: Walk, request_id: str) -> None:
    with screens.fresh_page(browser, walk.language) as finance:
        screens.sign_in(finance, walk.site, "luis")
        finance.goto(f"{walk.site.url}/admin/payments/paymentrequest/{request_id}/change/")
        screens.open_dialog(finance, walk.say("Authorise"))
        screens.submit_dialog(finance)
        expect(finance.locator(".tequio-step")).to_contain_text(walk.say("Waiting for the payer"))


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body else ""


def _approve(browser: Browser, walk: Walk, person: Person, request_id: str, name: str) -> None:
    """From the mail to the money."""
    text = _text(walk.site.mail_to(person, lambda each: request_id in _text(each)))
    with screens.fresh_page(browser, walk.language) as page:
        page.goto(screens.link_in(text))
        walk.look(page, f"{name}-approve")
        page.get_by_role("button", name=walk.say("Approve in my wallet")).click()
        screens.decide_at_wallet(page, "approve")
    walk.site.wait_for_state(request_id, "settled")

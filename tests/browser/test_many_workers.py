"""One approval for several workers, as people walk it: split with a fee, one of whom fails; and paid as work comes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import screens
from tests.browser.installation import Installation, Person
from tests.browser.screens import PATIENCE, Camera
from tests.browser.test_fund_a_job import Walk

pytestmark = pytest.mark.prove


@pytest.fixture
def takes_a_fee(site: Installation) -> Iterator[None]:
    """2.5 % on top of what the workers get, while this test runs."""
    site.backstage("fee", basis_points=250)
    yield
    site.backstage("fee", basis_points=0)


# In one of the two languages: a whole story takes long, and `test_fund_a_job` is told in both.
@pytest.mark.parametrize("language", ["es"])
@pytest.mark.usefixtures("takes_a_fee")
def test_a_split_with_a_fee_pays_everybody_but_the_one_who_failed(
    site: Installation, browser: Browser, camera: Camera, language: str
) -> None:
    walk = Walk(site, site.work(language=language), language, camera)
    first, second, third = walk.work.worker, site.one_more_worker(walk.work), site.one_more_worker(walk.work)
    fees_before = site.workers.balance("tequio")

    with screens.fresh_page(browser, language) as staff:
        request_id = _ask(staff, walk, "now", [first, second, third], "93.75\xa0MXN")
    link = _link(walk)
    # The wallet of one closes after the mail was sent.
    site.workers.change_wallet(third.account, disabled=True)
    with screens.fresh_page(browser, language) as funder:
        _approve(funder, walk, link)
        site.programs.wait_for(lambda: len(_settled(site, request_id)) == 3, "all others to be paid")
        site.backstage("approved_yesterday", request_id=request_id)
        site.wait_for_state(request_id, "settled_in_part")
        walk.look(funder, "23-split-receipt")

    found = {(each["to"], each["purpose"]): (each["state"], each["value"]) for each in _payments(site, request_id)}
    assert found == {
        (first.name, "work"): ("settled", 1_250_00),
        (second.name, "work"): ("settled", 1_250_00),
        (third.name, "work"): ("failed", 1_250_00),
        ("Tequio Marketplace", "fee"): ("settled", 93_75),
    }
    assert [site.workers.balance(person.account) for person in (first, second, third)] == [1_250_00, 1_250_00, 0]
    assert site.workers.balance("tequio") - fees_before == 93_75
    kinds = [entry["kind"] for entry in site.backstage("entries", subject="request", subject_id=request_id)]
    assert kinds.count("payment.settled") == 3
    assert kinds.count("payment.failed") == 1
    assert "job.fee_requested" in kinds
    with screens.fresh_page(browser, language) as staff:
        screens.sign_in(staff, site)
        staff.goto(f"{site.url}/admin/jobs/job/{walk.work.job_id}/change/")
        table = staff.locator("section[aria-labelledby=workers-money]")
        expect(table.locator("tbody tr", has_text=third.name)).to_contain_text(walk.say("Ask again"))
        expect(table.locator("tbody tr", has_text=first.name)).not_to_contain_text(walk.say("Ask again"))
        expect(table.locator("tfoot")).to_contain_text("2,500.00\xa0MXN")
        walk.look(staff, "24-split-job")
    site.programs.wait_for(lambda: bool(site.programs.run("manage.py", "verify_ledger")), "the ledger to be sealed")


# In one of the two languages: a whole story takes long, and `test_fund_a_job` is told in both.
@pytest.mark.parametrize("language", ["en"])
def test_the_funder_approves_once_and_each_is_paid_when_their_work_is_accepted(
    site: Installation, browser: Browser, camera: Camera, language: str
) -> None:
    walk = Walk(site, site.work(language=language), language, camera)
    first, second = walk.work.worker, site.one_more_worker(walk.work)
    submissions = site.backstage("hand_in", job_id=walk.work.job_id)
    with screens.fresh_page(browser, language) as staff:
        request_id = _ask(staff, walk, "held", [first, second])
    with screens.fresh_page(browser, language) as funder:
        _approve(funder, walk, _link(walk))
        site.wait_for_state(request_id, "approved")
        walk.look(funder, "33-held-approved")
    assert [site.workers.balance(person.account) for person in (first, second)] == [0, 0]

    with screens.fresh_page(browser, language) as staff:
        screens.sign_in(staff, site)
        for number, (person, submission) in enumerate(zip((first, second), submissions, strict=True)):
            staff.goto(f"{site.url}/admin/jobs/job/{walk.work.job_id}/change/")
            row = staff.locator("section[aria-labelledby=workers-money] tbody tr", has_text=person.name)
            expect(row).to_contain_text(walk.say("waits for the work"))
            walk.look(staff, f"34-held-job-{number}")
            staff.goto(f"{site.url}/admin/jobs/submission/{submission}/change/")
            screens.open_dialog(staff, walk.say("Accept"))
            expect(staff.locator("#dialog")).to_contain_text("1,250.00\xa0MXN")
            walk.look(staff, f"35-held-accept-{number}")
            screens.submit_dialog(staff)
            site.programs.wait_for(lambda who=person: _has(site, who), f"{person.name} to be paid")  # type: ignore[misc]
        site.wait_for_state(request_id, "settled")
        site.programs.wait_for(
            lambda: site.backstage("job_status", job_id=walk.work.job_id)["status"] == "complete", "the job to complete"
        )
        staff.goto(f"{site.url}/admin/jobs/job/{walk.work.job_id}/change/")
        walk.look(staff, "36-held-complete")
    assert len([kind for kind, _state in site.request(request_id)["grants"] if kind == "outgoing-payment"]) == 1
    assert [each["state"] for each in _payments(site, request_id)] == ["settled", "settled"]


def _ask(page: Page, walk: Walk, way: str, people: list[Person], *also: str) -> str:
    """From the job's page to the sent request; its id."""
    site = walk.site
    screens.sign_in(page, site)
    page.goto(f"{site.url}/admin/jobs/job/{walk.work.job_id}/change/")
    screens.open_dialog(page, walk.say("Quote & request approval"))
    shown = page.locator("#dialog")
    for person in people:
        expect(shown.get_by_role("checkbox", name=person.name)).to_be_checked()
    for words in also:
        expect(shown).to_contain_text(words)
    shown.locator(f"input[name=way][value={way}]").check()
    walk.look(page, f"20-{way}-dialog")
    screens.submit_dialog(page)
    page.wait_for_url("**/paymentrequest/*/change/")
    expect(page.locator(".tequio-step")).to_contain_text(walk.say("Quoted, not sent"), timeout=PATIENCE)
    for words in also:
        expect(page.locator(".tequio-sides")).to_contain_text(words)
    walk.look(page, f"21-{way}-review")
    screens.open_dialog(page, walk.say("Send approval request"))
    screens.submit_dialog(page)
    expect(page.locator(".tequio-step")).to_contain_text(walk.say("Waiting for the payer"))
    return screens.path_of(page).split("/")[-3]


def _link(walk: Walk) -> str:
    text = walk.site.mail_to(walk.work.funder).get_body(("plain",))
    assert text
    return screens.link_in(text.get_content())


def _approve(page: Page, walk: Walk, link: str) -> None:
    page.goto(link)
    walk.look(page, "22-approve")
    page.get_by_role("button", name=walk.say("Approve in my wallet")).click()
    screens.decide_at_wallet(page, "approve")


def _payments(site: Installation, request_id: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = site.backstage("payments", request_id=request_id)
    return found


def _settled(site: Installation, request_id: str) -> list[object]:
    return [each["to"] for each in _payments(site, request_id) if each["state"] == "settled"]


def _has(site: Installation, person: Person) -> bool:
    return site.workers.balance(person.account) == 1_250_00

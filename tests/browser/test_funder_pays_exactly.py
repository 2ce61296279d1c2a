"""A job whose funder pays exactly the budget, in dollars, for a worker who gets pesos: walked from form to receipt."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import screens
from tests.browser.installation import Installation
from tests.browser.screens import PATIENCE, Camera
from tests.browser.test_fund_a_job import Walk

pytestmark = pytest.mark.prove

#: Of 60.00 USD the funder's wallet keeps 25 cents and one per cent of what is sent: 59.15 are sent, at 18.51… pesos.
PAYS, BUYS = "60.00\xa0USD", 1095_37


# In one of the two languages: a whole story takes long, and `test_fund_a_job` is told in both.
@pytest.mark.parametrize("language", ["en"])
def test_the_funder_pays_exactly_the_budget_and_the_worker_gets_what_it_buys(
    site: Installation, browser: Browser, camera: Camera, language: str
) -> None:
    walk = Walk(site, site.work(language=language), language, camera)
    gets = "1,095.37\xa0MXN"
    with screens.fresh_page(browser, language) as staff:
        screens.sign_in(staff, site)
        _pay_exactly(staff, walk)
        screens.open_dialog(staff, walk.say("Quote & request approval"))
        walk.look(staff, "40-exactly-dialog")
        screens.submit_dialog(staff)
        staff.wait_for_url("**/paymentrequest/*/change/")
        expect(staff.locator(".tequio-step")).to_contain_text(walk.say("Quoted, not sent"), timeout=PATIENCE)
        for words in (PAYS, gets, "1\xa0USD = "):
            expect(staff.locator(".tequio-sides")).to_contain_text(words)
        walk.look(staff, "41-exactly-review")
        screens.open_dialog(staff, walk.say("Send approval request"))
        expect(staff.locator("#dialog")).to_contain_text(gets)
        screens.submit_dialog(staff)
        request_id = screens.path_of(staff).split("/")[-3]

    text = site.mail_to(walk.work.funder).get_body(("plain",))
    assert text
    mail = text.get_content()
    assert PAYS in mail
    assert gets in mail
    with screens.fresh_page(browser, language) as funder:
        funder.goto(screens.link_in(mail))
        expect(funder.locator("main")).to_contain_text(walk.say("the rate when it is sent decides"))
        walk.look(funder, "42-exactly-approve")
        funder.get_by_role("button", name=walk.say("Approve in my wallet")).click()
        screens.decide_at_wallet(funder, "approve")
        site.wait_for_state(request_id, "settled")
        expect(funder.locator("main")).to_contain_text(PAYS, timeout=PATIENCE)
        expect(funder.locator("main")).to_contain_text(gets)
        walk.look(funder, "43-exactly-receipt")

    assert site.workers.balance(walk.work.worker.account) == BUYS
    assert site.funders.balance(walk.work.funder.account) == 500_000_00 - 60_00
    kinds = [entry["kind"] for entry in site.backstage("entries", subject="request", subject_id=request_id)]
    assert "payment.buys" in kinds
    site.programs.wait_for(
        lambda: site.backstage("job_status", job_id=walk.work.job_id)["is_funded"], "the job to be funded"
    )


def _pay_exactly(page: Page, walk: Walk) -> None:
    """On the job's own form, as staff do."""
    page.goto(f"{walk.site.url}/admin/jobs/job/{walk.work.job_id}/change/?edit=1")
    page.fill("input[name=budget_text]", "60.00")
    page.locator("select[name=currency]").select_option("USD")
    page.locator("select[name=amount_side]").select_option("debit")
    walk.look(page, "39-exactly-form")
    page.locator("button[name=_continue], input[name=_continue]").first.click()
    page.wait_for_load_state()

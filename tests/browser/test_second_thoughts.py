"""People hesitate, click twice, close tabs; scanners open links. The state stays true, and money moves once."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.installation import Installation
from tests.browser.screens import PATIENCE, Camera, decide_at_wallet, fresh_page, open_dialog, path_of, sign_in

pytestmark = pytest.mark.prove

APPROVE = "Approve in my wallet"
SETTLED_SECONDS = 60
REQUEST_PAGE = re.compile(r"/paymentrequest/\w{26}/change/$")


def test_who_refused_in_the_wallet_can_approve_with_the_same_link(
    site: Installation, browser: Browser, camera: Camera
) -> None:
    work = site.work()
    request_id = site.asked(work)
    with fresh_page(browser, "en") as page:
        page.goto(site.request(request_id)["link"])
        page.get_by_role("button", name=APPROVE).click()
        decide_at_wallet(page, "reject")
        expect(page.locator(".notice").first).to_contain_text("Nothing was charged.")
        camera.take(page, "refused")
        assert site.request(request_id)["state"] == "awaiting_approval", "a refusal without proof is only a hint"

        page.locator("form.actions button").click()
        decide_at_wallet(page, "approve")
        _until_settled(page)
    assert site.request(request_id)["outgoing"] == 1
    assert site.workers.balance(work.worker.account) == 1_250_00


def test_a_declined_request_is_over_and_staff_read_why(site: Installation, browser: Browser, camera: Camera) -> None:
    work = site.work()
    request_id = site.asked(work)
    link = site.request(request_id)["link"]
    with fresh_page(browser, "en") as page:
        page.goto(link)
        page.get_by_text("Decline this request").click()
        page.fill("textarea", "This month's budget is spent.")
        camera.take(page, "decline")
        page.get_by_role("button", name="Yes, decline it").click()
        expect(page.locator(".notice").first).to_contain_text("You declined this request")
        camera.take(page, "declined")
        expect(page.get_by_role("button", name=APPROVE)).to_have_count(0)
    with site.http() as http:
        assert http.post(link, data={"action": "approve", "accepted": "1"}).status_code == 302
    assert site.request(request_id)["state"] == "declined"
    with fresh_page(browser, "en") as staff:
        sign_in(staff, site)
        staff.goto(f"{site.url}/admin/jobs/job/{work.job_id}/change/")
        expect(staff.locator("body")).to_contain_text("This month's budget is spent.")


def test_opening_the_link_changes_nothing_and_calls_no_wallet(site: Installation) -> None:
    request_id = site.asked(site.work())
    before = site.request(request_id)
    entries = len(site.backstage("entries", subject="request", subject_id=request_id))
    calls = len(site.funders.requests()) + len(site.workers.requests())
    with site.http() as scanner:
        for _ in range(3):
            assert scanner.get(before["link"]).status_code == 200
            assert scanner.head(before["link"]).status_code == 200
            assert scanner.get(f"{before['link']}/status").json()["phase"] == "asking"
            assert scanner.get(before["link"], params={"action": "approve", "hint": "rejected"}).status_code == 200
    assert site.request(request_id) == before
    assert len(site.funders.requests()) + len(site.workers.requests()) == calls
    # The mail that was sent meanwhile is told of; nothing else is.
    told = site.backstage("entries", subject="request", subject_id=request_id)[entries:]
    assert {entry["kind"] for entry in told} <= {"message.sent"}


def test_a_tab_that_was_lost_after_approving_can_be_made_good_with_the_same_link(
    site: Installation, browser: Browser
) -> None:
    work = site.work()
    request_id = site.asked(work)
    # Approved in the wallet, but the browser never comes back: nobody but the wallet knows.
    site.funders.approve(site.wallet_page(request_id))
    with fresh_page(browser, "en") as page:
        page.goto(site.request(request_id)["link"])
        page.locator("form.actions button").click()
        decide_at_wallet(page, "approve")
        _until_settled(page)
    found = site.request(request_id)
    assert found["outgoing"] == 1
    assert site.workers.balance(work.worker.account) == 1_250_00
    assert site.funders.balance(work.funder.account) == 500_000_00 - found["debit"]


@pytest.mark.parametrize("clicks", [2, 3])
def test_a_dialog_clicked_more_than_once_asks_once(site: Installation, browser: Browser, clicks: int) -> None:
    work = site.work()
    with fresh_page(browser, "en") as page:
        sign_in(page, site)
        page.goto(f"{site.url}/admin/jobs/job/{work.job_id}/change/")
        open_dialog(page, "Quote & request approval")
        page.locator("#dialog [type=submit]").last.click(click_count=clicks)
        expect(page).to_have_url(REQUEST_PAGE, timeout=PATIENCE)
        request_id = path_of(page).split("/")[-3]
        site.wait_for_state(request_id, "quoted")
        page.reload()
        open_dialog(page, "Send approval request")
        page.locator("#dialog [type=submit]").last.click(click_count=clicks)
        expect(page.locator(".tequio-step")).to_contain_text("Waiting for the payer", timeout=PATIENCE)
    assert site.backstage("requests_of", job_id=work.job_id) == [request_id]
    site.mail_to(work.funder)
    kinds = [entry["kind"] for entry in site.backstage("entries", subject="request", subject_id=request_id)]
    assert kinds.count("request.awaiting_approval") == 1
    assert kinds.count("message.queued") == 1


def test_the_same_form_posted_by_two_tabs_at_once_asks_once(site: Installation) -> None:
    work = site.work()
    path = f"/admin/jobs/job/{work.job_id}/request-payment"
    with site.signed_in("rosa") as http:
        opened = http.get(path, follow_redirects=True)
        dialog, path = opened.text, str(opened.url)
        form = {
            "csrfmiddlewaretoken": http.cookies["tequio_csrf"],
            "_form_submitted": "True",
            **{name: _value(dialog, name) for name in ("form_id", "seen", "receivers", "seller")},
            "way": "now",
        }
        with ThreadPoolExecutor(4) as pool:
            press = partial(http.post, data=form, headers={"HX-Request": "true"})
            answers = list(pool.map(press, [path] * 4))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["hx-redirect"] for answer in answers}) == 1
    assert len(site.backstage("requests_of", job_id=work.job_id)) == 1


def test_the_way_back_opened_many_times_pays_once(site: Installation) -> None:
    work = site.work()
    request_id = site.asked(work)
    back = site.funders.approve(site.wallet_page(request_id))
    with site.http() as http:
        with ThreadPoolExecutor(4) as pool:
            at_once = list(pool.map(http.get, [back] * 4))
        assert {answer.status_code for answer in at_once} == {302}
        link = site.request(request_id)["link"]
        assert all(answer.headers["location"].startswith(link) for answer in at_once)
        site.wait_for_state(request_id, "settled", seconds=SETTLED_SECONDS)
        for _ in range(2):
            late = http.get(back)
            assert late.status_code == 302
            page = http.get(late.headers["location"])
            assert page.status_code == 200
            assert "The receiver&#x27;s wallet confirms" in page.text
    assert site.request(request_id)["outgoing"] == 1
    assert site.workers.balance(work.worker.account) == 1_250_00
    assert len([call for call in site.funders.requests("post-continue") if call["status"] == 200]) >= 1


def _until_settled(page: Page) -> None:
    """The page gets there by itself."""
    expect(page.locator(".notice-good")).to_contain_text("Settled", timeout=SETTLED_SECONDS * 1000)


def _value(html: str, name: str) -> str:
    """The value of a field in a dialog."""
    for tag in html.split("<input")[1:]:
        inside = tag.partition(">")[0]
        if f'name="{name}"' in inside and 'value="' in inside:
            return inside.partition('value="')[2].partition('"')[0]
    raise AssertionError(f"the dialog has no {name}: {html[:2000]}")

"""The pages of the sandbox, as a browser gets them."""

import re

import httpx
import pytest

from payments.sandbox.pages.rendering import FOLDER
from payments.sandbox.pages.words import SPANISH
from tests.sandbox.client import FINISH_URI, WalletClient, amount, eventually
from tests.sandbox.process import SandboxProcess

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "en"}
IN_SPANISH = {**BROWSER, "Accept-Language": "es-MX,es;q=0.9,en;q=0.8"}


@pytest.fixture
def asked(sandbox: SandboxProcess, shop: WalletClient, payer: str) -> str:
    """The address of a consent page."""
    answer = shop.ask_to_pay(sandbox, payer, {"debitAmount": amount(123_456)}).json()
    return str(answer["interact"]["redirect"])


def test_the_consent_page_says_who_asks_for_how_much_from_where(
    http: httpx.Client, shop: WalletClient, asked: str
) -> None:
    page = http.get(asked, headers=BROWSER)
    assert page.status_code == 200
    for text in (
        "not real money",
        "Shop",
        shop.signer.client,
        "1,234.56 USD",
        "Payer",
        "9 minutes",
        "Approve",
        "Reject",
    ):
        assert text in page.text
    assert page.text.index("<details") < page.text.index("10,000.00 USD")  # the balance is folded away


def test_it_speaks_spanish(http: httpx.Client, asked: str) -> None:
    page = http.get(asked, headers=IN_SPANISH).text
    assert '<html lang="es">' in page
    for text in ("no es dinero real", "Aprobar", "Rechazar", "De su cuenta"):
        assert text in page


def test_it_runs_no_script_and_leaves_no_cookie(http: httpx.Client, asked: str) -> None:
    page = http.get(asked, headers=BROWSER)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "form-action 'self' http://127.0.0.1:1;" in policy
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert "set-cookie" not in page.headers


def test_approving_leads_back_with_the_clients_own_query_kept(http: httpx.Client, asked: str) -> None:
    answer = http.post(asked, data={"decision": "approve"}, headers=BROWSER)
    assert answer.status_code == 302
    back = httpx.URL(answer.headers["location"])
    assert str(back).startswith(f"{FINISH_URI}&")
    assert set(back.params) == {"request", "hash", "interact_ref"}
    again = http.post(asked, data={"decision": "approve"}, headers=BROWSER)
    assert (again.status_code, "answered already" in again.text) == (200, True)


def test_rejecting_leads_back_with_a_result_and_no_hash(http: httpx.Client, asked: str) -> None:
    answer = http.post(asked, data={"decision": "reject"}, headers=BROWSER)
    assert answer.headers["location"] == f"{FINISH_URI}&result=grant_rejected"


def test_too_late_is_said_and_leads_back(sandbox: SandboxProcess, http: httpx.Client, asked: str) -> None:
    sandbox.clock(601)
    page = http.get(asked, headers=BROWSER)
    assert page.status_code == 410
    assert "This request has expired" in page.text
    assert "result=grant_invalid" in page.text
    assert http.post(asked, data={"decision": "approve"}, headers=BROWSER).status_code == 410


def test_an_unknown_request_is_said(sandbox: SandboxProcess, http: httpx.Client, asked: str) -> None:
    assert http.get(f"{asked}0", headers=BROWSER).status_code == 404
    assert http.post(asked, data={"decision": "whatever"}, headers=BROWSER).status_code == 404


def test_other_asks_have_their_own_words(sandbox: SandboxProcess, shop: WalletClient, payer: str) -> None:
    def page(answer: httpx.Response) -> str:
        return shop.http.get(answer.json()["interact"]["redirect"], headers=BROWSER).text

    assert "No limit was asked for" in page(shop.ask_to_pay(sandbox, payer))
    monthly = {"debitAmount": amount(1), "interval": "R3/2026-01-01T00:00:00Z/P1M"}
    assert "in every period" in page(shop.ask_to_pay(sandbox, payer, monthly))
    assert "The receivers get at most" in page(shop.ask_to_pay(sandbox, payer, {"receiveAmount": amount(1, "MXN")}))
    subject = {"sub_ids": [{"id": payer, "format": "uri"}]}
    body = {"client": shop.signer.client, "subject": subject, "interact": {"start": ["redirect"]}}
    assert "confirm that this wallet is yours" in page(shop.send("POST", f"{sandbox.url}/auth", body))


def test_names_cannot_smuggle_markup(sandbox: SandboxProcess, http: httpx.Client, payer: str) -> None:
    mallory = WalletClient.at(sandbox, http, "mallory", public_name="<b>Bank</b>")
    asked = mallory.ask_to_pay(sandbox, payer).json()["interact"]["redirect"]
    assert "<b>Bank" not in http.get(asked, headers=BROWSER).text


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "http://a;script-src *", "http://[", "http://a/\nb", "/finish"])
def test_nobody_is_sent_to_what_is_no_web_address(
    shop: WalletClient, sandbox: SandboxProcess, payer: str, uri: str
) -> None:
    access = [{"type": "outgoing-payment", "actions": ["create"], "identifier": payer}]
    finish = {"method": "redirect", "uri": uri, "nonce": "x"}
    answer = shop.ask(sandbox, access, interact={"start": ["redirect"], "finish": finish})
    assert answer.status_code == 400


def test_no_web_page_reaches_the_controls(sandbox: SandboxProcess, http: httpx.Client) -> None:
    shown = {"Origin": "https://evil.example", "Authorization": f"Bearer {sandbox.control_key}"}
    assert http.post(f"{sandbox.url}/sandbox/reset", headers=shown).status_code == 403


def test_the_money_is_seen_to_arrive(
    sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str, http: httpx.Client
) -> None:
    incoming = shop.incoming(sandbox, worker, amount(1000, "MXN")).json()["id"]
    assert "waiting" in http.get(worker, headers=BROWSER).text
    quote = shop.quote(sandbox, payer, incoming).json()["id"]
    shop.pay(sandbox, payer, quote, shop.allowed_to_pay(sandbox, payer))
    eventually(lambda: sandbox.balance("worker") == 1000)
    page = http.get(worker, headers=BROWSER).text
    assert re.search(r"data-balance>10.00 MXN<", page)
    assert "received" in page
    assert "sent" in http.get(payer, headers=BROWSER).text
    assert "10.00 MXN" in http.get(sandbox.url, headers=BROWSER).text


def test_every_word_of_the_templates_has_a_spanish_one() -> None:
    used = {
        text
        for template in (FOLDER / "templates").glob("*.html")
        for text in re.findall(r'_\("([^"]+)"\)', template.read_text("utf-8"))
    }
    assert used
    assert used <= set(SPANISH)

"""The way back from the wallet: a right hash moves the payment on, and everything else changes nothing."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django_q.models import OrmQ

from payments import links
from payments.models import Grant, PaymentRequest
from payments.openpayments.interaction import interaction_hash
from payments.states import GrantState, PaymentState, RequestState
from tests.cast import TITLE, asked, interaction, paid_to_maria, settled
from tests.payments.all_rows import everything
from tests.payments.pages import Answer, words
from tests.progress import bring

pytestmark = pytest.mark.django_db

REF = "4f5e-reference-of-the-wallet"


class Visit:
    """A payer who was at their wallet, and the address the wallet sends them to."""

    def __init__(self) -> None:
        self.request = asked()
        paid_to_maria(self.request)
        self.grant = interaction(self.request)
        OrmQ.objects.all().delete()
        self.hash = interaction_hash(
            "our-nonce-with-plenty-of-bits", "finish-of-the-wallet", REF, self.grant.auth_server
        )

    def back(self, **changes: str | None) -> str:
        """The address with `changes`; None leaves a parameter out."""
        url = urlsplit(links.finish_url(self.request.id, self.grant.id))
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        query |= {"hash": self.hash, "interact_ref": REF}
        query |= {name: value for name, value in changes.items() if value is not None}
        for name, value in changes.items():
            if value is None:
                query.pop(name, None)
        return f"{url.path}?{urlencode(query)}"


@pytest.fixture
def visit() -> Visit:
    return Visit()


def leads_to(response: Answer, request: PaymentRequest, hint: str = "") -> bool:
    assert response.status_code == 302
    url = urlsplit(response["Location"])
    assert links.read_token(url.path.removeprefix("/approve/"))[0] == request.id
    return parse_qs(url.query).get("hint", [""])[0] == hint


def test_a_right_hash_is_committed_queued_and_leads_to_the_page_that_follows(client: Client, visit: Visit) -> None:
    response = client.get(visit.back())
    assert leads_to(response, visit.request)
    visit.grant.refresh_from_db()
    assert visit.grant.state == GrantState.RETURNED
    assert visit.grant.secrets["interact_ref"] == REF
    assert REF not in visit.grant.sealed
    assert OrmQ.objects.count() == 1
    assert "We are collecting your approval" in words(client.get(response["Location"]))


def test_coming_back_twice_is_calm_and_counts_once(client: Client, visit: Visit) -> None:
    client.get(visit.back())
    before = everything()
    assert leads_to(client.get(visit.back()), visit.request)
    assert everything() == before


def test_the_address_works_after_everything_settled(client: Client) -> None:
    payment = settled()
    grant = Grant.objects.get()
    grant.state = GrantState.ENDED
    grant.save()
    url = links.finish_url(payment.request_id, grant.id) + f"&hash=x&interact_ref={REF}"
    response = client.get(url)
    assert leads_to(response, payment.request)
    assert "The receiver's wallet confirms that the money is there." in words(client.get(response["Location"]))


def test_a_right_hash_is_proof_enough_without_our_own_parameter(client: Client, visit: Visit) -> None:
    """Some wallets drop the query of the finish address but for what they know."""
    response = client.get(visit.back(**{"return": None}))
    assert leads_to(response, visit.request)
    visit.grant.refresh_from_db()
    assert visit.grant.state == GrantState.RETURNED


WRONG: dict[str, dict[str, str | None]] = {
    "wrong hash": {"hash": "bm90IHRoZSBoYXNo"},
    "another reference": {"interact_ref": "another"},
    "no reference": {"interact_ref": None},
    "no hash": {"hash": None},
    "empty hash": {"hash": ""},
    "a huge reference": {"interact_ref": "x" * 5000},
    "not text": {"interact_ref": "a\0b"},
    "garbage": {"hash": "\N{SNOWMAN}" * 9, "interact_ref": "%00%ff"},
    "result only": {"hash": None, "interact_ref": None, "result": "grant_invalid"},
    "unknown result": {"hash": None, "interact_ref": None, "result": "<script>"},
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_changes_nothing_and_says_how_to_go_on(client: Client, visit: Visit, case: str) -> None:
    before = everything()
    response = client.get(visit.back(**WRONG[case]))
    assert leads_to(response, visit.request, "invalid")
    assert everything() == before
    text = words(client.get(response["Location"]))
    assert "could not be confirmed. Nothing was charged." in text
    assert "Continue in your wallet" in text


@pytest.mark.parametrize("case", WRONG)
def test_without_proof_of_which_payment_it_was_nothing_of_it_is_shown(client: Client, visit: Visit, case: str) -> None:
    before = everything()
    response = client.get(visit.back(**WRONG[case] | {"return": None}))
    assert response.status_code == 400
    assert "Open the link in our email again" in words(response)
    assert TITLE not in words(response)
    assert everything() == before


def test_a_refusal_told_by_the_wallet_is_only_a_hint(client: Client, visit: Visit) -> None:
    before = everything()
    response = client.get(visit.back(hash=None, interact_ref=None, result="grant_rejected"))
    assert leads_to(response, visit.request, "rejected")
    assert everything() == before
    text = words(client.get(response["Location"]))
    assert "Your wallet says that the approval was not given. Nothing was charged." in text


def test_a_forged_refusal_after_the_approval_says_nothing(client: Client, visit: Visit) -> None:
    client.get(visit.back())
    response = client.get(visit.back(hash=None, interact_ref=None, result="grant_rejected"))
    assert "not given" not in words(client.get(response["Location"]))


@pytest.mark.parametrize("pending_id", [None, "", "0" * 26, "x", "0" * 26 + "\0", "' OR 1=1", "1" * 5000, "ÿ" * 26])
def test_an_unknown_payment_is_not_found(client: Client, visit: Visit, pending_id: str | None) -> None:
    response = client.get(visit.back(pendingId=pending_id))
    assert response.status_code == 404
    assert "Open the link in our email again" in words(response)


def test_a_parameter_given_twice_counts_as_none(client: Client, visit: Visit) -> None:
    assert client.get(visit.back() + f"&pendingId={visit.request.id}").status_code == 404


def test_the_grant_of_another_request_proves_nothing(client: Client, visit: Visit) -> None:
    other = Visit.__new__(Visit)
    other.request = asked()
    other_grant = interaction(other.request)
    forged = parse_qs(urlsplit(links.finish_url(visit.request.id, other_grant.id)).query)["return"][0]
    before = everything()
    assert client.get(visit.back(hash="x", **{"return": forged})).status_code == 400
    assert everything() == before


def test_nobody_comes_back_to_a_request_that_was_cancelled_meanwhile(client: Client, visit: Visit) -> None:
    visit.request.state = RequestState.CANCELLED
    visit.request.save()
    response = client.get(visit.back())
    assert leads_to(response, visit.request)
    visit.grant.refresh_from_db()
    assert visit.grant.state == GrantState.PENDING
    assert "This request was cancelled" in words(client.get(response["Location"]))


def test_only_get_is_answered(client: Client, visit: Visit) -> None:
    for method in (client.post, client.head, client.put):
        assert method(visit.back()).status_code == 405
    visit.grant.refresh_from_db()
    assert visit.grant.state == GrantState.PENDING


def test_the_chosen_language_is_kept(client: Client, visit: Visit) -> None:
    assert client.get(visit.back(lang="es"))["Location"].endswith("?lang=es")
    assert '<html lang="es">' in client.get("/payments/finish?lang=es").content.decode()


# Programs


JSON = {"accept": "application/json"}


def test_a_program_gets_json(client: Client, visit: Visit) -> None:
    response = client.get(visit.back(), headers=JSON)
    assert response.status_code == 200
    assert response.json() == {"ok": True, "pendingId": visit.request.id, "status": "awaiting_approval"}


def test_json_names_the_outgoing_payment_once_there_is_one(client: Client, visit: Visit) -> None:
    client.get(visit.back())
    payment = visit.request.payments.get()
    bring(visit.request, RequestState.APPROVED)
    bring(payment, PaymentState.SENT)
    assert client.get(visit.back(), headers=JSON).json()["outgoingPayment"] == {
        "id": payment.outgoing_payments.get().remote_id,
        "walletAddress": "https://wallet.example/choir",
        "receiveAmount": {"value": "125000", "assetCode": "MXN", "assetScale": 2},
    }


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"pendingId": "0" * 26}, 404, "unknown_payment"),
        ({"hash": "x"}, 400, "wrong_hash"),
        ({"hash": None}, 400, "missing_parameters"),
        ({"hash": None, "interact_ref": None, "result": "grant_rejected"}, 400, "not_approved"),
    ],
)
def test_a_program_is_told_what_was_wrong(
    client: Client, visit: Visit, changes: dict[str, str | None], status: int, error: str
) -> None:
    response = client.get(visit.back(**changes), headers=JSON)
    told = response.json()
    assert (response.status_code, told["details"]["code"]) == (status, error)
    assert told["details"]["requestId"] == response["X-Request-ID"]
    assert " " in told["error"], "a sentence"


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/json", "", "text/html"])
def test_a_person_is_redirected(client: Client, visit: Visit, accept: str) -> None:
    assert client.get(visit.back(), headers={"accept": accept}).status_code == 302


def test_nothing_is_kept_or_passed_on(client: Client, visit: Visit) -> None:
    for response in (client.get(visit.back()), client.get("/payments/finish")):
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"


def test_the_language_of_the_calm_page_is_the_browsers(client: Client) -> None:
    page = unescape(client.get("/payments/finish", headers={"accept-language": "es"}).content.decode())
    assert re.search(r'<html lang="es">', page)

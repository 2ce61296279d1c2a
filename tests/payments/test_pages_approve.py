"""The approval page: it always tells the truth, and acts only when a person presses a button."""

import re
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.core.signing import Signer
from django.test import Client

from ledger import clock
from ledger.api import timeline
from payments import links
from payments.models import PaymentRequest
from payments.states import GrantState, PaymentState, RequestState
from tests.cast import TITLE, asked, interaction, paid_to_maria, settled, wallet
from tests.payments.all_rows import everything
from tests.payments.pages import buttons, url_of, words

pytestmark = pytest.mark.django_db

#: An address that the transport refuses before anything leaves the machine.
UNSAFE_WALLET = "https://127.0.0.1/choir"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*_args: object) -> None:
        raise AssertionError("a page that is only read must call nobody")

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield


# Every state


def waiting(**columns: Any) -> PaymentRequest:
    request = asked(**columns)
    paid_to_maria(request)
    return request


def at_the_wallet(state: str = "pending") -> PaymentRequest:
    request = waiting()
    interaction(request, state)
    return request


def on_its_way(state: PaymentState, **columns: Any) -> PaymentRequest:
    request = asked(RequestState.APPROVED)
    paid_to_maria(request, state, **columns)
    return request


def ended(state: RequestState, payment_state: PaymentState, **columns: Any) -> PaymentRequest:
    request = asked(state, **columns)
    paid_to_maria(request, payment_state, reason=columns.get("reason", ""))
    return request


class Case(NamedTuple):
    make: Callable[[], PaymentRequest]
    sentence: str
    buttons: list[str]


CASES = {
    "not sent yet": Case(lambda: waiting(state=RequestState.QUOTING), "You get an email when it is ready for you.", []),
    "asking": Case(waiting, "Approving does not set the money aside", ["Approve in my wallet"]),
    "grew": Case(
        lambda: waiting(proposed_debit=128000),
        "You were asked for at most 1,262.50 MXN before.",
        ["Accept 1,280.00 MXN and continue"],
    ),
    "preparing": Case(lambda: waiting(payer_asked_at=clock.now()), "We are asking wallet.example for the page", []),
    "ready": Case(at_the_wallet, "Continue at wallet.example to approve.", ["Continue in your wallet"]),
    "returned": Case(lambda: at_the_wallet("returned"), "We are collecting your approval", []),
    "a wallet's problem": Case(
        lambda: waiting(reason="wallet_unreachable", reason_params={"host": "wallet.example"}),
        "The wallet wallet.example did not answer. Try again in a few minutes",
        ["Approve in my wallet"],
    ),
    "approved": Case(lambda: on_its_way(PaymentState.SENDING), "It is not set aside", []),
    "sent": Case(lambda: on_its_way(PaymentState.SENT, sent_at=clock.now()), "The money is on its way.", []),
    "unknown": Case(lambda: on_its_way(PaymentState.UNKNOWN), "Nothing is sent twice.", []),
    "needs attention": Case(lambda: on_its_way(PaymentState.NEEDS_ATTENTION), "Radio Comunitaria is finding out.", []),
    "settled": Case(lambda: settled().request, "The receiver's wallet confirms that the money is there.", []),
    "settled outside": Case(
        lambda: ended(RequestState.SETTLED_OUTSIDE, PaymentState.SETTLED_OUTSIDE, reason="settled_outside"),
        "records this as settled, but not all of it came through the wallets",
        [],
    ),
    "failed": Case(
        lambda: ended(RequestState.FAILED, PaymentState.FAILED, reason="payment_failed"),
        "often because the balance was too low. Nothing arrived. You were not charged.",
        [],
    ),
    "declined": Case(lambda: ended(RequestState.DECLINED, PaymentState.CANCELLED), "You declined this request", []),
    "cancelled": Case(
        lambda: ended(RequestState.CANCELLED, PaymentState.CANCELLED),
        "Radio Comunitaria no longer asks you for this payment.",
        [],
    ),
    "expired": Case(lambda: ended(RequestState.EXPIRED, PaymentState.CANCELLED), "This request has expired", []),
    "expired a moment ago": Case(
        lambda: waiting(expires_at=clock.now() - timedelta(seconds=1)), "This request has expired", []
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_state_is_told_in_words_with_the_buttons_that_work(client: Client, case: str) -> None:
    make, sentence, expected = CASES[case]
    request = make()
    response = client.get(url_of(request))
    assert response.status_code == 200
    assert sentence in words(response)
    assert buttons(response) == expected
    assert TITLE in words(response)
    assert request.id in words(response)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("no_network")
def test_reading_changes_nothing_and_calls_nobody(client: Client, case: str) -> None:
    url = url_of(CASES[case].make())
    before = everything()
    for _ in range(2):
        client.get(url)
        client.head(url)
        client.get(f"{url}/status")
    assert everything() == before


@pytest.mark.parametrize("case", [name for name, case in CASES.items() if not case.buttons and name != "preparing"])
@pytest.mark.parametrize("action", ["approve", "decline"])
def test_a_press_that_comes_too_late_shows_the_state(client: Client, case: str, action: str) -> None:
    url = url_of(CASES[case].make())
    before = everything()
    response = client.post(url, {"action": action, "accepted": "126250"}, follow=True)
    assert response.status_code == 200
    assert CASES[case].sentence in words(response)
    assert everything() == before


def test_the_page_says_who_asks_what_for_how_much_to_whom_and_until_when(client: Client) -> None:
    text = words(client.get(url_of(waiting())))
    assert "Radio Comunitaria asks Coro de Oaxaca to pay for" in text
    assert "Reference PO-2026-118" in text
    assert "You pay at most 1,262.50 MXN" in text
    assert "María Hernández receives 1,250.00 MXN" in text
    assert "Fee of the wallets, at most 12.50 MXN" in text
    assert "https://bank.example/maria" in text
    assert re.search(r"You can approve until \w+ \d+, \d{4}, \d+:\d\d [AP]M \(Mexico City\)", text)
    assert "Only the wallet https://wallet.example/choir can pay." in text


def test_between_currencies_the_page_names_the_rate(client: Client) -> None:
    text = words(client.get(url_of(waiting(ceiling_debit=7350, asset_code="USD"))))
    assert "You pay at most 73.50 USD" in text
    assert "Exchange rate, fees included 1 USD = 17.006803 MXN" in text
    assert "Fee" not in text


def test_a_grown_amount_shows_the_new_fee(client: Client) -> None:
    assert "Fee of the wallets, at most 30.00 MXN" in words(client.get(url_of(waiting(proposed_debit=128000))))


def test_a_settled_page_is_a_receipt(client: Client) -> None:
    payment = settled()
    text = words(client.get(url_of(payment.request)))
    assert "You paid 1,260.00 MXN" in text
    assert "María Hernández received" in text
    assert "Fee of the wallets 10.00 MXN" in text
    assert "Receipt" in text


def test_a_failure_after_money_left_does_not_say_that_nothing_was_charged(client: Client) -> None:
    request = asked(RequestState.FAILED, reason="partly_arrived")
    paid_to_maria(request, PaymentState.FAILED, through=PaymentState.NEEDS_ATTENTION, received_value=50000)
    assert "You were not charged" not in words(client.get(url_of(request)))


def test_what_the_wallet_brought_and_what_was_settled_outside_are_told_apart(client: Client) -> None:
    request = asked(RequestState.SETTLED_OUTSIDE, reason="settled_outside")
    paid_to_maria(request, PaymentState.SETTLED_OUTSIDE, received_value=50000)
    text = words(client.get(url_of(request)))
    assert "María Hernández received" in text
    assert "500.00 MXN" in text
    assert "For María Hernández Settled outside 750.00 MXN" in text
    assert "You were asked to pay at most 1,262.50 MXN" in text
    assert "The receiver's wallet confirms" not in text
    assert "Receipt" not in text


def test_who_may_have_been_charged_for_what_was_given_up_is_not_told_otherwise(client: Client) -> None:
    request = asked(RequestState.FAILED, reason="given_up")
    paid_to_maria(request, PaymentState.FAILED, through=PaymentState.NEEDS_ATTENTION, reason="given_up")
    text = words(client.get(url_of(request)))
    assert "You were not charged" not in text
    assert "If your wallet shows a charge for it, answer the email." in text


@pytest.mark.parametrize("state", [RequestState.DECLINED, RequestState.CANCELLED, RequestState.EXPIRED])
def test_an_end_without_payment_promises_no_amount(client: Client, state: RequestState) -> None:
    text = words(client.get(url_of(ended(state, PaymentState.CANCELLED))))
    assert "You were asked to pay at most 1,262.50 MXN" in text
    assert "For María Hernández 1,250.00 MXN" in text
    assert "receives" not in text


def test_a_wallet_that_takes_long_gives_the_button_back(client: Client) -> None:
    request = waiting(payer_asked_at=clock.now() - timedelta(minutes=5))
    assert buttons(client.get(url_of(request))) == ["Approve in my wallet"]


# Pressing


def test_declining_ends_the_request_and_keeps_the_reason(client: Client) -> None:
    request = waiting()
    response = client.post(url_of(request), {"action": "decline", "reason": "Not\r\n ours\0"}, follow=True)
    request.refresh_from_db()
    assert request.state == RequestState.DECLINED
    assert "You declined this request" in words(response)
    declined = next(row for row in timeline([("request", request.id)]) if row.kind == "request.declined")
    assert declined.private == {"words": "Not ours"}


@pytest.mark.parametrize("accepted", ["126249", "1", "126251", "9" * 400, "", "x", "-1", "²"])
def test_another_amount_than_the_page_shows_is_not_accepted(client: Client, accepted: str) -> None:
    request = waiting()
    response = client.post(url_of(request), {"action": "approve", "accepted": accepted})
    assert response.status_code == 409
    assert "That could not be done" in words(response)
    assert buttons(response) == ["Approve in my wallet"]
    request.refresh_from_db()
    assert request.payer_asked_at is None


def test_a_grown_amount_needs_its_own_press(client: Client) -> None:
    request = waiting(proposed_debit=128000)
    response = client.post(url_of(request), {"action": "approve", "accepted": "126250"})
    assert response.status_code == 409
    assert buttons(response) == ["Accept 1,280.00 MXN and continue"]
    request.refresh_from_db()
    assert (request.ceiling_debit, request.proposed_debit) == (126250, 128000)


def test_a_wallet_that_cannot_be_used_leaves_a_sentence_and_the_button(client: Client) -> None:
    unsafe = wallet(UNSAFE_WALLET)
    unsafe.auth_server = unsafe.resource_server = "https://127.0.0.1/"
    unsafe.save()
    request = asked(payer_wallet=unsafe)
    payment = paid_to_maria(request)
    payment.quotes.all().delete()
    payment.incoming_payments.all().delete()
    payment.receiver_wallet = unsafe
    payment.save()
    response = client.post(url_of(request), {"action": "approve", "accepted": "126250"}, follow=True)
    assert response.redirect_chain == [(url_of(request), 302)]
    assert "It did not work yet" in words(response)
    assert "the address is not a public https address" in words(response)
    assert buttons(response) == ["Approve in my wallet"]


def test_a_press_needs_no_cookie(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    request = waiting()
    assert not strict.get(url_of(request)).cookies
    assert strict.post(url_of(request), {"action": "decline"}).status_code == 302
    request.refresh_from_db()
    assert request.state == RequestState.DECLINED


# Links


def test_an_older_link_shows_the_state_and_does_not_act(client: Client) -> None:
    request = waiting()
    older = url_of(request)
    request.link_version = 2
    request.save()
    before = everything()
    for response in (client.get(older), client.post(older, {"action": "decline"})):
        assert "A newer link was sent to you" in words(response)
        assert "You pay at most" in words(response)
        assert "<button" not in response.content.decode()
    assert everything() == before


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("tail", ["", "/status"])
def test_a_forged_link_finds_nothing(client: Client, method: str, tail: str) -> None:
    request = waiting()
    forged = Signer(salt="other").sign_object([request.id, 1])
    response = getattr(client, method)(f"/approve/{forged}{tail}")
    assert response.status_code in {404, 405}
    assert TITLE not in response.content.decode()


def test_a_link_to_a_request_that_is_gone_finds_nothing(client: Client) -> None:
    gone = Signer(salt=links.APPROVE_SALT).sign_object(["0" * 26, 1])
    assert client.get(f"/approve/{gone}").status_code == 404


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    assert getattr(client, method)(url_of(waiting())).status_code == 405


# Headers and hints


@pytest.mark.parametrize("tail", ["", "/status"])
def test_nothing_of_the_page_is_kept_indexed_or_passed_on(client: Client, tail: str) -> None:
    response = client.get(url_of(waiting()) + tail)
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "form-action" not in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("hint", "sentence"),
    [
        ("rejected", "Your wallet says that the approval was not given. Nothing was charged."),
        ("invalid", "What your wallet sent back could not be confirmed. Nothing was charged."),
    ],
)
def test_a_hint_is_shown_only_while_the_payer_can_try_again(client: Client, hint: str, sentence: str) -> None:
    assert sentence in words(client.get(url_of(waiting()), {"hint": hint}))
    assert sentence not in words(client.get(url_of(settled().request), {"hint": hint}))


def test_an_invented_hint_says_nothing(client: Client) -> None:
    assert "<b>free" not in client.get(url_of(waiting()), {"hint": "<b>free money"}).content.decode()


def test_what_people_typed_stays_text(client: Client) -> None:
    request = asked(title="<script>alert(1)</script>", payer_name="<b>x")
    paid_to_maria(request, receiver_name="<img src=x>")
    page = client.get(url_of(request)).content.decode()
    assert "<script>alert" not in page
    assert "<b>x" not in page
    assert "<img src=x" not in page


# Language


@pytest.mark.parametrize(("payer", "shown"), [("en", "en"), ("es", "es"), ("es-mx", "es"), ("nah", "en"), ("", "en")])
def test_the_page_speaks_the_payers_language(client: Client, payer: str, shown: str) -> None:
    response = client.get(url_of(waiting(payer_language=payer)), headers={"accept-language": "fr"})
    assert f'<html lang="{shown}">' in response.content.decode()
    assert response["Content-Language"] == shown


def test_a_reader_can_switch_and_stays_there(client: Client) -> None:
    request = waiting(payer_language="en")
    url = url_of(request)
    page = client.get(url, {"lang": "es"}).content.decode()
    assert '<html lang="es">' in page
    assert f'action="{url}?lang=es"' in page
    assert client.post(f"{url}?lang=es", {"action": "decline"})["Location"] == f"{url}?lang=es"


def test_a_language_that_we_do_not_have_changes_nothing(client: Client) -> None:
    page = client.get(url_of(waiting()), {"lang": "xx"}).content.decode()
    assert '<html lang="en">' in page


# Following


def test_the_status_changes_when_the_page_would(client: Client) -> None:
    request = waiting()
    url = url_of(request)

    def version() -> str:
        status = client.get(f"{url}/status").json()
        page = client.get(url).content.decode()
        assert f'data-version="{status["version"]}"' in page
        return str(status["version"])

    seen = {version()}
    grant = interaction(request)
    seen.add(version())
    grant.state = GrantState.RETURNED
    grant.save()
    seen.add(version())
    request.state = RequestState.APPROVED
    request.save()
    seen.add(version())
    payment = request.payments.get()
    for state in (PaymentState.SENT, PaymentState.UNKNOWN, PaymentState.SETTLED):
        payment.state = state
        payment.save()
        seen.add(version())
    assert len(seen) == 7


@pytest.mark.parametrize(
    ("case", "moves", "done"),
    [
        ("asking", False, False),
        ("preparing", True, False),
        ("returned", True, False),
        ("sent", True, False),
        ("failed", False, False),
        ("settled", False, True),
        ("declined", False, True),
    ],
)
def test_the_page_knows_how_closely_to_follow(client: Client, case: str, moves: bool, done: bool) -> None:
    status = client.get(url_of(CASES[case].make()) + "/status").json()
    assert (status["moves"], status["done"]) == (moves, done)

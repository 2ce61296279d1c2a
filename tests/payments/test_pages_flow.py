"""The payer's whole way: from the mail in their box through our page, their wallet, and back, to the receipt."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import translation

from payments.actions import requests
from payments.engine import advance as engine
from payments.engine.advance import advance
from payments.mail.sending import send
from payments.models import Message, PaymentRequest
from payments.models.messages import MessageState
from payments.states import RequestState
from tests.driver import Stage
from tests.payments.pages import Answer, buttons, url_of, words
from tests.payments.smtp import Postbox

pytestmark = pytest.mark.django_db


class Payer:
    """Somebody with a mailbox, a browser and a wallet."""

    def __init__(self, scene: Stage, postbox: Postbox, client: Client) -> None:
        self.stage, self.postbox, self.client = scene, postbox, client

    def mails(self) -> list[str]:
        """The plain text of the mails that came, after the outgoing ones were sent."""
        for message in Message.objects.filter(state=MessageState.QUEUED).order_by("created_at"):
            send(message.id)
        texts = [mail.get_body(("plain",)) for mail in self.postbox.mails]
        return [text.get_content().replace("\N{NO-BREAK SPACE}", " ") for text in texts if text]

    def link(self) -> str:
        """The link in the newest mail."""
        found = re.search(r"http://testserver(/approve/\S+)", self.mails()[-1])
        assert found
        return found[1]

    def press(self, link: str) -> Answer:
        """Press the button of the page as a browser does."""
        page = self.client.get(link).content.decode()
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w*)">', page.split("</form>")[0]))
        assert fields["action"] == "approve"
        return self.client.post(link, fields)

    def open(self, url: str) -> Answer:
        """Go where our site is asked for, following its own redirects."""
        parts = urlsplit(url)
        return self.client.get(f"{parts.path}?{parts.query}", follow=True)


@pytest.fixture
def payer(stage: Stage, postbox: Postbox, client: Client, settings: Any) -> Payer:
    settings.LANGUAGE_CODE = "en"
    return Payer(stage, postbox, client)


def english(request: PaymentRequest) -> PaymentRequest:
    PaymentRequest.objects.filter(pk=request.pk).update(payer_language="en")
    request.refresh_from_db()
    return request


def test_from_the_mail_to_the_receipt(payer: Payer) -> None:
    request = english(payer.stage.sent())
    Message.objects.update(language="en")
    link = payer.link()
    at_wallet = payer.press(link)
    assert at_wallet.status_code == 302
    assert at_wallet["Location"].startswith(f"http://{payer.stage.sandbox.trusted_host}/")

    back = payer.open(payer.stage.sandbox.approve(at_wallet["Location"]))
    assert "We are collecting your approval" in words(back)
    version = payer.client.get(f"{link}/status").json()["version"]
    advance(request.pk, 6)
    status = payer.client.get(f"{link}/status").json()
    assert status["done"]
    assert status["version"] != version
    assert "You paid 100.00 USD" in words(payer.client.get(link))

    receipt = next(text for text in payer.mails() if "You were charged" in text)
    assert "You were charged: 100.00 USD" in receipt
    paid = next(text for text in payer.mails() if "Usted recibió" in text)
    assert "100.00 USD" in paid
    assert "/approve/" not in paid
    assert payer.stage.received() == 100_00


def test_the_same_way_in_spanish(payer: Payer) -> None:
    request = payer.stage.sent()
    link = payer.link()
    page = payer.client.get(link)
    assert '<html lang="es">' in page.content.decode()
    assert "Usted paga como máximo 100.00 USD" in words(page)
    assert buttons(page) == ["Aprobar en mi billetera"]
    payer.open(payer.stage.sandbox.approve(payer.press(link)["Location"]))
    advance(request.pk, 6)
    assert "La billetera de quien recibe confirma" in words(payer.client.get(link))
    assert translation.get_language() == "en"


def test_a_closed_tab_is_no_loss(payer: Payer) -> None:
    """The payer goes to the wallet, closes the tab, opens the mail again tomorrow."""
    request = english(payer.stage.sent())
    link = url_of(request)
    first = payer.press(link)["Location"]
    assert buttons(payer.client.get(link)) == ["Continue in your wallet"]
    payer.stage.later(24 * 3600)
    assert buttons(payer.client.get(link)) == ["Approve in my wallet"]
    second = payer.press(link)["Location"]
    assert second != first
    payer.open(payer.stage.sandbox.approve(second))
    advance(request.pk, 6)
    assert "The receiver's wallet confirms" in words(payer.client.get(link))


def test_who_refuses_in_the_wallet_may_think_again(payer: Payer) -> None:
    request = english(payer.stage.sent())
    link = url_of(request)
    back = payer.open(payer.stage.sandbox.reject(payer.press(link)["Location"]))
    assert "Your wallet says that the approval was not given. Nothing was charged." in words(back)
    payer.open(payer.stage.sandbox.approve(payer.press(link)["Location"]))
    advance(request.pk, 6)
    request.refresh_from_db()
    assert request.state == RequestState.SETTLED


def test_an_amount_that_grew_is_accepted_on_the_page_before_anything_is_charged(payer: Payer) -> None:
    request = english(payer.stage.sent())
    link = url_of(request)
    payer.stage.sandbox.change_wallet("sol", fee={"fixed": 50, "percentBps": 0})
    assert payer.press(link)["Location"] == link
    page = payer.client.get(link)
    assert "You were asked for at most 100.00 USD before." in words(page)
    assert buttons(page) == ["Accept 100.50 USD and continue"]
    payer.open(payer.stage.sandbox.approve(payer.press(link)["Location"]))
    advance(request.pk, 6)
    assert "You paid 100.50 USD" in words(payer.client.get(link))


@pytest.mark.parametrize("fault", ["reset-before", "garbage", "500-before"])
def test_a_wallet_at_fault_leaves_a_sentence_and_the_same_button(
    payer: Payer, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(engine, "CALL_SECONDS", 1.0)
    request = english(payer.stage.sent())
    link = url_of(request)
    payer.stage.sandbox.faults({"match": {"operation": "post-request"}, "do": fault, "times": None})
    assert payer.press(link)["Location"] == link
    page = payer.client.get(link)
    assert "It did not work yet" in words(page)
    assert buttons(page) == ["Approve in my wallet"]
    payer.stage.sandbox.clear_faults()
    assert payer.press(link)["Location"] != link


def test_a_resent_mail_and_the_first_one_lead_to_the_same_page(payer: Payer) -> None:
    request = english(payer.stage.sent())
    first = payer.link()
    requests.send_again(request.pk, by=payer.stage.staff)
    assert len(payer.mails()) == 2
    assert payer.link() == first
    assert buttons(payer.client.get(first)) == ["Approve in my wallet"]

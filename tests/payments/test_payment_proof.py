"""The proof of a payment: on its page for staff, on the receipt for whoever paid it, and by command."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from ledger import verify_proof
from ledger.api import seal
from ledger.checkpoints import keys
from ledger.checkpoints.make_key import make_key
from payments import links
from payments.models import Payment
from payments.states import PaymentState, RequestState
from tests.cast import asked, paid_to_maria, person, settled, signed_in
from tests.payments.pages import url_of, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(settings: Settings, tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    settings.LEDGER_CHECKPOINT_KEY_FILE, settings.LEDGER_CHECKPOINT_DIR = str(tmp_path / "key"), str(tmp_path / "out")


def proves(content: bytes, payment: Payment) -> bool:
    (public,) = keys.known()
    return bool(verify_proof.check(content, str(public))["payment"] == payment.pk)


def receipt_proof(payment: Payment, of: Payment) -> str:
    token = links.approval_url(payment.request).rpartition("/")[2]
    return reverse("approve-proof", args=[token, of.pk])


@pytest.mark.usefixtures("key")
def test_whoever_paid_downloads_the_proof_of_their_own_payments_only(client: Client) -> None:
    payment, other = settled(), settled()
    page = client.get(url_of(payment.request))
    assert "Proof of the payment to María" in words(page)
    assert receipt_proof(payment, payment) in page.content.decode()
    waits = client.get(receipt_proof(payment, payment))
    assert (waits.status_code, "not ready yet" in waits.content.decode()) == (409, True)
    seal()
    answer = client.get(receipt_proof(payment, payment))
    assert answer["Content-Disposition"] == f'attachment; filename="proof-{payment.pk}.json"'
    assert proves(answer.content, payment)
    assert payment.receiver_email.encode() not in answer.content
    assert client.get(receipt_proof(payment, other)).status_code == 404
    assert client.get(reverse("approve-proof", args=["forged", payment.pk])).status_code == 404
    assert client.post(receipt_proof(payment, payment)).status_code == 405


@pytest.mark.usefixtures("key")
def test_before_it_is_a_receipt_there_is_no_proof(client: Client) -> None:
    payment = paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT)
    seal()
    assert "Proof of the payment" not in words(client.get(url_of(payment.request)))
    assert client.get(receipt_proof(payment, payment)).status_code == 404


@pytest.mark.usefixtures("key")
def test_staff_who_may_see_a_payment_download_its_proof() -> None:
    payment = settled()
    seal()
    url = reverse("admin:payments_payment_proof", args=[payment.pk])
    looker = signed_in(person("ines", "payments.view_payment"))
    assert url in looker.get(reverse("admin:payments_payment_change", args=[payment.pk])).content.decode()
    assert proves(looker.get(url).content, payment)
    assert looker.get(reverse("admin:payments_payment_proof", args=["none"])).status_code == 404
    assert signed_in(person("luis", "payments.view_pause")).get(url).status_code == 404


def test_without_a_key_nothing_is_offered(client: Client) -> None:
    payment = settled()
    seal()
    assert "Proof of the payment" not in words(client.get(url_of(payment.request)))
    assert client.get(receipt_proof(payment, payment)).status_code == 409
    page = signed_in(person("ines", "payments.view_payment")).get(
        reverse("admin:payments_payment_change", args=[payment.pk])
    )
    assert "Download the proof" not in page.content.decode()


@pytest.mark.usefixtures("key")
def test_the_command_writes_the_same_file(tmp_path: Path) -> None:
    payment = settled()
    with pytest.raises(CommandError, match="No signed checkpoint covers this payment yet"):
        call_command("ledger_proof", payment.pk, into=tmp_path)
    seal()
    out = io.StringIO()
    call_command("ledger_proof", payment.pk, "--into", str(tmp_path), stdout=out)
    file = tmp_path / f"proof-{payment.pk}.json"
    assert proves(file.read_bytes(), payment)
    assert str(file) in out.getvalue()
    with pytest.raises(CommandError, match="There is no payment"):
        call_command("ledger_proof", "none")

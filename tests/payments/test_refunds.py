"""Sending money back: from whoever received it, to whoever paid, and never more than arrived."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation

from jobs import links
from jobs.funding import fund
from jobs.models import Member
from ledger.api import timeline
from payments.actions import refunds
from payments.invariants import violations
from payments.models import Payment, PaymentRequest, Refund, Seller, WalletAddress
from payments.openpayments.amounts import Amount, Asset
from payments.presentation import amount_rows
from payments.presentation.cost_summary import cost_summary_of
from payments.presentation.reasons import Refusal
from payments.states import RequestState
from tests import cast, progress
from tests.cast import person, signed_in
from tests.dialogs import confirm, dialog

pytestmark = pytest.mark.django_db
SEE = ("payments.view_payment", "payments.view_paymentrequest")


@pytest.fixture
def rosa(db: None) -> User:
    return cast.staff()


@pytest.fixture
def paid(rosa: User) -> Payment:
    """1,250.00 MXN arrived at Maria."""
    return pay(rosa)


def pay(by: User, wallet: WalletAddress | None = None) -> Payment:
    seller = Seller.objects.first() or cast.seller()
    columns = {"wallet": wallet} if wallet else {}
    job = cast.job(funder=cast.member("Sol Foundation", **columns))
    request = fund(job, [cast.applied(job)], seller, by=by, form_id="pay")
    progress.settle(request)
    return Payment.objects.select_related("request").get(request=request)


def pesos(value: int) -> Amount:
    return Amount(value, Asset("MXN", 2))


def refused(payment: Payment, value: int, by: User) -> str:
    with pytest.raises(Refusal) as caught:
        refunds.refund(payment.pk, pesos(value), by=by, form_id="no")
    assert not PaymentRequest.objects.filter(form_id="no").exists()
    return str(caught.value).replace("\xa0", " ")


def left(payment: Payment) -> int:
    return refunds.refundable(Payment.objects.get(pk=payment.pk)).value


def test_the_worker_is_asked_in_their_language_to_send_a_part_back(rosa: User, paid: Payment) -> None:
    request = refunds.refund(paid.pk, pesos(50000), by=rosa, form_id="1")
    payer = (request.payer_wallet, request.payer_name, request.payer_email, request.payer_language)
    assert payer == (paid.receiver_wallet, "Maria Lopez", "maria@example.org", "es")
    back = request.payments.get()
    assert (back.receiver_wallet, back.receiver_name, back.value) == (
        paid.request.payer_wallet,
        "Sol Foundation",
        50000,
    )
    assert not request.two_people
    assert refunds.refund(paid.pk, pesos(50000), by=rosa, form_id="1") == request
    assert (left(paid), Refund.objects.get().of) == (75000, paid)
    assert timeline([("payment", paid.pk)])[-1].kind == "payment.refund_asked"


def test_no_more_goes_back_than_arrived(rosa: User, paid: Payment) -> None:
    assert refused(paid, 125001, rosa) == "Only 1,250.00 MXN can still go back."
    request = refunds.refund(paid.pk, pesos(125000), by=rosa, form_id="1")
    assert refused(paid, 1, rosa) == "Only 0.00 MXN can still go back."
    progress.end(request, RequestState.DECLINED)
    assert left(paid) == 125000
    assert refused(paid, 0, rosa) == str(Refusal("nothing_to_pay"))


def test_a_part_of_a_refund_that_came_has_gone_back(rosa: User, paid: Payment) -> None:
    request = refunds.refund(paid.pk, pesos(100000), by=rosa, form_id="1")
    progress.end(request, RequestState.FAILED, received=30000)
    assert left(paid) == 95000


def test_a_refund_is_not_refunded(rosa: User, paid: Payment) -> None:
    request = refunds.refund(paid.pk, pesos(125000), by=rosa, form_id="1")
    progress.settle(request)
    assert "is itself a refund" in refused(request.payments.get(), 1, rosa)


def test_what_may_still_move_is_not_refunded(rosa: User, paid: Payment) -> None:
    request = refunds.refund(paid.pk, pesos(125000), by=rosa, form_id="1")
    Payment.objects.filter(request=request).update(purpose="work")
    assert "can be refunded once it has ended" in refused(request.payments.get(), 1, rosa)


def test_of_two_who_refund_at_once_the_second_looks_again(rosa: User, paid: Payment) -> None:
    seen = pesos(125000)
    refunds.refund(paid.pk, pesos(100000), by=rosa, form_id="1", seen=seen)
    with pytest.raises(Refusal, match="Meanwhile other money was refunded"):
        refunds.refund(paid.pk, pesos(25000), by=rosa, form_id="2", seen=seen)


def test_money_held_for_workers_goes_back_from_its_job_only(rosa: User) -> None:
    job = cast.job(funder=cast.member("Sol Foundation"))
    cast.applied(job)
    request = fund(job, "seller", cast.holder(), by=rosa, form_id="pay")
    progress.settle(request)
    assert "Refund what is left of it from the job's page" in refused(request.payments.get(), 1, rosa)


def test_more_back_than_arrived_breaks_an_invariant(rosa: User, paid: Payment) -> None:
    request = refunds.refund(paid.pk, pesos(125000), by=rosa, form_id="1")
    names = {each.invariant.name: each.ids for each in violations()}
    assert "refunded_within_received" not in names
    Payment.objects.filter(request=request).update(value=125001)
    names = {each.invariant.name: each.ids for each in violations()}
    assert names["refunded_within_received"] == (paid.pk,)


def test_the_page_of_a_payment_offers_it_to_whoever_may(rosa: User, paid: Payment) -> None:
    where = reverse("admin:payments_payment_refund", args=[paid.pk])
    page = reverse("admin:payments_payment_change", args=[paid.pk])
    reader = signed_in(person("eva", *SEE))
    assert reader.get(where).status_code == 403
    assert where not in reader.get(page).content.decode()
    client = signed_in(person("ana", *SEE, "payments.refund_payment"))
    assert where in client.get(page).content.decode()
    opened = client.get(where).content.decode().replace("\xa0", " ")
    for words in ("Maria Lopez", "Sol Foundation", "1,250.00 MXN", 'value="1250.00"'):
        assert words in opened, words
    answer = confirm(client, where, amount="500.00")
    made = Refund.objects.get().payment.request_id
    assert answer.headers["HX-Redirect"] == reverse("admin:payments_paymentrequest_change", args=[made])


def test_a_second_click_leads_to_the_refund_of_the_first(rosa: User, paid: Payment) -> None:
    where = reverse("admin:payments_payment_refund", args=[paid.pk])
    client = signed_in(person("ana", *SEE, "payments.refund_payment"))
    fields = {**dialog(client, where), "amount": "1250.00"}
    made = refunds.refund(paid.pk, pesos(125000), by=rosa, form_id=fields["form_id"])
    answer = client.post(where, fields, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == reverse("admin:payments_paymentrequest_change", args=[made.pk])
    assert Refund.objects.get().payment.request == made


# Where the payment changed its currency, who received gives back an exact amount of theirs


@pytest.fixture
def paid_in_euros(rosa: User) -> Payment:
    """1,250.00 MXN arrived at Maria, from a wallet in EUR."""
    return pay(rosa, cast.wallet("berlin", "EUR"))


def test_whoever_paid_in_another_currency_gets_what_it_buys(rosa: User, paid_in_euros: Payment) -> None:
    request = refunds.refund(paid_in_euros.pk, pesos(50000), by=rosa, form_id="1")
    back = request.payments.get()
    assert (back.pays, back.asset, back.receiver_wallet) == (
        pesos(50000),
        Asset("EUR", 2),
        paid_in_euros.request.payer_wallet,
    )
    assert left(paid_in_euros) == 75000


def test_between_currencies_no_more_is_given_back_than_was_received(rosa: User, paid_in_euros: Payment) -> None:
    assert refused(paid_in_euros, 125001, rosa) == "Only 1,250.00 MXN can still go back."
    with pytest.raises(Refusal, match="Only"):
        refunds.refund(paid_in_euros.pk, Amount(100, Asset("EUR", 2)), by=rosa, form_id="euros")
    request = refunds.refund(paid_in_euros.pk, pesos(125000), by=rosa, form_id="1", seen=pesos(125000))
    with pytest.raises(Refusal, match="Meanwhile other money was refunded"):
        refunds.refund(paid_in_euros.pk, pesos(1), by=rosa, form_id="2", seen=pesos(125000))
    assert refused(paid_in_euros, 1, rosa) == "Only 0.00 MXN can still go back."
    progress.end(request, RequestState.DECLINED)
    assert left(paid_in_euros) == 125000


def test_between_currencies_what_was_given_counts_whatever_it_bought(rosa: User, paid_in_euros: Payment) -> None:
    settled = refunds.refund(paid_in_euros.pk, pesos(50000), by=rosa, form_id="1")
    Payment.objects.filter(request=settled).update(value=2500)
    progress.settle(settled)
    assert left(paid_in_euros) == 75000
    failed = refunds.refund(paid_in_euros.pk, pesos(60000), by=rosa, form_id="2")
    Payment.objects.filter(request=failed).update(value=3000)
    assert left(paid_in_euros) == 15000
    progress.end(failed, RequestState.FAILED, received=1000)
    assert left(paid_in_euros) == 75000 - 20000, "a third of it came"


def test_between_currencies_more_back_than_arrived_breaks_the_invariant(rosa: User, paid_in_euros: Payment) -> None:
    request = refunds.refund(paid_in_euros.pk, pesos(125000), by=rosa, form_id="1")
    Payment.objects.filter(request=request).update(value=6250)
    assert "refunded_within_received" not in {each.invariant.name for each in violations()}
    Payment.objects.filter(request=request).update(fixed_debit=125001)
    names = {each.invariant.name: each.ids for each in violations()}
    assert names["refunded_within_received"] == (paid_in_euros.pk,)


def test_the_form_says_both_currencies_plainly(rosa: User, paid_in_euros: Payment) -> None:
    where = reverse("admin:payments_payment_refund", args=[paid_in_euros.pk])
    client = signed_in(person("ana", *SEE, "payments.refund_payment"))
    shown = client.get(where).content.decode()
    for words in (
        "Maria Lopez gives back exactly the amount below, in MXN, charges of their wallet included.",
        "Sol Foundation gets what it buys in EUR on that day: more or less than they paid.",
    ):
        assert words in shown, words
    assert "is not an amount in MXN" in confirm(client, where, amount="20 EUR").content.decode()
    confirm(client, where, amount="500.00")
    assert Refund.objects.get().payment.pays == pesos(50000)


def test_both_sides_read_what_went_back_once_it_has_arrived(rosa: User, paid: Payment) -> None:
    request = refunds.refund(paid.pk, pesos(50000), by=rosa, form_id="1")
    assert not any("was sent back" in told for told in both_sides(paid)), "it is only asked for"
    progress.settle(request)
    assert all("500.00 MXN of it was sent back on" in told for told in both_sides(paid))


def both_sides(payment: Payment) -> list[str]:
    """The worker's own page, and what stands on the payer's receipt."""
    page = Client().get(links.worker_url(Member.objects.get(name="Maria Lopez")), {"lang": "en"})
    with translation.override("en"):
        receipt = str(amount_rows.charged(cost_summary_of(payment.request)))
    return [told.replace("\xa0", " ").replace("\\xa0", " ") for told in (page.content.decode(), receipt)]

"""`/api/payments/requests`: asking a payer for money that is about no offer of ours, as another marketplace does."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from ledger import clock
from payments.actions import return_addresses, wallets
from payments.actions.requests import Contact, RequestLine, ask
from payments.api import acts, shapes
from payments.api.keys import Bearer, key_of, requests_of
from payments.api.leading_on import leads_to
from payments.api.once import form_id, once
from payments.api.problems import PROBLEMS, ApiProblem
from payments.api.shapes import RequestedPayment
from payments.models import ApiKey, ApiScope, PaymentRequest, Seller, WalletAddress
from payments.openpayments.amounts import Amount, AmountError
from payments.presentation.reasons import sentence
from payments.second_person import at_work
from payments.worker.places import place

ASKS: Final = Bearer(ApiScope.ASK, "payments.request_paymentrequest", "payments.view_paymentrequest")
MOST_RECEIVERS: Final = 100
#: One mistake of an address is enough: `a@b`, and nothing that breaks a line of a mail.
#: Every dialect of patterns has its own idea of a space; the characters that some forget are named.
EMAIL: Final = r"^[^@\s\x00-\x20\x7f-\x9f\ufeff]{1,64}@[^@\s\x00-\x20\x7f-\x9f\ufeff]{1,189}$"
router = Router(tags=["payments"])


class PersonIn(Schema):
    """Whom mails are written to, in their language."""

    name: str = Field(min_length=1, max_length=200)
    email: str = Field(pattern=EMAIL)
    language: Literal["en", "es"] = "en"
    walletAddressUrl: str = Field(min_length=1, max_length=2000)  # noqa: N815 - as programs write it


class ReceiverIn(PersonIn):
    """They get exactly `amount`, in major units of `assetCode`, which is the currency of their wallet."""

    amount: str = Field(pattern=r"^[0-9]{1,19}(\.[0-9]{1,9})?$")
    assetCode: str = Field(min_length=1, max_length=20)  # noqa: N815


class PlainRequestIn(Schema):
    """Without `sellerId` it is the marketplace's own, or our default one.

    `returnUrl` is where its payer is led back to, with `pendingId` and `status`: one that the marketplace's list has.
    """

    title: str = Field(min_length=1, max_length=200)
    reference: str = Field("", max_length=200)
    sellerId: str | None = Field(None, max_length=64)  # noqa: N815
    payer: PersonIn
    receivers: list[ReceiverIn] = Field(min_length=1, max_length=MOST_RECEIVERS)
    returnUrl: str = Field("", max_length=2000)  # noqa: N815


@router.post(
    "/api/payments/requests",
    auth=ASKS,
    response={200: RequestedPayment, **PROBLEMS},
    openapi_extra=leads_to("pending_id", "pendingId", "payments_api_payments_payment_status"),
)
@once
def ask_payer(request: HttpRequest, told: PlainRequestIn) -> RequestedPayment:
    """Ask one payer to pay one or more receivers under one approval; what comes of it is read like any other."""
    key, form = key_of(request), form_id(request)
    made = PaymentRequest.objects.filter(form_id=form).first()
    seller = seller_of(key, told.sellerId)
    if made is None:
        known = _wallets([told.payer, *told.receivers])
    subjects = {"seller": seller.pk}
    asked = acts.asked(key, subjects, lambda: made or _ask(told, key, form, seller, known), told.returnUrl)
    row = shapes.one(requests_of(key), key, asked.pk)
    assert row, "a key sees what it asked for"
    return row


def _ask(
    told: PlainRequestIn, key: ApiKey, form: str, seller: Seller, known: Mapping[str, WalletAddress]
) -> PaymentRequest:
    if told.returnUrl:
        return_addresses.check(told.returnUrl, key.marketplace)
    lines = [_line(each, known[each.walletAddressUrl]) for each in told.receivers]
    return ask(
        payer_wallet=known[told.payer.walletAddressUrl],
        payer=_contact(told.payer),
        seller=seller,
        lines=lines,
        title=told.title,
        reference=told.reference,
        requested_by=key.acts_for,
        form_id=form,
        two_people=bool(at_work(line.contact.email for line in lines)),
    )


def _line(told: ReceiverIn, wallet: WalletAddress) -> RequestLine:
    try:
        amount = Amount.from_major(told.amount, wallet.asset)
    except AmountError as error:
        words = _("“%(amount)s” can't be received exactly by %(wallet)s.")
        raise _unusable("amount_unusable", words % {"amount": told.amount, "wallet": wallet.url}) from error
    if told.assetCode != wallet.asset_code:
        words = _("The wallet %(wallet)s receives %(currency)s.")
        raise _unusable("other_currency", words % {"wallet": wallet.url, "currency": wallet.asset_code})
    return RequestLine(wallet, _contact(told), amount)


def _contact(told: PersonIn) -> Contact:
    return Contact(told.name, told.email, told.language)


def seller_of(key: ApiKey, wanted: str | None) -> Seller:
    """Who asks: of another marketplace its own alone. Raises ApiProblem."""
    mine = Seller.objects.filter(pk=key.marketplace.seller_id) if key.marketplace else Seller.objects.all()
    found = mine.filter(pk=wanted) if wanted else mine if key.marketplace else mine.filter(is_default=True)
    seller = found.select_related("wallet").first()
    if seller is None:
        raise _unusable("no_such_seller", _("There is no seller of this id."))
    return seller


def _wallets(people: list[PersonIn]) -> dict[str, WalletAddress]:
    """The wallets as they were written, each known by now. Raises ApiProblem, or Refusal for what can't be one."""
    end = clock.monotonic() + acts.WAIT_SECONDS
    found = {url: wallets.find_or_add(url) for url in dict.fromkeys(each.walletAddressUrl for each in people)}
    for url, wallet in found.items():
        left = end - clock.monotonic()
        if not wallet.is_known and left > 0:
            with place():
                found[url] = wallets.check(wallet.pk, left)
    for wallet in found.values():
        if wallet.problem:
            raise _unusable(wallet.problem, sentence(wallet.problem, wallet.problem_params))
        if not wallet.is_known:
            words = _("The wallets have not answered yet. Ask again in a moment, with the same Idempotency-Key.")
            raise ApiProblem(HTTPStatus.SERVICE_UNAVAILABLE, "quote_not_ready", words).after(acts.AGAIN_SECONDS)
    return found


def _unusable(code: str, words: str) -> ApiProblem:
    return ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, code, words)

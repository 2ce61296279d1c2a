"""`/api/payments/incoming`: money that a program wants to arrive at a seller's wallet, whoever pays it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Final

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from payments.actions import api_keys, incoming_asks
from payments.actions.incoming_asks import UNCERTAIN, Expected
from payments.api import acts
from payments.api.keys import Bearer, key_of
from payments.api.leading_on import leads_to
from payments.api.once import form_id, once
from payments.api.payments import READS
from payments.api.plain_requests import seller_of
from payments.api.problems import PROBLEMS, ApiProblem, not_found
from payments.api.shapes import WireAmount
from payments.models import ApiKey, ApiScope, IncomingAsk, Seller
from payments.models.fields import amount_of
from payments.models.incoming_asks import LONGEST_DESCRIPTION
from payments.openpayments.errors import OpenPaymentsError
from payments.presentation.reasons import Refusal, sentence, why
from payments.states import AttemptState
from payments.worker.places import place

ASKS: Final = Bearer(ApiScope.ASK, "payments.request_paymentrequest", "payments.view_paymentrequest")
GOES_ON: Final = ("payments_api_incoming_show_incoming", "payments_api_incoming_look_at_incoming")
router = Router(tags=["payments"])


class IncomingIn(Schema):
    """`amount` is in major units of the currency of the seller's wallet. Without `sellerId`: the one that is usual."""

    amount: str = Field(pattern=r"^[0-9]{1,19}(\.[0-9]{1,9})?$")
    description: str = Field("", max_length=LONGEST_DESCRIPTION)
    sellerId: str | None = Field(None, max_length=64)  # noqa: N815 - as programs write it


class IncomingData(Schema):
    """`received` is what its wallet said when it was last asked, at `readAt`."""

    id: str
    state: str
    incomingPaymentId: str | None  # noqa: N815
    walletAddress: str  # noqa: N815
    amount: str
    assetCode: str  # noqa: N815
    assetScale: int  # noqa: N815
    received: WireAmount
    readAt: datetime | None  # noqa: N815
    expiresAt: datetime | None  # noqa: N815


class IncomingOut(Schema):
    """`paymentId` and `payment_id` are the same: where whoever pays it sends the money. Null while there is none."""

    success: bool
    paymentId: str | None  # noqa: N815
    payment_id: str | None
    data: IncomingData


@router.post(
    "/api/payments/incoming",
    auth=ASKS,
    response={200: IncomingOut, **PROBLEMS},
    openapi_extra=leads_to("incoming_id", "data/id", *GOES_ON),
)
@once
def expect_incoming(request: HttpRequest, told: IncomingIn) -> IncomingOut:
    """Let the wallet of a seller who may hold money expect an amount; it is made there once."""
    key, form = key_of(request), form_id(request)
    if (known := _asked_before(form)) is None:
        wanted = Expected(told.amount, told.description, form)
        try:
            known = _expect(key, seller_of(key, told.sellerId), wanted)
        except IntegrityError:
            # Somebody asked for the same at the same moment.
            known = _asked_before(form)
    assert known, "an incoming payment that is asked for is never deleted"
    if known.incoming.state in UNCERTAIN:
        known = _at_wallet(partial(incoming_asks.find_out, known, acts.WAIT_SECONDS))
    _check_made(known)
    return _told(known)


def _asked_before(form: str) -> IncomingAsk | None:
    return IncomingAsk.objects.select_related("incoming__wallet", "seller__wallet").filter(form_id=form).first()


def _expect(key: ApiKey, seller: Seller, wanted: Expected) -> IncomingAsk:
    """A refusal of it is an entry. Raises it, and ApiProblem."""
    try:
        return _at_wallet(partial(incoming_asks.expect, seller, wanted, key, acts.WAIT_SECONDS))
    except Refusal as refusal:
        with transaction.atomic():
            api_keys.tell_refused(key, refusal, {"seller": seller.pk})
        raise


@router.get("/api/payments/incoming/{incoming_id}", auth=READS, response={200: IncomingOut, **PROBLEMS})
def show_incoming(request: HttpRequest, incoming_id: str) -> IncomingOut:
    """What is known of one."""
    return _told(_one(key_of(request), incoming_id))


@router.post("/api/payments/incoming/{incoming_id}/look", auth=ASKS, response={200: IncomingOut, **PROBLEMS})
@once
def look_at_incoming(request: HttpRequest, incoming_id: str) -> IncomingOut:
    """Ask its wallet what has arrived."""
    asked = _one(key_of(request), incoming_id)
    return _told(_at_wallet(partial(incoming_asks.look, asked, acts.WAIT_SECONDS)))


def _one(key: ApiKey, pk: str) -> IncomingAsk:
    """Of what keys of the same marketplace asked for. Raises ApiProblem."""
    asks = IncomingAsk.objects.filter(key__marketplace=key.marketplace_id)
    found = asks.select_related("incoming__wallet", "seller__wallet").filter(pk=pk).first() if pk.isalnum() else None
    if found is None:
        raise not_found()
    return found


def _at_wallet(call: Callable[[], IncomingAsk]) -> IncomingAsk:
    """While a wallet is asked one of the few places is taken. Raises ApiProblem for what the wallet did."""
    try:
        with place():
            return call()
    except OpenPaymentsError as error:
        code, params = why(error)
        if error.is_final:
            raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, code, sentence(code, params)) from error
        raise ApiProblem(HTTPStatus.SERVICE_UNAVAILABLE, code, sentence(code, params)).after(
            acts.AGAIN_SECONDS
        ) from error


def _check_made(asked: IncomingAsk) -> None:
    """Raises ApiProblem where the wallet refused, or has not said whether it made it."""
    row = asked.incoming
    if row.state == AttemptState.REFUSED:
        words = sentence(row.reason, row.reason_params)
        raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, row.reason, words, id=row.pk)
    if row.state in UNCERTAIN:
        words = _("The wallet has not said yet whether it expects this. Ask again, with the same Idempotency-Key.")
        raise ApiProblem(HTTPStatus.SERVICE_UNAVAILABLE, "incoming_unknown", words, id=row.pk).after(acts.AGAIN_SECONDS)


def _told(asked: IncomingAsk) -> IncomingOut:
    row = asked.incoming
    amount, received = row.amount, amount_of(row.received_value, row.asset_code, row.asset_scale)
    assert amount, "it is no probe"
    assert received, "it has its currency"
    where = row.remote_id or None
    data = IncomingData(
        id=row.pk,
        state=row.state,
        incomingPaymentId=where,
        walletAddress=row.wallet.url,
        amount=f"{amount.to_major().normalize():f}",
        assetCode=row.asset_code,
        assetScale=row.asset_scale,
        received=WireAmount.of(received),
        readAt=row.read_at,
        expiresAt=row.expires_at,
    )
    return IncomingOut(success=where is not None, paymentId=where, payment_id=where, data=data)

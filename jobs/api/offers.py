"""`/offers/…`: asking the funder of a job for its money, and where that is."""

from collections.abc import Sequence
from decimal import Decimal
from http import HTTPStatus
from typing import Final, Literal

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from jobs import funding, job_payments, payables
from jobs.funding import Way
from jobs.models import Application, Job
from jobs.payables import Choice
from payments.api import acts, shapes
from payments.api.keys import Bearer, key_of, requests_of
from payments.api.leading_on import leads_to
from payments.api.once import form_id, once
from payments.api.payments import READS, After, Limit, Status
from payments.api.problems import PROBLEMS, ApiProblem, not_found
from payments.models import ApiKey, ApiScope, PaymentRequest, Seller
from payments.openpayments.amounts import sum_in_major
from payments.openpayments.urls import UrlError, canonical_wallet_url

ASKS: Final = Bearer(ApiScope.ASK, "payments.request_paymentrequest", "jobs.view_job")
LONGEST_NUMBER: Final = 18  # digits
router = Router(tags=["offers"])


class QuoteIn(Schema):
    """`amount` is the whole of what is asked for, without our fee, in major units: `"100"` is one hundred."""

    sellerId: str = Field(min_length=1, max_length=64)  # noqa: N815 - as programs write it
    buyerWalletAddressUrl: str = Field(min_length=1, max_length=2000)  # noqa: N815
    amount: str = Field(pattern=r"^[0-9]{1,19}(\.[0-9]{1,9})?$")
    receiver: Literal["seller", "workers"] | None = Field(
        None,
        description="Who is paid: the seller, who holds it, or the workers whose money is owed. Without it the seller,"
        " if they may hold money and nobody holds some for this job.",
    )
    when: Literal["now", "held"] = Field(
        "now",
        description="When workers are paid: at once when the funder has approved it, or each when their work is"
        " accepted, once the funder has approved it.",
    )


class QuoteOut(Schema):
    """`redirectUrl` is where the payer approves: null while a second person must first agree."""

    success: bool
    redirectUrl: str | None  # noqa: N815
    paymentUrl: str | None  # noqa: N815
    pendingId: str  # noqa: N815
    incomingPaymentId: str | None  # noqa: N815
    quoteId: str | None  # noqa: N815
    amount: str
    assetCode: str  # noqa: N815
    status: str
    state: str


class OfferPayments(shapes.PaymentsPage):
    """The payments of one offer."""

    offerId: str  # noqa: N815


@router.get("/offers/{offer_id}/payments", auth=READS, response={200: OfferPayments, **PROBLEMS})
def offer_payments(request: HttpRequest, offer_id: str, limit: Limit, after: After, status: Status) -> OfferPayments:
    """Every payment request that was made for an offer, newest first."""
    key = key_of(request)
    mine = requests_of(key).filter(pk__in=job_payments.requests_of(_job(key, offer_id)).values("pk"))
    page = shapes.page_of(mine, key, limit=limit, after=after, status=status)
    return OfferPayments(offerId=offer_id, **dict(page))


@router.post(
    "/offers/{offer_id}/quotes/start",
    auth=ASKS,
    response={200: QuoteOut, **PROBLEMS},
    openapi_extra=leads_to("pending_id", "pendingId", "payments_api_payments_payment_status"),
)
@once
def start_quote(request: HttpRequest, offer_id: str, told: QuoteIn) -> QuoteOut:
    """Ask the funder of an offer for its money: a quote is fetched, and the link is sent to them and told here."""
    key = key_of(request)
    job = _job(key, offer_id)
    form = form_id(request)
    made = PaymentRequest.objects.filter(form_id=form).first()
    asked = acts.asked(key, {"job": offer_id}, lambda: made or _ask(job, told, key, form))
    return _answer(asked, key, told)


def _ask(job: Job, told: QuoteIn, key: ApiKey, form: str) -> PaymentRequest:
    """As the dialog on the job's page asks, for what it would show."""
    seller = Seller.objects.select_related("wallet").filter(pk=told.sellerId).first()
    if seller is None:
        words = _("There is no seller of this id.")
        raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "no_such_seller", words)
    _check_buyer(job, told)
    found = _chosen(job, seller, told)
    workers = [choice.receiver for choice in found if isinstance(choice.receiver, Application)]
    receivers: list[Application] | Literal["seller"] = workers if _pays_workers(job, seller, told) else "seller"
    if found:
        _check_amount(found, told)
    seen = {each.receiver.pk if isinstance(each.receiver, Application) else 0: each.seen for each in found}
    return funding.fund(job, receivers, seller, _way(receivers, told), by=key.acts_for, form_id=form, seen=seen)


def _way(receivers: list[Application] | Literal["seller"], told: QuoteIn) -> Way:
    """A seller who holds the money gets it at once."""
    return Way.NOW if receivers == "seller" else Way(told.when)


def _pays_workers(job: Job, seller: Seller, told: QuoteIn) -> bool:
    if told.receiver:
        return told.receiver == "workers"
    return not seller.may_hold_money or job_payments.funding_under_way(job) is not None


def _chosen(job: Job, seller: Seller, told: QuoteIn) -> list[Choice]:
    """Who is paid, and how much. Where nobody can be, `fund` says why."""
    if _pays_workers(job, seller, told):
        return payables.owed(job)
    return [payables.to_seller(seller, job)]


def _check_amount(found: Sequence[Choice], told: QuoteIn) -> None:
    """The program and we must mean the same money. Raises ApiProblem."""
    total = sum_in_major(choice.amount for choice in found)
    if Decimal(told.amount) != total:
        words = _("This is not what is asked for, so nothing was. The details say how much it would be.")
        asset = found[0].amount.asset.code
        raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "amount_differs", words, amount=f"{total:f}", assetCode=asset)


def _check_buyer(job: Job, told: QuoteIn) -> None:
    """The payer is the funder, at the wallet that we know of them; it is changed only by how wallets are changed."""
    wallet = funding.payer_wallet_of(job.funder)
    try:
        url = canonical_wallet_url(told.buyerWalletAddressUrl, frozenset(settings.OPEN_PAYMENTS_TRUSTED_HOSTS))
    except UrlError:
        url = ""
    if url not in (wallet.url, wallet.canonical_id):
        words = _("The funder of this offer has another wallet. It can be changed on their page.")
        raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "buyer_wallet_differs", words)


def _answer(request: PaymentRequest, key: ApiKey, told: QuoteIn) -> QuoteOut:
    row = shapes.one(requests_of(key), key, request.pk)
    assert row, "a key sees what it asked for"
    payment = request.payments.order_by("created_at", "id")[0]
    link = row.redirectUrl
    return QuoteOut(
        success=True,
        redirectUrl=link,
        paymentUrl=link,
        pendingId=row.pendingId,
        incomingPaymentId=row.incomingPaymentId,
        quoteId=row.quoteId,
        amount=told.amount,
        assetCode=payment.worth.asset.code,
        status=row.status,
        state=row.state,
    )


def _job(key: ApiKey, offer_id: str) -> Job:
    """The job of our own marketplace; the keys of others see none. Raises ApiProblem."""
    is_number = offer_id.isascii() and offer_id.isdecimal() and len(offer_id) <= LONGEST_NUMBER
    if key.marketplace_id or not is_number:
        raise not_found()
    found = Job.objects.select_related("funder__wallet", "seller__wallet").filter(pk=offer_id).first()
    if found is None:
        raise not_found()
    return found

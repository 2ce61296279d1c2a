"""A payment request as programs read it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, Self

from django.db.models import Q, QuerySet
from ninja import Field, Schema

from payments.api import offers
from payments.links import approval_url
from payments.models import ApiKey, ApiScope, Payment, PaymentRequest
from payments.models.attempts import incoming_payments_of, latest_quote, outgoing_payments_of
from payments.openpayments.amounts import Amount
from payments.states import DEAD_PAYMENTS, DEAD_REQUESTS, PAID, PAID_REQUESTS, PaymentState, RequestState

PREFETCHED: Final = (
    *("payments__receiver_wallet", "payments__incoming_payments"),
    *("payments__quotes", "payments__outgoing_payments"),
)
#: Their payer has the link, and so may a program that asks them.
LINK_STATES: Final = frozenset({RequestState.AWAITING_APPROVAL, RequestState.APPROVED})
MOST: Final = 100
USUAL: Final = 50


class ApiStatus(StrEnum):
    """`paid`: every receiver has it. `failed`: it is over, and somebody was not paid by it. Else `pending`."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


#: The requests of each status.
STATUSES: Final = {
    ApiStatus.PAID: Q(state__in=PAID_REQUESTS),
    ApiStatus.FAILED: Q(state__in=DEAD_REQUESTS),
    ApiStatus.PENDING: ~Q(state__in=PAID_REQUESTS | DEAD_REQUESTS),
}


class WireAmount(Schema):
    """In minor units, as Open Payments has it."""

    value: str
    assetCode: str  # noqa: N815 - as programs write it
    assetScale: int  # noqa: N815

    @classmethod
    def of(cls, amount: Amount) -> Self:
        return cls.model_validate(amount.to_wire())


class AttemptIds(Schema):
    """What the wallets call what was made there, the latest of each; null where there is none yet."""

    incomingPaymentId: str | None  # noqa: N815
    outgoingPaymentId: str | None  # noqa: N815
    quoteId: str | None  # noqa: N815


class ReceiverPayment(AttemptIds):
    """What one receiver gets."""

    paymentId: str  # noqa: N815
    purpose: str
    status: ApiStatus
    state: str
    walletAddressUrl: str  # noqa: N815
    receiveAmount: WireAmount  # noqa: N815


class RequestedPayment(AttemptIds):
    """One ask to one payer. The ids are those of its first receiver; `payments` has all of them."""

    pendingId: str  # noqa: N815
    offerId: str | None  # noqa: N815
    status: ApiStatus
    state: str
    buyerWalletAddressUrl: str  # noqa: N815
    redirectUrl: str | None = Field(description="Where the payer approves, while they may.")  # noqa: N815
    payments: list[ReceiverPayment]


class PaymentsPage(Schema):
    """Newest first. `next` is the `after` of the next page; null on the last."""

    payments: list[RequestedPayment]
    next: str | None


def page_of(
    requests: QuerySet[PaymentRequest], key: ApiKey, *, limit: int, after: str | None, status: ApiStatus | None
) -> PaymentsPage:
    """Of `requests`, which `key` may see, those behind the one that `after` names."""
    # What others asked for is behind nothing: nobody learns that it is there.
    last = requests.filter(pk=after).values_list("created_at", "id").first() if after else None
    if after:
        requests = requests.filter(_behind(*last)) if last else requests.none()
    if status:
        requests = requests.filter(STATUSES[status])
    rows = list(_read(requests).order_by("-created_at", "-id")[: limit + 1])
    shown, more = rows[:limit], len(rows) > limit
    return PaymentsPage(payments=told(shown, key), next=shown[-1].pk if more else None)


def _behind(created_at: Any, pk: str) -> Q:
    return Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk)


def one(requests: QuerySet[PaymentRequest], key: ApiKey, pk: str) -> RequestedPayment | None:
    """The request `pk` of `requests`, if it is one of them."""
    return next(iter(told(_read(requests.filter(pk=pk)), key)), None)


def _read(requests: QuerySet[PaymentRequest]) -> QuerySet[PaymentRequest]:
    return requests.select_related("payer_wallet", "api_ask").prefetch_related(*PREFETCHED)


def told(rows: Iterable[PaymentRequest], key: ApiKey) -> list[RequestedPayment]:
    """In a constant number of queries."""
    rows = list(rows)
    about = offers.offers_of([row.pk for row in rows])
    may_ask = ApiScope.ASK in key.scopes and key.acts_for.has_perm("payments.request_paymentrequest")
    return [_told(row, about.get(row.pk), key.acts_for_id if may_ask else None) for row in rows]


def _told(row: PaymentRequest, offer_id: str | None, shown_to: int | None) -> RequestedPayment:
    payments = [_receiver(payment) for payment in row.payments.all()]
    first = payments[0] if payments else None
    asked_by_a_program = hasattr(row, "api_ask")
    shows_link = shown_to and asked_by_a_program and row.state in LINK_STATES
    return RequestedPayment(
        pendingId=row.pk,
        offerId=offer_id,
        status=status_of(RequestState(row.state)),
        state=row.state,
        buyerWalletAddressUrl=row.payer_wallet.url,
        incomingPaymentId=first.incomingPaymentId if first else None,
        outgoingPaymentId=first.outgoingPaymentId if first else None,
        quoteId=first.quoteId if first else None,
        redirectUrl=approval_url(row, shown_to) if shows_link else None,
        payments=payments,
    )


def status_of(state: RequestState) -> ApiStatus:
    if state in PAID_REQUESTS:
        return ApiStatus.PAID
    return ApiStatus.FAILED if state in DEAD_REQUESTS else ApiStatus.PENDING


def _receiver(payment: Payment) -> ReceiverPayment:
    state = PaymentState(payment.state)
    quote = latest_quote(payment)
    incoming = [each.remote_id for each in incoming_payments_of(payment) if each.remote_id and not each.probe]
    outgoing = [each.remote_id for each in outgoing_payments_of(payment) if each.remote_id]
    over = ApiStatus.FAILED if state in DEAD_PAYMENTS else ApiStatus.PENDING
    return ReceiverPayment(
        paymentId=payment.pk,
        purpose=payment.purpose,
        status=ApiStatus.PAID if state in PAID else over,
        state=state.value,
        walletAddressUrl=payment.receiver_wallet.url,
        receiveAmount=WireAmount.of(payment.amount),
        incomingPaymentId=incoming[-1] if incoming else None,
        outgoingPaymentId=outgoing[-1] if outgoing else None,
        quoteId=quote.remote_id if quote else None,
    )

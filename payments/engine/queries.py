"""What plans and answers read of one request, in as few queries as there are tables, each put together once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from ledger.compiled import Compiled
from payments.models import Grant, IncomingPayment, OutgoingPayment, Payment, PaymentRequest, Quote, WalletAddress
from payments.models.grants import ACCESS_KINDS, GrantKind
from payments.states import FINISHED_PAYMENTS, AttemptState, GrantState, KeyState

Attempt = IncomingPayment | Quote | OutgoingPayment

#: After so many failures an unpaid incoming payment is left to expire by itself: no grant can pay it any more.
GIVE_UP_CLOSING = 8


def _request(pk: str) -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.filter(pk=pk).select_related("payer_wallet", "seller__wallet", "standing_budget")


def _payments(request: str) -> QuerySet[Payment]:
    return Payment.objects.filter(request=request).select_related("receiver_wallet", "grant")


def _outgoing_payments(request: str) -> QuerySet[OutgoingPayment]:
    return OutgoingPayment.objects.filter(payment__request=request).select_related("quote__incoming", "grant")


def _quotes(request: str) -> QuerySet[Quote]:
    return Quote.objects.filter(payment__request=request).select_related("incoming", "outgoing_payment")


def _incoming_payments(request: str) -> QuerySet[IncomingPayment]:
    return IncomingPayment.objects.filter(payment__request=request)


def _approvals(request: str) -> QuerySet[Grant]:
    return Grant.objects.filter(request=request, kind=GrantKind.OUTGOING).select_related("wallet")


def _access(request: str) -> QuerySet[Grant]:
    live = Grant.objects.filter(request=request, state=GrantState.ACTIVE, key__state=KeyState.ACTIVE)
    return live.exclude(kind=GrantKind.OUTGOING)


def _shared_access(  # noqa: PLR0913, PLR0917 - one for each parameter of the query
    key: str, kind: str, auth_server: str, resource_server: str, since: datetime, now: datetime
) -> QuerySet[Grant]:
    live = Grant.objects.filter(key=key, created_at__gt=since, token_expires_at__gt=now, state=GrantState.ACTIVE)
    access = live.filter(kind__in=ACCESS_KINDS, kind=kind)
    served = access.filter(auth_server=auth_server, wallet__resource_server=resource_server)
    return served.order_by("-created_at", "-id")[:1]


def _unpaid(request: str, now: datetime) -> QuerySet[IncomingPayment]:
    open_ones = IncomingPayment.objects.filter(
        payment__request=request,
        payment__state__in=sorted(FINISHED_PAYMENTS),
        state=AttemptState.OPEN,
        over_at=None,
        failures__lt=GIVE_UP_CLOSING,
        expires_at__gt=now,
    )
    return open_ones.select_related("payment__receiver_wallet", "wallet")


def _ordered(request: str, read_after: datetime) -> QuerySet[IncomingPayment]:
    """Where outgoing payments were ever to go, and what its wallet has not been asked since."""
    ordered = OutgoingPayment.objects.filter(quote__incoming=OuterRef("pk"))
    unread = IncomingPayment.objects.filter(Q(read_at=None) | Q(read_at__lt=read_after), payment__request=request)
    found = unread.exclude(remote_id="").filter(Exists(ordered))
    return found.select_related("payment__receiver_wallet", "wallet")


REQUEST = Compiled(_request, str)
PAYMENTS = Compiled(_payments, str)
OUTGOING_PAYMENTS = Compiled(_outgoing_payments, str)
QUOTES = Compiled(_quotes, str)
INCOMING_PAYMENTS = Compiled(_incoming_payments, str)
APPROVALS = Compiled(_approvals, str)
ACCESS = Compiled(_access, str)
SHARED_ACCESS = Compiled(_shared_access, str, str, str, str, datetime, datetime)
UNPAID = Compiled(_unpaid, str, datetime)
ORDERED = Compiled(_ordered, str, datetime)

PAYMENT = Compiled(lambda pk: Payment.objects.filter(pk=pk).select_related("receiver_wallet"), str)
GRANT = Compiled(lambda pk: Grant.objects.filter(pk=pk).select_related("wallet"), str)
INCOMING_PAYMENT = Compiled(lambda pk: IncomingPayment.objects.filter(pk=pk).select_related("payment", "wallet"), str)
QUOTE = Compiled(lambda pk: Quote.objects.filter(pk=pk).select_related("payment"), str)
OUTGOING_PAYMENT = Compiled(
    lambda pk: OutgoingPayment.objects.filter(pk=pk).select_related("payment__receiver_wallet", "quote", "grant"), str
)


def payments_of(request: PaymentRequest) -> list[Payment]:
    """With their receivers' wallets and approvals."""
    payments = PAYMENTS(request.pk)
    for payment in payments:
        payment.request = request
    return payments


def approvals_of(request: PaymentRequest) -> list[Grant]:
    """Every grant to pay that was ever asked for."""
    return _of_request(request, APPROVALS(request.pk))


def access_of(request: PaymentRequest) -> list[Grant]:
    """The living grants to receive and to quote.

    Those that an earlier key of the seller asked for are left alone: that key may no longer be published.
    """
    return _of_request(request, ACCESS(request.pk))


def shared_access(
    request: PaymentRequest, kind: str, wallet: WalletAddress, since: datetime, now: datetime
) -> Grant | None:
    """The newest grant of that kind whose token lives at `now`, and which the seller's key asked for after `since`.

    For whichever request: it is bound to seller and key, and limited to no wallet address. Its token goes to no other
    servers than those that it was given for: those of `wallet`.
    """
    newest = SHARED_ACCESS(request.seller.active_key.pk, kind, wallet.auth_server, wallet.resource_server, since, now)
    return next(iter(newest), None)


def _of_request(request: PaymentRequest, grants: list[Grant]) -> list[Grant]:
    for grant in grants:
        grant.request = request
    return grants


def add_outgoing_payments(request: PaymentRequest, payments: Iterable[Payment]) -> None:
    """Have the `outgoing_payments` of `payments`, which are the request's, at hand, with what each pays."""
    _add("outgoing_payments", payments, OUTGOING_PAYMENTS(request.pk))


def add_quotes(request: PaymentRequest, payments: Iterable[Payment]) -> None:
    """Have the `incoming_payments` and `quotes` of `payments`, which are the request's, at hand."""
    _add("incoming_payments", payments, INCOMING_PAYMENTS(request.pk))
    _add("quotes", payments, QUOTES(request.pk))


def _add(name: str, payments: Iterable[Payment], attempts: Iterable[Attempt]) -> None:
    """`prefetch_related` would put its SQL together each time."""
    found: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        found[attempt.payment_id or ""].append(attempt)
    for payment in payments:
        for attempt in found[payment.pk]:
            attempt.payment = payment
        payment.known[name] = found[payment.pk]

"""Which payment requests their payers could approve now: looked at when a reminder is written, and when it is sent."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet

from ledger import clock
from payments import pauses
from payments.models import Grant, PaymentRequest
from payments.models.grants import GrantKind
from payments.states import GrantState, RequestState

#: The payer is at their wallet's page, or came back from it, and the engine asks the wallet what they said.
AT_IT = (GrantState.RETURNED, GrantState.CONTINUING)


def approvable(ids: Collection[str]) -> list[PaymentRequest]:
    """Those of the requests `ids` that a payer could approve now, oldest first, with wallets and sellers.

    Not those that they are just approving, whose wallet can't be used, or whose payments are paused: what they were
    reminded of would not work, or is done.
    """
    found = _waiting().filter(pk__in=ids).select_related("payer_wallet", "seller", "standing_budget")
    found = found.prefetch_related("payments__receiver_wallet").order_by("sent_at", "pk")
    if not pauses.active():
        return list(found)
    return [request for request in found if not pauses.blocking(request.seller_id, _hosts(request))]


def _waiting() -> QuerySet[PaymentRequest]:
    """As rows say; what is paused is not looked at."""
    now = clock.now()
    back = Grant.objects.filter(request=OuterRef("pk"), kind=GrantKind.OUTGOING, state__in=AT_IT)
    there = Grant.objects.filter(
        request=OuterRef("pk"), kind=GrantKind.OUTGOING, state=GrantState.PENDING, interaction_expires_at__gt=now
    )
    return PaymentRequest.objects.filter(
        ~Exists(back),
        ~Exists(there),
        state=RequestState.AWAITING_APPROVAL,
        expires_at__gt=now,
        payer_asked_at=None,
        payer_wallet__problem="",
    )


def _hosts(request: PaymentRequest) -> set[str]:
    wallets = [request.payer_wallet, *(payment.receiver_wallet for payment in request.payments.all())]
    return {host for wallet in wallets for host in wallet.hosts}

"""The rules of limits: which request needs a second person, and which receiver must prove their wallet first."""

from payments.models import AuthorisationLimit, Payment, PaymentRequest, ProofLimit
from payments.openpayments.amounts import Amount, Asset
from payments.states import FINISHED_PAYMENTS


def needs_second_person(request: PaymentRequest) -> bool:
    """Whether a second person must authorise it: always, for our own money; above the limit of its currency."""
    if request.two_people:
        return True
    limit = AuthorisationLimit.objects.filter(asset_code=request.asset_code, asset_scale=request.asset_scale).first()
    return limit is not None and (request.ceiling_debit or 0) > limit.limit


def unproven(request: PaymentRequest) -> list[Payment]:
    """The payments of `request` that are too large for a wallet whose owner has not proven that it is theirs."""
    limits = {(row.asset_code, row.asset_scale): row.limit for row in ProofLimit.objects.all()}
    if not limits:
        return []
    waiting = request.payments.exclude(state__in=FINISHED_PAYMENTS).filter(receiver_wallet__proven_at=None)
    return [
        payment
        for payment in waiting.select_related("receiver_wallet")
        if payment.value > limits.get((payment.asset_code, payment.asset_scale), payment.value)
    ]


def limit_of(row: AuthorisationLimit | ProofLimit) -> Amount:
    return Amount(row.limit, Asset(row.asset_code, row.asset_scale))

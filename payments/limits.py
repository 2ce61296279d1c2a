"""The rules of limits: which request needs a second person, and which receiver must prove their wallet first.

A limit is one of a currency, in major units, whatever the scale that a wallet counts in. A currency without one has
that of every other currency; without that one, too, it has none.
"""

from typing import Final

from payments.models import AuthorisationLimit, Payment, PaymentRequest, ProofLimit
from payments.models.fields import amount_of
from payments.openpayments.amounts import Amount, Asset
from payments.states import UNSENT

#: In place of a currency's code: all that have no limit of their own.
EVERY_OTHER: Final = "*"


def needs_second_person(request: PaymentRequest) -> bool:
    """Whether a second person must still agree to the most that the payer pays, as far as that has grown by now.

    Always, for our own money; above the limit of its currency. What they agreed to stands in `authorised_debit`.
    """
    most = amount_of(request.most_debit, request.asset_code, request.asset_scale)
    if request.authorised_debit is not None and (most is None or most.value <= request.authorised_debit):
        return False
    return request.two_people or (most is not None and _is_above(AuthorisationLimit, most))


def unproven(request: PaymentRequest) -> list[Payment]:
    """The payments of `request` that are too large for a wallet whose owner has not proven that it is theirs."""
    waiting = request.payments.filter(state__in=UNSENT, receiver_wallet__proven_at=None)
    return [payment for payment in waiting.select_related("receiver_wallet") if needs_proof(payment)]


def needs_proof(payment: Payment) -> bool:
    """Whether its receiver must first prove that the wallet is theirs."""
    return payment.receiver_wallet.proven_at is None and _is_above(ProofLimit, payment.amount)


def _is_above(model: type[AuthorisationLimit | ProofLimit], amount: Amount) -> bool:
    code = code_of(amount.asset)
    rows = {row.asset_code: row for row in model._default_manager.filter(asset_code__in=[code, EVERY_OTHER])}  # noqa: SLF001 - Django's public name
    row = rows.get(code) or rows.get(EVERY_OTHER)
    return row is not None and amount.to_major() > limit_of(row).to_major()


def code_of(asset: Asset) -> str:
    """The currency as limits name it: a wallet that writes its code in small letters has the same limit."""
    return asset.code.upper()


def limit_of(row: AuthorisationLimit | ProofLimit) -> Amount:
    """With as many decimal places as it was written with."""
    return Amount(row.limit, Asset(row.asset_code, row.asset_scale))

"""The limit for unproven wallets: which receiver must prove their wallet before they are paid.

A limit is one of a currency, in major units, whatever the scale that a wallet counts in. A currency without one has
that of every other currency; without that one, too, it has none.
"""

from collections.abc import Iterable

from ledger import clock
from payments.authorisation import EVERY_OTHER, code_of
from payments.models import Payment, PaymentRequest, ProofLimit, WalletProof
from payments.models.proofs import OVER
from payments.openpayments.amounts import Amount, Asset
from payments.states import UNSENT


def unproven(request: PaymentRequest) -> list[Payment]:
    """The payments of `request` that are too large for a wallet whose owner has not proven that it is theirs."""
    waiting = request.payments.filter(state__in=UNSENT, receiver_wallet__proven_at=None)
    return [payment for payment in waiting.select_related("receiver_wallet") if needs_proof(payment)]


def asked_to_prove(payments: Iterable[Payment]) -> dict[int, WalletProof]:
    """The questions to their receivers that are still open, by wallet."""
    wallets = {payment.receiver_wallet_id for payment in payments}
    found = WalletProof.objects.filter(wallet__in=wallets, expires_at__gt=clock.now()).exclude(state__in=OVER)
    return {proof.wallet_id: proof for proof in found} if wallets else {}


def needs_proof(payment: Payment) -> bool:
    """Whether its receiver must first prove that the wallet is theirs."""
    return payment.receiver_wallet.proven_at is None and _is_above(payment.amount)


def _is_above(amount: Amount) -> bool:
    code = code_of(amount.asset)
    rows = {row.asset_code: row for row in ProofLimit.objects.filter(asset_code__in=[code, EVERY_OTHER])}
    row = rows.get(code) or rows.get(EVERY_OTHER)
    return row is not None and amount.to_major() > limit_of(row).to_major()


def limit_of(row: ProofLimit) -> Amount:
    """With as many decimal places as it was written with."""
    return Amount(row.limit, Asset(row.asset_code, row.asset_scale))

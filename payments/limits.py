"""The limit for unproven wallets: which receiver must prove their wallet before they are paid.

A limit is one of a currency, in major units, whatever the scale that a wallet counts in. A currency without one has
that of every other currency; without that one, too, it has none.

Unless the setting PROOF_BEFORE_FIRST_PAYMENT is off, whoever was never paid at their wallet proves it first, whatever
the amount. That is looked at when somebody is about to ask, not once more before the money moves: by then the payer has
approved it, and a limit is there for what must be certain.
"""

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db.models import Exists, OuterRef

from ledger import clock
from payments.authorisation import EVERY_OTHER, code_of
from payments.models import Payment, PaymentRequest, ProofLimit, WalletAddress, WalletProof
from payments.models.payments import Purpose
from payments.models.proofs import OVER
from payments.openpayments.amounts import Amount, Asset
from payments.states import PAID, UNSENT, RequestState


def unproven(request: PaymentRequest) -> list[Payment]:
    """The payments of `request` whose receiver must first prove their wallet: too large, or the first one to it."""
    waiting = request.payments.filter(state__in=UNSENT, receiver_wallet__proven_at=None)
    payments = list(waiting.select_related("receiver_wallet"))
    work = [payment.receiver_wallet_id for payment in payments if payment.purpose == Purpose.WORK]
    asks = settings.PROOF_BEFORE_FIRST_PAYMENT and request.state != RequestState.APPROVED
    first = never_paid(work) if asks else set()
    limits = _limits({code_of(payment.asset) for payment in payments})
    return [
        payment
        for payment in payments
        if (payment.purpose == Purpose.WORK and payment.receiver_wallet_id in first)
        or _is_above(payment.amount, limits)
    ]


def never_paid(wallets: Iterable[int]) -> set[int]:
    """Those of these wallets, by key, to which nothing was ever paid: one query."""
    wanted = set(wallets)
    paid = Payment.objects.filter(receiver_wallet=OuterRef("pk"), state__in=sorted(PAID))
    found = WalletAddress.objects.filter(~Exists(paid), pk__in=wanted) if wanted else WalletAddress.objects.none()
    return set(found.values_list("pk", flat=True))


def proves_first(wallet: WalletAddress) -> bool:
    """Whether its owner is asked to prove it before they are paid for the first time."""
    wanted = settings.PROOF_BEFORE_FIRST_PAYMENT and wallet.is_usable and wallet.proven_at is None
    return wanted and wallet.pk in never_paid([wallet.pk])


def asked_to_prove(payments: Iterable[Payment]) -> dict[int, WalletProof]:
    """The questions to their receivers that are still open, by wallet."""
    wallets = {payment.receiver_wallet_id for payment in payments}
    found = WalletProof.objects.filter(wallet__in=wallets, expires_at__gt=clock.now()).exclude(state__in=OVER)
    return {proof.wallet_id: proof for proof in found} if wallets else {}


def needs_proof(payment: Payment) -> bool:
    """Whether its amount is too large for a wallet whose owner has not proven that it is theirs."""
    return payment.receiver_wallet.proven_at is None and _is_above(payment.amount, _limits({code_of(payment.asset)}))


def _limits(codes: Iterable[str]) -> dict[str, ProofLimit]:
    """Those that count in these currencies, by code."""
    return {row.asset_code: row for row in ProofLimit.objects.filter(asset_code__in=[*codes, EVERY_OTHER])}


def _is_above(amount: Amount, limits: Mapping[str, ProofLimit]) -> bool:
    row = limits.get(code_of(amount.asset)) or limits.get(EVERY_OTHER)
    return row is not None and amount.to_major() > limit_of(row).to_major()


def limit_of(row: ProofLimit) -> Amount:
    """With as many decimal places as it was written with."""
    return Amount(row.limit, Asset(row.asset_code, row.asset_scale))

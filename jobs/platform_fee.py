"""The platform's fee: reckoned once per currency over what a request brings its workers, and for each worker only once.

A seller takes a share (basis points) of what the workers get, or an amount for each worker, or nothing. The payer pays
it on top, as a payment of its own to a seller's wallet; it is never a worker's money and delays none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from jobs.models import Application, Payout
from jobs.reasons import JobRefusal
from payments.models import Seller
from payments.models.sellers import WHOLE
from payments.openpayments.amounts import Amount, AmountError, Asset


@dataclass(frozen=True)
class FeeTerms:
    """What one worker's fee is reckoned from: a share in basis points, or an amount in minor units of the budget."""

    share: int
    each_value: int


@dataclass(frozen=True)
class RequestFee:
    """The fee of one request in one currency; `parts` says how much of it is for which worker (by application)."""

    amount: Amount
    seller: Seller  # who receives it
    terms: FeeTerms
    parts: dict[int, int]


def terms_for(seller: Seller, asset: Asset) -> FeeTerms:
    """What `seller` takes in this currency. A fixed amount in another currency is not converted: nothing is taken."""
    each = seller.fee_each
    if each is None or each.asset.code != asset.code:
        return FeeTerms(seller.fee_share, 0)
    try:
        return FeeTerms(0, each.rescaled(asset.scale).value)
    except AmountError as error:
        raise JobRefusal("fee_too_fine", seller=seller.name) from error


def fees(seller: Seller, wanted: Sequence[tuple[Application, Amount]]) -> list[RequestFee]:
    """One fee for each currency of the amounts that the workers are to get now, where there is one.

    Reads each application's job, payouts, their payments, and these requests' payments. Raises JobRefusal.
    """
    if not seller.takes_fee:
        return []
    by_asset: dict[Asset, list[tuple[Application, Amount]]] = {}
    for application, amount in wanted:
        by_asset.setdefault(application.job.budget.asset, []).append((application, amount))
    found = (_fee(seller, asset, lines) for asset, lines in by_asset.items())
    return [fee for fee in found if fee is not None]


def _fee(seller: Seller, asset: Asset, lines: list[tuple[Application, Amount]]) -> RequestFee | None:
    terms = terms_for(seller, asset)
    exact = {application.pk: _due(terms, application, amount) for application, amount in lines}
    if not any(exact.values()):
        return None
    receiver = _receiver(seller, asset)
    grain = min(asset.scale, receiver.wallet.asset.scale)
    parts = _rounded(exact, grain)
    value = sum(parts.values())
    if Fraction(value, 10**grain) > sum(_major(amount) for _application, amount in lines):
        raise JobRefusal("fee_too_large", seller=seller.name)
    finer = 10 ** (asset.scale - grain)
    parts = {key: part * finer for key, part in parts.items()}
    return RequestFee(Amount(value * finer, asset), receiver, terms, parts) if value else None


def _due(terms: FeeTerms, application: Application, amount: Amount) -> Fraction:
    """The fee for `amount` in major units; what was taken earlier for money that never arrived is set off."""
    asset, payouts = application.job.budget.asset, list(application.payouts.all())
    arrived = [payout for payout in payouts if _arrived(payout)]
    earned = sum((_arrived(payout) * payout.fee_share / WHOLE for payout in arrived), Fraction())
    # The fixed amount is taken once for each worker of a job; each of their payouts keeps it as a term.
    fixed = max((payout.fee_each_value for payout in arrived), default=0)
    earned += Fraction(fixed, 10**asset.scale)
    taken = sum(Fraction(payout.fee_value, 10**asset.scale) for payout in payouts if _fee_lives(payout))
    now = _major(amount) * terms.share / WHOLE
    if terms.each_value and not fixed:
        now += Fraction(terms.each_value, 10**asset.scale)
    return max(Fraction(), earned + now - taken)


def _arrived(payout: Payout) -> Fraction:
    return _major(payout.payment.worth_arrived)


def _fee_lives(payout: Payout) -> bool:
    """The fee that was asked together with this payout was paid, or may still be.

    One that waits until its workers are paid is lowered, by then, to the parts of those who are.
    """
    if not payout.fee_value:
        return False
    beside = payout.payment.request.payments.all()
    mine = [each for each in beside if each.is_fee and each.asset_code == payout.payment.worth.asset.code]
    return any(not fee.is_dead and not (payout.payment.is_dead and fee.waits_for_release) for fee in mine)


def _rounded(exact: dict[int, Fraction], grain: int) -> dict[int, int]:
    """The sum rounded half up to `grain` decimals, shared out so that the parts make exactly the sum.

    Everybody's part is rounded down; the units that are left go to the largest remainders.
    """
    fine = {key: due * 10**grain for key, due in exact.items()}
    parts = {key: int(due) for key, due in fine.items()}
    left = int(sum(fine.values()) + Fraction(1, 2)) - sum(parts.values())
    largest = sorted(fine, key=lambda key: (parts[key] - fine[key], key))
    return {key: part + (key in largest[:left]) for key, part in parts.items()}


def _receiver(seller: Seller, asset: Asset) -> Seller:
    """Whose wallet takes the fee in this currency: the asking seller's, else that of another of ours."""
    others = Seller.objects.select_related("wallet").exclude(pk=seller.pk).order_by("-is_default", "pk")
    for each in (seller, *others):
        if each.wallet.is_usable and each.wallet.asset_code == asset.code:
            return each
    raise JobRefusal("fee_without_wallet", currency=asset.code, seller=seller.name)


def _major(amount: Amount) -> Fraction:
    return Fraction(amount.value, 10**amount.asset.scale)

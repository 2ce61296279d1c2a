"""Giving money back: whoever received a payment is asked to send it, or a part of it, back to who paid it. No network.

A refund is a payment request like any other, the other way round: its payer is the wallet that received the money, its
receiver the wallet that paid. Ours sends back what a seller received, always by two people; otherwise the receiver gets
the link by email. Never more goes back than arrived by wallet, less what went back or is on its way back already.
Between two currencies whoever received gives back an exact amount of theirs, and whoever paid gets what it buys.
"""

from django.contrib.auth.models import User
from django.db import transaction

from ledger.api import Actor, record
from payments.actions.requests import Contact, RequestLine, ask, lock_request
from payments.models import Payment, PaymentRequest, Refund, Seller, WalletAddress
from payments.models.payments import Purpose
from payments.models.titles import MadeTitle, TitleKind
from payments.openpayments.amounts import Amount, AmountError, Asset
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal
from payments.presentation.status import payment_status
from payments.states import FINISHED_PAYMENTS


def going_back(payment: Payment) -> Amount:
    """What went back of `payment`, or is on its way back, in its own units. Reads `refunds__payment__request`."""
    back = [each.payment for each in payment.refunds.all()]
    counted = [each.worth_arrived if each.is_over else each.worth for each in back]
    return Amount(sum(_at_least(amount, payment.asset_scale) for amount in counted), payment.asset)


def _at_least(amount: Amount, scale: int) -> int:
    """Minor units at `scale`, rounded up: a part that arrived may be finer than the wallet that sent it counts."""
    if amount.asset.scale <= scale:
        return amount.rescaled(scale).value
    finer: int = 10 ** (amount.asset.scale - scale)
    return -(-amount.value // finer)


def refundable(payment: Payment) -> Amount:
    """What may still go back of what arrived by wallet; zero while more may still arrive. Reads as `going_back`."""
    if payment.state not in FINISHED_PAYMENTS or payment.purpose == Purpose.REFUND:
        return Amount(0, payment.asset)
    return Amount(max(0, payment.received_value - going_back(payment).value), payment.asset)


def refund(  # noqa: PLR0913 - the parts of a refund
    payment_id: str, amount: Amount, *, by: User, form_id: str, seen: Amount | None = None, of_escrow: bool = False
) -> PaymentRequest:
    """Ask whoever received `payment_id` to send `amount` back, in the units of that payment.

    `seen` is what was still refundable when the person looked: anything else now is refused. What a seller holds for
    workers goes back only with `of_escrow`, from whoever knows what is left of it. The same `form_id` returns the
    request that it made before. Raises Refusal; nothing is changed then.
    """
    with transaction.atomic():
        # Two who refund the same payment wait for each other here; the second reads what the first asked for.
        lock_request(Payment.objects.only("request_id").get(pk=payment_id).request_id)
        payment = Payment.objects.select_related("request__seller", "request__payer_wallet", "receiver_wallet").get(
            pk=payment_id
        )
        if made := PaymentRequest.objects.filter(form_id=form_id).first():
            if not Refund.objects.filter(of=payment, payment__request=made).exists():
                raise Refusal("form_of_another_refund")
            return made
        _check(payment, amount, seen, of_escrow=of_escrow)
        request = _ask(payment, amount, by=by, form_id=form_id)
        back = request.payments.get()
        Refund.objects.create(of=payment, payment=back, surplus_value=_of_surplus(payment, amount, back.asset))
        record(
            "payment.refund_asked",
            actor=Actor.staff(by.pk),
            subjects={"payment": payment.pk, "request": request.pk, "refund": back.pk},
            data={"amount": {**amount.to_wire()}},
            private={"payer": request.payer_name, "receiver": back.receiver_name},
        )
        return request


def _check(payment: Payment, amount: Amount, seen: Amount | None, *, of_escrow: bool) -> None:
    if payment.purpose == Purpose.REFUND:
        raise Refusal("refund_of_refund")
    if payment.state not in FINISHED_PAYMENTS:
        raise Refusal("refund_too_early", state=str(payment_status(payment).label))
    if payment.is_escrow and not of_escrow:
        raise Refusal("refund_of_escrow")
    left = refundable(payment)
    if seen is not None and seen != left:
        raise Refusal("refund_changed", left=format_amount(left))
    if amount.is_zero:
        raise Refusal("nothing_to_pay")
    if amount.value > left.value or amount.asset != left.asset:
        raise Refusal("refund_too_large", left=format_amount(left))


def _ask(payment: Payment, amount: Amount, *, by: User, form_id: str) -> PaymentRequest:
    origin = payment.request
    to = origin.payer_wallet
    receiver = Contact(origin.payer_name, origin.payer_email, origin.payer_language)
    if changes_currency(payment):
        line = RequestLine(to, receiver, None, purpose=Purpose.REFUND, pays=amount)
    else:
        line = RequestLine(to, receiver, _exact(amount, to), purpose=Purpose.REFUND)
    ours = Seller.objects.filter(wallet=payment.receiver_wallet).order_by("-is_default", "pk").first()
    payer = _sender(payment, ours)
    return ask(
        payer_wallet=payment.receiver_wallet,
        payer=payer,
        seller=ours or origin.seller,
        lines=[line],
        title=MadeTitle.of(TitleKind.REFUND, origin.title, origin.title_made_of),
        reference=origin.reference,
        requested_by=by,
        form_id=form_id,
        origin_path=origin.origin_path,
        two_people=ours is not None,
    )


def changes_currency(payment: Payment) -> bool:
    """Whoever paid it has another currency than whoever received it."""
    return bool(payment.request.payer_wallet.asset_code != payment.asset_code)


def _of_surplus(payment: Payment, amount: Amount, units: Asset) -> int:
    """How much of `amount` gives back what came beyond what was asked, which goes back first; in `units`.

    Nothing where the currency changes: what it is worth there, nobody knows yet.
    """
    if changes_currency(payment):
        return 0
    going = [
        Amount(each.surplus_returned if each.payment.is_over else each.surplus_value, each.payment.asset)
        for each in payment.refunds.all()
    ]
    left = max(0, payment.surplus.value - sum(_at_least(each, payment.asset_scale) for each in going))
    value: int = min(amount.value, left) * 10**units.scale // 10**payment.asset_scale
    return value


def _exact(amount: Amount, to: WalletAddress) -> Amount:
    """As the wallet counts that gets it back."""
    try:
        return amount.rescaled(to.asset.scale)
    except AmountError as error:
        raise Refusal("refund_too_fine", amount=format_amount(amount), wallet=to.url) from error


def _sender(payment: Payment, ours: Seller | None) -> Contact:
    """Who approves it: one of us for a seller, else whoever received the money."""
    if ours is None:
        return Contact(payment.receiver_name, payment.receiver_email, payment.receiver_language)
    if not ours.approval_email:
        raise Refusal("refund_without_contact", seller=ours.name)
    return Contact(ours.name, ours.approval_email, ours.approval_language)

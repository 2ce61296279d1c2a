"""Of money that goes on from whoever received it: no more goes back, or out of what is held, than came in."""

from collections.abc import Iterator, Mapping

from jobs.escrow import escrows_of
from jobs.models import JobFunding
from payments.models import Payment, Refund
from payments.states import PaymentState


def refunded_too_much(arrived: Mapping[str, int]) -> Iterator[str]:
    """`arrived` is what the receivers' wallets say, by payment."""
    back: dict[Payment, int] = {}
    for refund in Refund.objects.select_related("of__request", "payment").order_by("created_at", "id"):
        back[refund.of] = back.get(refund.of, 0) + _given(refund.payment, arrived)
    for payment, value in back.items():
        if value > arrived[payment.pk]:
            yield f"{payment.request.reference}: {value} went back, {arrived[payment.pk]} had come"


def paid_out_too_much(arrived: Mapping[str, int]) -> Iterator[str]:
    fundings = JobFunding.objects.select_related("job", "request").prefetch_related(
        "request__payments__refunds__payment", "payouts__payment"
    )
    for funding in fundings.order_by("created_at", "id"):
        payments = list(funding.request.payments.all())
        came = sum(arrived[payment.pk] for payment in payments)
        out = [payout.payment for payout in funding.payouts.all()]
        out += [refund.payment for payment in payments for refund in payment.refunds.all()]
        went = sum(_given(payment, arrived) for payment in out)
        if went > came:
            yield f"{funding.request.reference}: {went} went out of what is held, {came} had come"
        # What went by bank is in no wallet's books.
        outside = any(payment.state == PaymentState.SETTLED_OUTSIDE for payment in [*payments, *out])
        held = sum(each.held.value for each in escrows_of(funding.job) if each.funding.pk == funding.pk)
        if held != came - went and not outside and not funding.request.is_open:
            yield f"{funding.request.reference}: {held} is said to be held, {came - went} is"


def _given(payment: Payment, arrived: Mapping[str, int]) -> int:
    """In the units of whoever gives it. Between two currencies they fix what they give, whatever arrives for it.

    That they were charged no more than this, the audit holds against the wallets' books for every approval.
    """
    return payment.worth_arrived.value if payment.pays else arrived[payment.pk]

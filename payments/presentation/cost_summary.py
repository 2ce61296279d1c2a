"""What one payment request costs its payer and brings its receivers: the same figures on the page and in the mail.

All amounts are minor units with their asset. Nothing is added across currencies: where that would be needed, there is
no figure.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from payments.books.position import LIVE_OUTGOING, debit_taken
from payments.models import OutgoingPayment, Payment, PaymentRequest
from payments.models.attempts import latest_quote
from payments.openpayments.amounts import Amount
from payments.presentation import format_amounts
from payments.states import ARRIVED, UNSENT, AttemptState

#: Orders to pay that may have cost the payer something: those, and what ended so that only the payer's wallet knows
#: what it had taken by then.
MAY_HAVE_COST = {*LIVE_OUTGOING, AttemptState.FENCED}


@dataclass(frozen=True)
class CostLine:
    """One receiver's part."""

    payment: Payment
    debit: Amount | None  # what the newest quote takes from the payer for it
    charged: Amount | None  # what the payer's wallet took, or was told to take, once it was

    @property
    def gets(self) -> Amount:
        return self.payment.amount

    @property
    def gets_text(self) -> str:
        """What the receiver gets, in words where it is not certain yet."""
        return format_amounts.format_gets(self.payment)

    @property
    def name(self) -> str:
        """Who gets it, or what it is: the platform's fee stands under its own name."""
        return fee_name(self.payment) if self.payment.is_fee else self.payment.receiver_name

    @property
    def rate(self) -> str:
        """`1 USD = 17.02 MXN`, fee included; empty within one currency."""
        debit = self.charged or self.debit
        return format_amounts.rate(debit, self.gets) if debit and self.gets.value else ""


@dataclass(frozen=True)
class CostSummary:
    request: PaymentRequest
    all_lines: list[CostLine]
    offered: Amount | None = None  # a new amount that waits for the payer to accept it

    @property
    def lines(self) -> list[CostLine]:
        """Those whom the payer is asked for. When nobody is left, those whom they were to be asked for."""
        return [line for line in self.all_lines if not line.payment.fell_out] or self.all_lines

    @property
    def left_out(self) -> list[CostLine]:
        """Receivers who could not be paid, so that the payer is not asked for them."""
        return [line for line in self.all_lines if line not in self.lines]

    @property
    def open_lines(self) -> list[CostLine]:
        """Those for whom nothing was ordered yet."""
        return [line for line in self.lines if line.payment.state in UNSENT]

    @property
    def waits_for_work(self) -> bool:
        """Somebody of those who are still to be paid is paid only when their work is accepted."""
        return any(line.payment.waits_for_release for line in self.open_lines)

    @property
    def at_most(self) -> Amount | None:
        """The most the payer will be charged in all, fee included; None before the first quote."""
        return self.offered or self.request.ceiling

    @property
    def committed(self) -> Amount | None:
        """Paid or on its way since before the payer was asked for the rest; None when they are asked for all."""
        return self.request.committed

    @property
    def at_most_now(self) -> Amount | None:
        """The most that the payer approves now: the rest, where a part was ordered before."""
        if self.at_most is None or self.committed is None:
            return self.at_most
        return Amount(self.at_most.value - self.committed.value, self.at_most.asset)

    @property
    def fee_now(self) -> Amount | None:
        """What the wallets keep at most of what is approved now; None where only a rate can be told."""
        gets = _sum([line.gets for line in self.open_lines])
        return format_amounts.fee(self.at_most_now, gets) if self.at_most_now and gets else None

    @property
    def gets(self) -> Amount | None:
        """What all receivers get together; None when they are in different currencies."""
        return _sum([line.gets for line in self.lines])

    @property
    def fee(self) -> Amount | None:
        """What the wallets keep at most; None where only a rate can be told."""
        return format_amounts.fee(self.at_most, self.gets) if self.at_most and self.gets else None

    @property
    def charged(self) -> Amount | None:
        """What the payer was charged so far; None when nothing was."""
        return _sum([line.charged for line in self.lines if line.charged])

    @property
    def fee_charged(self) -> Amount | None:
        settled = _sum([line.gets for line in self.lines if line.payment.state in ARRIVED])
        return format_amounts.fee(self.charged, settled) if self.charged and settled else None

    @property
    def surely_uncharged(self) -> bool:
        """No wallet took anything from the payer for this, or may have: not even for an order that came to nothing.

        Not even for somebody of whom the payer is asked no more.
        """
        return not any(line.charged or _may_have_cost(line.payment) for line in self.all_lines)

    @property
    def charged_in_all(self) -> Amount | None:
        """What the payer was charged so far, also for those of whom they are asked no more; None when nothing was."""
        return _sum([line.charged for line in self.all_lines if line.charged])

    @property
    def rate(self) -> str:
        """The rate of the only receiver; with several, each line has its own."""
        return self.lines[0].rate if len(self.lines) == 1 else ""


def cost_summary_of(request: PaymentRequest, *, proposed: bool = False) -> CostSummary:
    """The bill as it was agreed; with `proposed`, as the payer is asked to accept it now that it has grown."""
    payments = request.payments.select_related("receiver_wallet").prefetch_related(
        "quotes", "outgoing_payments__quote", "refunds__payment"
    )
    return CostSummary(request, [cost_line_of(payment) for payment in payments], request.proposed if proposed else None)


def fee_name(payment: Payment) -> str:
    """`Platform fee 2.5 %`, as the reader writes numbers."""
    if not payment.fee_share:
        return _("Platform fee")
    return _("Platform fee %(share)s %%") % {"share": format_amounts.percent(payment.fee_share)}


def cost_line_of(payment: Payment) -> CostLine:
    quote = latest_quote(payment)
    return CostLine(payment, quote.debit if quote else None, _charged(payment))


def _charged(payment: Payment) -> Amount | None:
    return _sum([debit for outgoing in payment.outgoing_payments.all() if (debit := _debit(outgoing))])


def _debit(outgoing: OutgoingPayment) -> Amount | None:
    taken, quoted = debit_taken(outgoing), outgoing.quote.debit
    return Amount(taken, quoted.asset) if taken and quoted else None


def _may_have_cost(payment: Payment) -> bool:
    outgoing_payments = payment.outgoing_payments.all()
    return bool(payment.received_value) or any(outgoing.state in MAY_HAVE_COST for outgoing in outgoing_payments)


def _sum(amounts: list[Amount]) -> Amount | None:
    if not amounts or len({amount.asset for amount in amounts}) > 1:
        return None
    return Amount(sum(amount.value for amount in amounts), amounts[0].asset)

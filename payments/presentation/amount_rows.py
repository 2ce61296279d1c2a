"""The rows of amounts that payers see, worded in their language, for pages and mail alike."""

from typing import TypedDict

from django.utils.translation import gettext as _

from payments.models import Payment
from payments.presentation import format_amounts
from payments.presentation.attention_text import missing
from payments.presentation.cost_summary import CostLine, CostSummary
from payments.presentation.dates import day
from payments.presentation.format_amounts import format_amount
from payments.presentation.status import payment_status
from payments.states import ARRIVED, FINISHED_PAYMENTS, PAID, UNSENT, PaymentState


class AmountRow(TypedDict, total=False):
    """One line of `public/_amounts.html` or `mail/_amounts.html`; `value` is already written for the reader."""

    label: str
    value: str
    note: str
    total: bool


def asked(bill: CostSummary) -> list[AmountRow]:
    """What is asked for: each receiver's amount, fee or rate, and the most the payer pays."""
    if bill.committed:
        return _asked_for_the_remaining(bill)
    rows: list[AmountRow] = [
        {
            "label": line.name if line.payment.is_fee else _("%(name)s receives") % {"name": line.name},
            "value": line.gets_text,
            "note": _joined(line.rate if len(bill.lines) > 1 else "", _when(line), _varies(line)),
        }
        for line in bill.lines
    ]
    if bill.fee is not None:
        rows.append({"label": _("Fee of the wallets, at most"), "value": format_amount(bill.fee)})
    elif bill.rate:
        rows.append({"label": _("Exchange rate, fees included"), "value": bill.rate})
    rows.append({"label": _("You pay at most"), "value": format_amount(bill.at_most), "total": True})
    return rows


def _asked_for_the_remaining(bill: CostSummary) -> list[AmountRow]:
    """What was paid before, what is still to pay, and the most the payer approves now."""
    rows = [row for line in bill.lines if line.payment.state not in UNSENT for row in _arrivals(line)]
    rows += [
        {
            "label": line.name if line.payment.is_fee else _("%(name)s receives") % {"name": line.name},
            "value": line.gets_text,
            "note": _when(line),
        }
        for line in bill.open_lines
    ]
    before: AmountRow = {
        "label": _("Already paid, or on its way"),
        "value": format_amount(bill.committed),
        "note": _("of at most %(amount)s in all") % {"amount": format_amount(bill.at_most)},
    }
    rows.append(before)
    if bill.fee_now is not None:
        rows.append({"label": _("Fee of the wallets, at most"), "value": format_amount(bill.fee_now)})
    rows.append({"label": _("You approve at most now"), "value": format_amount(bill.at_most_now), "total": True})
    return rows


def not_paid(bill: CostSummary) -> list[AmountRow]:
    """What was asked for, after nothing came of it."""
    return [
        {
            "label": line.name if line.payment.is_fee else _("For %(name)s") % {"name": line.name},
            "value": line.gets_text,
        }
        for line in bill.lines
    ]


def charged(bill: CostSummary) -> list[AmountRow]:
    """What came of it: who received what and when, fee or rate, and what the payer was charged."""
    rows = [row for line in bill.lines for row in _arrivals(line)]
    if bill.fee_charged is not None:
        rows.append({"label": _("Fee of the wallets"), "value": format_amount(bill.fee_charged)})
    elif len(bill.lines) == 1 and bill.charged and (rate := format_amounts.rate(bill.charged, bill.lines[0].gets)):
        rows.append({"label": _("Exchange rate, fees included"), "value": rate})
    if bill.charged is not None:
        rows.append({"label": _("You were charged"), "value": format_amount(bill.charged), "total": True})
    return rows


def parts(rows: list[AmountRow]) -> list[AmountRow]:
    """Without the total, where that already stands above them."""
    return [row for row in rows if not row.get("total")]


def _when(line: CostLine) -> str:
    """When it goes to the worker, where that is not at once; and who has it until then."""
    if line.payment.is_escrow:
        return holds(line)
    if line.payment.is_refund:
        return _("this sends back money that was paid to you")
    return _("when the work is accepted") if line.payment.waits_for_release else ""


def holds(line: CostLine) -> str:
    return _("%(name)s holds this money until it pays the workers") % {"name": line.name}


def _joined(*notes: str) -> str:
    return " · ".join(filter(None, notes))


def _varies(line: CostLine) -> str:
    """The payer's side is exact, so the receiver's may still move."""
    return _("the rate when it is sent decides") if line.payment.pays else ""


def went_back(payment: Payment) -> str:
    """What of a payment was sent back, each refund that arrived; empty when nothing was. Reads `refunds__payment`."""
    back = [refund.payment for refund in payment.refunds.all() if refund.payment.state in PAID]
    told = [{"amount": format_amount(one.amount), "when": day(one.settled_at)} for one in back]
    return _joined(*(_("%(amount)s of it was sent back on %(when)s") % one for one in told))


def _arrivals(line: CostLine) -> list[AmountRow]:
    """What one receiver got, or gets: in their wallet, and outside of it."""
    payment = line.payment
    name = {"name": line.name}
    received: AmountRow = {
        "label": line.name if payment.is_fee else _("%(name)s received") % name,
        "value": format_amount(payment.received),
        "note": _joined(day(payment.settled_at), holds(line) if payment.is_escrow else "", went_back(payment)),
    }
    if payment.state in ARRIVED:
        return [received]
    if payment.state == PaymentState.SETTLED_OUTSIDE:
        remaining: AmountRow = {
            "label": line.name if payment.is_fee else _("For %(name)s") % name,
            "value": format_amount(missing(payment)),
            "note": str(payment_status(payment).label),
        }
        return [received, remaining] if payment.received_value else [remaining]
    dead = payment.state in FINISHED_PAYMENTS
    label = _("For %(name)s") % name if dead else _("%(name)s receives") % name
    note = str(payment_status(payment).label) if dead else _when(line) or str(payment_status(payment).label)
    return [{"label": label, "value": line.gets_text, "note": note}]

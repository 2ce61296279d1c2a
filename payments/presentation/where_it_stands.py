"""Where one payment stands, in one sentence: for staff with whose turn it is, and for whoever should receive it.

Both are told of every state, side by side, so that what staff read and what the worker is written never disagree.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from django.utils.translation import gettext as _

from ledger.stamps import short
from payments.models import IncomingPayment, OutgoingPayment, OutsideSettlement, Payment
from payments.openpayments.amounts import Amount
from payments.presentation.dates import day, moment
from payments.presentation.format_amounts import format_amount
from payments.presentation.next_step import NextStep, attention_step, next_step
from payments.presentation.reasons import sentence
from payments.presentation.receiver_reasons import why_not_here
from payments.states import UNAPPROVED_PAYMENTS, PaymentState, RequestState, Turn


@dataclass(frozen=True)
class Evidence:
    """What one side's wallet said, and when."""

    host: str
    text: str
    at: datetime | None


def for_staff(payment: Payment, claim: OutsideSettlement | None) -> NextStep:
    """Reads request, wallets and owner; `claim` is its report of an outside settlement, if any."""
    if payment.is_dead:
        again = _("The same money can be asked for again.")
        return NextStep(Turn.STAFF, f"{_why_dead(payment)} {again}")
    match PaymentState(payment.state):
        case PaymentState.NEW | PaymentState.QUOTED | PaymentState.APPROVED:
            return next_step(payment.request, [payment])
        case PaymentState.SENDING | PaymentState.UNKNOWN:
            text = _("The payer's wallet did not say yet whether it sent it. It is being asked; nothing is sent twice.")
            return NextStep(Turn.ENGINE, text)
        case PaymentState.SENT:
            text = _("The payer's wallet took the order on %(when)s. It counts once the receiver's wallet has it.")
            return NextStep(Turn.ENGINE, text % {"when": short(payment.sent_at)})
        case PaymentState.NEEDS_ATTENTION:
            step = attention_step(payment, claim)
            return NextStep(step.turn, f"{sentence(payment.reason, payment.reason_params)} {step.text}".strip())
        case PaymentState.SETTLED:
            return NextStep(Turn.NOBODY, _arrived(payment))
        case PaymentState.SETTLED_OUTSIDE:
            text = _("It was paid outside the wallets, and counts since %(when)s on the word of two people.")
            return NextStep(Turn.NOBODY, text % {"when": short(payment.settled_at)})
        case PaymentState.FAILED | PaymentState.CANCELLED:
            raise AssertionError("what ended without money was told before")
        case never:
            assert_never(never)


def for_receiver(payment: Payment) -> str:
    """To be read by the receiver, in the language that is active. Promises nothing that nobody decided."""
    if payment.is_dead:
        return _dead_for_receiver(payment)
    match PaymentState(payment.state):
        case PaymentState.NEW | PaymentState.QUOTED if payment.request.sent_at:
            text = _("We asked the funder to pay on %(when)s, and wait for their approval. Nothing was sent yet.")
            return text % {"when": day(payment.request.sent_at)}
        case PaymentState.NEW | PaymentState.QUOTED:
            return _("The funder was not asked to pay yet: we are preparing it. Nothing was sent yet.")
        case PaymentState.APPROVED if payment.waits_for_release:
            return _("The funder approved it. It is sent once your work is accepted.")
        case PaymentState.APPROVED:
            return _("The funder approved it, and it is about to be sent.")
        case PaymentState.SENDING | PaymentState.UNKNOWN:
            return _("The funder approved it. Their wallet has not confirmed yet that it sent it; we are asking it.")
        case PaymentState.SENT:
            text = _("The funder's wallet sent it on %(when)s. Your wallet has not confirmed yet that it is there.")
            return text % {"when": moment(payment.sent_at)}
        case PaymentState.NEEDS_ATTENTION:
            calm = _("Somebody is looking at it; you need not do anything.")
            return f"{why_not_here(payment)} {calm}"
        case PaymentState.SETTLED:
            text = _("Your wallet at %(host)s reported %(received)s as arrived. We have known this since %(when)s.")
            return text % _settled(payment)
        case PaymentState.SETTLED_OUTSIDE:
            return _("It was paid to you outside your wallet on %(when)s.") % {"when": day(payment.settled_at)}
        case PaymentState.FAILED | PaymentState.CANCELLED:
            raise AssertionError("what ended without money was told before")
        case never:
            assert_never(never)


def evidence(payment: Payment) -> list[Evidence]:
    """What both wallets said last. Reads `incoming_payments` and `outgoing_payments`."""
    found = []
    incoming = [one for one in payment.incoming_payments.all() if one.read_at and not one.probe]
    if incoming:
        found.append(_incoming(payment, max(incoming, key=lambda one: (one.created_at, one.pk))))
    outgoing = [one for one in payment.outgoing_payments.all() if one.remote_id]
    if outgoing:
        found.append(_outgoing(payment, max(outgoing, key=lambda one: (one.created_at, one.pk))))
    return found


def _incoming(payment: Payment, row: IncomingPayment) -> Evidence:
    names = {"received": format_amount(Amount(row.received_value, payment.asset)), "amount": format_amount(row.amount)}
    told = _("Received %(received)s of %(amount)s") % names
    closed = _("It is closed: nothing more can arrive.")
    return Evidence(payment.receiver_wallet.host, f"{told}. {closed}" if row.over_at else f"{told}.", row.read_at)


def _outgoing(payment: Payment, row: OutgoingPayment) -> Evidence:
    text = _("The order to pay is “%(state)s”.") % {"state": row.get_state_display()}
    return Evidence(payment.request.payer_wallet.host, text, row.changed_at)


def _arrived(payment: Payment) -> str:
    text = _("It arrived: %(host)s reported %(received)s on %(when)s. There is nothing left to do.")
    # To staff, whose pages say once whose hours they are.
    return text % {**_settled(payment), "when": short(payment.settled_at)}


def _settled(payment: Payment) -> dict[str, str]:
    return {
        "host": payment.receiver_wallet.host,
        "received": format_amount(payment.received),
        "when": moment(payment.settled_at),
    }


def _why_dead(payment: Payment) -> str:
    """Why it ended without all of its money."""
    why = sentence(payment.reason, payment.reason_params)
    if payment.received_value:
        names = {"received": format_amount(payment.received), "amount": format_amount(payment.amount), "why": why}
        return (_("%(received)s of %(amount)s arrived, the rest did not. %(why)s") % names).strip()
    if payment.fell_out:
        return (_("It failed before the payer was asked. %(why)s") % {"why": why}).strip()
    if payment.state == PaymentState.FAILED:
        return (_("It failed, and nothing arrived. %(why)s") % {"why": why}).strip()
    ended = RequestState(payment.request.state).label
    return _("Nothing was sent. The payment request is “%(state)s”.") % {"state": ended}


def _dead_for_receiver(payment: Payment) -> str:
    if payment.received_value:
        names = {"received": format_amount(payment.received), "amount": format_amount(payment.amount)}
        return _("%(received)s of %(amount)s arrived in your wallet; the rest of this payment did not.") % names
    if payment.state in UNAPPROVED_PAYMENTS | {PaymentState.CANCELLED}:
        return _("This payment ended before it was sent, so nothing was taken from the funder.")
    return _("This payment did not go through, and nothing arrived. %(why)s") % {"why": why_not_here(payment)}

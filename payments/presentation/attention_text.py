"""Payments that need attention, at length: what happened, what is certain, what is not, and what helps.

One explanation per reason code that the engine stops with; `payments.presentation.reasons` has the sentence for lists.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.models import Payment
from payments.openpayments.amounts import Amount
from payments.presentation.format_amounts import format_amount


@dataclass(frozen=True)
class Explanation:
    """Sentences for people; before `explain` with %(amount)s, %(received)s, %(missing)s, and the people and hosts."""

    happened: str | Promise
    certain: str | Promise
    uncertain: str | Promise
    advice: tuple[str | Promise, ...]


EXPLANATIONS: Final[dict[str, Explanation]] = {
    "not_settled": Explanation(
        happened=_(
            "%(payer_host)s took the order to send %(amount)s to %(receiver)s, but more than a day later"
            " %(receiver_host)s does not report that all of it is there. So far it reports %(received)s."
        ),
        certain=_("The order was given once. Nothing was sent a second time, and nothing will be by itself."),
        uncertain=_(
            "Whether the money has left the payer: it may wait at %(payer_host)s for a balance, or be stuck between"
            " the wallets. It can still arrive; then this payment settles by itself."
        ),
        advice=(
            _("Ask %(payer)s whether the money left their wallet. Often it waits there for a higher balance."),
            _("If it left, ask %(receiver_host)s what became of the incoming payment. Then look again."),
            _("If it does not come: send it again, or give up. Both first close the receiver's side."),
        ),
    ),
    "partly_arrived": Explanation(
        happened=_("Only %(received)s of %(amount)s reached %(receiver)s. Then the payer's wallet stopped sending."),
        certain=_(
            "What arrived belongs to %(receiver)s and stays there. The receiver's side is closed: nothing more can"
            " arrive for this order."
        ),
        uncertain=_(
            "Why %(payer_host)s stopped, and whether it charged more than what arrived. Its operator can tell."
        ),
        advice=(
            _("Pay the missing %(missing)s by bank or in cash, then report it here with the evidence."),
            _("Or give up here and ask for the missing %(missing)s with a new payment request."),
            _("The whole amount is not sent again: %(receiver)s would get more than they are owed."),
        ),
    ),
    "cannot_be_fenced": Explanation(
        happened=_(
            "%(payer_host)s never said whether it took the order to send %(amount)s, and for a day now"
            " %(receiver_host)s has not closed its side. So nobody can tell whether the money is on its way."
        ),
        certain=_(
            "At most one order exists, and no second one is given while this is open. So far %(received)s is reported"
            " as arrived."
        ),
        uncertain=_("Whether the payer was charged, and whether the money will still arrive at %(receiver_host)s."),
        advice=(
            _("Ask %(payer)s whether the money left their wallet, and %(receiver)s whether it is there."),
            _("Ask whoever runs %(receiver_host)s why it does not answer. Once it does, look again."),
            _(
                "You can decide now. What you decide is done only when the receiver's side is closed, or has expired"
                " by itself: until then it waits."
            ),
        ),
    ),
    "sent_not_received": Explanation(
        happened=_(
            "%(receiver_host)s ended the incoming payment for %(amount)s to %(receiver)s with nothing in it, but"
            " %(payer_host)s says that it sent money."
        ),
        certain=_("Nothing more can arrive for this order. Nothing is sent a second time by itself."),
        uncertain=_("Where the money is: it may be back at %(payer_host)s, or stuck between the wallets."),
        advice=(
            _("Ask %(payer)s whether the money left their wallet, and whether it came back."),
            _("Once it is back: send it again. If it is not, ask whoever runs both wallets."),
        ),
    ),
    "arrived_late": Explanation(
        happened=_(
            "This payment had ended. At a later look %(receiver_host)s reports more: %(received)s of %(amount)s have"
            " reached %(receiver)s."
        ),
        certain=_("What %(receiver_host)s reports as arrived. Nothing more is sent by this payment."),
        uncertain=_("Whether %(receiver)s has been paid for the same work another way since."),
        advice=(
            _("Look whether the same money was asked for again, or paid by bank or in cash, in the meantime."),
            _("If it was paid twice, agree with %(receiver)s what becomes of it, and with %(payer)s who bears it."),
            _("Then take note of it: it is settled if all of it is there, otherwise it stays failed."),
        ),
    ),
    "arrived_twice": Explanation(
        happened=_(
            "This payment was settled. At a later look %(receiver_host)s reports more than was owed: %(received)s"
            " instead of %(amount)s have reached %(receiver)s."
        ),
        certain=_("What %(receiver_host)s reports as arrived. Nothing more is sent by this payment."),
        uncertain=_("Who paid the second time. The payer's wallet can tell whether it was charged twice."),
        advice=(
            _("Ask %(payer)s what their wallet was charged, and %(receiver)s what arrived."),
            _("Agree on what goes back, and how. Then take note of it: the payment stays settled."),
        ),
    ),
}
OTHERWISE: Final = Explanation(
    happened=_("The payment of %(amount)s to %(receiver)s stopped at a point where a person must decide."),
    certain=_("So far %(received)s is reported as arrived. Nothing is sent a second time by itself."),
    uncertain=_("Whether more of it will arrive at %(receiver_host)s."),
    advice=(_("Ask %(payer)s and %(receiver)s what their wallets say. Then look again."),),
)


def explain(payment: Payment) -> Explanation:
    """The explanation for why `payment` needs attention, in the reader's language. Reads request and wallets."""
    told = EXPLANATIONS.get(payment.reason, OTHERWISE)
    names = {
        "amount": format_amount(payment.amount),
        "received": format_amount(payment.received),
        "missing": format_amount(missing(payment)),
        "payer": payment.request.payer_name,
        "receiver": payment.receiver_name,
        "payer_host": payment.request.payer_wallet.host,
        "receiver_host": payment.receiver_wallet.host,
    }
    return Explanation(
        happened=str(told.happened) % names,
        certain=str(told.certain) % names,
        uncertain=str(told.uncertain) % names,
        advice=tuple(str(one) % names for one in told.advice),
    )


def missing(payment: Payment) -> Amount:
    """What the receiver's wallet has not reported yet."""
    return Amount(max(payment.value - payment.received_value, 0), payment.asset)

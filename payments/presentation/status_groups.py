"""How far money has come, in the few steps that totals are told in: one definition for a figure and for its rows."""

from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from payments.presentation.reasons import OUTSIDE
from payments.states import PaymentState, RequestState


class Stage(TextChoices):
    """Of a payment. No payment is in two; those that ended without money are in none."""

    WAITING = "waiting", _("Waiting for approval")
    APPROVED = "approved", _("Approved, not sent")
    ON_ITS_WAY = "on_its_way", _("On its way, not settled")
    ATTENTION = "attention", _("Needs attention")
    SETTLED = "settled", _("Settled")
    OUTSIDE = "outside", _("Settled outside")


STAGES: dict[str, Q] = {
    Stage.WAITING: Q(state__in=[PaymentState.NEW, PaymentState.QUOTED], request__state=RequestState.AWAITING_APPROVAL),
    Stage.APPROVED: Q(state=PaymentState.APPROVED),
    Stage.ON_ITS_WAY: Q(state__in=[PaymentState.SENDING, PaymentState.SENT, PaymentState.UNKNOWN]),
    Stage.ATTENTION: Q(state=PaymentState.NEEDS_ATTENTION),
    Stage.SETTLED: Q(state=PaymentState.SETTLED),
    Stage.OUTSIDE: Q(state=PaymentState.SETTLED_OUTSIDE),
}


class Reached(TextChoices):
    """Of a payment request: what it reached at least, whatever became of it."""

    QUOTED = "quoted", _("Quoted")
    SENT = "sent", _("Sent to the payer")
    APPROVED = "approved", _("Approved by the payer")
    SETTLED = "settled", _("Settled")


#: That its payer is asked for a payment: neither a standing budget, nor what is paid from one without asking.
ASKS_TO_PAY = Q(standing_budget=None, budget=None)
REACHED: dict[str, Q] = {
    Reached.QUOTED: ASKS_TO_PAY & Q(ceiling_debit__isnull=False),
    Reached.SENT: ASKS_TO_PAY & Q(sent_at__isnull=False),
    Reached.APPROVED: ASKS_TO_PAY & Q(approved_at__isnull=False),
    # In the wallets, all of it.
    Reached.SETTLED: ASKS_TO_PAY & Q(state=RequestState.SETTLED) & ~Q(reason=OUTSIDE),
}

"""Why money did not arrive, in words for whoever should receive it."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.models import Payment
from payments.presentation.reasons import sentence

#: By reason of the payment, with the same parameters. None: it is about the receiver's own wallet, as all read it.
WORDS: Final[Mapping[str, str | Promise | None]] = {
    "receiver_wallet": None,
    "wallet_not_found": None,
    "wallet_garbage": None,
    "wallet_names_inside": None,
    "wallet_renamed": None,
    "not_settled": _("It was sent, but your wallet does not report it as arrived yet."),
    "partly_arrived": _("Only %(received)s of %(amount)s arrived."),
    "cannot_be_fenced": _("The payer's wallet does not say whether it was sent."),
    "outcome_unknown": _("The payer's wallet does not say whether it was sent."),
    "receiver_ended_it": _("Your wallet ended the incoming payment before anything had arrived."),
    "payment_failed": _("The payer's wallet could not send the money."),
    "order_failed": _("The payer's wallet could not send the money."),
    "over_limit": _("The payer must approve once more."),
    "approval_ended": _("The payer must approve once more."),
    "wallet_gave_up": _("The wallets did not answer for a long time."),
    "given_up": _("It could not be sent this way."),
}
OTHERWISE: Final = _("Something went wrong between the wallets.")


def why_not_here(payment: Payment) -> str:
    """The reason that `payment` is late, or failed, in the reader's language."""
    known = WORDS.get(payment.reason, OTHERWISE)
    if known is None:
        return sentence(payment.reason, payment.reason_params)
    try:
        return str(str(known) % payment.reason_params)
    except KeyError:
        return str(OTHERWISE)

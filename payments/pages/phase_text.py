"""What the page says in each phase: what happened, and what comes next. No blame, no jargon."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from payments.pages.phases import ACTING, Phase
from payments.presentation.cost_summary import CostSummary
from payments.presentation.format_amounts import format_amount

TWO_SPACES: Final = "  "


@dataclass(frozen=True)
class PhaseWords:
    """`tone` is a kind of `public/_notice.html`. `text` may name %(seller)s, %(wallet)s, %(until)s and %(charged)s.

    The last is a sentence of its own, or nothing: see `what_was_charged`.
    """

    tone: str
    title: str | Promise
    text: str | Promise


WORDS: dict[Phase, PhaseWords] = {
    Phase.NOT_SENT: PhaseWords(
        "info",
        _("Being prepared"),
        _("%(seller)s is preparing this request. You get an email when it is ready for you."),
    ),
    Phase.GREW: PhaseWords(
        "warn",
        _("The amount has changed"),
        _("Your wallet now quotes more than you were asked for. %(charged)s Please look at the new amount."),
    ),
    Phase.PREPARING: PhaseWords(
        "info",
        _("Preparing your wallet's page"),
        _("We are asking %(wallet)s for the page where you approve. The button appears here as soon as it is there."),
    ),
    Phase.READY: PhaseWords(
        "info",
        _("Your wallet is ready"),
        _("Continue at %(wallet)s to approve. If you were there already and closed it, just go there again."),
    ),
    Phase.RETURNED: PhaseWords(
        "info",
        _("Thank you. Collecting your approval"),
        _("Your wallet sent you back to us. We are collecting your approval from it; this takes a few seconds."),
    ),
    Phase.HELD: PhaseWords(
        "info",
        _("Approved, not set aside"),
        _(
            "Each person is paid when their work is accepted. "
            "The money is not set aside and stays in your account until then."
        ),
    ),
    Phase.APPROVED: PhaseWords(
        "info",
        _("Approved"),
        _("Your wallet is being asked to send the money. It is not set aside: it leaves your wallet when it is sent."),
    ),
    Phase.SENT: PhaseWords(
        "info",
        _("Sent"),
        _("The money is on its way. We say “settled” once the receiver's wallet confirms that it is there."),
    ),
    Phase.CHECKING: PhaseWords(
        "info",
        _("Checking with your wallet"),
        _("Your wallet did not say clearly whether the money was sent, so we ask it again. Nothing is sent twice."),
    ),
    Phase.ATTENTION: PhaseWords(
        "warn",
        _("A person is looking at this"),
        _(
            "The wallets do not agree on what happened, and %(seller)s is finding out. "
            "You will not be charged more than you approved, and you need not do anything."
        ),
    ),
    Phase.SETTLED: PhaseWords(
        "good", _("Settled"), _("The receiver's wallet confirms that the money is there. Thank you.")
    ),
    Phase.OUTSIDE: PhaseWords(
        "good",
        _("Settled outside the wallets"),
        _(
            "%(seller)s records this as settled, but not all of it came through the wallets: it was paid by bank "
            "transfer or in cash, for example. You need not do anything. If your wallet shows a charge that is not "
            "listed here, answer the email."
        ),
    ),
    Phase.PARTLY: PhaseWords(
        "info",
        _("Settled in part"),
        _(
            "What arrived is listed below. For the rest nothing more is taken from your wallet. "
            "You need not do anything."
        ),
    ),
    Phase.FAILED: PhaseWords(
        "bad",
        _("This payment did not work"),
        _("You need not do anything: %(seller)s looks at it and writes to you when a new approval is needed."),
    ),
    Phase.DECLINED: PhaseWords(
        "info",
        _("You declined this request"),
        _("%(charged)s %(seller)s was told. If it was a mistake, answer the email and ask for a new request."),
    ),
    Phase.CANCELLED: PhaseWords(
        "info",
        _("This request was cancelled"),
        _("%(seller)s no longer asks you for this payment. You need not do anything."),
    ),
    Phase.EXPIRED: PhaseWords(
        "info",
        _("This request has expired"),
        _("It could be approved until %(until)s. %(charged)s If you still want to pay, ask %(seller)s for a new one."),
    ),
}


def what_was_charged(bill: CostSummary, phase: Phase) -> str:
    """“Nothing was charged” only where that is sure; else what was, or that their wallet knows.

    Empty where the payer reads already, above everything else, what is paid or on its way.
    """
    if bill.committed and phase in ACTING:
        return ""
    if bill.surely_uncharged and not bill.committed:
        return gettext("Nothing was charged.")
    if charged := bill.charged_in_all:
        words = gettext("You were charged %(amount)s before. That part stays as it is.")
        return words % {"amount": format_amount(charged)}
    return gettext("If your wallet shows a charge for it, answer the email.")


def filled(text: str | Promise, **told: str) -> str:
    """`text` with what it names; of what is told in no words, no gap is left."""
    return (str(text) % told).replace(TWO_SPACES, " ").strip()

"""Every state of everything that moves money, and every move between them. Nothing else assigns a state.

A move is made by `payments.engine.transitions.move`, which has `payments.moving.swap` check it against these tables.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RequestState(TextChoices):
    QUOTING = "quoting", _("Getting a quote")
    QUOTED = "quoted", _("Quoted, not sent")
    AWAITING_AUTHORISATION = "awaiting_authorisation", _("Waiting for a second person")
    AWAITING_APPROVAL = "awaiting_approval", _("Waiting for the payer")
    APPROVED = "approved", _("Approved")
    SETTLED = "settled", _("Settled")
    FAILED = "failed", _("Failed")
    DECLINED = "declined", _("Declined by the payer")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


class PaymentState(TextChoices):
    NEW = "new", _("New")
    QUOTED = "quoted", _("Quoted")
    APPROVED = "approved", _("Approved")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    UNKNOWN = "unknown", _("Checking with the wallet")
    SETTLED = "settled", _("Settled")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    NEEDS_ATTENTION = "needs_attention", _("Needs attention")
    SETTLED_OUTSIDE = "settled_outside", _("Settled outside")


class GrantState(TextChoices):
    INTENDED = "intended", _("Being asked for")
    PENDING = "pending", _("Waiting for the payer in their wallet")
    RETURNED = "returned", _("Payer came back")
    CONTINUING = "continuing", _("Being collected")
    ACTIVE = "active", _("Active")
    REFUSED = "refused", _("Refused")
    LOST = "lost", _("Answer lost")
    CANCELLING = "cancelling", _("Being cancelled")
    ENDED = "ended", _("Ended")


class AttemptState(TextChoices):
    """Of incoming payments, quotes and outgoing payments: what we know of one call and the thing it made."""

    INTENDED = "intended", _("Being created")
    OPEN = "open", _("Open")
    REFUSED = "refused", _("Refused")
    UNKNOWN = "unknown", _("Outcome unknown")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class KeyState(TextChoices):
    """Of a seller's key, from the day it was made to the day its private part is destroyed."""

    GENERATED = "generated", _("To be published")
    PUBLISHED = "published", _("Seen at the wallet")
    ACTIVE = "active", _("In use")
    REPLACED = "replaced", _("Ends what it began")
    RETIRED = "retired", _("Retired")


class ProofState(TextChoices):
    """Of asking the owner of a wallet address to prove that it is theirs."""

    ASKED = "asked", _("Waiting for the owner")
    PREPARING = "preparing", _("Wallet being asked")
    PENDING = "pending", _("Waiting for the owner in their wallet")
    RETURNED = "returned", _("Owner came back")
    COLLECTING = "collecting", _("Being collected")
    PROVEN = "proven", _("Proven")
    ENDED = "ended", _("Ended")


R, P, G, A, K, W = RequestState, PaymentState, GrantState, AttemptState, KeyState, ProofState

REQUEST_MOVES: dict[str, set[str]] = {
    R.QUOTING: {R.QUOTED, R.FAILED, R.CANCELLED},
    # At once to approved: paid from a standing budget that the payer approved before.
    R.QUOTED: {R.QUOTING, R.AWAITING_AUTHORISATION, R.AWAITING_APPROVAL, R.APPROVED, R.CANCELLED, R.EXPIRED},
    R.AWAITING_AUTHORISATION: {R.AWAITING_APPROVAL, R.APPROVED, R.CANCELLED, R.EXPIRED},
    R.AWAITING_APPROVAL: {R.APPROVED, R.DECLINED, R.CANCELLED, R.EXPIRED, R.FAILED},
    # Back to the payer: the approval was lost on its way, ran out, or no longer covers the amount.
    # Back to quoted: a standing budget could not pay it. Expired: the last period of a standing budget is over.
    R.APPROVED: {R.SETTLED, R.FAILED, R.AWAITING_APPROVAL, R.QUOTED, R.CANCELLED, R.EXPIRED},
    R.SETTLED: set(),
    R.FAILED: set(),
    R.DECLINED: set(),
    R.CANCELLED: set(),
    R.EXPIRED: set(),
}

PAYMENT_MOVES: dict[str, set[str]] = {
    P.NEW: {P.QUOTED, P.FAILED, P.CANCELLED},
    P.QUOTED: {P.NEW, P.APPROVED, P.FAILED, P.CANCELLED},
    P.APPROVED: {P.SENDING, P.QUOTED, P.FAILED, P.CANCELLED},
    P.SENDING: {P.SENT, P.UNKNOWN, P.APPROVED},
    P.UNKNOWN: {P.SENT, P.SETTLED, P.APPROVED, P.FAILED, P.NEEDS_ATTENTION},
    # Back to approved: the payer's wallet could not send it, and the payer of a held payment is asked again.
    P.SENT: {P.SETTLED, P.FAILED, P.NEEDS_ATTENTION, P.APPROVED},
    # It may still arrive by itself; or a person decided, once nothing more can arrive.
    P.NEEDS_ATTENTION: {P.SETTLED, P.APPROVED, P.FAILED, P.SETTLED_OUTSIDE},
    P.SETTLED: set(),
    P.SETTLED_OUTSIDE: set(),
    P.FAILED: set(),
    P.CANCELLED: set(),
}

GRANT_MOVES: dict[str, set[str]] = {
    G.INTENDED: {G.PENDING, G.ACTIVE, G.REFUSED, G.LOST},
    G.PENDING: {G.RETURNED, G.CANCELLING, G.LOST},
    G.RETURNED: {G.CONTINUING, G.CANCELLING},
    G.CONTINUING: {G.ACTIVE, G.RETURNED, G.REFUSED, G.CANCELLING},
    G.ACTIVE: {G.CANCELLING, G.ENDED},
    G.REFUSED: set(),
    G.LOST: set(),
    G.CANCELLING: {G.ENDED},
    G.ENDED: set(),
}

ATTEMPT_MOVES: dict[str, set[str]] = {
    A.INTENDED: {A.OPEN, A.REFUSED, A.UNKNOWN},
    # An answer that comes late is still recorded.
    A.UNKNOWN: {A.OPEN, A.REFUSED, A.DONE, A.FAILED},
    A.OPEN: {A.DONE, A.FAILED},
    A.REFUSED: set(),
    A.DONE: set(),
    A.FAILED: set(),
}

KEY_MOVES: dict[str, set[str]] = {
    # A first key, or one that whoever runs the platform brings along, is in use at once.
    K.GENERATED: {K.PUBLISHED, K.ACTIVE, K.RETIRED},
    K.PUBLISHED: {K.GENERATED, K.ACTIVE, K.RETIRED},
    K.ACTIVE: {K.REPLACED},
    K.REPLACED: {K.RETIRED},
    K.RETIRED: set(),
}

PROOF_MOVES: dict[str, set[str]] = {
    W.ASKED: {W.PREPARING, W.ENDED},
    # Back to the start: the wallet did not answer, or said no. The same link asks again.
    W.PREPARING: {W.PENDING, W.ASKED},
    W.PENDING: {W.RETURNED, W.ASKED, W.ENDED},
    W.RETURNED: {W.COLLECTING, W.ENDED},
    W.COLLECTING: {W.PROVEN, W.RETURNED, W.ASKED},
    W.PROVEN: set(),
    W.ENDED: set(),
}

#: A person or the engine may still do something for requests in these states.
OPEN_REQUESTS = {R.QUOTING, R.QUOTED, R.AWAITING_AUTHORISATION, R.AWAITING_APPROVAL, R.APPROVED}
#: Money may be on its way: nothing here may be cancelled.
IN_FLIGHT = {P.SENDING, P.UNKNOWN, P.SENT, P.NEEDS_ATTENTION}
FINISHED_PAYMENTS = {P.SETTLED, P.SETTLED_OUTSIDE, P.FAILED, P.CANCELLED}
#: Not ordered yet: may be cancelled, and nobody paid for it.
UNSENT = {P.NEW, P.QUOTED, P.APPROVED}
#: The receiver has been paid, one way or another.
PAID = {P.SETTLED, P.SETTLED_OUTSIDE}
#: Nothing will be ordered for it as things stand: what it reserved of a standing budget is given back.
GIVES_BACK = {P.QUOTED, P.FAILED, P.CANCELLED, P.SETTLED_OUTSIDE}
#: Ended for good; unless a part of it settled before, without money.
DEAD_REQUESTS = frozenset({R.FAILED, R.DECLINED, R.CANCELLED, R.EXPIRED})
DEAD_PAYMENTS = frozenset({P.FAILED, P.CANCELLED})
#: Not even approved: with its request, such a payment is over, too.
UNAPPROVED_PAYMENTS = frozenset({P.NEW, P.QUOTED})
#: Orders to pay that are under way, may be, or are done: what they take counts against what the payer approved.
COUNTED_OUTGOING = {A.INTENDED, A.UNKNOWN, A.OPEN, A.DONE}

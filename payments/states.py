"""Every state of everything that moves money, what it means, and every move between them. Nothing else assigns a state.

A move is made by `payments.engine.transitions.move`, which has `payments.moving.swap` check it against these tables.
What a state means (what it is called, its tone, whose turn it is, whether money is open, in flight, paid or over)
stands in `REQUESTS` and `PAYMENTS` alone: pages, mails, filters and figures read it from there.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RequestState(TextChoices):
    QUOTING = "quoting", _("Getting a quote")
    QUOTED = "quoted", _("Quoted, not sent")
    AWAITING_AUTHORISATION = "awaiting_authorisation", _("Waiting for a second person")
    AWAITING_APPROVAL = "awaiting_approval", _("Waiting for the payer")
    APPROVED = "approved", _("Approved")
    SETTLED = "settled", _("Settled")
    SETTLED_IN_PART = "settled_in_part", _("Settled in part")
    SETTLED_OUTSIDE = "settled_outside", _("Settled outside")
    FAILED = "failed", _("Failed")
    DECLINED = "declined", _("Declined by the payer")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


class PaymentState(TextChoices):
    NEW = "new", _("Being quoted")
    QUOTED = "quoted", _("Waiting for approval")
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
    FENCED = "fenced", _("Closed before it could arrive")


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
    # In part: some were paid under an earlier approval, and the remaining ones will not be.
    R.AWAITING_AUTHORISATION: {R.AWAITING_APPROVAL, R.APPROVED, R.CANCELLED, R.EXPIRED, R.SETTLED_IN_PART, R.FAILED},
    # Back to the second person: it grew above what they authorised.
    R.AWAITING_APPROVAL: {
        R.APPROVED,
        R.DECLINED,
        R.CANCELLED,
        R.EXPIRED,
        R.SETTLED_IN_PART,
        R.FAILED,
        R.AWAITING_AUTHORISATION,
    },
    # Back to the payer: the approval was lost on its way, ran out, or no longer covers the amount; to the second person
    # first, where that is more than they authorised.
    # Back to quoted: a standing budget could not pay it. Expired: the last period of a standing budget is over.
    R.APPROVED: {
        R.SETTLED,
        R.SETTLED_IN_PART,
        R.SETTLED_OUTSIDE,
        R.FAILED,
        R.AWAITING_AUTHORISATION,
        R.AWAITING_APPROVAL,
        R.QUOTED,
        R.CANCELLED,
        R.EXPIRED,
    },
    R.SETTLED: set(),
    R.SETTLED_IN_PART: set(),
    R.SETTLED_OUTSIDE: set(),
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
    # More arrived after it was over: late, or twice.
    P.SETTLED: {P.NEEDS_ATTENTION},
    P.SETTLED_OUTSIDE: {P.NEEDS_ATTENTION},
    P.FAILED: {P.NEEDS_ATTENTION},
    P.CANCELLED: {P.NEEDS_ATTENTION},
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

#: Only an order to pay can be fenced: the receiver's side was closed before it could arrive.
OUTGOING_MOVES: dict[str, set[str]] = {
    **ATTEMPT_MOVES,
    A.UNKNOWN: {*ATTEMPT_MOVES[A.UNKNOWN], A.FENCED},
    A.OPEN: {*ATTEMPT_MOVES[A.OPEN], A.FENCED},
    A.FENCED: set(),
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


class Turn(TextChoices):
    """Who takes the next step."""

    STAFF = "staff", _("Staff")
    SECOND_PERSON = "second_person", _("A second person")
    PAYER = "payer", _("The payer")
    RECEIVER = "receiver", _("Whoever receives it")
    ENGINE = "engine", _("Tequio")
    NOBODY = "nobody", _("Nobody: it is over")


class Group(TextChoices):
    """How far the money of a payment has come, in the few steps that totals are told in."""

    WAITING = "waiting", _("Waiting for approval")
    APPROVED = "approved", _("Approved, not sent")
    ON_ITS_WAY = "on_its_way", _("On its way, not settled")
    ATTENTION = "attention", _("Needs attention")
    SETTLED = "settled", _("Settled")
    OUTSIDE = "outside", _("Settled outside")
    ENDED = "ended", _("Ended without money")


class Course(StrEnum):
    """OPEN: nothing was sent, and it may be cancelled. IN_FLIGHT: money may be on its way, so it may not."""

    OPEN = "open"
    IN_FLIGHT = "in_flight"
    PAID = "paid"
    OVER = "over"


Tone = Literal["default", "info", "primary", "success", "warning", "danger", "outside"]


@dataclass(frozen=True)
class StateMeaning:
    """`tone` is the colour of its label (Unfold's names). What it is called is the state's own label."""

    tone: Tone
    course: Course


@dataclass(frozen=True)
class RequestMeaning(StateMeaning):
    turn: Turn


@dataclass(frozen=True)
class PaymentMeaning(StateMeaning):
    """Of several payments, the one of the lowest `rank` is what their request, while it is open, is called.

    In the group *needs attention* a person must decide, whatever the request's own turn.
    """

    group: Group
    rank: int


#: Held, and not released: called so instead of *approved* wherever a payment, or its request, is shown.
WAITS_FOR_WORK: Final = _("Approved, waiting for the work")

REQUESTS: Final[dict[RequestState, RequestMeaning]] = {
    R.QUOTING: RequestMeaning("info", Course.OPEN, Turn.ENGINE),
    R.QUOTED: RequestMeaning("warning", Course.OPEN, Turn.STAFF),
    R.AWAITING_AUTHORISATION: RequestMeaning("warning", Course.OPEN, Turn.SECOND_PERSON),
    R.AWAITING_APPROVAL: RequestMeaning("info", Course.OPEN, Turn.PAYER),
    R.APPROVED: RequestMeaning("primary", Course.OPEN, Turn.ENGINE),
    R.SETTLED: RequestMeaning("success", Course.PAID, Turn.NOBODY),
    # A part is no end of all of it: what was not paid can be asked for again.
    R.SETTLED_IN_PART: RequestMeaning("warning", Course.OVER, Turn.STAFF),
    R.SETTLED_OUTSIDE: RequestMeaning("outside", Course.PAID, Turn.NOBODY),
    R.FAILED: RequestMeaning("danger", Course.OVER, Turn.STAFF),
    R.DECLINED: RequestMeaning("danger", Course.OVER, Turn.STAFF),
    R.CANCELLED: RequestMeaning("default", Course.OVER, Turn.NOBODY),
    R.EXPIRED: RequestMeaning("default", Course.OVER, Turn.STAFF),
}
PAYMENTS: Final[dict[PaymentState, PaymentMeaning]] = {
    P.NEW: PaymentMeaning("info", Course.OPEN, Group.WAITING, 6),
    P.QUOTED: PaymentMeaning("info", Course.OPEN, Group.WAITING, 5),
    P.APPROVED: PaymentMeaning("primary", Course.OPEN, Group.APPROVED, 2),
    P.SENDING: PaymentMeaning("info", Course.IN_FLIGHT, Group.ON_ITS_WAY, 3),
    P.UNKNOWN: PaymentMeaning("warning", Course.IN_FLIGHT, Group.ON_ITS_WAY, 1),
    P.SENT: PaymentMeaning("info", Course.IN_FLIGHT, Group.ON_ITS_WAY, 4),
    P.NEEDS_ATTENTION: PaymentMeaning("danger", Course.IN_FLIGHT, Group.ATTENTION, 0),
    P.SETTLED: PaymentMeaning("success", Course.PAID, Group.SETTLED, 8),
    P.SETTLED_OUTSIDE: PaymentMeaning("outside", Course.PAID, Group.OUTSIDE, 7),
    P.FAILED: PaymentMeaning("danger", Course.OVER, Group.ENDED, 9),
    P.CANCELLED: PaymentMeaning("default", Course.OVER, Group.ENDED, 10),
}
if REQUESTS.keys() != set(R) or PAYMENTS.keys() != set(P):
    raise AssertionError("every state of a request and of a payment has a meaning")
for _moves, _states in ((REQUEST_MOVES, R), (PAYMENT_MOVES, P), (GRANT_MOVES, G), (OUTGOING_MOVES, A)):
    if _moves.keys() != set(_states):
        raise AssertionError("every state says where it may go")


def _requests(*courses: Course) -> frozenset[RequestState]:
    return frozenset(state for state, meaning in REQUESTS.items() if meaning.course in courses)


def _payments(*courses: Course) -> frozenset[PaymentState]:
    return frozenset(state for state, meaning in PAYMENTS.items() if meaning.course in courses)


#: A person or the engine may still do something for requests in these states.
OPEN_REQUESTS: Final = _requests(Course.OPEN)
#: Every receiver whom the payer was asked for was paid, one way or another.
PAID_REQUESTS: Final = _requests(Course.PAID)
#: Ended for good; unless a part of it settled before, without money.
DEAD_REQUESTS: Final = _requests(Course.OVER)
#: Not sent yet: may be cancelled, and nobody paid for it.
UNSENT: Final = _payments(Course.OPEN)
#: Money may be on its way: nothing here may be cancelled.
IN_FLIGHT: Final = _payments(Course.IN_FLIGHT)
#: The receiver has been paid, one way or another.
PAID: Final = _payments(Course.PAID)
#: All of it came by wallet.
ARRIVED: Final = frozenset(state for state in PAID if PAYMENTS[state].group != Group.OUTSIDE)
DEAD_PAYMENTS: Final = _payments(Course.OVER)
#: A person must decide what becomes of it.
NEEDS_A_PERSON: Final = frozenset(state for state, meaning in PAYMENTS.items() if meaning.group == Group.ATTENTION)
FINISHED_PAYMENTS: Final = PAID | DEAD_PAYMENTS
#: Nothing will be sent for it as things stand: what it reserved of a standing budget is given back.
GIVES_BACK: Final = frozenset({P.QUOTED, P.FAILED, P.CANCELLED, P.SETTLED_OUTSIDE})
#: Not even approved: with its request, such a payment is over, too.
UNAPPROVED_PAYMENTS: Final = frozenset({P.NEW, P.QUOTED})
#: Outgoing payments that are under way, may be, or are done: what they take counts against what the payer approved.
COUNTED_OUTGOING: Final = frozenset({A.INTENDED, A.UNKNOWN, A.OPEN, A.DONE})

"""Where a request stands for its payer: one phase out of the states of the request, its payments and its approval."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from ledger import clock
from payments.actions import approvals
from payments.models import Payment, PaymentRequest
from payments.models.grants import GrantKind
from payments.presentation.next_step import waits_for_work
from payments.states import GrantState, PaymentState, RequestState

#: How long the page waits for the wallet's page before it offers the button again.
PATIENCE: Final = timedelta(seconds=90)
COMING_BACK: Final = {GrantState.RETURNED, GrantState.CONTINUING}


class Phase(StrEnum):
    NOT_SENT = "not_sent"
    ASKING = "asking"
    GREW = "grew"
    PREPARING = "preparing"
    READY = "ready"
    RETURNED = "returned"
    HELD = "held"
    STANDING = "standing"  # a standing budget: approved, and drawn on
    APPROVED = "approved"
    SENT = "sent"
    CHECKING = "checking"
    ATTENTION = "attention"
    SETTLED = "settled"
    OUTSIDE = "outside"
    PARTLY = "partly"
    FAILED = "failed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


#: The payer may approve or decline.
ACTING: Final = {Phase.ASKING, Phase.GREW, Phase.PREPARING, Phase.READY}
#: Something is under way that the payer waits for.
MOVING: Final = {Phase.PREPARING, Phase.RETURNED, Phase.APPROVED, Phase.SENT, Phase.CHECKING}
#: Nothing changes any more by itself.
OVER: Final = {Phase.SETTLED, Phase.OUTSIDE, Phase.PARTLY, Phase.DECLINED, Phase.CANCELLED, Phase.EXPIRED}

#: It ended without having been paid, or not all of it.
ENDED_UNPAID: Final = {Phase.FAILED, Phase.DECLINED, Phase.CANCELLED, Phase.EXPIRED}

ENDS: Final = {
    RequestState.SETTLED: Phase.SETTLED,
    RequestState.SETTLED_IN_PART: Phase.PARTLY,
    RequestState.SETTLED_OUTSIDE: Phase.OUTSIDE,
    RequestState.FAILED: Phase.FAILED,
    RequestState.DECLINED: Phase.DECLINED,
    RequestState.CANCELLED: Phase.CANCELLED,
    RequestState.EXPIRED: Phase.EXPIRED,
}


@dataclass(frozen=True)
class Progress:
    phase: Phase
    version: str  # changes whenever the page would look different

    @property
    def acts(self) -> bool:
        return self.phase in ACTING

    @property
    def moves(self) -> bool:
        return self.phase in MOVING

    @property
    def done(self) -> bool:
        return self.phase in OVER


def progress_of(request: PaymentRequest) -> Progress:
    payments = list(request.payments.all())
    phase = _phase(request, payments)
    seen = [
        phase,
        request.link_version,
        request.reason,
        request.ceiling_debit,
        request.proposed_debit,
        request.committed_debit,
        [[payment.state, payment.reason, payment.received_value, payment.waits_for_release] for payment in payments],
    ]
    version = hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]
    return Progress(phase, version)


def _phase(request: PaymentRequest, payments: Sequence[Payment]) -> Phase:
    if request.state in ENDS:
        return ENDS[RequestState(request.state)]
    if request.state == RequestState.APPROVED and not payments:
        return Phase.STANDING
    if request.state == RequestState.APPROVED:
        if waits_for_work(payments):
            return Phase.HELD
        return _on_its_way({payment.state for payment in payments if not payment.waits_for_release})
    if request.state == RequestState.AWAITING_APPROVAL:
        return _waiting(request)
    return Phase.NOT_SENT


def _waiting(request: PaymentRequest) -> Phase:
    if request.grants.filter(kind=GrantKind.OUTGOING, state__in=COMING_BACK).exists():
        return Phase.RETURNED
    if request.expires_at <= clock.now():
        return Phase.EXPIRED
    if request.proposed_debit is not None:
        return Phase.GREW
    if approvals.wallet_page(request):
        return Phase.READY
    asked = request.payer_asked_at
    if asked and clock.now() - asked < PATIENCE:
        return Phase.PREPARING
    return Phase.ASKING


def _on_its_way(states: set[str]) -> Phase:
    """The phase that most wants to be said, when several payments are at different points."""
    if PaymentState.NEEDS_ATTENTION in states:
        return Phase.ATTENTION
    if PaymentState.UNKNOWN in states:
        return Phase.CHECKING
    if states & {PaymentState.NEW, PaymentState.QUOTED, PaymentState.APPROVED, PaymentState.SENDING}:
        return Phase.APPROVED
    return Phase.SENT

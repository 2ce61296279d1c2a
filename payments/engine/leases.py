"""One worker at a time on one payment request: a lease with a fencing number, taken by compare and swap."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from ledger import clock
from payments.engine.queries import REQUEST
from payments.models import Grant, PaymentRequest

#: Longer than any call to a wallet may take, so that a lease only runs out when its holder died.
SECONDS = 45


class LeaseLost(Exception):
    """Somebody else holds the request now; whoever held it before plans nothing more."""


@dataclass(frozen=True)
class Lease:
    """`inherited`: its holder before never let go, and may have left intents without an answer."""

    request_id: str
    fence: int
    inherited: bool = True


def acquire(request_id: str) -> Lease | None:
    """The lease, or None while somebody else holds it. Should the holder die, the request comes up again by itself."""
    now = clock.now()
    until = now + timedelta(seconds=SECONDS)
    free = PaymentRequest.objects.filter(pk=request_id).filter(Q(lease_until=None) | Q(lease_until__lte=now)).order_by()
    found = free.values_list("lease_fence", "lease_until").first()
    if found is None:
        return None
    fence, held_until = found
    # One who comes back late renews a lease that ran out without a new number: compare both.
    unchanged = PaymentRequest.objects.filter(pk=request_id, lease_fence=fence, lease_until=held_until)
    if not unchanged.update(lease_fence=fence + 1, lease_until=until, next_attempt_at=until):
        return None
    return Lease(request_id, fence + 1, inherited=held_until is not None)


def renew_and_lock(lease: Lease) -> PaymentRequest:
    """The request, locked for this transaction, with the lease renewed. Raises LeaseLost.

    Every plan begins here and every command of a person begins by updating the same row: they happen one after the
    other, so that no cancellation slips in beside a payment.
    """
    until = clock.now() + timedelta(seconds=SECONDS)
    mine = PaymentRequest.objects.filter(pk=lease.request_id, lease_fence=lease.fence)
    if not mine.update(lease_until=until, next_attempt_at=until, needs_replan=False):
        raise LeaseLost(lease.request_id)
    return REQUEST.get(lease.request_id)


def renew(lease: Lease) -> None:
    """Keep the lease while a long plan is carried out. Raises LeaseLost: what was not begun is then left to others."""
    until = clock.now() + timedelta(seconds=SECONDS)
    mine = PaymentRequest.objects.filter(pk=lease.request_id, lease_fence=lease.fence)
    if not mine.update(lease_until=until, next_attempt_at=until):
        raise LeaseLost(lease.request_id)


def release(lease: Lease, wake_at: datetime | None) -> bool:
    """Let go; False when somebody changed the request meanwhile and it wants another look first."""
    mine = PaymentRequest.objects.filter(pk=lease.request_id, lease_fence=lease.fence)
    if mine.filter(needs_replan=False).update(lease_until=None, next_attempt_at=wake_at):
        return True
    return not mine.exists()


def hand_on(lease: Lease) -> None:
    """Let go of a request that wants another look at once, by whoever has the time for it."""
    mine = PaymentRequest.objects.filter(pk=lease.request_id, lease_fence=lease.fence)
    mine.update(lease_until=None, next_attempt_at=clock.now())


def lease_grant(grant: Grant) -> bool:
    """Whether its token is ours to renew: of all requests that are paid under one approval, one may at a time.

    Only as it was read: who comes too late reads the new token first. Should the holder die, the lease runs out.
    """
    now = clock.now()
    free = Grant.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), pk=grant.pk, sealed=grant.sealed)
    return bool(free.update(lease_until=now + timedelta(seconds=SECONDS)))


def wake(request_id: str) -> None:
    """Have the engine look at the request soon, whether or not somebody is at it."""
    PaymentRequest.objects.filter(pk=request_id).update(next_attempt_at=clock.now(), needs_replan=True)

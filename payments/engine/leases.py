"""One worker at a time on one payment request: a lease with a fencing number, taken by compare and swap."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from ledger import clock
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


@dataclass(frozen=True)
class FreeRequest:
    """A request that nobody held when it was read."""

    request_id: str
    fence: int
    held_until: datetime | None


def acquire(request_id: str) -> Lease | None:
    """The lease, or None while somebody else holds it."""
    found = find_free(request_id)
    return lease_free(found) if found else None


def find_free(request_id: str) -> FreeRequest | None:
    """The request as it is now, None while somebody holds it."""
    rows = PaymentRequest.objects.filter(Q(lease_until=None) | Q(lease_until__lte=clock.now()), pk=request_id)
    found = rows.order_by().values_list("lease_fence", "lease_until").first()
    return FreeRequest(request_id, *found) if found else None


def lease_free(found: FreeRequest) -> Lease | None:
    """Its lease, None when somebody was faster. Should the holder die, the request comes up again by itself."""
    fence, until = found.fence + 1, clock.now() + timedelta(seconds=SECONDS)
    # One who comes back late renews a lease that ran out without a new number: compare both.
    unchanged = PaymentRequest.objects.filter(
        pk=found.request_id, lease_fence=found.fence, lease_until=found.held_until
    )
    if not unchanged.update(lease_fence=fence, lease_until=until, next_attempt_at=until):
        return None
    return Lease(found.request_id, fence, inherited=found.held_until is not None)


def lock_leased(lease: Lease) -> None:
    """Lock the request for this transaction, with the lease renewed. Raises LeaseLost.

    Every plan begins here and every command of a person begins by updating the same row: they happen one after the
    other, so that no cancellation slips in beside a payment.
    """
    until = clock.now() + timedelta(seconds=SECONDS)
    mine = PaymentRequest.objects.filter(pk=lease.request_id, lease_fence=lease.fence)
    if not mine.update(lease_until=until, next_attempt_at=until, needs_replan=False):
        raise LeaseLost(lease.request_id)


def renew(lease: Lease) -> None:
    """Keep the lease while a long plan is carried out. Raises LeaseLost: what was not begun is then left to others."""
    until = clock.now() + timedelta(seconds=SECONDS)
    mine = PaymentRequest.objects.filter(pk=lease.request_id, lease_fence=lease.fence)
    if not mine.update(lease_until=until, next_attempt_at=until):
        raise LeaseLost(lease.request_id)


def release(lease: Lease, wake_at: datetime | None) -> bool:
    """Let go; False when somebody changed the request meanwhile and it wants another look first."""
    mine = PaymentRequest.objects.filter(pk=lease.request_id, lease_fence=lease.fence)
    told = {"lease_until": None, "next_attempt_at": wake_at, "crashes": 0, "crash": ""}
    if mine.filter(needs_replan=False).update(**told):
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

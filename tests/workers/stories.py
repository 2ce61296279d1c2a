"""What happens to workers, told once for the suite and for `make bench`."""

from tests.workers.house import House

#: Longer than a lease lives, and than a claim: what a dead worker held is free again.
PAST_ALL_LEASES = 60


def lose_power_half_way(built: House, *, payments: int, clusters: int, seconds: float) -> None:
    """Two of the clusters (one of two) die in the middle, the others are stopped a little later, the queue is lost;
    then all of them start again. Takes about as long as settling takes, not as long as leases live.
    """
    built.approve(payments)
    built.start(clusters)
    built.wait_until_settled(payments // 4, seconds)
    built.kill(max(clusters // 2, 1))
    built.wait_until_settled(payments // 2, seconds)
    built.stop()
    # What a killed worker had taken from the queue comes back after minutes; the rows know it sooner.
    built.forget_the_queue()
    built.later(PAST_ALL_LEASES)
    built.start(clusters)
    built.wait_until_settled_or_lost(payments, seconds)
    # A wallet answers only once whoever collects an approval: payers whose answer died with its worker press again.
    built.approve_again()
    built.wait_until_settled(payments, seconds)
    built.stop()
    built.check(payments)

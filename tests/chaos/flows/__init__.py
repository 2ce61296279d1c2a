"""The ways of paying, and how often each is taken."""

import random

from tests.chaos.flows.base import At, Flow
from tests.chaos.flows.budget import Budget
from tests.chaos.flows.escrow import Escrow
from tests.chaos.flows.paying import Paying
from tests.chaos.flows.refund import Refunding
from tests.chaos.world import World

#: In percent. Those that make several requests are rare: each request costs as much as a flow of one.
SHARES: dict[type[Flow], int] = {Paying: 84, Refunding: 6, Escrow: 4, Budget: 6}


def flow(world: World, at: At, seed: int, number: int) -> Flow:
    """Number `number` of the run with `seed`, whichever shard it is in."""
    dice = random.Random(f"flow {seed} {number}")
    way = dice.choices(list(SHARES), list(SHARES.values()))[0]
    return way(world, at, number, dice)

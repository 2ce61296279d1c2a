"""Which calls go wrong, how, and how often. Everything from one seed.

Calls that move money, or find out about it, go wrong most: that is where the trouble is. What was asked of wallets
before anybody approved goes wrong less, or hardly any flow would ever get as far as money.
"""

import random
from typing import Any

#: The wallet did nothing, or did it and its answer was lost.
LOST: dict[str, float] = {
    "500-before": 5,
    "500-after": 6,
    "reset-before": 4,
    "reset-after": 6,
    "down": 2,
    "truncate": 3,
    "garbage": 2,
    "garbage-before": 2,
    "not-json": 3,
    "wrong-types": 2,
    "status:503": 2,
    "status:429": 1,
    "too-many": 1,
    "invalid-client": 1,
    "mutate:bodies": 1,
    "mutate:nested": 0.5,
    "mutate:sizes": 1,
    "mutate:twice": 1,
    "mutate:encodings": 1,
    "redirect": 1,
    "delay": 1,
    "huge": 0.1,
}
#: Single calls are also answered with what is well-formed and untrue, or refused.
OF_THEIR_OWN: dict[str, dict[str, float]] = {
    "create-incoming-payment": {"wrong-amount": 2, "wrong-asset": 1, "wrong-scale": 1, "wrong-wallet": 1},
    "create-quote": {"wrong-amount": 2, "wrong-asset": 1, "wrong-scale": 1, "wrong-receiver": 1, "wrong-wallet": 1},
    "create-outgoing-payment": {"wrong-amount": 2, "wrong-receiver": 1, "status:409": 2, "status:408": 1},
    "get-incoming-payment": {
        "wrong-asset": 1,
        "wrong-scale": 1,
        "wrong-asset:receivedAmount": 1,
        "wrong-scale:incomingAmount": 1,
        "status:404": 2,
        "status:401": 2,
        "status:403": 1,
    },
    "get-outgoing-payment": {"wrong-asset": 1, "wrong-scale:sentAmount": 1, "wrong-asset:debitAmount": 1},
    "list-outgoing-payments": {"wrong-wallet": 1, "status:401": 1, "status:404": 1},
    "complete-incoming-payment": {
        "wrong-asset": 1,
        "wrong-scale": 1,
        "status:409": 3,
        "status:404": 1,
        "status:401": 1,
    },
    "post-request": {"private-urls": 1, "status:400": 1},
    "post-continue": {"private-urls": 1, "status:404": 1, "status:401": 1},
    "post-token": {"private-urls": 1, "status:404": 1},
    "get-wallet-address": {"private-urls": 0.5, "status:404": 0.5},
}
#: What a kind that takes a number of seconds is given, if it is not next to nothing.
SECONDS = {"too-many": 90.0}
#: How often each call goes wrong, as a multiple of the share that was asked for.
SHARE = {
    "get-wallet-address": 0.3,
    "post-request": 0.8,
    "create-incoming-payment": 0.75,
    "create-quote": 0.7,
    "post-continue": 1.2,
    "create-outgoing-payment": 1.8,
    "list-outgoing-payments": 1.8,
    "get-outgoing-payment": 1.8,
    "get-incoming-payment": 1.8,
    "complete-incoming-payment": 1.8,
    "delete-continue": 1.2,
    "post-token": 0.8,
}
#: Between wallets, where the money itself travels.
BETWEEN_WALLETS = {"get-incoming-payment": 0.15, "deliver": 0.5, "get-wallet-address-keys": 0.05}
BETWEEN_KINDS: dict[str, float] = {"500-before": 2, "reset-before": 1, "reset-after": 2, "500-after": 2}
MOST = 0.9


def rules(seed: int, percent: int, hangs: int) -> list[dict[str, Any]]:
    """Faults for the sandbox so that about `percent` of a run's calls go wrong; `hangs` calls are never answered."""
    dice = random.Random(f"weather {seed}")
    made: list[dict[str, Any]] = []
    for operation in ("create-outgoing-payment", "get-incoming-payment", "post-continue")[: min(hangs, 3)]:
        match = {"operation": operation, "nth": dice.randrange(5, 60)}
        made.append({"match": match, "do": "hang-after", "times": -(-hangs // 3)})
    for operation, share in SHARE.items():
        kinds = {**LOST, **OF_THEIR_OWN.get(operation, {})}
        made += _rules(dice, operation, "client", min(share * percent / 100, MOST), kinds)
    for operation, share in BETWEEN_WALLETS.items():
        made += _rules(dice, operation, "wallet", share * percent / 100, BETWEEN_KINDS)
    return made


def _rules(
    dice: random.Random, operation: str, origin: str, chance: float, kinds: dict[str, float]
) -> list[dict[str, Any]]:
    """One rule per kind. Each is asked in turn, so its chance is the one given that none before it struck."""
    total = sum(kinds.values())
    made, left = [], 1.0
    for kind, weight in kinds.items():
        own = chance * weight / total
        made.append(
            {
                "match": {"operation": operation, "from": origin},
                "do": kind,
                "times": None,
                "seconds": SECONDS.get(kind, 0.005),
                "chancePerMille": round(1000 * own / left),
                "seed": dice.randrange(2**31),
            }
        )
        left -= own
    return made

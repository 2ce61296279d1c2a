"""The admin of the payments room: one file per kind of row."""

from payments.admin import (
    attempts,
    limits,
    outbox,
    pauses,
    payments,
    requests,
    rules,
    sellers,
    standing_budgets,
    wallets,
)

__all__ = [
    "attempts",
    "limits",
    "outbox",
    "pauses",
    "payments",
    "requests",
    "rules",
    "sellers",
    "standing_budgets",
    "wallets",
]

"""The admin of the payments room: one file per kind of row."""

from payments.admin import (
    api_keys,
    attempts,
    broken_glass,
    chart,
    limits,
    outbox,
    pauses,
    payments,
    proposals,
    requests,
    rules,
    sellers,
    standing_budgets,
    wallets,
)

__all__ = [
    "api_keys",
    "attempts",
    "broken_glass",
    "chart",
    "limits",
    "outbox",
    "pauses",
    "payments",
    "proposals",
    "requests",
    "rules",
    "sellers",
    "standing_budgets",
    "wallets",
]

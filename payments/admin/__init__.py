"""The admin of the payments room: one file per kind of row."""

from payments.admin import (
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
    webhook_deliveries,
    webhook_endpoints,
    webhook_senders,
)

__all__ = [
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
    "webhook_deliveries",
    "webhook_endpoints",
    "webhook_senders",
]

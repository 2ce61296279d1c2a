"""The admin of the payments room: one file per kind of row."""

from payments.admin import attempts, budgets, limits, messages, pauses, payments, requests, sellers, wallets

__all__ = ["attempts", "budgets", "limits", "messages", "pauses", "payments", "requests", "sellers", "wallets"]

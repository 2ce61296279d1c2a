"""The ledger in the admin: to read, filter and search."""

from ledger.admin import checkpoints

__all__ = ["checkpoints"]

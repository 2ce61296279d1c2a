"""The ledger's migrations and one more, as a later version may bring it."""

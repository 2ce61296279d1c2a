"""Reconciliation: what wallets list, read and compared with what we say. It moves no money and changes no payment."""

"""The ledger as people read it: sentences, names and links."""

"""Statements: what wallets and banks say happened, read, matched with what we say, and told where the two differ."""

"""The queue of what needs a person: where wallets and banks say something else than we, and payments that wait."""

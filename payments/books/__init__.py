"""What each payment comes to, booked when it changes: the ledger's movements, and where every total is taken from."""

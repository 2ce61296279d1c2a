"""What people do: staff, payers, administrators. Each act is one transaction with its ledger entry."""

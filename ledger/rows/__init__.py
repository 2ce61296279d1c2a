"""What the ledger vouches for of other rooms' tables, and whether they still are what it says."""

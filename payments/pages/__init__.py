"""The pages of payers: the approval link, its live status, and the way back from the wallet."""

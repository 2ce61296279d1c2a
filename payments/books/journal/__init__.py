"""The journal: movements as double entry, for an accountant's own program. `bookings` makes it, the rest writes it."""

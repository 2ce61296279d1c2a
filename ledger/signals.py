"""How the ledger tells the rooms above what they may want to pass on. Receivers only queue work."""

from django.dispatch import Signal

#: A checkpoint was signed and kept. Inside the transaction; keyword arguments: `size`, `note`.
checkpoint_kept = Signal()

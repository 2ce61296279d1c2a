"""What the room above may want to know of people."""

from django.dispatch import Signal

#: In the transaction that erases a member; `names` is what they were called by until then.
member_erased = Signal()

"""How this room tells the one above that money moved: inside the transaction of the change. Receivers only queue."""

from django.dispatch import Signal

#: A payment request, or a payment of it, changed state. Keyword arguments: `request_id`.
request_moved = Signal()

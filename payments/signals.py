"""How this room tells the one above that money moved: inside the transaction of the change. Receivers only queue."""

from django.dispatch import Signal

#: A payment request was approved or is over, or a payment of it is over or needs a person. Keyword arguments:
#: `request_id`. Once for each request and transaction of the engine.
request_moved = Signal()

"""The beginning of the books: what there was before them, booked once, on the days on which it happened.

Of each payment two things are known for certain: when it was asked for, and when it came to where it is.
"""

from itertools import islice

from ledger.books.keeping import keep
from ledger.models import Movement
from payments.books.booking import book, first_movement
from payments.models import Payment

CHUNK = 500


def book_history() -> int:
    """In the caller's transaction; how many payments are booked from now on. Those that are booked stay as they are."""
    booked = set(Movement.objects.values_list("subject", flat=True))
    waiting = (pk for pk in Payment.objects.order_by("pk").values_list("pk", flat=True) if pk not in booked)
    count = 0
    while chunk := list(islice(waiting, CHUNK)):
        rows = list(Payment.objects.filter(pk__in=chunk).select_related("request__seller"))
        keep(movement for row in rows if (movement := first_movement(row)))
        for row in rows:
            book([row.pk], at=row.settled_at or row.changed_at)
        count += len(rows)
    return count

"""What was paid outside the wallets, and never asked for in one, in the books: all of it at once, when it counts."""

from ledger.books.keeping import booked, keep
from ledger.models import Movement
from payments.models import OutsidePayment
from payments.models.payments import Purpose


def book_outside(row: OutsidePayment) -> None:
    """It was asked, and settled outside, on the day when it was confirmed. Booked once, however often it is called."""
    if not row.counts or booked([row.pk])[row.pk].number:
        return
    keep(
        [
            Movement(
                subject=row.pk,
                number=1,
                purpose=Purpose.WORK,
                holds=-1 if row.from_held else 0,
                seller=row.seller_id,
                payer=row.payer_key,
                receiver=row.receiver_key,
                received_code=row.asset_code,
                received_scale=row.asset_scale,
                asked=row.value,
                outside=row.value,
                worth=row.value,
            )
        ]
    )

"""What must hold of the books."""

from collections.abc import Iterator

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payments.books.booking import unbooked
from payments.invariants.base import Invariant, Reckoned
from payments.locking import lock
from payments.models import Payment, PaymentRequest

CHUNK = 500


def _unbooked() -> Iterator[str]:
    """Payments of which the books say something else than their rows, looked at twice: the second time, locked."""
    last = ""
    while chunk := list(Payment.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        for payment_id in dict.fromkeys(unbooked(Payment.objects.filter(pk__in=chunk))):
            with transaction.atomic():
                lock(PaymentRequest.objects.all(), Payment.objects.values_list("request_id").get(pk=payment_id)[0])
                if unbooked(Payment.objects.filter(pk=payment_id)):
                    yield payment_id
        last = chunk[-1]


BOOKS: tuple[Invariant | Reckoned, ...] = (
    Reckoned("booked_as_it_is", _("What is booked of a payment is what its rows say."), _unbooked),
    Invariant(
        "outside_booked_when_confirmed",
        _("What was paid outside the wallets is booked once two people say so, and not before."),
        """
        SELECT id FROM payments_outsidepayment
        WHERE CASE WHEN state = 'confirmed' THEN value ELSE 0 END
            <> (SELECT COALESCE(SUM(outside), 0) FROM ledger_movement WHERE subject = payments_outsidepayment.id)
        """,
    ),
)

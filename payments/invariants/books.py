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
    Invariant(
        "movements_of_what_was_paid",
        _("Every movement in the books is of a payment, and of the people and the purpose that this payment has."),
        # Only what never changes. Who holds money, and which seller a fee goes to, is asked when it is booked, and
        # sellers may have other wallets by now; a refund's people are those of what it gives back.
        """
        SELECT DISTINCT movement.subject FROM ledger_movement movement
        LEFT JOIN payments_payment payment ON payment.id = movement.subject
        LEFT JOIN payments_paymentrequest request ON request.id = payment.request_id
        LEFT JOIN payments_outsidepayment outside ON outside.id = movement.subject
        WHERE (payment.id IS NULL AND outside.id IS NULL)
          OR movement.request <> COALESCE(payment.request_id, '')
          OR movement.purpose <> COALESCE(payment.purpose, 'work')
          OR movement.seller <> COALESCE(request.seller_id, outside.seller_id)
          OR (movement.returns <> '' AND movement.purpose <> 'refund')
          OR (movement.purpose = 'fee' AND movement.holds <> 0)
          OR (movement.purpose = 'escrow'
              AND (movement.holds <> 1 OR movement.receiver <> 'seller:' || request.seller_id))
          OR (movement.purpose = 'work' AND movement.receiver <> COALESCE(payment.receiver_key, outside.receiver_key))
          OR (movement.purpose <> 'refund' AND request.payer_key <> '' AND movement.payer <> request.payer_key)
          OR (movement.purpose = 'work' AND request.payer_key <> '' AND movement.holds <> 0)
          OR movement.payer <> COALESCE(outside.payer_key, movement.payer)
          OR (outside.id IS NOT NULL AND movement.holds <> CASE WHEN outside.from_held THEN -1 ELSE 0 END)
        """,
    ),
)

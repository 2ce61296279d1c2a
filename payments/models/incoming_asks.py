"""Money that a program expects at a seller's wallet, from whoever pays it: no payment of ours is behind it."""

from django.db import models

from ledger import clock
from payments.models.api_keys import ApiKey
from payments.models.attempts import IncomingPayment
from payments.models.sellers import Seller

LONGEST_DESCRIPTION = 200


class IncomingAsk(models.Model):
    """With which key an incoming payment was asked for, at whose wallet. Both rows are there before it is asked."""

    incoming = models.OneToOneField(
        IncomingPayment, on_delete=models.PROTECT, primary_key=True, related_name="asked_for_by"
    )
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="incoming_asks")
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="incoming_asks")
    # The same for the same `Idempotency-Key`: so there is one, however often it is asked for.
    form_id = models.CharField(max_length=64, unique=True)
    # Its wallet keeps it, too, and shows it to whoever pays.
    description = models.CharField(max_length=LONGEST_DESCRIPTION)
    created_at = models.DateTimeField(default=clock.now)
    # When its wallet is asked next by itself; none once nothing more can arrive, or nobody waits for it any longer.
    next_look_at = models.DateTimeField(default=clock.now, null=True, editable=False)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["next_look_at"], condition=models.Q(next_look_at__isnull=False), name="incoming_asks_to_look_at"
            )
        ]

    def __str__(self) -> str:
        return str(self.incoming_id)

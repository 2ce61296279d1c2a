"""Money that goes back to whoever paid it: a payment of its own, tied to the one that it gives back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import Dated, value_field
from payments.models.payments import Payment


class Refund(Dated):
    """`payment` gives back all or a part of what arrived by `of`. How far it has come is what the payment says."""

    of = models.ForeignKey(Payment, verbose_name=_("refund of"), on_delete=models.PROTECT, related_name="refunds")
    payment = models.OneToOneField(Payment, verbose_name=_("refund"), on_delete=models.PROTECT, related_name="refund")

    # So much of it, in the units of `payment`, gives back what had come beyond what was asked: late, or twice.
    surplus_value = value_field(default=0, editable=False)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["created_at", "id"]
        default_permissions = ()
        permissions = [("refund_payment", _("Can have payments refunded"))]

    def __str__(self) -> str:
        return f"{self.payment_id} → {self.of_id}"

    @property
    def surplus_returned(self) -> int:
        """What of that has come back, in the units of `payment`. Reads its request."""
        return min(self.payment.arrived.value, self.surplus_value) if self.payment.is_over else 0

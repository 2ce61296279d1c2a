"""What payers who have not answered were told since they were asked: once of each kind, whatever dies."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock
from payments.models.messages import Message
from payments.models.requests import PaymentRequest


class Reminder(models.Model):
    """One occasion on which the payer of `request` was reminded of it. Written with the mail, in one transaction."""

    #: The occasion before the link ends. The others are `after_1`, `after_2` … of the setting REMINDER_DAYS.
    LAST_DAY = "last_day"

    request = models.ForeignKey(
        PaymentRequest, verbose_name=_("payment request"), on_delete=models.PROTECT, related_name="reminders"
    )
    occasion = models.CharField(_("occasion"), max_length=16)
    message = models.ForeignKey(
        Message, verbose_name=_("message"), on_delete=models.PROTECT, related_name="reminders", db_index=True
    )
    made_at = models.DateTimeField(_("written"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["request", "occasion"], name="a_payer_is_reminded_once_of_each_kind")
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.occasion}"

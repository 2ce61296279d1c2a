"""Who takes care of a row that waits under “To do”, and until when it is put off."""

from django.conf import settings
from django.db import models

from payments.identifiers import LENGTH
from payments.models.fields import Dated


class QueueMark(Dated):
    """At most one of each row of a queue; forgotten within a day once the row has left it."""

    queue = models.CharField(max_length=16)
    row = models.CharField(max_length=LENGTH)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # The first moment of the day on which it waits again. Whatever is recorded about it after `put_off_at` ends it.
    until = models.DateTimeField(null=True)
    put_off_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["queue", "row"], name="one_mark_of_a_row")]

    def __str__(self) -> str:
        return f"{self.queue} {self.row}"

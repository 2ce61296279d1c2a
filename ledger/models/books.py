"""The books: what changed of each figure, on which day. Nothing in them is ever changed or taken away.

A figure at the end of a day is the sum of its movements until then. So a report of a month that is over says the same
for ever, and opening + movements = closing in all of them.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock

#: Figures in the currency that the receiver gets. What was asked, and what came on top of it, is in exactly one of the
#: others, so that they add up.
RECEIVED_FIGURES = ("asked", "over", "waiting", "approved", "on_its_way", "attention", "received", "outside", "ended")
#: Figures in the currency that the payer pays. What was approved was debited, is still open, or is no longer needed.
PAID_FIGURES = ("promised", "debited", "open", "unused")
#: Parts of these, by what became of their payments; and what counts against money that is held.
RECEIVED_PARTS = ("early", "received_ended", "surplus", "surplus_returned", "worth")
PAID_PARTS = ("in_transit", "debited_ended", "saved", "worth_paid")
IN_RECEIVED = (*RECEIVED_FIGURES, *RECEIVED_PARTS)
IN_PAID = (*PAID_FIGURES, *PAID_PARTS)
FIGURES = (*IN_RECEIVED, *IN_PAID)


def _figure(label: object) -> "models.BigIntegerField[int, int]":
    """Minor units, by which it grew, or shrank."""
    return models.BigIntegerField(label, default=0, editable=False)  # type: ignore[arg-type]


class Movement(models.Model):
    """By how much the figures of one subject (a payment) changed at one moment. What each means: `books.figures`."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("booked"), default=clock.now, editable=False)
    # Of the business's calendar when it was booked: a report never falls apart when that setting changes.
    day = models.DateField(_("day"), editable=False)
    # The day that it is about, where that month was closed by then: a correction is booked in an open one.
    corrects = models.DateField(_("corrects"), null=True, editable=False)
    subject = models.CharField(_("payment"), max_length=26, editable=False)
    number = models.PositiveIntegerField(_("number"), editable=False)  # of the subject's movements, from 1
    # What reports are told by: opaque here, and the same in every movement of a subject.
    request = models.CharField(_("payment request"), max_length=26, editable=False)
    purpose = models.CharField(_("purpose"), max_length=8, editable=False)
    # Whether it fills (1) or empties (-1) what the platform holds for jobs, or neither.
    holds = models.SmallIntegerField(default=0, editable=False)
    # Of a refund: what it gives back was for.
    returns = models.CharField(_("gives back"), max_length=8, blank=True, editable=False)
    seller = models.CharField(_("asked by"), max_length=64, editable=False)
    payer = models.CharField(_("payer"), max_length=80, blank=True, editable=False)
    receiver = models.CharField(_("receiver"), max_length=80, blank=True, editable=False)

    received_code = models.CharField(_("currency received"), max_length=32, editable=False)
    received_scale = models.PositiveSmallIntegerField(editable=False)
    asked = _figure(_("asked"))
    over = _figure(_("more than asked"))
    waiting = _figure(_("waiting for approval"))
    approved = _figure(_("approved, not sent"))
    on_its_way = _figure(_("on its way"))
    attention = _figure(_("needs attention"))
    received = _figure(_("received"))
    outside = _figure(_("settled outside"))
    ended = _figure(_("ended without money"))
    early = _figure(_("received before the end"))  # by payments that are not over
    received_ended = _figure(_("received of what ended"))  # by those that ended, or were settled outside
    surplus = _figure(_("received beyond what was asked"))  # by those that are settled
    surplus_returned = _figure(_("gives back what came beyond what was asked"))  # of refunds that are over
    worth = _figure(_("worth"))  # of what is over: what it took from where it was paid, see `Payment.worth_arrived`

    paid_code = models.CharField(_("currency paid"), max_length=32, blank=True, editable=False)
    paid_scale = models.PositiveSmallIntegerField(default=0, editable=False)
    promised = _figure(_("approved by the payer"))
    debited = _figure(_("debited"))
    open = _figure(_("approved, not debited"))
    unused = _figure(_("approved, no longer needed"))
    in_transit = _figure(_("debited, not arrived"))  # for payments that are not over
    debited_ended = _figure(_("debited for what ended"))  # for those that ended, or were settled outside
    saved = _figure(_("approved, and cost less"))  # of those that are settled: the rest of `unused` ended
    worth_paid = _figure(_("worth, where the payer pays exactly"))

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")
        ordering = ["id"]
        default_permissions = ["view"]
        permissions = [("export_movement", _("Can export movements of the books"))]
        indexes = [
            models.Index(fields=["day", "received_code"], name="ledger_movement_day"),
            models.Index(fields=["payer", "day"], name="ledger_movement_payer"),
            models.Index(fields=["receiver", "day"], name="ledger_movement_receiver"),
            models.Index(fields=["request"], name="ledger_movement_request"),
            # What is held is all that ever came to be held, less what left: of most movements neither.
            models.Index(fields=["received_code"], condition=models.Q(holds__in=[-1, 1]), name="ledger_movement_held"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["subject", "number"], name="one_movement_after_the_other"),
            models.CheckConstraint(
                condition=models.Q(
                    asked=models.F("waiting")
                    + models.F("approved")
                    + models.F("on_its_way")
                    + models.F("attention")
                    + models.F("received")
                    + models.F("outside")
                    + models.F("ended")
                    - models.F("over")
                ),
                name="what_was_asked_is_somewhere",
            ),
            models.CheckConstraint(
                condition=models.Q(promised=models.F("debited") + models.F("open") + models.F("unused")),
                name="what_was_approved_is_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.number}"

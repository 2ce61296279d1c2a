"""Months that are closed. A month is closed while its newest closing was not reopened; no row is ever changed.

What is dated up to the end of a closed month stays as it is: triggers refuse movements of such a day, and changes of
what was settled by then (`triggers.py`).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Closing(models.Model):
    """That a month was closed, and all that its figures came to then."""

    id = models.CharField(_("closing"), primary_key=True, max_length=26, editable=False)
    month = models.CharField(_("month"), max_length=7, editable=False)  # such as 2026-11
    number = models.PositiveSmallIntegerField(_("number"), editable=False)  # of the month's closings, from 1
    first_day = models.DateField(_("from"), editable=False)
    last_day = models.DateField(_("to"), editable=False)
    ends_at = models.DateTimeField(editable=False)  # the first moment after it, as the calendar was then
    closed_at = models.DateTimeField(_("closed"), editable=False)
    closed_by = models.CharField(_("closed by"), max_length=255, editable=False)  # who: the entry's actor
    movements = models.PositiveBigIntegerField(_("movements"), editable=False)
    digest = models.CharField(_("digest"), max_length=64, editable=False)  # see `books.closing.digest_of`
    # Currency → figure → opening, what came and went, closing; in major units.
    totals = models.JSONField(_("control totals"), editable=False)
    reports = models.JSONField(_("reports"), default=dict, editable=False)  # as they were told; by name
    # What was open when it was closed all the same: the check's name → how many.
    left_open = models.JSONField(_("open when it was closed"), default=dict, editable=False)
    entry_id = models.CharField(_("ledger entry"), max_length=26, editable=False)

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        ordering = ["-last_day", "-number"]
        default_permissions = ["view"]
        permissions = [
            ("close_period", _("Can close a month")),
            ("reopen_period", _("Can reopen a month, with a second person")),
        ]
        constraints = [models.UniqueConstraint(fields=["month", "number"], name="one_closing_after_the_other")]

    def __str__(self) -> str:
        return self.month


class Reopening(models.Model):
    """That a closing counts no more. What it came to stays to be read."""

    closing = models.OneToOneField(Closing, models.PROTECT, primary_key=True, related_name="reopening", editable=False)
    reopened_at = models.DateTimeField(_("reopened"), editable=False)
    reopened_by = models.CharField(_("reopened by"), max_length=255, editable=False)  # who decided: the entry's actor
    entry_id = models.CharField(_("ledger entry"), max_length=26, editable=False)

    class Meta:
        verbose_name = _("reopened month")
        verbose_name_plural = _("reopened months")
        default_permissions = ()

    def __str__(self) -> str:
        return self.closing_id

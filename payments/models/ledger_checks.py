"""When the ledger was last checked, and what was found."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LedgerCheck(models.Model):
    """The last of each kind. What was found is counted, and the first of it kept."""

    class Kind(models.TextChoices):
        QUICK = "quick", _("What money may still move by")
        WHOLE = "whole", _("Everything")

    kind = models.CharField(_("what was checked"), max_length=8, choices=Kind, primary_key=True)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    rows = models.PositiveIntegerField(_("rows compared"), default=0)
    entries = models.PositiveIntegerField(_("entries checked"), default=0)
    faults = models.PositiveIntegerField(_("faults"), default=0)
    # The first of them, each a code with its parameters: administrators are told once of each.
    found = models.JSONField(_("found"), default=list)

    class Meta:
        verbose_name = _("check of the ledger")
        verbose_name_plural = _("checks of the ledger")
        default_permissions = ()

    def __str__(self) -> str:
        return self.kind

"""When the ledger was last checked, and what was found."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.faults import Fault, FaultCode

#: Told with the newest entry that shows them, which may be another one tomorrow.
OF_ROWS = {FaultCode.ROW_CHANGED, FaultCode.ROW_GONE}


@dataclass(frozen=True, eq=False)
class Finding:
    """One fault, whichever entry shows it: a row that stays as it is found stays the same finding."""

    code: FaultCode
    about: tuple[tuple[str, str | int], ...]

    @classmethod
    def of(cls, fault: Fault) -> "Finding":
        return cls(fault.code, fault.parameters)

    def kept(self) -> list[Any]:
        """As a row keeps it."""
        return [self.code.value, dict(self.about)]

    def sentence(self) -> str:
        """In the active language."""
        return Fault(self.code, self.about).sentence()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Finding) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, frozenset[tuple[str, str | int]]]:
        return self.code.value, frozenset(pair for pair in self.about if pair[0] != "entry" or self.code not in OF_ROWS)


class LedgerCheck(models.Model):
    """The last of each kind. What was found is counted, and the first of it kept.

    While one is under way, all but `started_at` is still of the one before.
    """

    class Extent(models.TextChoices):
        QUICK = "quick", _("Open payments, limits and people")
        WHOLE = "whole", _("Everything")

    kind = models.CharField(_("what was checked"), max_length=8, choices=Extent, primary_key=True)
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

    @property
    def is_over(self) -> bool:
        return self.finished_at is not None and self.finished_at >= self.started_at

    @property
    def findings(self) -> list[Finding]:
        return [Finding(FaultCode(code), tuple(about.items())) for code, about in self.found]

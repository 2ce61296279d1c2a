"""The switch that stops new money movement."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock
from payments.openpayments.urls import LONGEST_NETLOC


class PauseScope(models.TextChoices):
    ALL = "all", _("Everything")
    SELLER = "seller", _("One seller")
    HOST = "host", _("One wallet host")


class PauseCause(models.TextChoices):
    """Who paused: a person, who says why, or the program, for one of these."""

    PERSON = "person", _("A person")
    DATABASE_RESTORED = "database_restored", _("The database was restored or copied")
    LEDGER_UNPROTECTED = "ledger_unprotected", _("The ledger is not protected")
    LEDGER_FAULTS = "ledger_faults", _("Something was changed beside the program")


class Pause(models.Model):
    """While one is on, no new money moves within its scope; looking goes on."""

    scope = models.CharField(_("what is paused"), max_length=16, choices=PauseScope, default=PauseScope.ALL)
    target = models.CharField(
        _("seller id or wallet host"),
        max_length=LONGEST_NETLOC,
        blank=True,
        help_text=_("Empty when everything is paused."),
    )
    cause = models.CharField(_("cause"), max_length=32, choices=PauseCause, default=PauseCause.PERSON, editable=False)
    # In the words of whoever paused; of a pause that the program started, its cause.
    reason = models.CharField(_("reason"), max_length=200)
    started_at = models.DateTimeField(_("since"), default=clock.now, editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("paused by"),
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("resumed by"),
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "target"], condition=models.Q(ended_at=None), name="one_pause_per_scope"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.target}".strip()


class Installation(models.Model):
    """Which database this is. When it wakes up somewhere else, it was restored or copied, and starts paused."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    fingerprint = models.CharField(max_length=200)
    checked_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_installation")]

    def __str__(self) -> str:
        return self.fingerprint

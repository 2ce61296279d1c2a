"""Addresses to which nothing, or nothing of one kind, is mailed any more."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock


class StopKind(models.TextChoices):
    BOUNCED = "bounced", _("It bounced: no mail at all")
    NO_REMINDERS = "no_reminders", _("No reminders")
    NO_DIGESTS = "no_digests", _("No summaries of what waits")


class MailStop(models.Model):
    """One address, as it is compared: in small letters. It counts until it is lifted."""

    email = models.CharField(_("email"), max_length=254)
    kind = models.CharField(_("what is stopped"), max_length=16, choices=StopKind)
    why = models.CharField(_("why"), max_length=500, blank=True)
    made_at = models.DateTimeField(_("since"), default=clock.now, editable=False)
    # None: whoever read the mail.
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, null=True, related_name="+"
    )

    lifted_at = models.DateTimeField(_("lifted"), null=True, editable=False)

    class Meta:
        verbose_name = _("stopped address")
        verbose_name_plural = _("stopped addresses")
        ordering = ["-made_at", "-id"]
        default_permissions = ("change", "view")
        indexes = [
            models.Index(fields=["made_at", "id"], name="mail_stop_newest"),
            # Whoever is erased, or looked for.
            models.Index(fields=["email"], name="mail_stop_email"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["email", "kind"], condition=models.Q(lifted_at=None), name="an_address_is_stopped_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_kind_display()}"

"""When each person gets the summary of what waits for them, by email."""

from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

EARLIEST, LATEST, USUAL = 5, 11, 7  # hours of the day


class DigestOften(models.TextChoices):
    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Every Monday")
    NEVER = "never", _("Never")


def check_own_zone(name: str) -> None:
    """Raises ValidationError for what names no time zone of the IANA's database."""
    if name not in available_timezones():
        raise ValidationError(_("No such time zone. They read like America/Mexico_City."))


class DigestSetting(models.Model):
    """One person's own choice. Who has no row gets it daily, where the books are."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="+")
    often = models.CharField(_("how often"), max_length=8, choices=DigestOften, default=DigestOften.DAILY)
    hour = models.PositiveSmallIntegerField(
        _("from this hour on"),
        default=USUAL,
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
        help_text=_("An hour of the morning, 5 to 11."),
    )
    time_zone = models.CharField(
        _("your time zone"),
        max_length=64,
        blank=True,
        validators=[check_own_zone],
        help_text=_("As America/Mexico_City. Empty: that of the books."),
    )
    # The day, where they are, on which it was last looked whether there is something to tell.
    last_on = models.DateField(null=True, editable=False)

    class Meta:
        verbose_name = _("summary by email")
        verbose_name_plural = _("summaries by email")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user}: {self.often}"

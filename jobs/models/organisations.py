"""What funders' accounts need of an organisation: its legal self, and whom to write to."""

from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from jobs.models.members import Member
from payments.models import Seller
from payments.models.fields import Dated, asset_code_field


def check_time_zone(name: str) -> None:
    """Raises ValidationError for what names no time zone of the IANA's database."""
    if name not in available_timezones():
        raise ValidationError(_("No such time zone. They read like America/Mexico_City."))


class Organisation(Dated):
    """The legal side of a member that is an organisation. Payment requests keep it as it was when they were asked."""

    member = models.OneToOneField(
        Member, verbose_name=_("member"), on_delete=models.PROTECT, related_name="organisation"
    )
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True, help_text=_("RFC, EIN, VAT number …"))
    address = models.TextField(_("address"), max_length=500, blank=True)
    default_reference = models.CharField(
        _("default reference"),
        max_length=200,
        blank=True,
        help_text=_("Purchase order, grant code … For jobs that have none of their own."),
    )
    default_currency = asset_code_field(
        verbose_name=_("default currency"),
        blank=True,
        help_text=_("For new jobs that name none, as MXN. Best that of the wallet that pays."),
    )
    default_seller = models.ForeignKey(
        Seller,
        verbose_name=_("default seller"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("For new jobs that name none: the account of ours that asks this funder for money."),
    )
    approver_name = models.CharField(
        _("who approves"), max_length=200, blank=True, help_text=_("Requests are addressed to this person.")
    )
    approver_email = models.EmailField(_("their email"), blank=True, help_text=_("Empty: the member's own."))
    approver_language = models.CharField(
        _("their language"),
        max_length=8,
        choices=settings.LANGUAGES,
        blank=True,
        help_text=_("Empty: the member's own."),
    )
    accounts_name = models.CharField(_("accounts contact"), max_length=200, blank=True)
    accounts_email = models.EmailField(_("accounts email"), blank=True, help_text=_("Gets a copy of every receipt."))
    accounts_language = models.CharField(
        _("accounts language"),
        max_length=8,
        choices=settings.LANGUAGES,
        blank=True,
        help_text=_("Empty: the member's own."),
    )

    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[check_time_zone],
        help_text=_("As America/Mexico_City: reminders come by day there. Empty: that of the books."),
    )

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        default_permissions = ()

    def __str__(self) -> str:
        return self.legal_name or self.member.name

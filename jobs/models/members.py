"""Members: the people and organisations of the marketplace. They do not sign in here."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from ledger import clock
from payments.models import WalletAddress
from payments.models.fields import Dated


class MemberKind(models.TextChoices):
    PERSON = "person", _("Person")
    ORGANISATION = "organisation", _("Organisation")


class Member(Dated):
    """A funder or a worker, or both: how to reach them and where their money is."""

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=16, choices=MemberKind, default=MemberKind.PERSON)
    email = models.EmailField(_("email"), help_text=_("Approval requests and payment notices go here."))
    language = models.CharField(
        _("language"), max_length=8, choices=settings.LANGUAGES, default="en", help_text=_("Of the emails they get.")
    )
    wallet = models.ForeignKey(
        WalletAddress,
        verbose_name=_("wallet address"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
    )
    # Of the link to their own page: links of an older version no longer open.
    link_version = models.PositiveIntegerField(_("version of the link"), default=1, editable=False)
    # Since when they want a statement of each month, by email.
    statements_since = models.DateTimeField(_("monthly statements since"), null=True, editable=False)
    # Whatever named them is gone: see `jobs.personal_data.erasing`.
    erased_at = models.DateTimeField(_("personal data erased"), null=True, editable=False)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["name", "id"], name="member_name")]
        constraints = [
            # Files and programs know a member by it. Of those whose data was erased it is empty.
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="one_member_of_an_email",
                violation_error_code="member_exists",
                violation_error_message=_("There is a member with this email already."),
            )
        ]
        default_permissions = ("add", "change", "view")
        permissions = [
            ("export_member", _("Can export members")),
            ("import_member", _("Can import members")),
            ("disclose_member", _("Can make a file of all that is known of a member")),
            ("erase_member", _("Can propose, and agree to, erasing a member's personal data")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """What the money's rows call this member."""
        return f"member:{self.pk}"


LONGEST_NOTE = 1000  # characters


class MemberNote(models.Model):
    """What a member wrote from their own page (“this isn't right”), until somebody of the staff has seen to it."""

    member = models.ForeignKey(Member, verbose_name=_("member"), on_delete=models.PROTECT, related_name="notes")
    text = models.TextField(_("text"), max_length=LONGEST_NOTE)
    written_at = models.DateTimeField(_("written"), default=clock.now, editable=False)
    handled_at = models.DateTimeField(_("done"), null=True, editable=False)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("done by"),
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        verbose_name = _("note from a member")
        verbose_name_plural = _("notes from members")
        ordering = ["-written_at", "-id"]
        default_permissions = ("change", "view")

    def __str__(self) -> str:
        return f"{self.member}: {self.text[:60]}"

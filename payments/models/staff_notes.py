"""What colleagues write for each other about a member, a job, a payment request or a payment."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock
from payments.identifiers import LENGTH

LONGEST_STAFF_NOTE = 2000  # characters


class StaffNote(models.Model):
    """Never changed: a correction is another one. Its text is empty once the member it is about was erased."""

    # As the ledger calls it: `job`, `member`, `request`, `payment`, of this room or another.
    about_kind = models.CharField(max_length=16, editable=False)
    about_id = models.CharField(max_length=LENGTH, editable=False)
    text = models.TextField(_("note"), max_length=LONGEST_STAFF_NOTE)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("written by"), on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField(_("written"), default=clock.now, editable=False)
    # Of the form that it was written in: sent twice, it is one note.
    form_id = models.CharField(max_length=40, unique=True, editable=False)

    class Meta:
        verbose_name = _("note of the staff")
        verbose_name_plural = _("notes of the staff")
        ordering = ["-written_at", "-id"]
        default_permissions = ("add", "view")
        indexes = [models.Index(fields=["about_kind", "about_id", "written_at"], name="staff_note_about")]

    def __str__(self) -> str:
        return f"{self.about_kind} {self.about_id}"


class NoteMention(models.Model):
    """A colleague whom a note names, until they have read it."""

    note = models.ForeignKey(StaffNote, on_delete=models.PROTECT, related_name="mentions")
    colleague = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    seen_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["note", "colleague"], name="one_mention_of_a_colleague")]
        indexes = [models.Index(fields=["colleague"], condition=models.Q(seen_at=None), name="mention_unseen")]

    def __str__(self) -> str:
        return f"{self.note} → {self.colleague_id}"

"""The tables of entries. All are append-only by trigger (`triggers.py`).

A PrivatePart can go once an entry says why, an Unsealed row once its entry has a link.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Entry(models.Model):
    """One thing that happened. `body` is the record; the other columns repeat parts of it for filters and order."""

    id = models.CharField(_("entry"), primary_key=True, max_length=26, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), editable=False)
    kind = models.CharField(_("kind"), max_length=64, editable=False)
    actor_kind = models.CharField(_("kind of actor"), max_length=16, editable=False)
    actor_id = models.CharField(_("actor"), max_length=255, editable=False)
    body = models.TextField(_("body"), editable=False)  # canonical JSON, RFC 8785
    digest = models.CharField(_("digest"), max_length=64, editable=False)  # SHA-256 of the body in UTF-8, hexadecimal

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-recorded_at", "-id"]
        default_permissions = ["view"]
        permissions = [("export_entry", _("Can export entries of the ledger"))]
        indexes = [
            models.Index(fields=["recorded_at", "id"], name="ledger_entry_time"),
            models.Index(fields=["kind", "recorded_at"], name="ledger_entry_kind"),
            models.Index(fields=["actor_kind", "actor_id", "recorded_at"], name="ledger_entry_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class EntrySubject(models.Model):
    """What an entry is about, so that everything about one job, payment or member is one index scan, oldest first."""

    pk = models.CompositePrimaryKey("entry_id", "subject_kind", "subject_id")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="subject_rows", db_index=False)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=255)
    recorded_at = models.DateTimeField()  # the entry's, repeated for the order

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "recorded_at", "entry"], name="ledger_subject_time")
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}"


class PrivatePart(models.Model):
    """What names or describes a person. The body has only its salted digest, so this row can be erased for good."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="private_part")
    salt = models.CharField(max_length=64)  # 32 random bytes, hexadecimal
    text = models.TextField()  # canonical JSON, RFC 8785

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"private part of {self.entry_id}"


class Link(models.Model):
    """An entry's place in the chain: 1, 2, 3 … without gaps."""

    index = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="link")
    hash = models.CharField(max_length=64)  # see chain.link_hash

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(index__gte=1), name="ledger_link_from_one")]

    def __str__(self) -> str:
        return f"{self.index} {self.entry_id}"


class Tile(models.Model):
    """The hash of a complete subtree of the Merkle tree over the links: see `checkpoints.tree`."""

    pk = models.CompositePrimaryKey("level", "number")
    level = models.PositiveSmallIntegerField()  # over 256 leaves: 1; over 65,536: 2
    number = models.BigIntegerField()  # from 0
    hash = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.level} {self.number}"


class Checkpoint(models.Model):
    """A signed head of the tree, one for each hour in which something was recorded."""

    size = models.BigIntegerField(_("entries"), primary_key=True)  # that it covers
    note = models.TextField(_("signed checkpoint"))  # C2SP `tlog-checkpoint`

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        ordering = ["-size"]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return str(self.size)


class Unsealed(models.Model):
    """An entry that waits for its link. A to-do list for the sealer, not a record: verification does not rely on it.

    It exists because entries commit out of order: "no link yet" would need a scan of all entries every few seconds.
    """

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="unsealed")
    recorded_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["recorded_at", "entry"], name="ledger_unsealed_time")]

    def __str__(self) -> str:
        return self.entry_id

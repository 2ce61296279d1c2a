"""Statements: what wallets list and banks print, which of it was matched with ours, and what differs.

People are plain ids, and payments opaque ones: nothing here points outside. Rows are kept for good.
"""

from datetime import datetime, timedelta

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger import clock
from ledger.statements.kinds import DifferenceType, MatchRule, Resolution

LONGEST_ACCOUNT = 2000
LONGEST_ID = 2000
LONGEST_TEXT = 500
LONGEST_WORDS = 1000


class SourceKind(models.TextChoices):
    FILE = "file", _("Files")
    INCOMING = "incoming", _("What a wallet lists as received")
    OUTGOING = "outgoing", _("What a wallet lists as sent")


class OutsideWay(models.TextChoices):
    """What a source lists that is of no wallet."""

    BANK = "bank", _("Bank transfers")
    CASH = "cash", _("Cash")


class StatementSource(models.Model):
    """One account whose statements are compared with ours: files of a bank or wallet, or what a wallet lists.

    Of a wallet, `account` is its address and `client` who asks it (a wallet lists what one client made). Of files,
    `account` is the wallet address that they are of, or empty for a bank account, or a cash book, outside.
    """

    kind = models.CharField(_("what it is"), max_length=16, choices=SourceKind, editable=False)
    name = models.CharField(_("name"), max_length=200)
    account = models.CharField(_("account"), max_length=LONGEST_ACCOUNT, blank=True)
    client = models.CharField(_("asked by"), max_length=64, blank=True, editable=False)
    asset_code = models.CharField(_("currency"), max_length=32)
    # Where `account` is empty.
    way = models.CharField(_("what it lists"), max_length=16, choices=OutsideWay, default=OutsideWay.BANK)
    # Which column of a file is what, and how it writes days and amounts: see `ledger.statements.mapping`.
    mapping = models.JSONField(_("columns"), default=dict, blank=True, editable=False)
    window_days = models.PositiveSmallIntegerField(_("days that a row may be earlier or later"), default=3)
    tolerance = models.DecimalField(
        _("difference that counts as none"), max_digits=18, decimal_places=6, default=0, help_text=_("In the currency.")
    )
    # Whoever pulls it holds it until then.
    held_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("statement source")
        verbose_name_plural = _("statement sources")
        ordering = ["name", "id"]
        default_permissions = ["view"]
        permissions = [("import_statement", _("Can import statements"))]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "account", "client"], condition=~models.Q(kind="file"), name="one_list_of_a_wallet"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ImportState(models.TextChoices):
    READING = "reading", _("Being read")
    COMPLETE = "complete", _("Complete")
    INTERRUPTED = "interrupted", _("Interrupted: goes on next time")
    REFUSED = "refused", _("Not usable")
    PREVIEW = "preview", _("Looked at, not imported")
    DISCARDED = "discarded", _("Discarded")


class StatementImport(models.Model):
    """One file, or one reading of a wallet's list from its newest row back to `reaches_back_to`."""

    source = models.ForeignKey(
        StatementSource, verbose_name=_("source"), on_delete=models.PROTECT, related_name="imports"
    )
    state = models.CharField(_("state"), max_length=16, choices=ImportState, default=ImportState.READING)
    by = models.BigIntegerField(_("imported by"), null=True, editable=False)
    file_name = models.CharField(_("file"), max_length=200, blank=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)  # SHA-256 of the file
    # Of a file: itself, compressed, until it is imported or discarded; and what was found in it when it was looked at.
    content = models.BinaryField(null=True, editable=False)
    summary = models.JSONField(default=dict, blank=True, editable=False)
    began_at = models.DateTimeField(_("began"), default=clock.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    # Of a wallet's list: rows that were made before it are not asked for; null for all of them.
    reaches_back_to = models.DateTimeField(null=True, editable=False)
    cursor = models.CharField(max_length=LONGEST_ID, blank=True, editable=False)
    pages = models.PositiveIntegerField(_("pages"), default=0, editable=False)
    fresh = models.PositiveIntegerField(_("new rows"), default=0, editable=False)
    known = models.PositiveIntegerField(_("rows that were there"), default=0, editable=False)
    bad = models.PositiveIntegerField(_("rows that can't be read"), default=0, editable=False)
    # Why it did not come to its end: a code, and what its sentence needs.
    problem = models.CharField(_("problem"), max_length=64, blank=True, editable=False)
    problem_params = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["-began_at", "-id"]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return f"{self.source}: {self.file_name or self.began_at:%Y-%m-%d}"


class StatementRow(models.Model):
    """One row as a wallet or bank tells it. Money that leaves the account is below zero."""

    source = models.ForeignKey(
        StatementSource, verbose_name=_("source"), on_delete=models.PROTECT, related_name="lines"
    )
    first_import = models.ForeignKey(
        StatementImport, verbose_name=_("statement"), on_delete=models.PROTECT, related_name="lines"
    )
    number = models.PositiveIntegerField(_("row"), default=0, editable=False)
    # SHA-256: the same for two rows that say the same; with how often it was there before in its file.
    content = models.CharField(max_length=64, editable=False)
    occurrence = models.PositiveIntegerField(default=1, editable=False)
    external_id = models.CharField(_("id there"), max_length=LONGEST_ID, blank=True, editable=False)
    references = models.JSONField(default=list, blank=True, editable=False)
    text = models.CharField(_("text"), max_length=LONGEST_TEXT, blank=True, editable=False)
    at = models.DateTimeField(_("date"), editable=False)
    asset_code = models.CharField(_("currency"), max_length=32, editable=False)
    asset_scale = models.PositiveSmallIntegerField(editable=False)
    value = models.BigIntegerField(_("amount"), editable=False)
    listed_at = models.DateTimeField(_("last told"), editable=False)

    class Meta:
        verbose_name = _("statement row")
        verbose_name_plural = _("statement rows")
        ordering = ["id"]
        default_permissions = ["view"]
        indexes = [models.Index(fields=["source", "at"], name="ledger_line_source_at")]
        constraints = [models.UniqueConstraint(fields=["source", "content", "occurrence"], name="a_row_once")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.value} {self.asset_code}"


class StatementMatch(models.Model):
    """That a row of theirs and a row of ours (`row`, of the payment `subject`) are the same movement."""

    line = models.ForeignKey(
        StatementRow, verbose_name=_("statement row"), on_delete=models.PROTECT, related_name="matches"
    )
    row = models.CharField(max_length=26, editable=False)
    subject = models.CharField(_("payment"), max_length=26, editable=False, db_index=True)
    rule = models.CharField(_("rule"), max_length=16, choices=MatchRule, editable=False)
    matched_at = models.DateTimeField(_("matched"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")
        ordering = ["id"]
        default_permissions = ["view"]
        constraints = [models.UniqueConstraint(fields=["line", "row"], name="a_match_once")]

    def __str__(self) -> str:
        return f"{self.subject} {self.rule}"


class Age(models.TextChoices):
    """How long an exception has waited."""

    HOURS = "hours", _("less than 24 hours")
    DAYS = "days", _("1 to 3 days")
    WEEK = "week", _("3 to 7 days")
    LONGER = "longer", _("more than 7 days")


#: Below which age an exception is in which bucket.
AGES: tuple[tuple[Age, timedelta | None], ...] = (
    (Age.HOURS, timedelta(days=1)),
    (Age.DAYS, timedelta(days=3)),
    (Age.WEEK, timedelta(days=7)),
    (Age.LONGER, None),
)


def age_of(first_seen: datetime, now: datetime) -> Age:
    """The bucket of something that waits since `first_seen`."""
    return next(age for age, below in AGES if below is None or now - first_seen < below)


def seen_between(age: Age, now: datetime) -> tuple[datetime | None, datetime | None]:
    """After which moment, and until which, what is now in that bucket was first seen; None for no bound."""
    order = [each for each, _below in AGES]
    at = order.index(age)
    below, above = AGES[at][1], AGES[at - 1][1] if at else None
    return (now - below if below else None), (now - above if above else None)


class StatementException(models.Model):
    """One difference between what they say and what we say, until a person says how it ends, or it is gone."""

    # SHA-256 of all that is said below: the same difference is one exception, however often it is found.
    identity = models.CharField(max_length=64, unique=True, editable=False)
    source = models.ForeignKey(
        StatementSource, verbose_name=_("source"), on_delete=models.PROTECT, related_name="exceptions"
    )
    type = models.CharField(_("type"), max_length=16, choices=DifferenceType, editable=False)
    line = models.ForeignKey(
        StatementRow,
        verbose_name=_("statement row"),
        on_delete=models.PROTECT,
        null=True,
        related_name="exceptions",
        editable=False,
    )
    row = models.CharField(max_length=26, blank=True, editable=False)
    subject = models.CharField(_("payment"), max_length=26, blank=True, editable=False, db_index=True)
    at = models.DateTimeField(_("date"), editable=False)
    asset_code = models.CharField(_("currency"), max_length=32, editable=False)
    # What we say and what they say, in minor units; null where a side says nothing.
    expected_value = models.BigIntegerField(_("we say"), null=True, editable=False)
    expected_code = models.CharField(max_length=32, blank=True, editable=False)
    expected_scale = models.PositiveSmallIntegerField(default=0, editable=False)
    found_value = models.BigIntegerField(_("they say"), null=True, editable=False)
    found_code = models.CharField(max_length=32, blank=True, editable=False)
    found_scale = models.PositiveSmallIntegerField(default=0, editable=False)
    first_seen = models.DateTimeField(_("first seen"), default=clock.now, editable=False)
    last_seen = models.DateTimeField(_("last seen"), default=clock.now, editable=False)
    assigned_to = models.BigIntegerField(_("assigned to"), null=True, editable=False)
    resolved_at = models.DateTimeField(_("resolved"), null=True, editable=False)
    resolved_by = models.BigIntegerField(_("resolved by"), null=True, editable=False)
    resolution = models.CharField(_("resolution"), max_length=16, choices=Resolution, blank=True, editable=False)
    why = models.CharField(_("why"), max_length=LONGEST_WORDS, blank=True, editable=False)

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        ordering = ["first_seen", "id"]
        default_permissions = ["view"]
        permissions = [("resolve_statementexception", _("Can resolve exceptions"))]
        indexes = [
            models.Index(fields=["first_seen"], condition=models.Q(resolved_at=None), name="ledger_exception_open"),
            models.Index(fields=["source", "resolved_at"], name="ledger_exception_source"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} ({self.pk})"

    @property
    def type_label(self) -> str | Promise:
        return DifferenceType(self.type).label


class ExceptionNote(models.Model):
    """What somebody wrote beside an exception."""

    exception = models.ForeignKey(
        StatementException, verbose_name=_("exception"), on_delete=models.PROTECT, related_name="notes"
    )
    by = models.BigIntegerField(_("by"), editable=False)
    at = models.DateTimeField(_("written"), default=clock.now, editable=False)
    text = models.CharField(_("note"), max_length=LONGEST_WORDS, editable=False)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["id"]
        default_permissions = ["view"]

    def __str__(self) -> str:
        return self.text

"""A file's rows become members, jobs, applications or submissions: all of them, or none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import Resource
from import_export.results import RowResult
from tablib import Dataset

from backoffice.intake.lists import Cells, Intake
from backoffice.intake.reading import FileRow, is_cut
from jobs.intake.rows import IntakeForm
from ledger.api import Actor, record
from ledger.content import Json
from payments.identifiers import new_ulid
from payments.presentation.reasons import Refusal

Form = IntakeForm[Any]
NEW: Final = RowResult.IMPORT_TYPE_NEW
CHANGED: Final = RowResult.IMPORT_TYPE_UPDATE
UNCHANGED: Final = RowResult.IMPORT_TYPE_SKIP


@dataclass(frozen=True)
class ChangedCell:
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class RowOutcome:
    """`what` is one of NEW, CHANGED, UNCHANGED."""

    line: int
    name: str
    what: str
    differences: tuple[ChangedCell, ...]


@dataclass(frozen=True)
class Mistake:
    line: int
    column: str
    words: str


@dataclass
class FileOutcome:
    rows: list[RowOutcome] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def count(self, what: str) -> int:
        return sum(row.what == what for row in self.rows)

    @property
    def changes_something(self) -> bool:
        return any(row.what != UNCHANGED for row in self.rows)

    @property
    def seen(self) -> str:
        """Another one when anything would become of the file that was not shown."""
        return sha256(repr((self.rows, self.mistakes)).encode()).hexdigest()


class ChangedMeanwhileError(Exception):
    """What would become of the file is not what was shown, so nothing was imported."""

    def __init__(self, outcome: FileOutcome) -> None:
        super().__init__()
        self.outcome = outcome


def look(intake: Intake, rows: Sequence[FileRow], *, by: User) -> FileOutcome:
    """What would become of each row. Nothing is kept."""
    return _read(intake, rows, by, dry_run=True)


@transaction.atomic
def import_whole(intake: Intake, rows: Sequence[FileRow], *, by: User, seen: str, name: str) -> FileOutcome:
    """Keep every row, with an entry of each that is new or changed, and one of the file, of this `name`.

    Raises ChangedMeanwhileError, and keeps nothing, unless it becomes what was `seen`.
    """
    with transaction.atomic():
        outcome = _read(intake, rows, by, dry_run=False)
        if outcome.mistakes or outcome.seen != seen:
            transaction.set_rollback(True)
    if outcome.mistakes or outcome.seen != seen:
        raise ChangedMeanwhileError(outcome)
    if outcome.changes_something:
        told: dict[str, Json] = {"list": intake.label, "new": outcome.count(NEW), "changed": outcome.count(CHANGED)}
        record(
            "intake.imported",
            actor=Actor.staff(by.pk),
            subjects={"intake": new_ulid()},
            data={**told, "unchanged": outcome.count(UNCHANGED)},
            private={"file": name},
        )
    return outcome


def _read(intake: Intake, rows: Sequence[FileRow], by: User, *, dry_run: bool) -> FileOutcome:
    resource = IntakeResource(intake, by)
    dataset = Dataset(*[(row,) for row in rows], headers=["row"])
    result = resource.import_data(dataset, dry_run=dry_run, use_transactions=True, rollback_on_validation_errors=True)
    outcome = resource.outcome
    for invalid in result.invalid_rows:
        outcome.mistakes += resource.mistakes_of(rows[invalid.number - 1], invalid.error_dict)
    for failed in result.error_rows:
        error = failed.errors[0].error
        if not isinstance(error, IntegrityError):
            raise error
        words = _("This row can't be kept. Somebody may have changed the same just now: look at the file again.")
        outcome.mistakes.append(Mistake(rows[failed.number - 1].line, "", words))
    outcome.mistakes.sort(key=lambda mistake: (mistake.line, mistake.column))
    return outcome


class IntakeResource(Resource):
    """The library goes through the rows and takes all back where one is wrong; the form judges each, and keeps it."""

    class Meta:
        instance_loader_class = BaseInstanceLoader
        skip_diff = True
        # Held for every row, and never looked at.
        store_row_values = False

    def __init__(self, intake: Intake, by: User) -> None:
        super().__init__()
        self._intake, self._by = intake, by
        self.outcome = FileOutcome()
        self._first: dict[tuple[str, ...], int] = {}
        self._form: Form | None = None
        self._before: dict[str, str] = {}
        self._mistakes: dict[str, str] = {}
        self._changed: set[str] = set()

    def get_or_init_instance(self, _loader: Any, row: Any) -> tuple[Any, bool]:
        """The row of the list that this one is about; raises ValidationError for what can't be one."""
        told: FileRow = row["row"]
        columns = self._intake.columns
        given, self._mistakes = self._given(told)
        try:
            found, named = self._intake.find({**dict.fromkeys(columns, ""), **told.cells})
        except Refusal as refusal:
            raise ValidationError(self._mistakes or str(refusal)) from refusal
        self._before = {name: column.now(found) for name, column in columns.items()} if found else {}
        self._form = self._intake.form.of_part({**given, **named}, found)
        return self._form.instance, found is None

    def _given(self, told: FileRow) -> tuple[dict[str, Any], dict[str, str]]:
        """What the form is told, of an empty cell nothing, so what is there stays; and what is wrong, by column.

        Raises ValidationError where the row is wrong as a whole.
        """
        columns = self._intake.columns
        if told.is_crooked:
            raise ValidationError(_("The row has more cells than there are columns. A text with a comma needs quotes."))
        given = dict[str, Any]()
        wrong = {name: _("This is missing.") for name in columns if columns[name].needed and name not in told.cells}
        for name, text in told.cells.items():
            try:
                given[columns[name].field] = columns[name].read(text)
            except Refusal as refusal:
                wrong[name] = str(refusal)
            if is_cut(text):
                wrong[name] = _("This is too long for a file.")
        key = tuple(told.cells.get(name, "").lower() for name in self._intake.key)
        if any(key) and (first := self._first.setdefault(key, told.line)) != told.line:
            raise ValidationError(_("The same stands in line %(line)s already.") % {"line": first})
        return given, wrong

    def import_instance(self, _instance: Any, _row: Any, **_options: Any) -> None:
        """Whatever is wrong with the row is told at once: what the file says badly, and what the form refuses."""
        assert self._form, "the row was begun"
        wrong = {self._intake.columns[name].field: ValidationError(words) for name, words in self._mistakes.items()}
        if not self._form.is_valid() or wrong:
            raise ValidationError({**self._form.errors.as_data(), **wrong})
        self._changed = set(self._form.changed_data)

    def skip_row(self, _instance: Any, _original: Any, _row: Any, import_validation_errors: Any = None) -> bool:
        assert self._form, "the row was begun"
        return not (import_validation_errors or self._form.is_new or self._changed)

    def save_instance(self, _instance: Any, _is_new: bool, _row: Any, **options: Any) -> None:  # noqa: FBT001 - the library's
        assert self._form, "the row was begun"
        if not options["dry_run"]:
            # What fails in it fails alone, so that the rows after it can still be judged.
            try:
                with transaction.atomic():
                    self._form.keep(by=self._by)
            except Refusal as refusal:
                raise ValidationError(str(refusal)) from refusal

    def after_import_row(self, row: Any, row_result: Any, **_options: Any) -> None:
        told: FileRow = row["row"]
        differences = () if row_result.import_type == UNCHANGED else tuple(self._differences(told.cells))
        name = " · ".join(told.cells.get(name, "") for name in self._intake.key if told.cells.get(name))
        self.outcome.rows.append(RowOutcome(told.line, name, row_result.import_type, differences))

    def _differences(self, cells: Cells) -> Iterator[ChangedCell]:
        for name, after in cells.items():
            if self._intake.columns[name].field in self._changed:
                yield ChangedCell(name, self._before.get(name, ""), after)

    def mistakes_of(self, row: FileRow, errors: dict[str, list[str]]) -> list[Mistake]:
        """In the file's words: what the form calls a field stands below a column."""
        names = {column.field: name for name, column in self._intake.columns.items()}
        return [
            Mistake(row.line, "" if where == NON_FIELD_ERRORS else names.get(where, where), words)
            for where, said in errors.items()
            for words in said
        ]

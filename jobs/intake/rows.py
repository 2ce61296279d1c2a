"""What the forms of this room share: how one writes its row and tells the ledger."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self, TypeVar

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from jobs.models import Application, Job, Member, Submission
from ledger import clock
from ledger.api import Actor, record
from ledger.content import Json
from payments.presentation.reasons import Refusal

Row = TypeVar("Row", Member, Job, Application, Submission)


class IntakeForm(forms.ModelForm[Row]):
    """One row, new or changed. `is_valid` and `keep` belong into one transaction: the first may lock what it judges."""

    #: What the ledger calls these rows: `job` makes `job.created` and `job.changed`.
    subject: ClassVar[str]

    @classmethod
    def of_part(cls, given: Mapping[str, Any], instance: Row | None = None) -> Self:
        """Filled in with what `given` names; all else stays as it is in `instance`, or as a new row has it."""
        form = cls(instance=instance)
        stays = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
        form.data, form.is_bound = {**stays, **given}, True
        return form

    @property
    def is_new(self) -> bool:
        return self.instance._state.adding  # noqa: SLF001 - Django's public name

    def keep(self, *, by: User) -> Row:
        """Write the row, and its entry; of one that is there only what this form changed. Where nothing is, nothing."""
        row, is_new = self.instance, self.is_new
        if is_new:
            row.save(force_insert=True)
        elif self.changed_data:
            # Not the whole row: its status may have moved since it was read.
            row.changed_at = clock.now()
            row.save(update_fields=[*self.columns(), "changed_at"])
        if is_new or self.changed_data:
            self._tell(by, "created" if is_new else "changed")
        return row

    def columns(self) -> list[str]:
        """The columns that this form may write."""
        own = {field.name for field in self.instance._meta.concrete_fields}  # noqa: SLF001 - Django's public name
        return [name for name in self.fields if name in own]

    def unchanged(self, name: str) -> None:
        """What is written otherwise but means the same is no change."""
        if name in self.changed_data:
            self.changed_data.remove(name)

    def refuse(self, field: str | None, refusal: Refusal) -> None:
        """Let `field` say why, with the code by which programs know it."""
        self.add_error(field, ValidationError(str(refusal), code=refusal.code))

    def _tell(self, by: User, event: str) -> None:
        data: dict[str, Json] = dict(self.facts())
        if event == "changed":
            data["changed"] = sorted(self.changed_data)
        record(
            f"{self.subject}.{event}",
            actor=Actor.staff(by.pk),
            subjects={self.subject: str(self.instance.pk), **self.subjects()},
            data=data,
            private=self.names(),
        )

    def subjects(self) -> Mapping[str, str]:
        """What else an entry about the row is about."""
        return {}

    def facts(self) -> Mapping[str, Json]:
        """What an entry says of the row: no names, no free text."""
        return {}

    def names(self) -> Mapping[str, str]:
        """What an entry says that can be erased."""
        return {}

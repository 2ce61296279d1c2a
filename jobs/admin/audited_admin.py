"""What every page of this room shares: nothing is deleted, each saved form is an entry and writes only its columns."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from ledger import clock
from ledger.api import Actor, record
from ledger.content import Json
from payments.admin.dialogs import staff


class KeptAdmin(ModelAdmin):
    list_per_page = 25
    list_filter_submit = True
    show_full_result_count = False
    warn_unsaved_form = True
    #: What the ledger calls these rows: `job` makes `job.created` and `job.changed`.
    subject: ClassVar[str]

    def has_delete_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm[Any], change: bool) -> None:  # noqa: FBT001 - Django's signature
        if not change:
            super().save_model(request, obj, form, change)
        elif form.changed_data:
            # Not the whole row: its status may have moved since it was read.
            obj.changed_at = clock.now()  # type: ignore[attr-defined]  # every row of this room is `Dated`
            obj.save(update_fields=[*self.columns(form), "changed_at"])
        if not change or form.changed_data:
            self.tell(request, obj, form, event="changed" if change else "created")

    def columns(self, form: forms.ModelForm[Any]) -> list[str]:
        """The columns that this form may write."""
        return [name for name in form.fields if name in {field.name for field in form.instance._meta.concrete_fields}]  # noqa: SLF001 - Django's public name

    def tell(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm[Any], *, event: str) -> None:
        data: dict[str, Json] = dict(self.facts(obj))
        if event == "changed":
            data["changed"] = sorted(form.changed_data)
        record(
            f"{self.subject}.{event}",
            actor=Actor.staff(staff(request).pk),
            subjects={self.subject: str(obj.pk), **self.subjects(obj)},
            data=data,
            private=self.names(obj),
        )

    def subjects(self, _obj: Any) -> Mapping[str, str]:
        """What else an entry about this row is about."""
        return {}

    def facts(self, _obj: Any) -> Mapping[str, Json]:
        """What an entry says of the row: no names, no free text."""
        return {}

    def names(self, _obj: Any) -> Mapping[str, str]:
        """What an entry says that can be erased."""
        return {}

"""Deadlines in the admin: which jobs are overdue, and opening a job again with new ones."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from jobs import deadlines
from jobs.admin.job_forms import MoveForm, job_at
from jobs.models import Job
from jobs.reasons import JobRefusal
from ledger import clock


class ReopenForm(MoveForm):
    """New deadlines; those that have passed are left empty, for somebody to fill in or leave so."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        job = job_at(self.object_id)
        for name, when in deadlines.of(job).items():
            # The browser's own picker: the admin's scripts don't reach into a dialog.
            widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
            shown = localtime(when).strftime("%Y-%m-%dT%H:%M") if when and when > clock.now() else ""
            self.fields[name] = forms.DateTimeField(
                label=deadlines.label(name), required=False, widget=widget, initial=shown
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        given = {name: cleaned.get(name) for name in deadlines.DEADLINES}
        try:
            deadlines.check_order(given)
            deadlines.check_ahead(given)
        except JobRefusal as refusal:
            raise ValidationError({refusal.params["field"]: str(refusal)}) from refusal
        return cleaned

    @property
    def until(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in deadlines.DEADLINES}


class OverdueFilter(admin.SimpleListFilter):
    title = _("deadline")
    parameter_name = "deadline"

    def lookups(self, _request: HttpRequest, _model_admin: ModelAdmin) -> list[tuple[str, Any]]:
        return [("overdue", _("Overdue"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        return queryset.filter(deadlines.overdue()) if self.value() == "overdue" else queryset

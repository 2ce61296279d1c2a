"""What every page of this room shares: nothing is deleted, and what a form says is kept as by every other door."""

from typing import Any

from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from jobs.intake.rows import IntakeForm
from payments.admin.dialogs import staff


class KeptAdmin(ModelAdmin):
    list_per_page = 25
    list_filter_submit = True
    show_full_result_count = False
    warn_unsaved_form = True

    def has_delete_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        return False

    def save_model(self, request: HttpRequest, _obj: models.Model, form: IntakeForm[Any], _change: bool) -> None:  # noqa: FBT001 - Django's signature
        form.keep(by=staff(request))

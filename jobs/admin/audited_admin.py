"""What every page of this room shares: nothing is deleted, and what a form says is kept as by every other door."""

from typing import Any

from django.contrib.admin.utils import flatten_fieldsets
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin

from jobs.admin.seldom_pressed import seldom_last
from jobs.intake.rows import IntakeForm
from payments.admin.dialogs import staff

#: In the address of a row's page: it is to be changed.
EDIT = "edit"


def is_edited(request: HttpRequest) -> bool:
    """The page is asked for as a form, or its form was sent."""
    return request.method == "POST" or EDIT in request.GET


class KeptAdmin(ModelAdmin):
    list_per_page = 25
    list_filter_submit = True
    show_full_result_count = False
    warn_unsaved_form = True

    def has_delete_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """Once more where somebody kept the same at the same moment: it is there by now, and the form says so."""
        try:
            return super().changeform_view(request, *args, **options)
        except IntegrityError:
            return super().changeform_view(request, *args, **options)

    def save_model(self, request: HttpRequest, _obj: models.Model, form: IntakeForm[Any], _change: bool) -> None:  # noqa: FBT001 - Django's signature
        form.keep(by=staff(request))


class ReadFirst(KeptAdmin):
    """A row's page is read; a button makes it a form, and saving leads back to it. `read_fieldsets` is how it reads."""

    change_form_before_template = "admin/edit.html"
    read_fieldsets: Any = ()

    def is_read(self, request: HttpRequest, row: models.Model | None) -> bool:
        return row is not None and not (is_edited(request) and self.has_change_permission(request, row))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.read_fieldsets if self.is_read(request, obj) else super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, *flatten_fieldsets(self.read_fieldsets)) if self.is_read(request, obj) else fixed

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        context["actions_detail"] = seldom_last(context.get("actions_detail") or [])
        row = context.get("original")
        if self.is_read(request, row):
            buttons = ("show_save", "show_save_and_continue", "show_save_and_add_another", "show_close")
            context |= dict.fromkeys(buttons, False) | {"is_read": True}
            context["edit_url"] = f"?{EDIT}=1" if self.has_change_permission(request, row) else ""
        elif row is not None:
            context["read_url"] = request.path
        return super().render_change_form(request, context, *args, **options)

    def response_post_save_change(self, request: HttpRequest, _obj: models.Model) -> HttpResponse:
        return HttpResponseRedirect(request.path)

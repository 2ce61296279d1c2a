"""The switch: adding a pause starts it, “Resume” ends it. Neither is ever edited or deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from payments.actions import pausing
from payments.admin.dialogs import go
from payments.admin.filters import PauseFilter
from payments.models import Pause
from payments.models.pauses import PauseScope
from payments.presentation.reasons import pause_reason

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from unfold.dataclasses import UnfoldAction


class PauseForm(forms.ModelForm[Pause]):
    class Meta:
        model = Pause
        fields = ("scope", "target", "reason")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if "scope" in cleaned and "target" in cleaned:
            cleaned["target"] = pausing.checked_target(PauseScope(cleaned["scope"]), cleaned["target"])
            if Pause.objects.filter(scope=cleaned["scope"], target=cleaned["target"], ended_at=None).exists():
                raise ValidationError(_("This is paused already."))
        return cleaned


@admin.register(Pause)
class PauseAdmin(ModelAdmin):
    form = PauseForm
    list_display = ("condition", "what", "why", "started_at", "started_by", "ended_at", "ended_by")
    list_display_links = ("condition", "what")
    list_filter = (PauseFilter,)
    list_filter_submit = True
    list_per_page = 25
    list_select_related = ("started_by", "ended_by")
    actions = None
    actions_detail = ("resume",)

    @display(description=gettext_lazy("state"), label={"on": "warning", "over": "default"})
    def condition(self, row: Pause) -> tuple[str, str]:
        return ("over", _("Over")) if row.ended_at else ("on", _("Paused"))

    @display(description=gettext_lazy("what is paused"))
    def what(self, row: Pause) -> str:
        return str(row)

    @display(description=gettext_lazy("reason"))
    def why(self, row: Pause) -> str:
        return pause_reason(row)

    def get_fields(self, _request: HttpRequest, obj: Pause | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("scope", "target", "reason")
        return ("what", "why", "started_at", "started_by", "ended_at", "ended_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Pause | None = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        return False

    def has_resume_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.change_pause")

    def save_model(self, request: HttpRequest, obj: Pause, form: PauseForm, _change: Any) -> None:
        told = form.cleaned_data
        started = pausing.pause(
            PauseScope(told["scope"]), told["target"], told["reason"], by=cast("User", request.user)
        )
        obj.pk, obj.target = started.pk, started.target

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        if not Pause.objects.filter(pk=object_id, ended_at=None).exists():
            return []
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return allowed

    @action(
        description=gettext_lazy("Resume"),
        permissions=["resume"],
        icon="play_circle",
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": gettext_lazy("Let new payments go on?"),
            "description": gettext_lazy(
                "What waited is sent within minutes. After a restored database, compare the latest payments with the"
                " wallets first."
            ),
            "form_class": BaseDialogForm,
            "form_submit_text": gettext_lazy("Resume"),
        },
    )
    def resume(self, request: HttpRequest, _form: forms.Form, object_id: str) -> HttpResponse:
        if not object_id.isdecimal() or not Pause.objects.filter(pk=object_id).exists():
            raise Http404
        ended = pausing.resume(int(object_id), by=cast("User", request.user))
        messages.success(request, _("Resumed: %(what)s") % {"what": ended})
        return go(request, reverse("admin:payments_pause_change", args=[object_id]))

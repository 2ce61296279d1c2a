"""The switch: adding a pause starts it, “Resume” ends it. Neither is ever edited or deleted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from payments.actions import pausing
from payments.admin.dialogs import DecisionOn, Sentence, dialog_action, number_of, staff
from payments.admin.filters import PauseFilter
from payments.models import Pause
from payments.models.pauses import PauseScope
from payments.presentation.reasons import pause_reason

#: `pausing` ends a pause once, however many ask for it.
on_pause = DecisionOn(lambda pk: Pause.objects.get(pk=number_of(pk)))


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

    @display(description=_("state"), label={"on": "warning", "over": "default"})
    def condition(self, row: Pause) -> tuple[str, Sentence]:
        return ("over", _("Over")) if row.ended_at else ("on", _("Paused"))

    @display(description=_("what is paused"))
    def what(self, row: Pause) -> str:
        return str(row)

    @display(description=_("reason"))
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
        started = pausing.pause(PauseScope(told["scope"]), told["target"], told["reason"], by=staff(request))
        obj.pk, obj.target = started.pk, started.target

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        if not Pause.objects.filter(pk=object_id, ended_at=None).exists():
            return []
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return allowed

    @dialog_action(
        _("Resume"),
        permission="resume",
        icon="play_circle",
        variant=ActionVariant.PRIMARY,
        title=_("Let new payments go on?"),
        description=_(
            "What waited is sent within minutes. After a restored database, compare the latest payments with the"
            " wallets first."
        ),
        submit=_("Resume"),
    )
    @on_pause
    def resume(self, row: Pause, by: User, _form: BaseDialogForm) -> Sentence:
        return _("Resumed: %(what)s") % {"what": pausing.resume(row.pk, by=by)}

"""Notes from members: what isn't right, in their words, until somebody has seen to it."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from jobs import self_service
from jobs.admin.badges import badge
from jobs.models import MemberNote
from payments.admin.dialogs import DecisionOn, Sentence, dialog_action, number_of
from payments.admin.readonly import ReadOnlyAdmin

#: `self_service` handles a note once, however many ask for it.
on_note = DecisionOn(lambda pk: MemberNote.objects.get(pk=number_of(pk)), back="changelist")


class OpenFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, _request: HttpRequest, _model_admin: ModelAdmin) -> list[tuple[str, Any]]:
        return [("open", _("Waiting")), ("done", _("Done"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[MemberNote]) -> QuerySet[MemberNote]:
        return queryset.filter(handled_at__isnull=self.value() == "open") if self.value() else queryset


@admin.register(MemberNote)
class MemberNoteAdmin(ReadOnlyAdmin):
    list_display = ("state", "writer", "text", "written_at")
    list_display_links = ("state", "text")
    list_select_related = ("member", "handled_by")
    list_filter = (OpenFilter,)
    search_fields = ("member__name", "member__email", "text")
    fields = readonly_fields = ("state", "writer", "text", "written_at", "handled_at", "handled_by")
    actions_detail = ("done",)
    actions_row = ("done",)

    @display(description=_("state"))
    def state(self, note: MemberNote) -> str:
        return badge(str(_("Done")), "default") if note.handled_at else badge(str(_("Waiting")), "warning")

    @display(description=_("member"), ordering="member__name")
    def writer(self, note: MemberNote) -> str:
        url = reverse("admin:jobs_member_change", args=[note.member_id])
        return format_html('<a class="underline" href="{}">{}</a>', url, note.member.name)

    def has_done_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("jobs.change_membernote")

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        is_open = MemberNote.objects.filter(pk=number_of(object_id), handled_at=None).exists()
        return allowed if is_open else []

    @dialog_action(
        _("Done"),
        permission="done",
        icon="mark_chat_read",
        variant=ActionVariant.PRIMARY,
        title=_("Has somebody seen to this?"),
        description=_("The member's page then no longer says that we are looking at it."),
        submit=_("Done"),
    )
    @on_note
    def done(self, note: MemberNote, by: User, _form: BaseDialogForm) -> Sentence:
        self_service.handle_note(note.pk, by=by)
        return _("The note is done.")

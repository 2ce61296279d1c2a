"""Exports that were asked for: the list, each one's page with how far it is, and its file."""

from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from backoffice.finance.exports.files.control_totals import from_json
from backoffice.finance.exports.files.folder import opened
from backoffice.finance.exports.listed_rows import exportable, may_export, name_of_list
from backoffice.finance.exports.reasons import sentence
from backoffice.models import Export
from backoffice.models.exports import ExportState, FileFormat
from ledger.api import Actor, record, timeline
from ledger.filters import BusinessDaysFilter
from ledger.stamps import stamp
from payments.admin.dialogs import staff
from payments.admin.readonly import ReadOnlyAdmin
from payments.mail.colleagues import name_of
from payments.presentation import timeline_lines
from payments.presentation.format_totals import format_total
from payments.presentation.timeline_text import describe

TONES: Final = {
    ExportState.QUEUED: "info",
    ExportState.RUNNING: "info",
    ExportState.DONE: "success",
    ExportState.FAILED: "danger",
}
UNDER_WAY: Final = frozenset({ExportState.QUEUED, ExportState.RUNNING})
TYPES: Final[dict[str, str]] = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def lists_of(user: User | AnonymousUser) -> list[str]:
    """The lists that somebody may export, and so all files of which are theirs to see."""
    return [label for label in exportable() if may_export(user, label)]


class OfExports(ReadOnlyAdmin):
    """Seen by whoever may export the list that they are of."""

    @display(description=_("list"), ordering="model")
    def list_name(self, row: Any) -> str:
        return name_of_list(row.model)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.filter(model__in=lists_of(request.user))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_export(request.user, obj.model) if obj else bool(lists_of(request.user))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django leads whoever may see no row of them elsewhere, instead of refusing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        answer: HttpResponse = super().history_view(request, object_id, extra_context)
        return answer


@admin.register(Export)
class ExportAdmin(OfExports):
    list_display = ("state_label", "list_name", "format", "rows", "asked_for_by", "created_at", "until")
    list_display_links = ("state_label", "list_name")
    list_filter = (("state", ChoicesDropdownFilter), ("created_at", BusinessDaysFilter))
    list_select_related = ("asked_by", "regular")
    when_empty = _(
        "Open a list, such as payments or movements, filter it, and press “Export” above it: the file is here then."
    )
    search_fields = ("id__exact", "digest__exact")
    search_help_text = _("The whole id of an export, or the SHA-256 of its file.")
    fields = ("id",)
    readonly_fields = fields
    change_form_template = "admin/finance/exports/export.html"

    @display(description=_("state"), label={str(state): tone for state, tone in TONES.items()}, ordering="state")
    def state_label(self, row: Export) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("asked for by"))
    def asked_for_by(self, row: Export) -> str:
        return name_of(row.asked_by)

    @display(description=_("can be downloaded until"), ordering="expires_at")
    def until(self, row: Export) -> str:
        if row.is_over:
            return str(_("Over"))
        return stamp(row.expires_at) or "\N{EN DASH}"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        row: Export = context["original"]
        totals = [(one.head, format_total(one.total), one.rows) for one in from_json(row.totals)]
        told = {
            "title": name_of_list(row.model),
            "subtitle": None,
            "export": row,
            "tone": TONES[ExportState(row.state)],
            "follows": row.state in UNDER_WAY,
            "ready": row.state == ExportState.DONE and not row.is_over,
            "failed": sentence(row.reason, row.reason_params),
            "who": name_of(row.asked_by),
            "totals": totals,
            "timeline": timeline_lines.lines(timeline([("export", row.pk)]), describe),
            "list_page": _list_page(row),
        }
        answer: HttpResponse = super().render_change_form(request, {**context, **told}, *args, **options)
        return answer

    def get_urls(self) -> list[URLPattern]:
        status = path("<str:object_id>/status/", self.admin_site.admin_view(self.status_view), name=_named("status"))
        file = path("<str:object_id>/file/", self.admin_site.admin_view(self.file_view), name=_named("file"))
        return [status, file, *super().get_urls()]

    def status_view(self, request: HttpRequest, object_id: str) -> JsonResponse:
        """How far it is, for the script that follows it."""
        row = self._theirs(request, object_id)
        return JsonResponse({"state": row.state, "percent": row.percent, "rows": row.rows})

    def file_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The file, whole or not at all; each time is an entry of the ledger."""
        row = self._theirs(request, object_id)
        page = HttpResponseRedirect(reverse("admin:backoffice_export_change", args=[row.pk]))
        if row.state != ExportState.DONE:
            messages.warning(request, _("This file is not ready."))
            return page
        if row.is_over:
            messages.warning(request, _("The time in which this file could be downloaded is over. Export it again."))
            return page
        file = opened(row.file, row.size)
        if file is None:
            messages.error(request, _("The file is not where it was put. Export it again."))
            return page
        with transaction.atomic():
            record("export.fetched", actor=Actor.staff(staff(request).pk), subjects={"export": row.pk}, data={})
        name = f"{row.model.partition('.')[2]}-{row.as_of:%Y-%m-%d}-{row.pk[-6:]}.{row.format}"
        answer = FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[row.format])
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _theirs(self, request: HttpRequest, object_id: str) -> Export:
        row: Export | None = Export.objects.filter(pk=object_id).first()
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row


def _named(part: str) -> str:
    return f"backoffice_export_{part}"


def _list_page(row: Export) -> str:
    page = reverse(f"admin:{row.model.replace('.', '_')}_changelist")
    return f"{page}?{row.query}" if row.query else page

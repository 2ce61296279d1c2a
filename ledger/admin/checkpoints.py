"""The signed checkpoints, to read and to download."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from ledger.admin.append_only import AppendOnlyAdmin
from ledger.models import Checkpoint, Entry
from ledger.stamps import stamp


@admin.register(Checkpoint)
class CheckpointAdmin(AppendOnlyAdmin):
    list_display = ["entries", "until"]
    list_display_links = ["entries"]
    fields = ["entries", "until", "signed", "download"]
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.note_view)
        return [path("<str:object_id>/note/", view, name="ledger_checkpoint_note"), *super().get_urls()]

    def note_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The note alone, as auditors keep it."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        name = f'attachment; filename="checkpoint-{row.pk}.txt"'
        headers = {"Content-Disposition": name}
        return HttpResponse(row.note, content_type="text/plain; charset=utf-8", headers=headers)

    @display(description=gettext_lazy("covers"), ordering="size")
    def entries(self, row: Checkpoint) -> str:
        words = ngettext("the first entry", "the first %(size)s entries", row.size)
        return words % {"size": row.size}

    @display(description=gettext_lazy("the last of them recorded at"))
    def until(self, row: Checkpoint) -> str:
        recorded_at = Entry.objects.filter(link__index=row.size).values_list("recorded_at", flat=True).first()
        return stamp(recorded_at) or "-"

    @display(description=gettext_lazy("signed checkpoint"))
    def signed(self, row: Checkpoint) -> SafeString:
        return format_html('<pre class="font-mono text-xs">{}</pre>', row.note)

    @display(description=gettext_lazy("to keep elsewhere"))
    def download(self, row: Checkpoint) -> SafeString:
        url = reverse("admin:ledger_checkpoint_note", args=[row.pk])
        link = '<a href="{}" download class="text-primary-600 underline dark:text-primary-500">{}</a>'
        return format_html(link, url, _("Download"))

"""Notes of colleagues on the page of a row: read by whoever may see the row, written by whoever may write notes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from payments.actions.staff_notes import NoteSubject, mark_seen, who_may_read, write_staff_note
from payments.admin.dialogs import staff
from payments.identifiers import new_ulid
from payments.mail.colleagues import name_of
from payments.models import StaffNote
from payments.models.staff_notes import LONGEST_STAFF_NOTE
from payments.presentation.reasons import Refusal

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin
else:
    # Mixed into a page, which is one already.
    ModelAdmin = object

#: Notes that a page shows, the newest.
MOST_NOTES_SHOWN: Final = 50
MAY_READ: Final = "payments.view_staffnote"
MAY_WRITE: Final = "payments.add_staffnote"
#: Where on the page the notes are.
PLACE: Final = "#team-notes"


@dataclass(frozen=True)
class ShownNote:
    note: StaffNote
    writer: str
    told: list[str]
    for_you: bool  # it names the reader, who has not said that they have read it


class NotedRow(ModelAdmin):
    """The page of a row that colleagues keep notes about. `note_subject` is what the ledger calls such a row."""

    note_subject: str

    def note_title(self, row: Any) -> str:
        """What the row is called in mails to colleagues."""
        return str(row)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        row = context.get("original")
        if row is not None and request.user.has_perm(MAY_READ):
            context = {**context, "team_notes": self._panel(request, self._about(row))}
        return super().render_change_form(request, context, *args, **options)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.team_notes_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_team_notes"
        return [path("<path:object_id>/team-notes/", view, name=name), *super().get_urls()]

    def team_notes_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keeps a note, or that the reader has read what names them; leads back to the notes."""
        row = self.get_queryset(request).filter(pk=object_id).first()
        if row is None or not (self.has_view_permission(request, row) and request.user.has_perm(MAY_READ)):
            raise Http404
        about, reads = self._about(row), "seen" in request.POST
        if not reads and not request.user.has_perm(MAY_WRITE):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if reads:
            mark_seen(about, by=staff(request))
        else:
            _write(request, about)
        return HttpResponseRedirect(f"{about.path}{PLACE}")

    def _about(self, row: Any) -> NoteSubject:
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        return NoteSubject(
            kind=self.note_subject,
            key=str(row.pk),
            title=self.note_title(row),
            path=reverse(f"{page}_change", args=[row.pk]),
            permission=f"{self.opts.app_label}.view_{self.opts.model_name}",
        )

    def _panel(self, request: HttpRequest, about: NoteSubject) -> dict[str, Any]:
        """The context of `admin/includes/team_notes.html`, in a constant number of queries."""
        found = StaffNote.objects.filter(about_kind=about.kind, about_id=about.key)
        newest = found.select_related("written_by").prefetch_related("mentions__colleague")[:MOST_NOTES_SHOWN]
        shown = [_shown(note, request) for note in newest]
        may_write = request.user.has_perm(MAY_WRITE)
        readers = who_may_read(about) if may_write else []
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        return {
            "shown": shown,
            "for_you": any(one.for_you for one in shown),
            "may_write": may_write,
            "path": reverse(f"{page}_team_notes", args=[about.key]),
            "form_id": new_ulid(),
            "longest": LONGEST_STAFF_NOTE,
            "colleagues": [
                {"name": user.get_username(), "called": name_of(user)} for user in readers if user != request.user
            ],
        }


def _shown(note: StaffNote, request: HttpRequest) -> ShownNote:
    mentions = list(note.mentions.all())
    for_you = any(each.colleague_id == request.user.pk and each.seen_at is None for each in mentions)
    return ShownNote(note, name_of(note.written_by), [name_of(each.colleague) for each in mentions], for_you)


def _write(request: HttpRequest, about: NoteSubject) -> None:
    form_id = request.POST.get("form_id", "").replace("\0", "")[:40] or new_ulid()
    try:
        written = write_staff_note(about, request.POST.get("text", ""), by=staff(request), form_id=form_id)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return
    messages.success(request, _("The note was kept."))
    if written.unknown:
        names = ", ".join(f"@{name}" for name in written.unknown)
        text = _("Nobody who may see this page signs in as %(names)s, so nobody was told by that.")
        messages.warning(request, text % {"names": names})

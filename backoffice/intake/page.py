"""The page of an import: a file is uploaded, what would become of each row is shown, then all of it is imported."""

import csv
import io
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminFileFieldWidget

from backoffice.finance.exports.listed_rows import name_of_list
from backoffice.intake.importing import CHANGED, NEW, UNCHANGED, ChangedMeanwhileError, FileOutcome, import_whole, look
from backoffice.intake.lists import INTAKES, Intake
from backoffice.intake.reading import LARGEST_FILE, MOST_ROWS, IntakeFileError, rows_of
from payments.admin.dialogs import staff

SALT: Final = "backoffice.intake"
SECONDS: Final = 60 * 60
#: Of these so many are shown; a file that is wrong in each row is wrong in one way.
MOST_MISTAKES: Final = 100
LONGEST_NAME: Final = 100
WORDS: Final = {
    NEW: pgettext_lazy("row", "New"),
    CHANGED: pgettext_lazy("row", "Changed"),
    UNCHANGED: pgettext_lazy("row", "Unchanged"),
}


class IntakeFileForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("Table (CSV)"), widget=UnfoldAdminFileFieldWidget())


@dataclass(frozen=True)
class Uploaded:
    """A file between the page that shows what is in it and the press of its button: signed, in the page itself."""

    name: str
    content: bytes
    seen: str = ""

    def signed(self, request: HttpRequest, intake: Intake) -> str:
        told = {"name": self.name, "content": self.content.decode("latin-1"), "seen": self.seen}
        return signing.dumps(told, salt=_salt(request, intake), compress=True)

    @classmethod
    def read(cls, request: HttpRequest, intake: Intake) -> "Uploaded":
        """Raises BadSignature for what was not shown to this person, or an hour ago."""
        told = signing.loads(request.POST["shown"], salt=_salt(request, intake), max_age=SECONDS)
        return cls(told["name"], told["content"].encode("latin-1"), told["seen"])


def _salt(request: HttpRequest, intake: Intake) -> str:
    return f"{SALT}:{intake.label}:{staff(request).pk}"


@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest, label: str, *, may: bool) -> HttpResponse:
    """Of the list of the model `label`, such as `jobs.member`."""
    if not may:
        raise PermissionDenied
    intake = INTAKES[label]
    if "example" in request.GET:
        return _example(intake)
    if "shown" in request.POST:
        return _import(request, intake)
    form = IntakeFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        uploaded = Uploaded(str(file.name)[:LONGEST_NAME], file.read(LARGEST_FILE + 1))
        try:
            outcome = look(intake, rows_of(uploaded.content, intake.known), by=staff(request))
        except IntakeFileError as error:
            form.add_error("file", str(error))
        else:
            return _shown(request, intake, uploaded, outcome)
    return _page(request, intake, {"form": form, "columns": intake.columns, "most_rows": f"{MOST_ROWS:,}"})


def _import(request: HttpRequest, intake: Intake) -> HttpResponse:
    try:
        uploaded = Uploaded.read(request, intake)
    except signing.BadSignature:
        messages.error(request, _("The file was looked at too long ago. Upload it again."))
        return HttpResponseRedirect(request.path)
    rows = rows_of(uploaded.content, intake.known)
    try:
        done = import_whole(intake, rows, by=staff(request), seen=uploaded.seen, name=uploaded.name)
    except ChangedMeanwhileError as changed:
        messages.warning(request, _("Something changed meanwhile, so nothing was imported. Look at the file again."))
        return _shown(request, intake, uploaded, changed.outcome)
    told = {"new": done.count(NEW), "changed": done.count(CHANGED), "unchanged": done.count(UNCHANGED)}
    messages.success(request, _("Imported: %(new)s new, %(changed)s changed, %(unchanged)s as they were.") % told)
    return HttpResponseRedirect(_list(intake))


def _shown(request: HttpRequest, intake: Intake, uploaded: Uploaded, outcome: FileOutcome) -> HttpResponse:
    uploaded = Uploaded(uploaded.name, uploaded.content, outcome.seen)
    told = {
        "file_name": uploaded.name,
        "counts": [(words, outcome.count(what)) for what, words in WORDS.items()],
        "mistakes": outcome.mistakes[:MOST_MISTAKES],
        "more_mistakes": max(0, len(outcome.mistakes) - MOST_MISTAKES),
        "rows": [(row, WORDS[row.what]) for row in outcome.rows] if not outcome.mistakes else [],
        "can_import": outcome.changes_something and not outcome.mistakes,
        "shown": uploaded.signed(request, intake),
    }
    return _page(request, intake, told)


def _example(intake: Intake) -> HttpResponse:
    """As spreadsheet programs like it: they know UTF-8 by its mark."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(intake.columns)
    writer.writerow(column.example for column in intake.columns.values())
    name = f"{intake.label.partition('.')[2]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8", headers=headers)


def _list(intake: Intake) -> str:
    return reverse(f"admin:{intake.label.replace('.', '_')}_changelist")


def _page(request: HttpRequest, intake: Intake, more: dict[str, Any]) -> HttpResponse:
    title = _("Import: %(list)s") % {"list": name_of_list(intake.label)}
    context = {**admin.site.each_context(request), "title": title, "back": _list(intake), **more}
    return TemplateResponse(request, "admin/intake/import.html", context)

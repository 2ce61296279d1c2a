"""A file of statements: uploaded, looked at, read again with other columns, then imported whole or discarded."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from backoffice.finance.statements.words import PARTS, bad_row, problem_of
from ledger.books.sums import Total
from ledger.models import StatementImport, StatementSource
from ledger.models.statements import ImportState, SourceKind
from ledger.stamps import short
from ledger.statements import importing
from ledger.statements.importing import ImportRefusedError
from ledger.statements.mapping import Mapping
from ledger.statements.reading import LARGEST_FILE, UnreadableFileError
from ledger.statements.written import DayOrder, DecimalMark
from payments.admin.dialogs import staff
from payments.presentation.dates import day
from payments.presentation.format_totals import format_total
from payments.reconciliation.files import compare_file

PERMISSION = "ledger.import_statement"


class StatementFileForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("Statement (CSV)"), widget=UnfoldAdminFileFieldWidget())


class ColumnsForm(forms.Form):
    """Which column is what; `header` are the columns that the file has."""

    def __init__(self, header: list[str], mapping: Mapping, *args: Any) -> None:
        super().__init__(*args)
        choices = [("", _("Not in this file")), *((name, name) for name in header)]
        for part, label in PARTS.items():
            self.fields[part] = forms.ChoiceField(
                label=str(label),
                choices=choices,
                required=False,
                widget=UnfoldAdminSelectWidget,
                initial=mapping.columns.get(part, ""),
            )
        for name, called, kind, initial in (
            ("days", _("Dates are written as"), DayOrder, mapping.days),
            ("decimal", _("Amounts are written as"), DecimalMark, mapping.decimal),
        ):
            self.fields[name] = forms.ChoiceField(
                label=called, choices=kind.choices, widget=UnfoldAdminSelectWidget, initial=initial.value
            )

    @property
    def mapping(self) -> Mapping:
        given = self.cleaned_data
        columns = {part: given[part] for part in PARTS if given[part]}
        return Mapping(columns, DayOrder(given["days"]), DecimalMark(given["decimal"]))


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Of one source: the form for a file; or, with `statement`, what was found in one, and what becomes of it."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    source = get_object_or_404(StatementSource, pk=pk, kind=SourceKind.FILE)
    if number := request.GET.get("statement", ""):
        if not (number.isdecimal() and len(number) <= 18):  # noqa: PLR2004 - digits that every database takes
            raise Http404
        statement = get_object_or_404(StatementImport.objects.select_related("source"), pk=number, source=source)
        return _decide(request, statement) if request.method == "POST" else _shown(request, statement)
    form = StatementFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            content = file.read(LARGEST_FILE + 1)
            statement = importing.look(source, file.name, content, by=staff(request).pk)
        except UnreadableFileError as error:
            form.add_error("file", problem_of(error.code, error.params))
        else:
            return HttpResponseRedirect(_path(statement))
    return _page(request, source, {"form": form})


def _decide(request: HttpRequest, statement: StatementImport) -> HttpResponse:
    by, source = staff(request).pk, statement.source
    try:
        match request.POST.get("do"):
            case "discard":
                importing.discard(statement.pk, by=by)
                messages.success(request, _("The file was discarded. Nothing of it was imported."))
            case "import":
                kept = importing.import_whole(statement.pk, by=by)
                outcome = compare_file(source)
                said = ngettext("%(n)s row was imported.", "%(n)s rows were imported.", kept.fresh) % {"n": kept.fresh}
                found = ngettext("%(n)s new exception.", "%(n)s new exceptions.", outcome.opened) % {
                    "n": outcome.opened
                }
                messages.success(request, f"{said} {found}")
            case _:
                return _read_again(request, statement)
    except ImportRefusedError as refused:
        messages.error(request, problem_of(refused.code))
        return HttpResponseRedirect(_path(statement))
    return HttpResponseRedirect(reverse("admin:ledger_statementsource_change", args=[source.pk]))


def _read_again(request: HttpRequest, statement: StatementImport) -> HttpResponse:
    if statement.state != ImportState.PREVIEW:
        raise ImportRefusedError("over")
    form = _columns(statement, request.POST)
    if form.is_valid():
        importing.look_again(statement, form.mapping)
        return HttpResponseRedirect(_path(statement))
    return _shown(request, statement, form)


def _columns(statement: StatementImport, *args: Any) -> ColumnsForm:
    mapping = Mapping.from_json(statement.summary["mapping"])
    assert mapping, "what was looked at has its columns"
    return ColumnsForm(statement.summary["header"], mapping, *args)


def _shown(request: HttpRequest, statement: StatementImport, form: ColumnsForm | None = None) -> HttpResponse:
    if statement.state != ImportState.PREVIEW:
        return HttpResponseRedirect(reverse("admin:ledger_statementsource_change", args=[statement.source_id]))
    found = statement.summary
    told = {
        "statement": statement,
        "columns": form or _columns(statement),
        "problem": problem_of(found["problem"].get("code", ""), found["problem"].get("params")),
        "sample": [_row(row) for row in found["sample"]],
        "bad_rows": [(row["number"], bad_row(row)) for row in found["bad"]],
        "same_file": short(datetime.fromisoformat(found["same_file"])) if found["same_file"] else "",
        "can_import": statement.fresh and not statement.bad and not found["problem"],
    }
    return _page(request, statement.source, told)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    total = Total(row["code"], row["scale"], row["value"])
    return {**row, "day": day(datetime.fromisoformat(row["at"])), "amount": format_total(total)}


def _path(statement: StatementImport) -> str:
    page = reverse("admin:ledger_statementsource_import", args=[statement.source_id])
    return f"{page}?statement={statement.pk}"


def _page(request: HttpRequest, source: StatementSource, more: dict[str, Any]) -> HttpResponse:
    title = _("Import a statement: %(source)s") % {"source": source.name}
    context = {**admin.site.each_context(request), "title": title, "source": source, **more}
    return TemplateResponse(request, "admin/finance/statements/import.html", context)

"""The page on which a list is exported: what will be in the file, in which format, once or regularly."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.formats.base_formats import CSV, XLSX, Format
from unfold.contrib.import_export.forms import ExportForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from backoffice.finance.exports import regular
from backoffice.finance.exports.asking import AT_ONCE, ask
from backoffice.finance.exports.listed_rows import Listed, NoSuchList, listed, may_export, name_of_list, query_of
from backoffice.finance.exports.lists import LISTS
from backoffice.finance.exports.pages.receivers import offer
from backoffice.finance.exports.reasons import NO_SUCH_LIST, sentence
from backoffice.models.exports import LONGEST_QUERY, ExportState, FileFormat, Often
from payments.admin.dialogs import sent_form_id, staff
from payments.identifiers import LENGTH, new_ulid

FORMATS: Final = (XLSX, CSV)
#: Tells the page that a file was just made, so that its download begins by itself.
START: Final = "?start=1"


def _extension(file_format: type[Format]) -> str:
    return str(file_format().get_extension())


class AskExportForm(ExportForm):
    """Which format. The hidden id makes two presses one export."""

    form_id = forms.CharField(widget=forms.HiddenInput, min_length=LENGTH, max_length=LENGTH)

    def __init__(self, label: str, data: Any = None) -> None:
        initial = {"format": "0", "form_id": new_ulid()}
        super().__init__(FORMATS, [LISTS[label].columns], data=data, initial=initial)
        field = self.fields["format"]
        assert isinstance(field, forms.ChoiceField)
        field.label = gettext_lazy("Format")
        field.choices = [(str(place), FileFormat(_extension(one)).label) for place, one in enumerate(FORMATS)]

    @property
    def file_format(self) -> str:
        return _extension(FORMATS[int(self.cleaned_data["format"])])


class RegularExportForm(AskExportForm):
    """Besides, how often, and who gets it."""

    often = forms.ChoiceField(label=gettext_lazy("How often"), choices=Often, widget=UnfoldAdminSelectWidget())
    receivers = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Who gets it"),
        queryset=User.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy(
            "Only people who work here and may export this list. They get a link by email, and sign in to download."
        ),
        error_messages={"required": gettext_lazy("Choose at least one person who gets it.")},
    )

    def __init__(self, label: str, data: Any = None) -> None:
        super().__init__(label, data)
        field = self.fields["receivers"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        offer(field, label)


def ask_page(request: HttpRequest, label: str) -> HttpResponse:
    """For whoever may export the list of the model `label`, such as `payments.payment`."""
    by = staff(request)
    if not may_export(by, label):
        raise PermissionDenied
    query = query_of(request.GET)
    try:
        found = _listed(label, query, by)
    except NoSuchList:
        messages.error(request, sentence(NO_SUCH_LIST, {}))
        return HttpResponseRedirect(_list_page(label))
    rows = found.rows.order_by().count()
    regularly = "often" in request.POST
    once, often = AskExportForm(label), RegularExportForm(label)
    if request.method == "POST" and regularly:
        often = RegularExportForm(label, request.POST)
        if often.is_valid():
            return _set_up(request, label, query, often)
    elif request.method == "POST":
        once = AskExportForm(label, request.POST)
        if once.is_valid():
            return _ask(request, label, query, once, rows)
    return TemplateResponse(
        request, "admin/finance/exports/ask.html", _context(request, label, found, rows, once, often)
    )


def _listed(label: str, query: str, by: User) -> Listed:
    if len(query) > LONGEST_QUERY:
        raise NoSuchList("an address that no browser makes")
    return listed(label, query, by)


def _ask(request: HttpRequest, label: str, query: str, form: AskExportForm, rows: int) -> HttpResponse:
    export = ask(label, query, form.file_format, by=staff(request), form_id=sent_form_id(form), rows=rows)
    page = reverse("admin:backoffice_export_change", args=[export.pk])
    return HttpResponseRedirect(page + START if export.state == ExportState.DONE else page)


def _set_up(request: HttpRequest, label: str, query: str, form: RegularExportForm) -> HttpResponse:
    given, by = form.cleaned_data, staff(request)
    made = regular.set_up(
        label, query, form.file_format, Often(given["often"]), given["receivers"], by=by, pk=given["form_id"]
    )
    messages.success(request, _("From now on this list is exported regularly."))
    return HttpResponseRedirect(reverse("admin:backoffice_regularexport_change", args=[made.pk]))


def _context(  # noqa: PLR0913, PLR0917 - what the page shows
    request: HttpRequest, label: str, found: Listed, rows: int, once: AskExportForm, often: RegularExportForm
) -> dict[str, Any]:
    name, listed_as = name_of_list(label), LISTS[label]
    taken = regular.days_of(label, query_of(request.GET))
    return {
        **admin.site.each_context(request),
        "title": _("Export: %(list)s") % {"list": name},
        "back": _list_page(label) + (f"?{request.GET.urlencode()}" if request.GET else ""),
        "rows": rows,
        "filters": found.filters,
        "heads": listed_as.columns().get_export_headers(),
        "at_once": rows <= AT_ONCE,
        "once": once,
        "often": often,
        "dated": taken is not None,
        "opened": often.is_bound,
        "media": once.media + often.media,
    }


def _list_page(label: str) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_changelist")

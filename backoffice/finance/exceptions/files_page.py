"""The queue as a file: download what is open, fill in what to do, upload, see what will happen, apply."""

from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from unfold.widgets import UnfoldAdminFileFieldWidget

from backoffice.finance.exceptions import bulk, workbook
from backoffice.finance.exceptions.dialogs import PERMISSION
from ledger import days
from ledger.api import Actor, record
from ledger.statements.exceptions import open_exceptions
from payments.admin.dialogs import staff

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FilledListForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("The list, with its column “Action” filled in (XLSX)"), widget=UnfoldAdminFileFieldWidget()
    )


@require_POST
def download(request: HttpRequest) -> HttpResponse:
    """What is open, the oldest first, as a workbook; that somebody took it is an entry."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    rows = list(open_exceptions().select_related("source", "line").order_by("first_seen", "id")[: workbook.MOST_ROWS])
    content = workbook.written(rows)
    with transaction.atomic():
        record(
            "exceptions.taken",
            actor=Actor.staff(staff(request).pk),
            subjects={"user": str(staff(request).pk)},
            data={"rows": len(rows), "sha256": sha256(content).hexdigest()},
        )
    name = f"exceptions-{days.today():%Y-%m-%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=TYPE, headers=headers)


@require_safe
def queue_view(request: HttpRequest) -> HttpResponse:
    """The short address of the queue, for mails and papers."""
    if not request.user.has_perm("ledger.view_statementexception"):
        raise PermissionDenied
    return HttpResponseRedirect(reverse("admin:ledger_statementexception_changelist"))


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form; what the file would do; and, once that was looked at, doing it."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    if "looked_at" in request.POST:
        return _apply(request)
    form = FilledListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            wanted = workbook.read(given, given.size)
        except workbook.UnreadableWorkbookError as error:
            form.add_error("file", str(error))
        else:
            return _look(request, wanted)
    return _page(request, {"form": form})


def _look(request: HttpRequest, wanted: list[bulk.Wanted]) -> HttpResponse:
    tried = bulk.try_out(wanted, staff(request))
    number = sum(not each.refusal for each in tried)
    return _page(request, {"tried": tried, "number": number, "looked_at": bulk.packed(wanted)})


def _apply(request: HttpRequest) -> HttpResponse:
    try:
        wanted = bulk.unpacked(request.POST["looked_at"])
    except signing.BadSignature:
        messages.error(request, _("What you looked at is too old. Upload the file again."))
        return HttpResponseRedirect(reverse("admin:ledger_statementexception_upload"))
    bulk.tell(request, bulk.carry_out(wanted, staff(request)))
    return HttpResponseRedirect(reverse("admin:ledger_statementexception_changelist"))


def _page(request: HttpRequest, more: dict[str, Any]) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": _("Resolve by file"), **more}
    return TemplateResponse(request, "admin/finance/exceptions/upload.html", context)

"""The page that makes a file of evidence: it says what will be in it, and a press makes it, with an entry."""

from typing import Final

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.finance.evidence import dossiers
from backoffice.finance.evidence.dossiers import Dossier
from backoffice.finance.evidence.writing import write
from jobs.models import Job
from ledger.api import Actor, record
from payments.admin.dialogs import number_of
from payments.admin.more_links import MoreLink
from payments.models import Payment

MAKE: Final = "payments.make_evidence"


def payment_evidence(request: HttpRequest, object_id: str) -> HttpResponseBase:
    _check(request, "payments.view_payment")
    row = Payment.objects.select_related("request__payer_wallet", "request__seller").filter(pk=object_id).first()
    if row is None:
        raise Http404
    return _answer(request, dossiers.of_payment(row), reverse("admin:payments_payment_change", args=[row.pk]))


def job_evidence(request: HttpRequest, object_id: str) -> HttpResponseBase:
    _check(request, "jobs.view_job")
    row = Job.objects.filter(pk=number_of(object_id)).first()
    if row is None:
        raise Http404
    return _answer(request, dossiers.of_job(row), reverse("admin:jobs_job_change", args=[row.pk]))


def link_to_evidence(request: HttpRequest, row: object) -> MoreLink | None:
    """Beside a payment, or a job, for who may make its file."""
    if not request.user.has_perm(MAKE):
        return None
    match row:
        case Payment():
            url = reverse("admin:payments_payment_evidence", args=[row.pk])
        case Job():
            url = reverse("admin:jobs_job_evidence", args=[row.pk])
        case _:
            return None
    return MoreLink(_("File of evidence"), url, "folder_zip")


def _check(request: HttpRequest, permission: str) -> None:
    if not (request.user.has_perm(MAKE) and request.user.has_perm(permission)):
        raise PermissionDenied


def _answer(request: HttpRequest, dossier: Dossier, back: str) -> HttpResponseBase:
    if request.method == "POST":
        assert isinstance(request.user, User)
        return made(dossier, request.user)
    context = {
        **admin.site.each_context(request),
        "title": _("Evidence: %(title)s") % {"title": dossier.title},
        "dossier": dossier,
        "back": back,
    }
    return TemplateResponse(request, "admin/finance/evidence.html", context)


def made(dossier: Dossier, by: User) -> FileResponse:
    """The file, after the ledger has kept who made it and what its SHA-256 is."""
    content, digest = write(dossier, by)
    with transaction.atomic():
        record(
            "evidence.made", actor=Actor.staff(by.pk), subjects={dossier.subject: dossier.key}, data={"sha256": digest}
        )
    name = f"evidence-{dossier.subject}-{dossier.key}.zip"
    return FileResponse(content, as_attachment=True, filename=name, content_type="application/zip")

"""What an auditor from outside sees: the payments of their period, and a file of evidence of each."""

from typing import Final

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from backoffice.audit.access import AuditPeriod, access_of
from backoffice.finance.evidence import dossiers
from backoffice.finance.evidence.pages import made
from ledger.models import Movement
from payments.models import OutsidePayment, OutsidePaymentState, Payment

PER_PAGE: Final = 50


def audit(request: HttpRequest) -> HttpResponse:
    period = _period(request)
    subjects = Movement.objects.filter(period.rows()).order_by().values("subject")
    payments = Payment.objects.filter(pk__in=subjects).select_related("request").order_by("created_at", "pk")
    outside = OutsidePayment.objects.filter(pk__in=subjects, state=OutsidePaymentState.CONFIRMED)
    context = {
        **admin.site.each_context(request),
        "title": _("Audit"),
        "period": period,
        "page": Paginator(payments, PER_PAGE).get_page(request.GET.get("page")),
        "outside": outside.select_related("claimed_by", "decided_by").order_by("created_at")[:PER_PAGE],
    }
    return TemplateResponse(request, "admin/audit.html", context)


def audit_evidence(request: HttpRequest, object_id: str) -> HttpResponseBase:
    """The file of one payment of the period; that they took it is an entry."""
    period = _period(request)
    row = Payment.objects.select_related("request__payer_wallet", "request__seller").filter(pk=object_id).first()
    if row is None or not Movement.objects.filter(period.rows(), subject=row.pk).exists():
        raise Http404
    if request.method != "POST":
        raise Http404
    assert isinstance(request.user, User)
    return made(dossiers.of_payment(row), request.user)


def _period(request: HttpRequest) -> AuditPeriod:
    """Raises PermissionDenied for who has none today."""
    assert isinstance(request.user, User)
    period = access_of(request.user.pk)
    if period is None:
        raise PermissionDenied
    return period

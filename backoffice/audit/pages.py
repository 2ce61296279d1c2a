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
from backoffice.finance.evidence.dossiers import Dossier
from backoffice.finance.evidence.pages import made
from ledger.models import Movement
from payments.models import OutsidePayment, OutsidePaymentState, Payment

PER_PAGE: Final = 50


def audit(request: HttpRequest) -> HttpResponse:
    period = _period(request)
    subjects = Movement.objects.filter(period.rows()).order_by().values("subject")
    payments = Payment.objects.filter(pk__in=subjects).select_related("request").order_by("created_at", "pk")
    confirmed = OutsidePayment.objects.filter(pk__in=subjects, state=OutsidePaymentState.CONFIRMED)
    outside = confirmed.select_related("claimed_by", "decided_by", "seller").order_by("created_at", "pk")
    context = {
        **admin.site.each_context(request),
        "title": _("Audit"),
        "period": period,
        "page": Paginator(payments, PER_PAGE).get_page(request.GET.get("page")),
        "outside": Paginator(outside, PER_PAGE).get_page(request.GET.get("outside")),
    }
    return TemplateResponse(request, "admin/audit.html", context)


def audit_evidence(request: HttpRequest, object_id: str) -> HttpResponseBase:
    """The file of one payment of the period, by wallets or outside; that they took it is an entry."""
    period = _period(request)
    if request.method != "POST" or not Movement.objects.filter(period.rows(), subject=object_id).exists():
        raise Http404
    assert isinstance(request.user, User)
    return made(_dossier(object_id), request.user)


def _dossier(key: str) -> Dossier:
    payment = Payment.objects.select_related("request__payer_wallet", "request__seller").filter(pk=key).first()
    if payment is not None:
        return dossiers.of_payment(payment)
    outside = OutsidePayment.objects.select_related("claimed_by", "decided_by").filter(pk=key).first()
    if outside is None:
        raise Http404
    return dossiers.of_outside_payment(outside)


def _period(request: HttpRequest) -> AuditPeriod:
    """Raises PermissionDenied for who has none today."""
    assert isinstance(request.user, User)
    period = access_of(request.user.pk)
    if period is None:
        raise PermissionDenied
    return period

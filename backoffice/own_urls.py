"""The admin's pages that are no list of a model and no row of one."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern, path

from backoffice.access_history import access_history
from backoffice.audit.pages import audit, audit_evidence
from backoffice.dashboard.pages import funders_view, payments_view, quality_view, workers_view
from backoffice.digests.page import digest_view
from backoffice.finance.closing.page import periods_view
from backoffice.finance.evidence.pages import job_evidence, payment_evidence
from backoffice.finance.exceptions.files_page import queue_view
from backoffice.finance.journal import journal_view
from backoffice.finance.reports.pages import figures_view, index_view, report_view
from backoffice.following import status_view_of
from backoffice.saved_views.page import remove_view, views_page
from backoffice.to_do.marks_page import marks_view
from backoffice.to_do.page import to_do_view
from backoffice.waiting_page import waiting_view
from backoffice.where_is_money.page import where_view

View = Callable[..., HttpResponseBase]


def own_urls(staff_only: Callable[[View], Any]) -> list[URLPattern]:
    """Each behind the admin's door: `staff_only` is `AdminSite.admin_view`."""
    pages: tuple[tuple[str, View, str], ...] = (
        ("overview/payments/", payments_view, "overview_payments"),
        ("overview/funders/", funders_view, "overview_funders"),
        ("overview/workers/", workers_view, "overview_workers"),
        ("overview/quality/", quality_view, "overview_quality"),
        ("views/", views_page, "saved_views"),
        ("views/<str:object_id>/remove/", remove_view, "saved_view_remove"),
        ("overview/status/", status_view_of("index"), "index_status"),
        ("waiting/", waiting_view, "waiting"),
        ("waiting/status/", status_view_of("waiting"), "waiting_status"),
        ("to-do/", to_do_view, "to_do"),
        ("to-do/marks/", marks_view, "to_do_marks"),
        ("to-do/status/", status_view_of("to_do"), "to_do_status"),
        ("summary-by-email/", digest_view, "digest"),
        ("where-is-the-money/", where_view, "where_is_money"),
        ("audit/", audit, "audit"),
        ("audit/<str:object_id>/", audit_evidence, "audit_evidence"),
        ("access-history/", access_history, "access_history"),
        ("reports/", index_view, "reports"),
        ("reports/<slug:code>/", report_view, "report"),
        ("figures/", figures_view, "figures"),
        ("exceptions/", queue_view, "exceptions"),
        ("periods/", periods_view, "periods"),
        ("periods/<str:month>/journal/", journal_view, "journal"),
        ("payments/payment/<str:object_id>/evidence/", payment_evidence, "payments_payment_evidence"),
        ("jobs/job/<str:object_id>/evidence/", job_evidence, "jobs_job_evidence"),
    )
    return [path(route, staff_only(view), name=name) for route, view, name in pages]

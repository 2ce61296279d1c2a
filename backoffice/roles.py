"""The four roles, made anew after every migrate: what is written here is what they may do.

Whoever needs something else makes a group of another name in the admin; these four are reset.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.models import Group, Permission

ADMINISTRATOR = "administrator"
PLATFORM_STAFF = "platform staff"
FINANCE = "finance"
AUDITOR = "auditor"

BOOKS = ("jobs", "payments", "ledger")
EXACT: dict[str, tuple[str, ...]] = {
    ADMINISTRATOR: ("auth.view_user", "auth.add_user", "auth.change_user", "auth.view_group"),
    PLATFORM_STAFF: (
        "jobs.add_member",
        "jobs.change_member",
        "jobs.change_membernote",
        "jobs.add_job",
        "jobs.change_job",
        "jobs.add_application",
        "jobs.change_application",
        "jobs.add_submission",
        "jobs.change_submission",
        "jobs.import_member",
        "jobs.import_job",
        "jobs.import_application",
        "jobs.import_submission",
        "jobs.confirm_walletchange",
        "jobs.disclose_member",
        "payments.accept_walletaddress",
        "payments.change_mailstop",
        "payments.request_paymentrequest",
        "payments.draw_standingbudget",
        "payments.manage_standingbudget",
        "payments.refund_payment",
        "payments.report_outsidepayment",
        "payments.resolve_payment",
        "payments.add_staffnote",
    ),
    FINANCE: (
        "jobs.confirm_walletchange",
        "payments.accept_walletaddress",
        "ledger.close_period",
        "payments.add_accountname",
        "payments.authorise_paymentrequest",
        "payments.change_accountname",
        "payments.download_journal",
        "payments.override_risk",
        "payments.manage_standingbudget",
        "payments.report_outsidepayment",
        "payments.confirm_outsidepayment",
        "payments.make_evidence",
        "payments.resolve_payment",
        "payments.add_pause",
        "payments.add_staffnote",
        "payments.change_pause",
        "ledger.resolve_statementexception",
        "ledger.import_statement",
        # What is about money leaves the house by finance's hand. Lists of people, with their email addresses, do not:
        # administrators alone export those. An auditor changes nothing, not even by making a file: finance hands
        # them one, and its digest and control totals are in the ledger that they read.
        "payments.export_payment",
        "payments.export_paymentrequest",
        "payments.export_outsidepayment",
        "ledger.export_movement",
        "ledger.export_entry",
        "jobs.export_job",
    ),
    AUDITOR: ("auth.view_user", "auth.view_group"),
}


def make_when_all_permissions_exist(app_config: AppConfig, using: str, **_kwargs: Any) -> None:
    """After the last app's `post_migrate`: each app's permissions are made in its own."""
    with_models = [config for config in apps.get_app_configs() if config.models_module is not None]
    if app_config == with_models[-1]:
        make(using)


def make(using: str) -> None:
    for role in EXACT:
        group, _created = Group.objects.using(using).get_or_create(name=role)
        group.permissions.set(_permissions(role, using))


def _permissions(role: str, using: str) -> list[Permission]:
    found = Permission.objects.using(using).select_related("content_type")
    return [permission for permission in found if may(role, permission)]


def may(role: str, permission: Permission) -> bool:
    """Everybody reads the books. An administrator may do what there is in them; the others only what is listed."""
    app_label, codename = permission.content_type.app_label, permission.codename
    if app_label in BOOKS and codename.startswith("delete_"):
        return False
    if app_label in BOOKS and (role == ADMINISTRATOR or codename.startswith("view_")):
        return True
    return f"{app_label}.{codename}" in EXACT[role]

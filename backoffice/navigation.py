"""The sidebar: what each person may look at, in the order of their day."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.access_history import NEEDED
from backoffice.audit.access import access_of
from backoffice.waiting import count_for


@dataclass(frozen=True)
class AdminPage:
    """A list in the admin: `model` is its `app_label.model_name`, `icon` a Material symbol."""

    title: str | Promise
    icon: str
    model: str


@dataclass(frozen=True)
class OwnPage:
    """A page that is no list of one model: `name` is its URL in the admin, for whoever has all `permissions`."""

    title: str | Promise
    icon: str
    name: str
    permissions: tuple[str, ...]


GROUPS: tuple[tuple[str | Promise, tuple[AdminPage | OwnPage, ...]], ...] = (
    (
        _("Work"),
        (
            AdminPage(_("Jobs"), "handyman", "jobs.job"),
            AdminPage(_("Members"), "groups", "jobs.member"),
            AdminPage(_("Applications"), "how_to_reg", "jobs.application"),
            AdminPage(_("Submissions"), "task", "jobs.submission"),
            AdminPage(_("Notes from members"), "chat", "jobs.membernote"),
        ),
    ),
    (
        _("Payments"),
        (
            AdminPage(_("Payment requests"), "request_quote", "payments.paymentrequest"),
            AdminPage(_("Payments"), "payments", "payments.payment"),
            AdminPage(_("Paid outside"), "handshake", "payments.outsidepayment"),
            AdminPage(_("Standing budgets"), "savings", "payments.standingbudget"),
            AdminPage(_("Grants"), "key", "payments.grant"),
            AdminPage(_("Sellers"), "storefront", "payments.seller"),
            AdminPage(_("Wallets"), "account_balance_wallet", "payments.walletaddress"),
            AdminPage(_("Rules for a second person"), "gavel", "payments.secondpersonrule"),
            AdminPage(_("Limits for unproven wallets"), "badge", "payments.prooflimit"),
            AdminPage(_("Proposals"), "how_to_vote", "payments.proposal"),
            AdminPage(_("Decided alone"), "emergency", "payments.brokenglass"),
            AdminPage(_("Pauses"), "pause_circle", "payments.pause"),
            AdminPage(_("API keys"), "vpn_key", "payments.apikey"),
            AdminPage(_("Marketplaces"), "hub", "payments.marketplace"),
        ),
    ),
    (
        _("Finance"),
        (
            OwnPage(_("Reports"), "monitoring", "reports", ("ledger.view_movement",)),
            AdminPage(_("Exceptions"), "rule", "ledger.statementexception"),
            AdminPage(_("Statements"), "receipt_long", "ledger.statementsource"),
            OwnPage(_("Periods"), "event_available", "periods", ("ledger.view_closing",)),
            AdminPage(_("Exports"), "download", "backoffice.export"),
            AdminPage(_("Regular exports"), "event_repeat", "backoffice.regularexport"),
            AdminPage(_("Chart of accounts"), "account_tree", "payments.accountname"),
        ),
    ),
    (
        _("Ledger"),
        (
            AdminPage(_("Entries"), "menu_book", "ledger.entry"),
            AdminPage(_("Checkpoints"), "verified", "ledger.checkpoint"),
            AdminPage(_("Movements"), "swap_horiz", "ledger.movement"),
        ),
    ),
    (_("Messages"), (AdminPage(_("Outbox"), "outgoing_mail", "payments.message"),)),
    (
        _("System"),
        (
            AdminPage(_("Users"), "person", "auth.user"),
            AdminPage(_("Roles"), "badge", "auth.group"),
            OwnPage(_("Who could do what"), "manage_history", "access_history", NEEDED),
            AdminPage(_("Queued tasks"), "hourglass_top", "django_q.ormq"),
            AdminPage(_("Schedules"), "schedule", "django_q.schedule"),
            AdminPage(_("Failed tasks"), "error", "django_q.failure"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's navigation for the person who asks: groups without a page they may see are left out."""
    overview = {"title": _("Overview"), "icon": "space_dashboard", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [{"items": [overview, _waiting(request)]}]
    if not request.user.has_perm("ledger.view_entry") and request.user.pk and access_of(request.user.pk):
        groups[0]["items"].append({"title": _("Audit"), "icon": "policy", "link": reverse("admin:audit")})
    found = [(title, [_item(page) for page in pages if _may_see(page, request)]) for title, pages in GROUPS]
    for title, items in found:
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


def _waiting(request: HttpRequest) -> dict[str, Any]:
    """What waits for a second person, with how much of it this one may decide on."""
    item = {"title": _("Waiting for two"), "icon": "how_to_vote", "link": reverse("admin:waiting")}
    count = count_for(request)
    return {**item, "badge": str(count), "badge_variant": "warning"} if count else item


def _may_see(page: AdminPage | OwnPage, request: HttpRequest) -> bool:
    if isinstance(page, OwnPage):
        return bool(request.user.has_perms(page.permissions))
    return bool(admin.site.get_model_admin(apps.get_model(page.model)).has_view_permission(request))


def _item(page: AdminPage | OwnPage) -> dict[str, Any]:
    name = page.name if isinstance(page, OwnPage) else f"{page.model.replace('.', '_')}_changelist"
    return {"title": page.title, "icon": page.icon, "link": reverse(f"admin:{name}")}

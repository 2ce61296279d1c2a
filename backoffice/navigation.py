"""The sidebar: what each person may look at, in the order of their day, with what they seldom use folded."""

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
from backoffice.queue_counts import Viewer, shown_number
from backoffice.to_do.tabs import badge
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


@dataclass(frozen=True)
class PageGroup:
    """Pages of one kind: folded for whoever lacks the permission `used_with`; without one it stands open for all."""

    title: str | Promise
    used_with: str
    pages: tuple[AdminPage | OwnPage, ...]


GROUPS: tuple[PageGroup, ...] = (
    PageGroup(
        _("Work"),
        "jobs.change_job",
        (
            AdminPage(_("Jobs"), "handyman", "jobs.job"),
            AdminPage(_("Members"), "groups", "jobs.member"),
            AdminPage(_("Applications"), "how_to_reg", "jobs.application"),
            AdminPage(_("Submissions"), "task", "jobs.submission"),
            AdminPage(_("Notes from members"), "chat", "jobs.membernote"),
        ),
    ),
    PageGroup(
        _("Payments"),
        "",
        (
            AdminPage(_("Payment requests"), "request_quote", "payments.paymentrequest"),
            AdminPage(_("Payments"), "payments", "payments.payment"),
            AdminPage(_("Paid outside"), "handshake", "payments.outsidepayment"),
            AdminPage(_("Standing budgets"), "savings", "payments.standingbudget"),
        ),
    ),
    PageGroup(
        _("Finance"),
        "ledger.close_period",
        (
            OwnPage(_("Reports"), "monitoring", "reports", ("ledger.view_movement",)),
            AdminPage(_("Exceptions"), "rule", "ledger.statementexception"),
            AdminPage(_("Statements"), "receipt_long", "ledger.statementsource"),
            OwnPage(_("Periods"), "event_available", "periods", ("ledger.view_closing",)),
            AdminPage(_("Movements"), "swap_horiz", "ledger.movement"),
            AdminPage(_("Exports"), "download", "backoffice.export"),
            AdminPage(_("Regular exports"), "event_repeat", "backoffice.regularexport"),
            AdminPage(_("Chart of accounts"), "account_tree", "payments.accountname"),
        ),
    ),
    PageGroup(
        _("Records"),
        "auth.view_group",
        (
            AdminPage(_("Ledger"), "menu_book", "ledger.entry"),
            AdminPage(_("Checkpoints"), "verified", "ledger.checkpoint"),
            AdminPage(_("Proposals"), "how_to_vote", "payments.proposal"),
            AdminPage(_("Decided alone"), "emergency", "payments.brokenglass"),
            AdminPage(_("Grants"), "key", "payments.grant"),
            AdminPage(_("Outbox"), "outgoing_mail", "payments.message"),
            AdminPage(_("Stopped addresses"), "unsubscribe", "payments.mailstop"),
            AdminPage(_("Webhook deliveries"), "send_time_extension", "payments.webhookdelivery"),
        ),
    ),
    PageGroup(
        _("Set-up"),
        "auth.change_user",
        (
            AdminPage(_("API keys"), "vpn_key", "payments.apikey"),
            AdminPage(_("Marketplaces"), "hub", "payments.marketplace"),
            AdminPage(_("Webhook endpoints"), "webhook", "payments.webhookendpoint"),
            AdminPage(_("Webhook senders"), "call_received", "payments.webhooksender"),
            AdminPage(_("Users"), "person", "auth.user"),
            AdminPage(_("Roles"), "badge", "auth.group"),
            OwnPage(_("Who could do what"), "manage_history", "access_history", NEEDED),
            AdminPage(_("Sellers"), "storefront", "payments.seller"),
            AdminPage(_("Wallets"), "account_balance_wallet", "payments.walletaddress"),
            AdminPage(_("Rules for a second person"), "gavel", "payments.secondpersonrule"),
            AdminPage(_("Limits for unproven wallets"), "lock_person", "payments.prooflimit"),
            AdminPage(_("Payment warnings"), "warning", "payments.risksetting"),
            AdminPage(_("Pauses"), "pause_circle", "payments.pause"),
        ),
    ),
    PageGroup(
        _("Background work"),
        "django_q.view_ormq",
        (
            AdminPage(_("Queued tasks"), "hourglass_top", "django_q.ormq"),
            AdminPage(_("Schedules"), "schedule", "django_q.schedule"),
            AdminPage(_("Failed tasks"), "error", "django_q.failure"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's navigation for the person who asks: groups without a page they may see are left out."""
    viewer = Viewer.of(request)
    overview = {"title": _("Overview"), "icon": "space_dashboard", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [{"items": [overview, _to_do(viewer), _waiting(viewer)]}]
    if request.user.has_perm("payments.view_payment"):
        where = reverse("admin:where_is_money")
        groups[0]["items"].append({"title": _("Where is the money?"), "icon": "travel_explore", "link": where})
    if not request.user.has_perm("ledger.view_entry") and request.user.pk and access_of(request.user.pk):
        groups[0]["items"].append({"title": _("Audit"), "icon": "policy", "link": reverse("admin:audit")})
    for group in GROUPS:
        items = [_item(page) for page in group.pages if _may_see(page, request)]
        folded = bool(group.used_with and not request.user.has_perm(group.used_with))
        if items:
            groups.append({"title": group.title, "items": items, "collapsible": folded})
    return groups


def _to_do(viewer: Viewer) -> dict[str, Any]:
    """What waits for staff, with how much of it."""
    item = {"title": _("To do"), "icon": "checklist", "link": reverse("admin:to_do")}
    count = badge(viewer)
    return {**item, "badge": count, "badge_variant": "primary"} if count else item


def _waiting(viewer: Viewer) -> dict[str, Any]:
    """What waits for a second person, with how much of it this one may decide on."""
    item = {"title": _("Waiting for two"), "icon": "how_to_vote", "link": reverse("admin:waiting")}
    count = count_for(viewer)
    return {**item, "badge": shown_number(count), "badge_variant": "warning"} if count else item


def _may_see(page: AdminPage | OwnPage, request: HttpRequest) -> bool:
    if isinstance(page, OwnPage):
        return bool(request.user.has_perms(page.permissions))
    return bool(admin.site.get_model_admin(apps.get_model(page.model)).has_view_permission(request))


def _item(page: AdminPage | OwnPage) -> dict[str, Any]:
    name = page.name if isinstance(page, OwnPage) else f"{page.model.replace('.', '_')}_changelist"
    return {"title": page.title, "icon": page.icon, "link": reverse(f"admin:{name}")}

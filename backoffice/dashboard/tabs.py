"""The overview's pages, and what all of them choose by their address: which days, and which currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.dashboard.links import may_see
from backoffice.dashboard.period import Period, Preset
from ledger.distinct import distinct_values
from ledger.models import Entry, Movement
from payments.models import Grant, PaymentRequest, WalletAddress, WebhookDelivery


@dataclass(frozen=True)
class OverviewTab:
    """`name` is its URL in the admin; it is for whoever may see any of the rows that it tells of.

    Not `by_currency`: what it tells is of no currency.
    """

    name: str
    title: str | Promise
    tells_of: tuple[type[Model], ...]
    by_currency: bool = True


TABS: Final = (
    OverviewTab("index", _("Overview"), ()),
    OverviewTab("overview_payments", _("Payments"), (Movement, PaymentRequest)),
    OverviewTab("overview_funders", _("Funders"), (Movement,)),
    OverviewTab("overview_workers", _("Workers"), (Movement,)),
    OverviewTab("overview_quality", _("Quality"), (Entry, WebhookDelivery, Grant), by_currency=False),
)


def may_open(request: HttpRequest, tab: OverviewTab) -> bool:
    return not tab.tells_of or any(may_see(request, model) for model in tab.tells_of)


def chosen(request: HttpRequest, shown: str) -> Mapping[str, Any]:
    """What the head of each page shows: its tabs, the days, the currencies."""
    period, shown_tab = Period.read(request.GET.dict()), next(tab for tab in TABS if tab.name == shown)
    return {
        "period": period,
        "tabs": [
            (tab.title, f"{reverse(f'admin:{tab.name}')}{period.address()}", tab.name == shown)
            for tab in TABS
            if may_open(request, tab)
        ],
        "presets": [(each.label, period.address(period=each.value), each == period.preset) for each in Preset],
        "currencies": [
            (code, period.address(currency=code), code == period.currency)
            for code in distinct_values(WalletAddress, "asset_code")
            if shown_tab.by_currency
        ],
        "every_currency": period.address(currency=""),
    }

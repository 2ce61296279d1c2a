"""How the admin looks and how people move through it. `navigation.py` holds the sidebar."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _file(name: str) -> Callable[[HttpRequest], str]:
    """The address of a static file, as Unfold's settings take it: asked for when a page is made."""
    return lambda _request: static(name)


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Tequio",
    "SITE_HEADER": "Tequio",
    "SITE_SUBHEADER": _("Payments back office"),
    "SITE_URL": None,
    "SITE_ICON": _file("brand/icon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _file("brand/icon.svg")}],
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    # Django's own says that there is none: what happened to a row stands in the ledger, and on its page.
    "SHOW_HISTORY": False,
    "BORDER_RADIUS": "6px",
    "STYLES": [
        _file("admin.css"),
        _file("admin_frame.css"),
        _file("admin_payments.css"),
        _file("admin_dashboard.css"),
        _file("admin_finance.css"),
        _file("admin_closing.css"),
        _file("admin_queues.css"),
        _file("sign_in.css"),
    ],
    "DASHBOARD_CALLBACK": "backoffice.dashboard.overview",
    "LOGIN": {"image": _file("brand/textile.svg")},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Your sign-in"), "link": reverse_lazy("mfa_index")},
            {"title": _("Summary by email"), "link": reverse_lazy("admin:digest")},
        ]
    },
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": "backoffice.navigation.sidebar"},
    # Warm paper and wool for the ground, indigo (añil) for what can be pressed. Red is kept for what went wrong.
    # Each pair that carries text has at least 4.5:1: 600 on white, 500 on base-900.
    "COLORS": {
        "base": {
            "50": "#faf9f7",
            "100": "#f4f2ee",
            "200": "#e7e3dc",
            "300": "#d5cfc5",
            "400": "#a59d91",
            "500": "#6f675e",
            "600": "#57514a",
            "700": "#443f39",
            "800": "#2a2622",
            "900": "#1c1916",
            "950": "#110f0d",
        },
        "primary": {
            "50": "#f1f4fb",
            "100": "#e0e7f5",
            "200": "#d0dcf5",
            "300": "#b1c4ec",
            "400": "#8ea9e2",
            "500": "#7797dc",
            "600": "#3a57a0",
            "700": "#304783",
            "800": "#2a3c6c",
            "900": "#26345a",
            "950": "#1a223c",
        },
    },
}

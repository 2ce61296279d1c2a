"""The demo's people, who come in with one click. Everywhere else there are none."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice import roles

ROLE_NAMES: Final[dict[str, str | Promise]] = {
    roles.ADMINISTRATOR: _("administrator"),
    roles.PLATFORM_STAFF: _("platform staff"),
    roles.FINANCE: _("finance"),
    roles.AUDITOR: _("auditor"),
}


@dataclass(frozen=True)
class OneClick:
    """Somebody with a button of their own on the sign-in page."""

    username: str
    name: str
    role: str | Promise


def people() -> list[OneClick]:
    """In the order in which the setting names them."""
    if not settings.ONE_CLICK_SIGN_IN:
        return []
    found = {
        user.username: user
        for user in User.objects.filter(username__in=settings.ONE_CLICK_SIGN_IN, is_active=True).prefetch_related(
            "groups"
        )
    }
    return [_button(found[name]) for name in settings.ONE_CLICK_SIGN_IN if name in found]


def _button(user: User) -> OneClick:
    role = next((group.name for group in user.groups.all()), "")
    return OneClick(user.username, user.first_name or user.username, ROLE_NAMES.get(role, role))

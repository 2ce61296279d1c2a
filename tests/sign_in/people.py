"""People at the door, as a browser has them there."""

import re
from typing import Any

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group, User
from django.test import Client

from ledger.api import timeline
from tests.dialogs import Answer

PASSWORD = "una frase bien larga"
LOGIN, CODE, OWN = "/admin/login/", "/admin/login/code/", "/admin/sign-in/"
SET_UP, CONFIRM, CONFIRM_BY_CODE = "/admin/sign-in/app/", "/admin/sign-in/confirm/", "/admin/sign-in/confirm/code/"


def person(name: str, role: str = "", **columns: Any) -> User:
    made = User.objects.create_user(name, f"{name}@example.org", PASSWORD, is_staff=True, **columns)
    if role:
        made.groups.add(Group.objects.get(name=role))
    return made


def with_factor(user: User) -> str:
    """Give somebody a second factor and recovery codes; the key of their app."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return str(secret)


def knock(client: Client, name: str, password: str = PASSWORD, **more: str) -> Answer:
    """The first step: name and password."""
    return client.post(LOGIN, {"login": name, "password": password, **more})


def key_on(page: str) -> str:
    """The key that the page for setting up shows as text."""
    found = re.search(r'class="tequio-secret">([A-Z2-7 ]+)<', page)
    assert found, page
    return found[1]


def entries(user: User) -> list[str]:
    """The kinds of what the ledger tells of somebody, oldest first."""
    return [row.kind for row in timeline([("user", str(user.pk))])]


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200

"""Every address of the site, for everybody: what a role can't do by a button, it can't do by hand either."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User

from backoffice import roles
from tests.backoffice.every_page import House, addresses, furnish
from tests.backoffice.permission_matrix import (
    OTHERS,
    PAGE,
    STAFF,
    SUPERUSER,
    Cell,
    Matrix,
    as_if,
    matrix,
    page,
    people,
    signed_in,
    unwritten,
)

pytestmark = [pytest.mark.django_db, pytest.mark.prove]

#: A link that acts, in a page.
LINK = re.compile(r"/(?:approve|prove|w|f)/[A-Za-z0-9_-]{10,}:")


def test_the_matrix() -> None:
    """One house, asked about everything: making it costs more than asking."""
    house, who = furnish(), people()
    with unwritten():
        found = matrix(house, who)
    told = page(found, who[SUPERUSER])
    assert PAGE.read_text(encoding="utf-8") == told, "run `python -m tests.backoffice.permission_matrix`"
    _a_button_and_its_address_say_the_same(house, found, who)
    _whoever_is_not_staff_is_led_to_the_door(found)
    assert not found.readers_changed_something
    _links_that_act_are_shown_to_who_may_send_them(house, who)


def _a_button_and_its_address_say_the_same(house: House, found: Matrix, who: dict[str, User | AnonymousUser]) -> None:
    wrong = []
    for address, cells in found.rows.items():
        if address.model is None:
            continue
        of_rows: Any = admin.site._registry[address.model]
        row = address.model._default_manager.filter(pk=house.keys[address.model]).first()
        for name in STAFF:
            request = as_if(who[name])
            if address.part == "add":
                may = of_rows.has_add_permission(request)
            elif address.part in ("change", "delete"):
                may = row is not None and getattr(of_rows, f"has_{address.part}_permission")(request, row)
            elif address.part in ("changelist", "history", "preview", "status", "proof", "note", ""):
                may = False
            elif hasattr(getattr(of_rows, address.part, None), "allowed_permissions"):
                button = of_rows.get_unfold_action(address.part)
                may = bool(of_rows._filter_unfold_actions_by_permissions(request, [button], "1"))
            else:
                continue
            if cells[name] in ({Cell.REFUSED, Cell.READ, Cell.DOOR} if may else {Cell.ACT}):
                wrong.append(f"{address.route} as {name}: {cells[name]}, and the button's {may}")
            if row and not of_rows.has_view_permission(request) and not may and cells[name] in {Cell.READ, Cell.ACT}:
                wrong.append(f"{address.route} as {name}: opens without a permission to see it")
    # Django leads on from an old form of an address, whoever asks, to one that then refuses.
    assert not [one for one in wrong if "<path:object_id>/ as" not in one]


def _whoever_is_not_staff_is_led_to_the_door(found: Matrix) -> None:
    inside = {
        address.route
        for address, cells in found.rows.items()
        if address.route.startswith("admin/")
        and not address.route.startswith(("admin/login/", "admin/password_change/"))
        and any(cells[name] not in {Cell.DOOR, Cell.NOTHING} for name in OTHERS)
    }
    assert inside == {"admin/logout/", "admin/jsi18n/"} & inside


def _links_that_act_are_shown_to_who_may_send_them(house: House, who: dict[str, User | AnonymousUser]) -> None:
    shown: dict[str, set[str]] = {name: set() for name in (roles.AUDITOR, roles.FINANCE, roles.PLATFORM_STAFF)}
    for name, links in shown.items():
        client = signed_in(who[name])
        for address in addresses():
            if address.model and address.part in ("change", "changelist", "preview", "history"):
                links.update(LINK.findall(client.get(house.path(address)).content.decode()))
    assert shown[roles.AUDITOR] == shown[roles.FINANCE] == set()
    assert shown[roles.PLATFORM_STAFF], "there was something to see"
    plain = {token.partition(":")[0] for token in house.tokens.values()}
    assert not [link for link in shown[roles.PLATFORM_STAFF] if link.split("/")[2].rstrip(":") in plain], (
        "all are marked"
    )

"""Unfold lets every staff user do what names no permission, and runs on GET what has no dialog: no page has such."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import action  # noqa: TID251 - for a careless page

from payments.models import Pause

PLACES = ("actions_list", "actions_row", "actions_detail", "actions_submit_line")
PAGES = list(admin.site._registry.values())


def buttons(page: Any) -> Iterator[Any]:
    names = {name for place in PLACES for name in page._extract_action_names(getattr(page, place))}
    return (page.get_unfold_action(name) for name in sorted(names))


def faults(page: Any) -> Iterator[str]:
    for button in buttons(page):
        if not getattr(button.method, "allowed_permissions", None):
            yield f"{button.action_name} is open to every staff user"
        if not button.dialog:
            yield f"{button.action_name} runs on GET"
    for name in page.actions or ():
        if isinstance(name, str) and not getattr(getattr(page, name), "allowed_permissions", None):
            yield f"{name} of marked rows is open to every staff user"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_action_has_a_permission_and_a_dialog(page: Any) -> None:
    assert not list(faults(page))


def test_there_is_something_to_check() -> None:
    assert sum(1 for page in PAGES for _button in buttons(page)) > 40


class CarelessAdmin(ModelAdmin):  # type: ignore[misc]  # Unfold has no types
    actions = ("end_all",)
    actions_detail = ("end",)

    @action(description="End")  # type: ignore[untyped-decorator]  # Unfold has no types
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        raise NotImplementedError

    @admin.action(description="End all")
    def end_all(self, request: HttpRequest, queryset: Any) -> None:
        raise NotImplementedError


def test_the_check_sees_a_careless_page() -> None:
    assert list(faults(CarelessAdmin(Pause, admin.site))) == [
        "payments_pause_end is open to every staff user",
        "payments_pause_end runs on GET",
        "end_all of marked rows is open to every staff user",
    ]

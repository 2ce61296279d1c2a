"""Exactly the rows of a list as somebody sees it: the same page, asked by them, with the same address."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.messages.api import MessageFailure
from django.core.exceptions import FieldError, SuspiciousOperation, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from backoffice.guarded_admin import EVERY_MATCH

#: Parameters of a list's address that say which part of it is looked at, or how.
OF_THE_PAGE: Final = ("p", "all", "e", "_popup", "_to_field", "_changelist_filters", "_facets")
SEARCH: Final = "q"
LONGEST_WORDS: Final = 200


class NoSuchList(Exception):
    """The address asks for what the list has no more: a filter, or a value that it can't take. Nothing is exported."""


@dataclass(frozen=True)
class Listed:
    rows: QuerySet[Any]
    filters: list[tuple[str, str]]  # label and value of each, as people read them


def model_of(label: str) -> type[Model]:
    """The model of `payments.payment`."""
    return apps.get_model(label)


def name_of_list(label: str) -> str:
    """As people call it; a list that there is no more is called as it was in the program."""
    try:
        return str(model_of(label)._meta.verbose_name_plural).capitalize()  # noqa: SLF001 - Django's public name
    except LookupError:
        return label


def permission(label: str) -> str:
    """What whoever exports the list needs, beside being let into it."""
    app_label, name = label.split(".")
    return f"{app_label}.export_{name}"


def is_exportable(model: type[Model]) -> bool:
    opts = model._meta  # noqa: SLF001 - Django's public name
    return any(codename == f"export_{opts.model_name}" for codename, _words in opts.permissions)


def may_export(user: User | AnonymousUser, label: str) -> bool:
    """They are let in, may look at the list, and may take it away."""
    if not (user.is_active and user.is_staff and user.has_perm(permission(label))):
        return False
    page = admin.site.get_model_admin(model_of(label))
    return bool(page.has_view_permission(_asked_by(user, "")))


def exportable() -> list[str]:
    """All lists that can be exported, as `payments.payment`."""
    return [model._meta.label_lower for model in admin.site._registry if is_exportable(model)]  # noqa: SLF001 - Django's own registry


def query_of(parameters: QueryDict) -> str:
    """What of a list's address says which rows it has, and in which order."""
    kept = parameters.copy()
    for name in OF_THE_PAGE:
        kept.pop(name, None)
    return kept.urlencode()


def listed(label: str, query: str, user: User) -> Listed:
    """The list at that address, for that person. Raises NoSuchList."""
    page = admin.site.get_model_admin(model_of(label))
    request = _asked_by(user, query)
    try:
        # Only its first page is fetched here; `queryset` is all of it.
        found = page.get_changelist_instance(request)
    except (
        IncorrectLookupParameters,
        DisallowedModelAdminLookup,
        SuspiciousOperation,
        FieldError,
        MessageFailure,
        ValidationError,
        ValueError,
    ) as error:
        raise NoSuchList(str(error)) from error
    _refuse_dropped(found, request.GET)
    return Listed(found.queryset, list(_filters(found, request)))


def _asked_by(user: User | AnonymousUser, query: str) -> HttpRequest:
    request = HttpRequest()
    request.method, request.user, request.GET = "GET", user, QueryDict(query)
    request.META[EVERY_MATCH] = True
    return request


def _refuse_dropped(page: Any, asked: QueryDict) -> None:
    """Django leaves out a filter that has nothing to choose from any more, and then shows all: no file says that."""
    taken = {SEARCH, ORDER_VAR, *(name for each in page.filter_specs for name in each.expected_parameters())}
    for name, values in asked.lists():
        if name not in taken and any(values):
            raise NoSuchList(f"no filter takes {name} now")


def _filters(page: Any, request: HttpRequest) -> Iterator[tuple[str, str]]:
    if words := request.GET.get(SEARCH, "").strip():
        yield _("Search"), words[:LONGEST_WORDS]
    for each in page.filter_specs:
        for name in each.expected_parameters():
            values = [value for value in request.GET.getlist(name) if value]
            if values:
                ends = _ends(name)
                label = str(each.title).capitalize()
                yield f"{label}, {ends}" if ends else label, ", ".join(_shown(each, value) for value in values)


def _ends(parameter: str) -> str:
    """Which end of a range a parameter is."""
    if "_from" in parameter:
        return _("from")
    return _("to") if "_to" in parameter else ""


def _shown(each: Any, value: str) -> str:
    """The choice as the list offers it."""
    choices = getattr(each, "lookup_choices", ())
    labels = {str(code): str(label) for code, label in choices}
    return labels.get(value, value)[:LONGEST_WORDS]

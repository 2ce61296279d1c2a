"""Links to lists of the admin, narrowed to what a figure counts."""

from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse


def rows(model: type[Model], **filters: object) -> str:
    """The list of `model`, with filters as its address names them (`state__exact`, `currency` …)."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # noqa: SLF001 - Django's public name
    return f"{path}?{urlencode(filters)}" if filters else path


def may_see(request: HttpRequest, model: type[Model]) -> bool:
    return bool(admin.site.get_model_admin(model).has_view_permission(request))


def may_add(request: HttpRequest, model: type[Model]) -> bool:
    return bool(admin.site.get_model_admin(model).has_add_permission(request))

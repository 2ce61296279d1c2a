"""The admin site that every app registers with, as `django.contrib.admin.site`."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite


class BackofficeAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold ships no types
    index_title = _("Overview")

    def get_urls(self) -> list[Any]:
        own = [path("waiting/", self.admin_view(_waiting), name="waiting")]
        return [*own, *super().get_urls()]


def _waiting(request: HttpRequest) -> HttpResponse:
    from backoffice.waiting import waiting_view  # noqa: PLC0415 - models can only be imported once every app is loaded

    return waiting_view(request)

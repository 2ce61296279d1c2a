"""The API of the site: what both rooms offer to programs, its document (OpenAPI 3.1), and the page that shows it."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from jobs.api import applications, jobs, members, offers, submissions
from payments.api import incoming, payments, plain_requests, problems, sellers
from payments.api.bodies import StorableJson
from payments.api.headers import NAMESPACE

VERSION = "1.0.0"
DESCRIPTION = (
    "Amounts in requests are decimal strings in major units; amounts that are Open Payments objects are in minor units,"
    " with their scale. Every POST takes an Idempotency-Key. How to begin: docs/api.md."
)
api = NinjaAPI(
    title="Tequio",
    version=VERSION,
    description=DESCRIPTION,
    urls_namespace=NAMESPACE,
    openapi_url=None,
    docs_url=None,
    parser=StorableJson(),
)
problems.install(api)
for part in (sellers, offers, plain_requests, incoming, payments, members, jobs, applications, submissions):
    api.add_router("", part.router)


@require_safe
def document(_http: HttpRequest) -> JsonResponse:
    """Read by programs that make programs."""
    return JsonResponse(_document())


@require_safe
def page(http: HttpRequest) -> HttpResponse:
    """The same for people."""
    told = _document()
    shown = [
        {"method": method.upper(), "path": where, **operation}
        for where, methods in told["paths"].items()
        for method, operation in methods.items()
    ]
    return render(http, "public/api.html", {"operations": shown, "title": told["info"]["title"]})


@cache
def _document() -> dict[str, Any]:
    """Put together once: it is the same for everybody, and takes a fifth of a second."""
    return dict(api.get_openapi_schema(path_prefix="/"))


_operations, _app, _space = api.urls
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/openapi.json", document, name="openapi"),
    path("api/docs", page, name="api-docs"),
    # Without the library's own page at the root.
    path("", ([each for each in _operations if getattr(each, "name", "") != "api-root"], _app, _space)),
]

"""What every answer to a program has, whoever made it: errors in one shape, how much more it may ask, no copy kept."""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from payments.api.keys import OF_A_KEY, TAKEN
from payments.api.problems import is_for_programs, problem_response
from payments.buckets import Taken

NAMESPACE: Final = "api"
#: The view whose secrets are not keys; its errors look like all the others.
WEBHOOKS: Final = "incoming-webhook"
KEPT: Final = ("Allow", "Retry-After")
#: What a program is told in place of the page that people would see.
SAID: Final = {
    HTTPStatus.BAD_REQUEST: ("unreadable", _("This can't be read. Send JSON in UTF-8.")),
    HTTPStatus.NOT_FOUND: ("no_such_address", _("There is nothing at this address. /api/docs lists what there is.")),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", _("This address is not asked like that.")),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too_large", _("This is more than is read. Send less at once.")),
    HTTPStatus.TOO_MANY_REQUESTS: ("too_many_requests", _("These were many requests at once. Ask again later.")),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "program_failed",
        _("The program failed at this. Tell whoever runs it the id of the request, then ask again."),
    ),
}


class ApiHeadersMiddleware:
    """No header opens the API to pages of other sites: who asks is a program with a key, never a browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not _is_api(request):
            return response
        if response.status_code >= HTTPStatus.BAD_REQUEST and not _is_json(response):
            response = _in_our_shape(request, response)
        response["Cache-Control"] = "no-store"
        if taken := getattr(request, TAKEN, None):
            _tell(response, taken)
        return response


def _is_api(request: HttpRequest) -> bool:
    """Also where nothing is, and of what was refused before anybody looked for what is there."""
    match: Any = getattr(request, "resolver_match", None)
    if match is not None:
        return NAMESPACE in match.namespaces or match.view_name == WEBHOOKS
    return is_for_programs(request.path)


def _is_json(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("application/json")


def _in_our_shape(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """For a page that was meant for people: what was decided stays, with what a program must know of it."""
    status = HTTPStatus(response.status_code)
    code, words = SAID.get(status, SAID[HTTPStatus.BAD_REQUEST])
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        code, words = SAID[HTTPStatus.INTERNAL_SERVER_ERROR]
    kept = {name: response.headers[name] for name in KEPT if name in response.headers}
    return problem_response(request, status, code, str(words), None, kept)


def _tell(response: HttpResponse, taken: Taken) -> None:
    """As `draft-ietf-httpapi-ratelimit-headers` has them; `Reset` is when the whole quota is there again."""
    used = OF_A_KEY.at_once - taken.left
    response["RateLimit-Limit"] = str(OF_A_KEY.at_once)
    response["RateLimit-Remaining"] = str(taken.left)
    response["RateLimit-Reset"] = str(math.ceil(used / OF_A_KEY.a_second))
    response["RateLimit-Policy"] = f"{OF_A_KEY.at_once};w={math.ceil(OF_A_KEY.at_once / OF_A_KEY.a_second)}"

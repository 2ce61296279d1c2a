"""What every answer to a program says besides: how much more it may ask, and that nobody keeps a copy."""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from payments.api.keys import OF_A_KEY, TAKEN
from payments.api.problems import problem_response
from payments.buckets import Taken

NAMESPACE: Final = "api"


class ApiHeadersMiddleware:
    """No header opens the API to pages of other sites: who asks is a program with a key, never a browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not _is_api(request):
            return response
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            words = _("This address is not asked like that.")
            allowed = {"Allow": response.headers.get("Allow", "")}
            response = problem_response(
                request, HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", words, None, allowed
            )
        response["Cache-Control"] = "no-store"
        if taken := getattr(request, TAKEN, None):
            _tell(response, taken)
        return response


def _is_api(request: HttpRequest) -> bool:
    match: Any = getattr(request, "resolver_match", None)
    return match is not None and NAMESPACE in match.namespaces


def _tell(response: HttpResponse, taken: Taken) -> None:
    """As `draft-ietf-httpapi-ratelimit-headers` has them; `Reset` is when the whole quota is there again."""
    used = OF_A_KEY.at_once - taken.left
    response["RateLimit-Limit"] = str(OF_A_KEY.at_once)
    response["RateLimit-Remaining"] = str(taken.left)
    response["RateLimit-Reset"] = str(math.ceil(used / OF_A_KEY.a_second))
    response["RateLimit-Policy"] = f"{OF_A_KEY.at_once};w={math.ceil(OF_A_KEY.at_once / OF_A_KEY.a_second)}"

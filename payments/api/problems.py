"""What a program is told when something can't be done: a sentence, a stable code, and the id of its request."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from payments.presentation.reasons import Refusal

log = logging.getLogger(__name__)
#: Said of so many mistakes in one body; more of them help nobody.
MOST_MISTAKES: Final = 20
#: Refusals that are not about what was asked for, and when to ask again.
PASSES: Final = {"wallets_busy": timedelta(seconds=15), "paused": timedelta(minutes=5)}
#: Where programs ask; what people open there stands in `FOR_PEOPLE`.
FOR_PROGRAMS: Final = ("/api/", "/offers/", "/payments/", "/sellers")
FOR_PEOPLE: Final = ("/api/docs", "/payments/finish")


def is_for_programs(path: str) -> bool:
    """Whether whoever asks at this path reads JSON."""
    return path.startswith(FOR_PROGRAMS) and not path.startswith(FOR_PEOPLE)


class ProblemDetails(Schema):
    """`code` never changes its meaning. What else there is depends on it."""

    code: str
    requestId: str  # noqa: N815 - as programs write it


class Problem(Schema):
    """Every answer that is not what was asked for."""

    error: str
    details: ProblemDetails


#: Of an operation's `response`: what it may answer besides.
PROBLEMS: Final = dict.fromkeys((400, 401, 403, 404, 409, 413, 422, 429, 503), Problem)


class ApiProblem(Exception):
    """What was asked for is not done; `words` are a sentence for whoever wrote the program."""

    def __init__(self, http_status: HTTPStatus, code: str, words: str, **more: Any) -> None:
        super().__init__(code)
        self.http_status, self.code, self.words, self.more = http_status, code, words, more
        self.headers: dict[str, str] = {}

    def after(self, seconds: int) -> "ApiProblem":
        """Worth another try after so many seconds."""
        self.headers["Retry-After"] = str(seconds)
        return self


def not_found() -> ApiProblem:
    """Also of what another marketplace asked for: nobody learns that it is there."""
    return ApiProblem(HTTPStatus.NOT_FOUND, "not_found", _("There is nothing of this id that this key may see."))


def of_refusal(refusal: Refusal) -> ApiProblem:
    """What people are told in the admin, as well."""
    params: dict[str, Any] = dict(refusal.params)
    if after := PASSES.get(refusal.code):
        busy = ApiProblem(HTTPStatus.SERVICE_UNAVAILABLE, refusal.code, str(refusal), params=params)
        return busy.after(int(after.total_seconds()))
    return ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, refusal.code, str(refusal), params=params)


def answer(http: HttpRequest, problem: ApiProblem) -> HttpResponse:
    return problem_response(http, problem.http_status, problem.code, problem.words, problem.more, problem.headers)


def problem_response(  # noqa: PLR0913, PLR0917 - the parts of an answer
    http: HttpRequest,
    status: int,
    code: str,
    words: str,
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    told = {"code": code, "requestId": http.META.get("HTTP_X_REQUEST_ID", ""), **(more or {})}
    return JsonResponse({"error": words, "details": told}, status=status, headers=dict(headers or {}))


def install(api: NinjaAPI) -> None:
    """Let `api` answer like this whatever goes wrong."""
    # Typed for what is raised, an instance or a class of it; it is always an instance.
    handlers: dict[type[Exception], Any] = {
        ApiProblem: answer,
        Refusal: lambda http, refusal: answer(http, of_refusal(refusal)),
        AuthenticationError: lambda http, _error: answer(http, no_key()),
        ValidationError: _mistakes,
        HttpError: _http_error,
        Http404: lambda http, _error: answer(http, not_found()),
        Exception: _our_fault,
    }
    for error, handler in handlers.items():
        api.add_exception_handler(error, handler)


def no_key() -> ApiProblem:
    problem = ApiProblem(
        HTTPStatus.UNAUTHORIZED, "no_key", _("This needs a key that can be used: “Authorization: Bearer tq_…”.")
    )
    problem.headers["WWW-Authenticate"] = "Bearer"
    return problem


def _mistakes(http: HttpRequest, error: ValidationError) -> HttpResponse:
    """Where each mistake is, and what is wrong; nothing of what was sent is repeated."""
    found = [
        {"where": [str(part) for part in mistake["loc"]], "what": str(mistake["msg"])}
        for mistake in error.errors[:MOST_MISTAKES]
    ]
    words = _("What was sent is not what is expected here. The details say where.")
    return answer(http, ApiProblem(HTTPStatus.BAD_REQUEST, "invalid", words, mistakes=found))


def _http_error(http: HttpRequest, error: HttpError) -> HttpResponse:
    """The library's own, such as a body that is no JSON."""
    words = _("This can't be read. Send JSON in UTF-8.")
    return answer(http, ApiProblem(HTTPStatus(error.status_code), "unreadable", words))


def _our_fault(http: HttpRequest, error: Exception) -> HttpResponse:
    log.error("the API failed at %s", http.path, exc_info=error)
    words = _("The program failed at this. Tell whoever runs it the id of the request, then ask again.")
    return answer(http, ApiProblem(HTTPStatus.INTERNAL_SERVER_ERROR, "program_failed", words))

"""How much, and how often, strangers may ask: refused with a page, before anything is read, written or looked up.

Public pages take a few fields. The admin takes files, from whoever signed in. Anybody who opens many pages in a short
time waits a little; what people, and mail scanners that open every link, do stays far below that.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _

from backoffice.front_door.client_address import client_address
from backoffice.front_door.content_types import is_refused_form
from payments.api.problems import is_for_programs, problem_response
from payments.buckets import Rate, take

ADMIN: Final = "/admin/"
#: Bytes of a body: of a public page's, of any other form without files, of one of the admin with files.
LARGEST_PUBLIC_FORM: Final = 32 * 1024
LARGEST_FORM: Final = 64 * 1024
LARGEST_UPLOAD: Final = 25 * 1024 * 1024
#: One link, by whoever opens it: a page that follows a payment asks every 1.5 seconds at the most.
OF_A_LINK: Final = Rate(at_once=120, a_second=4)
#: One address may be a village behind one satellite dish.
OF_AN_ADDRESS: Final = Rate(at_once=600, a_second=20)
#: Asked for by the operator's machines, served from disk, or behind a sign-in with limits of its own.
NOT_COUNTED: Final = ("/health", "/static/", ADMIN)
PROGRAM_WORDS: Final = {
    HTTPStatus.BAD_REQUEST: ("unreadable", _("This can't be read. Send JSON in UTF-8.")),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too_large", _("This is more than is read. Send less at once.")),
    HTTPStatus.TOO_MANY_REQUESTS: ("too_many_requests", _("These were many requests at once. Ask again later.")),
}


class RateLimitMiddleware:
    """Of public pages, by address, and by link. In front of all that costs something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = "" if request.path.startswith(NOT_COUNTED) else client_address(request)
        seconds = take(f"address {address}", OF_AN_ADDRESS) if address else 0
        return _later(request, seconds) if seconds else self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, named: dict[str, Any]) -> HttpResponse | None:
        seconds = take(f"link {named['token']}", OF_A_LINK) if "token" in named else 0
        return _later(request, seconds) if seconds else None


class BodyLimitMiddleware:
    """Before anything reads the body; after the sign-in is known, for files are only taken from staff."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_refused_form(request):
            return _refusal(request, HTTPStatus.BAD_REQUEST, foreign=True)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if "HTTP_TRANSFER_ENCODING" in request.META or not (length.isascii() and length.isdigit()):
            return _refusal(request, HTTPStatus.BAD_REQUEST)
        if int(length) > LARGEST_PUBLIC_FORM and int(length) > _largest(request):
            return _refusal(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, megabytes=LARGEST_UPLOAD // 2**20)
        return self.get_response(request)


def _largest(request: HttpRequest) -> int:
    """Bytes. Who is signed in is only looked up for a body that is too large for a form."""
    if not request.path.startswith(ADMIN):
        return LARGEST_PUBLIC_FORM
    if int(request.META["CONTENT_LENGTH"]) <= LARGEST_FORM:
        return LARGEST_FORM
    return LARGEST_UPLOAD if request.user.is_active and request.user.is_staff else LARGEST_FORM


def _later(request: HttpRequest, seconds: int) -> HttpResponse:
    answer = _refusal(request, HTTPStatus.TOO_MANY_REQUESTS, seconds=seconds)
    answer["Retry-After"] = str(seconds)
    return answer


def _refusal(request: HttpRequest, status: HTTPStatus, **told: object) -> HttpResponse:
    """A page; for a program what programs are told."""
    if "Authorization" in request.headers or is_for_programs(request.path):
        code, words = PROGRAM_WORDS[status]
        answer = problem_response(request, status, code, str(words))
    else:
        answer = HttpResponse(render_to_string("public/limit.html", told), status=status)
    add_never_cache_headers(answer)
    return answer

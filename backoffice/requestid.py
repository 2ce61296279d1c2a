"""One id per request, in its log lines and in its answer, so that a person's report finds its lines."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path
from ulid import ULID

from ledger.tracing import ACCEPTABLE, current, payment_request

log = logging.getLogger(__name__)

HEADER = "X-Request-ID"
IN_META = "HTTP_X_REQUEST_ID"
#: Asked every few seconds by machines: not a line each.
OFTEN_ASKED = ("/health", "/metrics", "/static/")


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get(IN_META, "")
        # For whoever answers with it, in rooms that don't know this one.
        request.META[IN_META] = given if ACCEPTABLE.fullmatch(given) else str(ULID())
        token = current.set(request.META[IN_META])
        began = time.monotonic()
        try:
            response = self.get_response(request)
            response[HEADER] = current.get()
            level = logging.DEBUG if request.path.startswith(OFTEN_ASKED) else logging.INFO
            took = (time.monotonic() - began) * 1000
            # As it was sent: what it spells out could begin a line of its own.
            path = escape_uri_path(request.path)
            log.log(level, "%s %s %d (%d ms)", request.method, path, response.status_code, took)
            return response
        finally:
            current.reset(token)


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get()
        record.payment_request = payment_request.get()
        return True

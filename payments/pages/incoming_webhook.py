"""`POST /api/webhooks/payments`: another program says that something happened (Standard Webhooks, signed).

Answers `{"ok": true}`, for a repeated one too; errors are those of the API, with a code and the id of the request.
"""

import logging
from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments.actions.incoming_webhooks import NotTaken, take
from payments.api.problems import problem_response
from payments.pages.headers import private_page

log = logging.getLogger(__name__)


@csrf_exempt
@private_page
@require_POST
def incoming_webhook(request: HttpRequest) -> HttpResponse:
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        take(headers, request.body)
    except NotTaken as refused:
        log.warning("refused: %s", refused.code)
        return problem_response(request, refused.http_status, refused.code, str(refused))
    except DatabaseError:
        log.exception("could not be written down")
        words = "It could not be written down. Send it again."
        return problem_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, "not_written", words)
    return JsonResponse({"ok": True})

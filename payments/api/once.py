"""`Idempotency-Key`: a POST that is repeated is answered as it was the first time, and done once.

Nothing here keeps money from moving twice: an operation gives its own rows an id that follows from the key
(`form_id`). So an answer that was lost, because the process died, is found out by simply doing it again.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from typing import Concatenate, Final, ParamSpec

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import Schema

from ledger import clock
from payments.api.keys import key_of
from payments.api.problems import ApiProblem, answer, of_refusal
from payments.identifiers import new_ulid
from payments.models import ApiAnswer
from payments.models.api_keys import LONGEST_IDEMPOTENCY_KEY
from payments.presentation.reasons import Refusal

HEADER: Final = "Idempotency-Key"
#: Far longer than any POST takes: whoever began it is gone.
GIVEN_UP_AFTER: Final = timedelta(minutes=2)
BUSY_SECONDS: Final = 2
#: How long an answer is kept.
KEPT: Final = timedelta(days=30)
#: At each new one, so many that are over go.
SWEPT_AT_ONCE: Final = 20

Rest = ParamSpec("Rest")
Operation = Callable[Concatenate[HttpRequest, Rest], Schema]


def once(operation: Operation[Rest]) -> Callable[Concatenate[HttpRequest, Rest], HttpResponse]:
    """Answer with what `operation` gives or refuses, the first time, and with a copy of that ever after."""

    @wraps(operation)
    def answered(http: HttpRequest, /, *args: Rest.args, **named: Rest.kwargs) -> HttpResponse:
        if not (name := _name(http)):
            return _first_answer(http, lambda: operation(http, *args, **named))
        row = _begin(http, name)
        if row.http_status is not None:
            return HttpResponse(
                row.body,
                status=row.http_status,
                content_type="application/json",
                headers={"Idempotency-Replayed": "true"},
            )
        try:
            response = _first_answer(http, lambda: operation(http, *args, **named))
        except BaseException:
            _begin_anew(row)
            raise
        _keep(row, response)
        return response

    return answered


def form_id(http: HttpRequest) -> str:
    """The id of the form that a person would have sent: the same for the same `Idempotency-Key` with the same request.

    A key that was forgotten after its time, and is used for something else, is for that.
    """
    name = _name(http)
    if not name:
        return f"api-{new_ulid()}"
    told = json.dumps([key_of(http).family, name, _asked(http)])
    return f"api-{sha256(told.encode()).hexdigest()[:32]}"


def forget_old() -> None:
    """Answers that nobody asks for again."""
    old = ApiAnswer.objects.filter(begun_at__lt=clock.now() - KEPT).order_by("begun_at")
    ApiAnswer.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:SWEPT_AT_ONCE])).delete()


def _name(http: HttpRequest) -> str:
    name = http.headers.get(HEADER, "")
    if len(name) > LONGEST_IDEMPOTENCY_KEY or not name.isprintable():
        words = _("An Idempotency-Key has at most %(most)s printable characters.") % {"most": LONGEST_IDEMPOTENCY_KEY}
        raise ApiProblem(HTTPStatus.BAD_REQUEST, "idempotency_key_unusable", words)
    return name


def _begin(http: HttpRequest, name: str) -> ApiAnswer:
    """The row of this key: new, or answered before. Raises ApiProblem for another body, or while it is answered."""
    asked = _asked(http)
    row = ApiAnswer(family=key_of(http).family, name=name, asked=asked)
    forget_old()
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        if (found := ApiAnswer.objects.filter(family=row.family, name=name).first()) is None:
            raise _in_progress() from None  # its time was over just now
        return _known(found, asked)
    return row


def _asked(http: HttpRequest) -> str:
    return sha256(f"{http.method} {http.path}\n".encode() + http.body).hexdigest()


def _known(row: ApiAnswer, asked: str) -> ApiAnswer:
    if row.asked != asked:
        words = _("This Idempotency-Key was used with something else. Use a new one for each thing that is asked for.")
        raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused", words)
    if row.http_status is not None:
        return row
    now = clock.now()
    gone = ApiAnswer.objects.filter(
        pk=row.pk, http_status=None, begun_at=row.begun_at, begun_at__lte=now - GIVEN_UP_AFTER
    )
    if gone.update(begun_at=now):
        return row
    raise _in_progress()


def _in_progress() -> ApiProblem:
    words = _("This is being answered. Ask again in a moment, with the same Idempotency-Key.")
    return ApiProblem(HTTPStatus.CONFLICT, "in_progress", words).after(BUSY_SECONDS)


def _first_answer(http: HttpRequest, operation: Callable[[], Schema]) -> HttpResponse:
    try:
        # Moments and the like are written as in the answers to reads.
        return JsonResponse(operation().model_dump())
    except Refusal as refusal:
        return answer(http, of_refusal(refusal))
    except ApiProblem as problem:
        return answer(http, problem)


def _keep(row: ApiAnswer, response: HttpResponse) -> None:
    """An answer to ask again is not kept: asking again is what it is for."""
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or response.has_header("Retry-After"):
        _begin_anew(row)
        return
    ApiAnswer.objects.filter(pk=row.pk).update(http_status=response.status_code, body=response.content.decode())


def _begin_anew(row: ApiAnswer) -> None:
    """Whoever asks next has it done. The row stays: it knows what the key was used for."""
    given_up = clock.now() - GIVEN_UP_AFTER
    ApiAnswer.objects.filter(pk=row.pk, http_status=None).update(begun_at=given_up)

"""What a program does is done by the actions of people, and an entry beside theirs names its key."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeVar

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from ledger import clock
from payments.actions import api_keys, requests
from payments.api.problems import ApiProblem
from payments.models import ApiAsk, ApiKey, Payment, PaymentRequest
from payments.presentation.reasons import Refusal, sentence
from payments.risk.warnings import unsent_of, warnings_of
from payments.states import DEAD_REQUESTS, RequestState
from payments.worker.advance_now import advance_now

Made = TypeVar("Made", bound=Model)
Act = Callable[[], Made]
#: How long a program waits for the wallets, in seconds.
WAIT_SECONDS: Final = 8.0
AGAIN_SECONDS: Final = 2
#: Where a person has to act first.
STAFF_SECONDS: Final = 300
#: What a warning that has to be answered refuses with.
WARNED: Final = frozenset({"warning_blocks", "warning_wants_reason", "warning_not_looked_at"})


def done(key: ApiKey, subjects: Mapping[str, str], act: Act[Made], tell: Callable[[Made], None]) -> Made:
    """What `act` made, and an entry of it by `tell`, in one transaction. A refusal of it is an entry, too."""
    refused = None
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = act()
                tell(made)
        except Refusal as refusal:
            api_keys.tell_refused(key, refusal, subjects)
            refused = refusal
    if refused:
        raise refused
    return made


def asked(key: ApiKey, subjects: Mapping[str, str], act: Act[PaymentRequest], return_url: str = "") -> PaymentRequest:
    """A payment request that `act` asked for, once it is with its payer, or with a second person.

    The wallets are asked for a quote meanwhile. Raises ApiProblem while they have not answered, when they can't, and
    where a warning has to be answered by staff first.
    """
    made = done(key, subjects, act, lambda request: api_keys.tell_asked(key, request, return_url))
    if made.state == RequestState.QUOTING:
        made = advance_now(made.pk, WAIT_SECONDS)
    if made.state == RequestState.QUOTED:
        about = {"request": made.pk}
        try:
            made = done(
                key,
                about,
                lambda: requests.send(made.pk, by=key.acts_for),
                lambda sent: api_keys.tell_used(key, about, {"did": "send", "state": sent.state}),
            )
        except Refusal as refusal:
            if refusal.code not in WARNED:
                raise
            ApiAsk.objects.filter(request=made.pk).update(stopped_at=clock.now())
            raise _stopped(made) from refusal
    if made.state == RequestState.QUOTING:
        words = _("The wallets have not answered yet. Ask again in a moment, with the same Idempotency-Key.")
        raise ApiProblem(HTTPStatus.SERVICE_UNAVAILABLE, "quote_not_ready", words, pendingId=made.pk).after(
            AGAIN_SECONDS
        )
    if made.state in DEAD_REQUESTS:
        raise _failed(made)
    return made


def _stopped(request: PaymentRequest) -> ApiProblem:
    """Which warnings staff have to answer, by their names: what they say may be about what others pay."""
    warnings = [
        {"code": each.check.name, "level": str(each.level), "paymentId": each.payment}
        for each in warnings_of(unsent_of(request.pk))
        if each.wants_tick or each.blocks
    ]
    words = _(
        "A warning stops this, and no program can answer it. Staff can look at it in the back office and send it all"
        " the same; then ask again with the same Idempotency-Key."
    )
    found = ApiProblem(HTTPStatus.CONFLICT, "stopped_by_warning", words, pendingId=request.pk, warnings=warnings)
    return found.after(STAFF_SECONDS)


def _failed(request: PaymentRequest) -> ApiProblem:
    """Why there is no quote: in the words of the first payment that has some."""
    rows: list[PaymentRequest | Payment] = [request, *request.payments.all()]
    why = next((row for row in rows if row.reason), rows[0])
    words = sentence(why.reason, why.reason_params) or _("This payment request is over.")
    return ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, why.reason or "request_over", words, pendingId=request.pk)

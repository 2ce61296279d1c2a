"""A request goes to a second person: it keeps why, and everybody who may be that person is written to."""

from collections.abc import Sequence
from typing import Any

from ledger.api import Actor
from payments.authorisation import Because
from payments.engine.transitions import move
from payments.mail.second_person import ask_to_authorise
from payments.models import PaymentRequest
from payments.states import RequestState


def to_second_person(request: PaymentRequest, because: Sequence[Because], *, actor: Actor, **columns: Any) -> None:
    """Move `request` there, setting `columns` with it. `because` says why, as `why_second_person` found it."""
    assert because, "nobody is asked without a reason"
    told = [each.to_json() for each in because]
    move(request, RequestState.AWAITING_AUTHORISATION, actor=actor, second_person_because=told, **columns)
    ask_to_authorise(request)

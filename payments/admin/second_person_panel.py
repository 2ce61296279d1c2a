"""What a payment request's page and dialogs say of the second person: why one is needed, and who asked's own sum."""

from typing import Any

from payments.authorisation import alone_today, code_of, why_second_person
from payments.models import PaymentRequest
from payments.models.fields import amount_of
from payments.presentation.rule_words import because_sentences, plain_number
from payments.states import RequestState


def second_person_panel(request: PaymentRequest) -> dict[str, Any]:
    """`because`: why it waits for one, or will once it is sent; `alone`: what who asked sent alone in 24 hours."""
    match RequestState(request.state):
        case RequestState.AWAITING_AUTHORISATION:
            return {"because": because_sentences(request.second_person_because)}
        case RequestState.QUOTED:
            because = [each.to_json() for each in why_second_person(request)]
            return {"because": because_sentences(because), "alone": _alone(request)}
        case (
            RequestState.QUOTING
            | RequestState.AWAITING_APPROVAL
            | RequestState.APPROVED
            | RequestState.SETTLED
            | RequestState.SETTLED_IN_PART
            | RequestState.SETTLED_OUTSIDE
            | RequestState.FAILED
            | RequestState.DECLINED
            | RequestState.CANCELLED
            | RequestState.EXPIRED
        ):
            return {}


def _alone(request: PaymentRequest) -> dict[str, str] | None:
    most = amount_of(request.most_debit, request.asset_code, request.asset_scale)
    if most is None or request.requested_by_id is None:
        return None
    code = code_of(most.asset)
    found = alone_today(request.requested_by_id, code)
    if found is None:
        return None
    sent, may = found
    return {"sent": plain_number(sent, may.asset.scale), "may": plain_number(may.to_major()), "code": code}

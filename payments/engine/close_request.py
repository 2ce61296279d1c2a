"""The end of a request, and of what was still to pay in it. What was ordered is always seen to its own end."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger import clock
from ledger.api import Actor, record
from payments.engine.steps.base import ENGINE
from payments.engine.transitions import facts, move, subjects_of
from payments.mail.not_approved import tell_not_approved
from payments.mail.queue import queue_message
from payments.models import Payment, PaymentRequest
from payments.models.messages import Template
from payments.models.requests import RemainingEnd
from payments.states import FINISHED_PAYMENTS, IN_FLIGHT, PAID, UNSENT, PaymentState, RequestState

#: The sentence for why the remaining payments of a request that was paid in part are not paid.
REMAINING_REASONS: dict[str, str] = {
    RemainingEnd.DECLINED: "rest_declined",
    RemainingEnd.EXPIRED: "rest_expired",
    RemainingEnd.CANCELLED: "rest_cancelled",
    RemainingEnd.FAILED: "some_failed",
}


#: The sentence for who asked, where the payer did not approve: of a whole request, and of the rest of one.
NOT_APPROVED: dict[str, tuple[str, str]] = {
    RequestState.DECLINED: ("declined", "rest_declined"),
    RequestState.EXPIRED: ("not_approved_in_time", "rest_expired"),
}


def finish(
    request: PaymentRequest,
    payments: Sequence[Payment],
    actor: Actor = ENGINE,
    private: Mapping[str, str] | None = None,
) -> None:
    """Every payment has ended. Settled when every receiver whom the payer was asked for was paid; the payer is told."""
    asked = [payment for payment in payments if not payment.fell_out]
    unpaid = [payment for payment in asked if payment.state not in PAID]
    ends: dict[str, Any] = {"actor": actor, "private": private, "finished_at": clock.now(), "payer_asked_at": None}
    if not unpaid:
        outside = any(payment.state == PaymentState.SETTLED_OUTSIDE for payment in asked)
        reason = "settled_outside" if outside else ""
        move(request, RequestState.SETTLED_OUTSIDE if outside else RequestState.SETTLED, reason=reason, **ends)
        queue_message(Template.RECEIPT, request=request, occasion=f"receipt:{request.pk}")
        return
    called_off = all(payment.state == PaymentState.CANCELLED for payment in unpaid)
    # Of several, one may have got a part before its payment failed.
    some_of_it_came = len(asked) > 1 and any(payment.received_value for payment in unpaid)
    if len(unpaid) < len(asked) or some_of_it_came:
        end = RemainingEnd.CANCELLED if called_off else RemainingEnd.FAILED
        params = request.reason_params if request.remaining_end else {}
        reason = REMAINING_REASONS[request.remaining_end or end]
        move(request, RequestState.SETTLED_IN_PART, reason=reason, reason_params=params, **ends)
        queue_message(Template.RECEIPT, request=request, occasion=f"receipt:{request.pk}")
    elif called_off:
        move(request, RequestState.CANCELLED, **ends)
        tell_cancelled(request)
    else:
        first = unpaid[0]
        code, params = (first.reason, first.reason_params) if len(asked) == 1 else ("none_arrived", {})
        move(request, RequestState.FAILED, reason=code, reason_params=params, **ends)
        queue_message(Template.FAILED, request=request, occasion=f"failed:{request.pk}:{len(payments)}")


def nothing_left_to_ask(
    request: PaymentRequest, payments: Sequence[Payment], end: RemainingEnd = RemainingEnd.FAILED
) -> None:
    """All that the payer was still asked for has ended without them, as `end` says."""
    if any(payment.state in IN_FLIGHT for payment in payments):
        _see_to_the_end(request, end, {}, ENGINE, None)
    else:
        finish(request, payments)


def tell_cancelled(request: PaymentRequest) -> None:
    """The payer is told, if they ever had the link."""
    if request.sent_at is not None:
        queue_message(Template.CANCELLED, request=request, occasion=f"cancelled:{request.pk}")


def end_unsent(  # noqa: PLR0913 - who, how and why
    request: PaymentRequest,
    payments: Sequence[Payment],
    to: RequestState,
    *,
    actor: Actor,
    reason: str = "",
    reason_params: Mapping[str, Any] | None = None,
    private: Mapping[str, str] | None = None,
) -> None:
    """Nothing more is asked of the payer. The request ends as `to` says; paid in part, it says so instead.

    While something that was ordered is under way, the request stays open until that has ended. Who asked is told when
    it is the payer who did not approve; the payer, when their time is over.
    """
    for payment in payments:
        if payment.state in UNSENT:
            move(payment, PaymentState.CANCELLED, actor=actor)
    params = dict(reason_params or {})
    if any(payment.state in IN_FLIGHT for payment in payments):
        _see_to_the_end(request, RemainingEnd(to.value), params, actor, private)
    elif any(payment.state in PAID or payment.received_value for payment in payments):
        request.remaining_end, request.reason_params = RemainingEnd(to.value), params
        assert all(payment.state in FINISHED_PAYMENTS for payment in payments)
        finish(request, payments, actor, private)
    else:
        move(
            request,
            to,
            actor=actor,
            private=private,
            reason=reason,
            reason_params=params,
            finished_at=clock.now(),
            payer_asked_at=None,
        )
        if to == RequestState.EXPIRED and request.sent_at is not None:
            queue_message(Template.EXPIRED, request=request, occasion=f"expired:{request.pk}")
    if to in NOT_APPROVED:
        whole, rest = NOT_APPROVED[to]
        ordered = any(payment.state in IN_FLIGHT | PAID for payment in payments)
        tell_not_approved(request, rest if ordered else whole, str(params.get("words", "")))


def _see_to_the_end(
    request: PaymentRequest, end: RemainingEnd, params: dict[str, Any], actor: Actor, private: Mapping[str, str] | None
) -> None:
    """Nothing more is sent; the request stays open until what was sent has ended."""
    told: dict[str, Any] = {"remaining_end": end, "reason": REMAINING_REASONS[end], "reason_params": params}
    if request.state == RequestState.APPROVED:
        PaymentRequest.objects.filter(pk=request.pk).update(**told)
        for column, value in told.items():
            setattr(request, column, value)
        record("request.ending", actor=actor, subjects=subjects_of(request), data=facts(request), private=private)
        return
    told |= {"payer_asked_at": None, "proposed_debit": None}
    move(request, RequestState.APPROVED, actor=actor, private=private, **told)

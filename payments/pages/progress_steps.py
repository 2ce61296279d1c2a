"""The four steps of a payment, from asked to arrived, for `public/_steps.html`."""

from datetime import datetime
from typing import TypedDict

from django.utils.translation import gettext as _

from payments.models import PaymentRequest
from payments.pages.phases import ACTING, Phase

REQUESTED, APPROVED, SENT, SETTLED, NONE = 0, 1, 2, 3, 4
ARRIVED = {Phase.SETTLED, Phase.OUTSIDE}


class ProgressStep(TypedDict):
    title: str
    state: str
    text: str
    at: datetime | None


def steps_of(request: PaymentRequest, phase: Phase) -> list[ProgressStep]:
    """Each step as done, current, failed or still to come. A request that ended early has no steps after its end."""
    payments = list(request.payments.all())
    sent = [payment.sent_at for payment in payments if payment.sent_at]
    at = [
        request.sent_at or request.created_at,
        request.approved_at,
        max(sent) if payments and len(sent) == len(payments) else None,
        request.finished_at if phase in ARRIVED else None,
    ]
    settled = _("Settled outside") if phase == Phase.OUTSIDE else _("Settled")
    approved = _("Within your standing budget") if request.budget_id else _("Approved")
    titles = [_("Requested"), approved, _("Sent"), settled]
    here = _here(request, phase, sent_all=at[SENT] is not None)
    steps: list[ProgressStep] = []
    for number, title in enumerate(titles):
        state = "done" if number < here else "current" if number == here else "todo"
        text = _text(number, phase) if state == "current" else ""
        steps.append({"title": title, "state": state, "text": text, "at": at[number] if state == "done" else None})
    if phase == Phase.OUTSIDE and at[SENT] is None:
        del steps[SENT]
    return _ended(steps, request, phase, here)


def _here(request: PaymentRequest, phase: Phase, *, sent_all: bool) -> int:
    """The number of the step that is under way."""
    if phase == Phase.NOT_SENT:
        return REQUESTED
    if phase in ARRIVED or phase == Phase.PARTLY:
        return NONE
    if phase in ACTING or phase == Phase.RETURNED or request.approved_at is None:
        return APPROVED
    return SETTLED if sent_all else SENT


def _text(number: int, phase: Phase) -> str:
    if number == REQUESTED:
        return _("Being prepared.")
    if number == APPROVED:
        return _("Your approval is being collected from your wallet.") if phase == Phase.RETURNED else _("Your turn.")
    if phase == Phase.CHECKING:
        return _("Checking with your wallet.")
    if phase == Phase.ATTENTION:
        return _("A person is looking at it.")
    if phase == Phase.HELD:
        return _("Waiting for the work to be accepted.")
    if number == SENT:
        return _("Your wallet is being asked to send the money.")
    return _("On its way. The receiver's wallet has not confirmed it yet.")


def _ended(steps: list[ProgressStep], request: PaymentRequest, phase: Phase, here: int) -> list[ProgressStep]:
    if phase == Phase.PARTLY:
        return [*steps[:SENT], {"title": _("Settled in part"), "state": "done", "text": "", "at": request.finished_at}]
    ends = {
        Phase.FAILED: _("Failed"),
        Phase.DECLINED: _("Declined"),
        Phase.CANCELLED: _("Cancelled"),
        Phase.EXPIRED: _("Expired"),
    }
    if phase not in ends:
        return steps
    at = request.expires_at if phase == Phase.EXPIRED else request.finished_at
    return [*steps[:here], {"title": ends[phase], "state": "failed", "text": "", "at": at}]

"""Paying from a standing budget what was just asked for on a job's page, and saying what became of it."""

from typing import assert_never

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from jobs.budget_offers import pay_as_asked
from payments.admin.dialogs import staff
from payments.models import PaymentRequest, StandingBudget
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal, sentence
from payments.presentation.status import OF_REQUESTS
from payments.risk.answers import RiskAnswer
from payments.states import RequestState


def pay_now(http: HttpRequest, request_id: str, budget: StandingBudget, answer: RiskAnswer) -> None:
    """What does not go on by itself stays quoted, with the reason: its page offers to pay it, or to ask the funder."""
    try:
        made = pay_as_asked(request_id, budget, by=staff(http), answer=answer)
    except Refusal as refusal:
        messages.error(http, str(refusal))
        return
    _tell(http, made)


def _tell(http: HttpRequest, made: PaymentRequest) -> None:
    match RequestState(made.state):
        case RequestState.QUOTING:
            text = _("The wallets are still being asked. When the quote is here, pay it from the standing budget.")
            messages.info(http, text)
        case RequestState.QUOTED:
            words = {"amount": format_amount(made.ceiling)}
            text = _("It costs %(amount)s. Look at it, then pay it from the standing budget.") % words
            messages.warning(http, text)
        case RequestState.AWAITING_AUTHORISATION:
            messages.info(
                http, _("The amount is above the limit: a second person must authorise it before it is paid.")
            )
        case RequestState.APPROVED | RequestState.SETTLED | RequestState.SETTLED_IN_PART | RequestState.SETTLED_OUTSIDE:
            words = {"payer": made.payer_name}
            messages.success(http, _("It is being paid from the standing budget. %(payer)s is told.") % words)
        case (
            RequestState.AWAITING_APPROVAL
            | RequestState.FAILED
            | RequestState.DECLINED
            | RequestState.CANCELLED
            | RequestState.EXPIRED
        ):
            why = sentence(made.reason, made.reason_params)
            messages.error(http, why or str(OF_REQUESTS[RequestState(made.state)].label))
        case never:
            assert_never(never)

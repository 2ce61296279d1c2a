"""Whose turn it is with a payment request, and what they can do: the same words on every page of the back office."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from django.utils.translation import gettext as _

from payments.models import OutsideSettlement, Payment, PaymentRequest
from payments.states import FINISHED_PAYMENTS, IN_FLIGHT, NEEDS_A_PERSON, REQUESTS, PaymentState, RequestState, Turn


@dataclass(frozen=True)
class NextStep:
    """The next step in one sentence, and who takes it."""

    turn: Turn
    text: str


def turn_of(state: str, *, needs_person: bool) -> Turn:
    """`needs_person`: a payment waits for staff, to decide or to accept work, whatever the request's own state."""
    return Turn.STAFF if needs_person else REQUESTS[RequestState(state)].turn


def waits_for_work(payments: Iterable[Payment]) -> bool:
    """Nothing is to do or to send before somebody's work is accepted."""
    unfinished = [payment for payment in payments if payment.state not in FINISHED_PAYMENTS]
    approved = all(payment.state == PaymentState.APPROVED for payment in unfinished)
    return bool(unfinished) and approved and all(payment.waits_for_release for payment in unfinished)


def next_step(request: PaymentRequest, payments: Iterable[Payment]) -> NextStep:
    """`payments` are the request's own, so that whoever shows many fetches them once."""
    payments = list(payments)
    states = {payment.state for payment in payments}
    waits = waits_for_work(payments)
    needs_attention = bool(states & NEEDS_A_PERSON)
    whose = turn_of(request.state, needs_person=needs_attention or waits)
    if needs_attention:
        return NextStep(
            whose, _("A payment needs attention: a person must decide. Its page says what happened and what helps.")
        )
    match RequestState(request.state):
        case RequestState.QUOTING:
            text = _("The payer's wallet is being asked what it costs. This takes seconds.")
        case RequestState.QUOTED:
            text = _("Look at both amounts, then send the approval request.")
        case RequestState.AWAITING_AUTHORISATION:
            text = _("Somebody else than who asked for it must authorise it.")
        case RequestState.AWAITING_APPROVAL:
            opens = _("%(name)s opens the link from the email and approves in their wallet.")
            text = opens % {"name": request.payer_name}
        case RequestState.APPROVED if not payments:
            return NextStep(Turn.NOBODY, _("The standing budget is approved. Its page shows what is spent and left."))
        case RequestState.APPROVED:
            text = (
                _("Approved, not set aside. Waiting for the work to be accepted.") if waits else _while_approved(states)
            )
        case RequestState.SETTLED:
            text = _("All that was asked for here has arrived.")
        case RequestState.SETTLED_OUTSIDE:
            text = _("All that was asked for here is settled, but not all of it in the wallets.")
        case RequestState.SETTLED_IN_PART:
            text = _("A part was paid. What was not paid can be asked for again.")
        case RequestState.FAILED:
            text = _("Read why, put it right, then ask again: the same money can be asked for again.")
        case RequestState.DECLINED:
            text = _("Talk to the payer. The same money can be asked for again.")
        case RequestState.EXPIRED:
            text = _("Nobody approved in time. The same money can be asked for again.")
        case RequestState.CANCELLED:
            text = _("It was cancelled. The same money can be asked for again.")
        case never:
            assert_never(never)
    return NextStep(whose, text)


def waits_for_proof(names: Iterable[str]) -> NextStep:
    """Of a request whose receivers, of these names, were all sent the link to prove their wallets."""
    words = _("%(names)s was sent the link to prove the wallet. Once that is done, go on here.")
    return NextStep(Turn.RECEIVER, words % {"names": ", ".join(names)})


def _while_approved(states: set[str]) -> str:
    if PaymentState.UNKNOWN in states:
        return _("The payer's wallet did not answer clearly. It is being asked; nothing is sent twice.")
    if states & IN_FLIGHT:
        return _("The money is on its way. It counts once the receiver's wallet has it.")
    return _("Approved, and about to be sent. Approved money is not set aside.")


def attention_step(payment: Payment, claim: OutsideSettlement | None) -> NextStep:
    """The next step of a payment that needs attention; `claim` is its report of an outside settlement, if any."""
    if payment.decision:
        decided = _(
            "Decided: “%(decision)s”. It is done once the receiver's side is closed and nothing more can arrive."
        )
        return NextStep(Turn.ENGINE, decided % {"decision": payment.get_decision_display()})
    if claim:
        name = claim.claimed_by.get_full_name() or claim.claimed_by.get_username()
        reported = _("%(name)s reported that this was settled outside. Somebody else checks the evidence and confirms.")
        return NextStep(Turn.SECOND_PERSON, reported % {"name": name})
    if payment.owner:
        name = payment.owner.get_full_name() or payment.owner.get_username()
        return NextStep(Turn.STAFF, _("%(name)s takes care of it.") % {"name": name})
    return NextStep(Turn.STAFF, _("Nobody takes care of it yet."))

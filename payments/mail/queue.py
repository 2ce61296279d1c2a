"""Writing a message down, in the transaction of what it tells about: it is mailed if that commits, and only then."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django_q.tasks import async_task

from ledger import clock
from ledger.api import Actor, record
from payments.mail.still_waiting import approvable
from payments.mail.stops import reason_not_to_send
from payments.models import Message, Payment, PaymentRequest, Proposal, WalletProof
from payments.models.messages import MessageState, Template
from payments.models.proposals import ProposalState
from payments.presentation.reasons import Refusal
from payments.states import PaymentState, RequestState

#: Messages to the receiver of one payment; all others go to the payer of the request.
TO_RECEIVER = {Template.PAID, Template.LATE, Template.NOT_PAID}
#: Messages to the payer of which their accounts get a copy.
TO_ACCOUNTS = {Template.RECEIPT}
#: Messages that ask the payer for something.
ASKING = {Template.APPROVAL, Template.APPROVAL_AGAIN, Template.BUDGET}
#: Messages to a receiver, and the state of their payment that they tell of.
TROUBLES: Mapping[str, str] = {Template.LATE: PaymentState.NEEDS_ATTENTION, Template.NOT_PAID: PaymentState.FAILED}
#: Messages that name all that waits for a payer, in their details.
REMINDING = {Template.REMINDER, Template.LAST_DAY}
COPIED = ("template", "to_name", "to_email", "language", "request_id", "payment_id", "proof_id", "details")
SEND_TASK = "payments.tasks.send_message"
ACTOR = Actor.system("mail")
NOT_NEEDED, UNDER_WAY = "mail_not_needed", "mail_under_way"


def queue_message(
    template: Template, *, request: PaymentRequest, payment: Payment | None = None, occasion: str
) -> Message | None:
    """Queue one message, once per `occasion` however often it is asked for.

    Returns the message, new or not; None when the receiver has no email address. Must run in a transaction.
    """
    name, email, language = recipient(template, request, payment)
    about = {"request": request, "payment": payment}
    accounts = request.payer_accounts
    if template in TO_ACCOUNTS and accounts:
        to = {f"to_{column}": accounts[column] for column in ("name", "email")}
        _queue(template, f"{occasion}:accounts", **to, language=accounts["language"], **about)
    return _queue(template, occasion, to_name=name, to_email=email, language=language, **about)


def queue_notice(  # noqa: PLR0913 - who is told, and what
    template: Template,
    *,
    name: str,
    email: str,
    language: str,
    occasion: str,
    details: Mapping[str, Any] | None = None,
    proof: WalletProof | None = None,
) -> Message | None:
    """Queue one message that is about no payment request, once per `occasion`; `details` is what it tells.

    Of the details, `subjects` are what its entries in the ledger are also about.
    """
    about = {"details": dict(details or {}), "proof": proof}
    return _queue(template, occasion, to_name=name, to_email=email, language=language, **about)


def _queue(template: Template, occasion: str, **columns: Any) -> Message | None:
    if not columns["to_email"]:
        return None
    new = Message(occasion=occasion, template=template, next_attempt_at=clock.now(), **columns)
    # Nearly always it is new: written, then read, it needs no savepoint to fall back to where somebody was faster.
    Message.objects.bulk_create([new], ignore_conflicts=True)
    message = Message.objects.get(occasion=occasion)
    if message.pk == new.pk:
        tell(message, "message.queued")
        async_task(SEND_TASK, message.id)
    return message


def queue_again(message: Message, *, occasion: str, actor: Actor) -> Message:
    """The same message to the same person once more, as a message of its own. Raises Refusal if pointless."""
    if message.state in {MessageState.QUEUED, MessageState.SENDING}:
        raise Refusal(UNDER_WAY)
    if is_pointless(message):
        raise Refusal(NOT_NEEDED)
    if stopped := reason_not_to_send(message):
        raise Refusal(stopped)
    copied = {name: getattr(message, name) for name in COPIED}
    with transaction.atomic():
        again, is_new = Message.objects.get_or_create(
            occasion=occasion, defaults={**copied, "next_attempt_at": clock.now()}
        )
        if is_new:
            tell(again, "message.queued", actor)
            async_task(SEND_TASK, again.id)
    return again


def is_pointless(message: Message) -> bool:
    """Nobody should be asked to approve what no longer waits for them, or told of a trouble that is over."""
    if message.proof:
        return not message.proof.is_open
    if message.template in REMINDING:
        return not approvable(message.details.get("requests", []))
    if message.template == Template.SECOND_PERSON and (proposal_id := message.details.get("proposal_id")):
        return not Proposal.objects.filter(pk=proposal_id, state=ProposalState.WAITING).exists()
    if message.template == Template.SECOND_PERSON and (request_id := message.details.get("request_id")):
        waits = PaymentRequest.objects.filter(pk=request_id, state=RequestState.AWAITING_AUTHORISATION)
        return not waits.exists()
    if message.request and message.template == Template.BUDGET_DRAW:
        # The budget did not pay it after all.
        return message.request.budget_id is None
    if message.request and message.template in ASKING:
        return message.request.state != RequestState.AWAITING_APPROVAL
    if message.payment and message.template in TROUBLES:
        return message.payment.state != TROUBLES[message.template]
    return False


def tell(message: Message, kind: str, actor: Actor = ACTOR) -> None:
    """The ledger entry for what happened to `message`. Who it went to is in the part that can be erased."""
    subjects: dict[str, str] = {"message": message.id, **message.details.get("subjects", {})}
    if message.proof_id:
        subjects["proof"] = message.proof_id
    if message.request_id:
        subjects["request"] = message.request_id
    if message.payment_id:
        subjects["payment"] = message.payment_id
    data = {"template": message.template, "language": message.language}
    if message.reason:
        data["reason"] = message.reason
    record(
        kind, actor=actor, subjects=subjects, data=data, private={"name": message.to_name, "email": message.to_email}
    )


def recipient(template: Template, request: PaymentRequest, payment: Payment | None) -> tuple[str, str, str]:
    """Name, email address and language of whom such a message goes to."""
    if template in TO_RECEIVER:
        assert payment is not None, "a message to a receiver is about their payment"
        return payment.receiver_name, payment.receiver_email, payment.receiver_language
    return request.payer_details.get("approver") or request.payer_name, request.payer_email, request.payer_language

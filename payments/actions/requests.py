"""What staff do with payment requests: ask, send, authorise, send again, quote again, cancel. No network here.

Every function is one transaction (or part of the caller's), begins by locking the request, and records who did it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django_q.tasks import async_task

from ledger import clock
from ledger.api import Actor, record
from payments import rolling_sums
from payments.actions.wallet_proofs import check_proven
from payments.authorisation import why_second_person
from payments.engine import budget_draws
from payments.engine.close_request import end_unsent, tell_cancelled
from payments.engine.leases import wake
from payments.engine.queries import REQUEST
from payments.engine.second_person import to_second_person
from payments.engine.transitions import begin, move, one_change
from payments.mail.queue import queue_message
from payments.mail.second_person import tell_rejected
from payments.models import Payment, PaymentRequest, Seller, WalletAddress
from payments.models.grants import GrantKind
from payments.models.messages import Template
from payments.models.payments import Purpose
from payments.models.requests import APPROVAL_LIFETIME
from payments.models.standing_budgets import budget_of
from payments.models.titles import MadeTitle
from payments.openpayments.amounts import Amount
from payments.presentation.reasons import Refusal
from payments.risk.answers import NO_ANSWER, RiskAnswer, check_answered
from payments.risk.warnings import unsent_of
from payments.second_person import objection
from payments.states import UNSENT, GrantState, PaymentState, RequestState

ADVANCE_TASK = "payments.tasks.advance_request"
LONGEST_WORDS = 500  # characters


@dataclass(frozen=True)
class Contact:
    """Somebody as they are when asked. `key` names them in the room of whoever asks; nobody here reads it.

    Of an organisation that pays, `details` may have its `legal_name`, `tax_id`, `address` and the name of its
    `approver`; `accounts` has the name, email and language of who also gets the receipts.
    """

    name: str
    email: str
    language: str
    key: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RequestLine:
    """One receiver, and either the exact `amount` that is to arrive or the exact amount that the payer `pays` for it.

    `held` until it is released (see `actions.release_held`). They have the wallet since `wallet_since`, in place of
    another; None when it was their first.
    """

    wallet: WalletAddress
    contact: Contact
    amount: Amount | None
    held: bool = False
    purpose: Purpose = Purpose.WORK
    fee_share: int = 0  # of a fee, in basis points
    pays: Amount | None = None  # in the currency of the payer's wallet, fee included
    wallet_since: datetime | None = None

    @property
    def fixed(self) -> Amount:
        """The one of both amounts that is given."""
        amount = self.amount or self.pays
        assert amount, "an amount is given"
        assert self.amount is None or self.pays is None, "either what arrives is fixed, or what is paid"
        return amount


def ask(  # noqa: PLR0913 - the parts of a request
    *,
    payer_wallet: WalletAddress,
    payer: Contact,
    seller: Seller,
    lines: Sequence[RequestLine],
    title: str | MadeTitle,
    reference: str,
    requested_by: User,
    form_id: str,
    origin_path: str = "",
    two_people: bool = False,
) -> PaymentRequest:
    """Write a payment request down; the engine gets its quote. The same `form_id` gives the same request.

    With `two_people` a second person must authorise it, whatever the amount.

    Raises Refusal, before anything is written, for a request that no wallet could carry out.
    """
    if existing := PaymentRequest.objects.filter(form_id=form_id).first():
        return existing
    if seller.retired_at:
        raise Refusal("seller_retired", seller=seller.name)
    _check_lines(payer_wallet, payer, lines)
    request = PaymentRequest(
        title=title.written_in(payer.language) if isinstance(title, MadeTitle) else title,
        title_made_of=title.to_json() if isinstance(title, MadeTitle) else {},
        reference=reference,
        origin_path=origin_path,
        seller=seller,
        payer_wallet=payer_wallet,
        payer_name=payer.name,
        payer_email=payer.email,
        payer_language=payer.language,
        payer_key=payer.key,
        payer_details=dict(payer.details),
        payer_accounts=dict(payer.accounts),
        requested_by=requested_by,
        two_people=two_people,
        form_id=form_id,
        expires_at=clock.now() + APPROVAL_LIFETIME,
        next_attempt_at=clock.now(),
    )
    actor = Actor.staff(requested_by.pk)
    try:
        with one_change():
            begin(request, actor=actor)
            for line in lines:
                begin(_payment(request, line), actor=actor)
            async_task(ADVANCE_TASK, request.pk)
    except IntegrityError:
        return PaymentRequest.objects.get(form_id=form_id)
    return request


def _check_lines(payer_wallet: WalletAddress, payer: Contact, lines: Sequence[RequestLine]) -> None:
    if not lines:
        raise Refusal("no_lines")
    if not payer.email:
        raise Refusal("no_email", name=payer.name)
    for line in lines:
        if line.fixed.value <= 0:
            raise Refusal("nothing_to_pay")
        if line.pays:
            _check_pays(payer_wallet, payer, line, line.pays)
        if payer_wallet.pk == line.wallet.pk or (
            payer_wallet.is_known and payer_wallet.canonical_id == line.wallet.canonical_id
        ):
            raise Refusal("same_wallet", wallet=line.wallet.url)


def _check_pays(payer_wallet: WalletAddress, payer: Contact, line: RequestLine, pays: Amount) -> None:
    """Both wallets' currencies must be known: one to pay in, the other to receive in."""
    for wallet, name in ((payer_wallet, payer.name), (line.wallet, line.contact.name)):
        if not wallet.is_known:
            raise Refusal("wallet_not_checked", name=name)
    if pays.asset != payer_wallet.asset:
        raise Refusal(
            "other_payer_currency",
            name=payer.name,
            asset=f"{pays.asset.code}/{pays.asset.scale}",
            wallet_asset=f"{payer_wallet.asset_code}/{payer_wallet.asset_scale}",
        )


def _payment(request: PaymentRequest, line: RequestLine) -> Payment:
    receives = line.amount or Amount(0, line.wallet.asset)
    return Payment(
        request=request,
        receiver_wallet=line.wallet,
        wallet_since=line.wallet_since,
        receiver_name=line.contact.name,
        receiver_email=line.contact.email,
        receiver_language=line.contact.language,
        receiver_key=line.contact.key,
        held=line.held,
        value=receives.value,
        asset_code=receives.asset.code,
        asset_scale=receives.asset.scale,
        fixed_debit=line.pays.value if line.pays else None,
        debit_code=line.pays.asset.code if line.pays else "",
        debit_scale=line.pays.asset.scale if line.pays else None,
        purpose=line.purpose,
        fee_share=line.fee_share,
    )


def lock_request(request_id: str) -> PaymentRequest:
    """The request as it is now, locked until the transaction ends; the engine looks at it afterwards."""
    wake(request_id)
    return REQUEST.get(request_id)


def _only_in(request: PaymentRequest, *states: RequestState) -> None:
    if request.state not in states:
        raise Refusal("not_now", state=str(RequestState(request.state).label))


@transaction.atomic
def send(request_id: str, *, by: User, answer: RiskAnswer = NO_ANSWER) -> PaymentRequest:
    """Send the payer the link; where a rule says so, or always, a second person must authorise it first.

    `answer` is what `by` says to the warnings. Raises Refusal for one that still has to be answered.
    """
    request = lock_request(request_id)
    _only_in(request, RequestState.QUOTED)
    actor = Actor.staff(by.pk)
    check_proven(request)
    check_answered(unsent_of(request.pk), answer, by=by)
    rolling_sums.hold(request.requested_by_id)
    if because := why_second_person(request):
        to_second_person(request, because, actor=actor)
    else:
        _send_link(request, actor)
    return request


@transaction.atomic
def authorise(request_id: str, *, by: User, answer: RiskAnswer = NO_ANSWER) -> PaymentRequest:
    """The second person agrees, and the payer is asked, or the standing budget pays. Nobody authorises their own.

    What they agreed to is written down: should it grow above that, it comes back to them. The warnings are theirs to
    answer, too, whatever who asked for it answered.
    """
    request = lock_waiting(request_id)
    check_may_authorise(request, by)
    authorise_locked(request, by, answer)
    return request


def lock_waiting(request_id: str) -> PaymentRequest:
    """As `lock_request`, of one that waits for a second person. Raises Refusal."""
    request = lock_request(request_id)
    _only_in(request, RequestState.AWAITING_AUTHORISATION)
    return request


def authorise_locked(request: PaymentRequest, by: User, answer: RiskAnswer) -> None:
    """What follows from `by` agreeing to a request that waits for them, which the caller has locked."""
    check_proven(request)
    check_answered(unsent_of(request.pk), answer, by=by)
    request.authorised_by, request.authorised_debit = by, request.most_debit
    PaymentRequest.objects.filter(pk=request.pk).update(authorised_by=by, authorised_debit=request.authorised_debit)
    actor = Actor.staff(by.pk)
    if request.sent_at:
        _ask_again(request, actor)
    elif request.budget is None:
        _send_link(request, actor)
    else:
        payments = list(request.payments.filter(state=PaymentState.QUOTED).prefetch_related("quotes"))
        budget_draws.start(request, request.budget, payments, actor)
        async_task(ADVANCE_TASK, request.pk)


def check_may_authorise(request: PaymentRequest, by: User) -> None:
    """Raises Refusal when `by` can't be the second person for it, or is paid by it."""
    if code := objection(by, [request.requested_by_id], own="own_request"):
        raise Refusal(code)
    if pays(request, by):
        raise Refusal("own_payment")


def pays(request: PaymentRequest, person: User) -> bool:
    """Whether `person` is one of those who are paid by it."""
    return bool(person.email) and request.payments.filter(receiver_email__iexact=person.email).exists()


@transaction.atomic
def reject(request_id: str, *, by: User, why: str) -> PaymentRequest:
    """The second person does not agree: it is cancelled, and `why` is told to who asked. What was ordered goes on.

    Who asked for it may take it back by `cancel`. Raises Refusal for them, and without words.
    """
    request = lock_waiting(request_id)
    if request.requested_by_id == by.pk:
        raise Refusal("own_request")
    words = " ".join(why.split())[:LONGEST_WORDS]
    if not words:
        raise Refusal("no_words")
    actor, private = Actor.staff(by.pk), {"words": words}
    record("request.rejected", actor=actor, subjects={"request": request.pk}, data={}, private=private)
    payments = list(request.payments.all())
    end_unsent(request, payments, RequestState.CANCELLED, actor=actor, reason="rejected")
    if request.state != RequestState.SETTLED_IN_PART:
        tell_cancelled(request)
    tell_rejected(request, by, words)
    async_task(ADVANCE_TASK, request.pk)
    return request


def _send_link(request: PaymentRequest, actor: Actor) -> None:
    now = clock.now()
    move(request, RequestState.AWAITING_APPROVAL, actor=actor, sent_at=now, expires_at=now + APPROVAL_LIFETIME)
    template = Template.BUDGET if budget_of(request) else Template.APPROVAL
    queue_message(template, request=request, occasion=f"approval:{request.pk}:{request.link_version}")


def _ask_again(request: PaymentRequest, actor: Actor) -> None:
    """The payer had the link before it grew above what was authorised."""
    move(
        request,
        RequestState.AWAITING_APPROVAL,
        actor=actor,
        reason="amount_grew" if request.proposed_debit is not None else "",
        expires_at=max(request.expires_at, clock.now() + APPROVAL_LIFETIME),
    )
    template = Template.BUDGET if budget_of(request) else Template.APPROVAL_AGAIN
    queue_message(template, request=request, occasion=f"authorised:{request.pk}:{request.authorised_debit}")


@transaction.atomic
def send_again(request_id: str, *, by: User, answer: RiskAnswer = NO_ANSWER) -> PaymentRequest:
    """The same link in a new email. Raises Refusal for a warning that still has to be answered."""
    request = lock_request(request_id)
    _only_in(request, RequestState.AWAITING_APPROVAL)
    check_answered(unsent_of(request.pk), answer, by=by)
    entry = record("request.resent", actor=Actor.staff(by.pk), subjects={"request": request.pk}, data={"to": "payer"})
    template = Template.APPROVAL_AGAIN if request.committed_debit else Template.APPROVAL
    if budget_of(request):
        template = Template.BUDGET
    queue_message(template, request=request, occasion=f"approval:{request.pk}:{entry.pk}")
    return request


@transaction.atomic
def ask_what_was_spent(request_id: str) -> None:
    """Have the payer's wallet say, at the next look, what was spent under the approvals that live."""
    request = lock_request(request_id)
    request.grants.filter(kind=GrantKind.OUTGOING, state=GrantState.ACTIVE).update(asks_spent=True)


@transaction.atomic
def quote_again(request_id: str, *, by: User) -> PaymentRequest:
    """A fresh quote for a request that was not sent yet."""
    request = lock_request(request_id)
    _only_in(request, RequestState.QUOTED)
    actor = Actor.staff(by.pk)
    for payment in request.payments.filter(state=PaymentState.QUOTED):
        move(payment, PaymentState.NEW, actor=actor, failures=0, retry_at=None)
    move(request, RequestState.QUOTING, actor=actor, ceiling_debit=None)
    async_task(ADVANCE_TASK, request.pk)
    return request


@transaction.atomic
def cancel(request_id: str, *, by: User | None) -> PaymentRequest:
    """Cancel all that is not ordered yet. What is on its way, or has arrived, stays as it is and is seen to its end.

    Refused when nothing is left to cancel. The engine then gives approvals back at the wallet. `by` is None when the
    payer stops it: they are not mailed about what they did themselves.
    """
    request = lock_request(request_id)
    if not request.is_open:
        raise Refusal("not_now", state=str(RequestState(request.state).label))
    if request.state == RequestState.APPROVED and budget_of(request):
        raise Refusal("budget_stop_instead")
    payments = list(request.payments.all())
    if payments and not any(payment.state in UNSENT for payment in payments):
        raise Refusal("money_under_way")
    end_unsent(request, payments, RequestState.CANCELLED, actor=Actor.staff(by.pk) if by else Actor.payer(request.pk))
    if by and request.state != RequestState.SETTLED_IN_PART:
        tell_cancelled(request)
    async_task(ADVANCE_TASK, request.pk)
    return request

"""What plans are made of."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from ledger.api import record
from payments.books.booking import book
from payments.engine.evidence import unclosed
from payments.engine.planning import buying
from payments.engine.planning.hourly_budget import grants_until, spent_until
from payments.engine.queries import access_of, shared_access
from payments.engine.steps.access import RequestAccessGrant
from payments.engine.steps.base import ENGINE, PATIENCE, Step
from payments.engine.steps.quoting import CreateQuote
from payments.engine.steps.receiving import CompleteIncomingPayment, CreateIncomingPayment, arrived
from payments.engine.steps.rotate_token import RotateToken
from payments.engine.transitions import move
from payments.models import Grant, IncomingPayment, Payment, PaymentRequest, Quote, WalletAddress
from payments.models.attempts import incoming_payments_of, latest_quote, outgoing_payments_of
from payments.models.grants import GrantKind
from payments.states import AttemptState, GrantState, PaymentState
from payments.tokens import MARGIN, token_is_fresh

INCOMING_MARGIN = timedelta(hours=1)
#: What came so recently is used at once, once, even if it ends sooner than is usually worth a call.
JUST_NOW = timedelta(seconds=20)
MOST_READS = 3
#: Access that was asked for so recently serves every request of its seller at that provider.
SHARED_FOR = timedelta(hours=1)


@dataclass
class Plan:
    """Steps that may be done at once; when there are none, `wake_at` says when to look again (None: when told)."""

    steps: list[Step] = field(default_factory=list)
    wake_at: datetime | None = None
    #: A state was moved without any step: plan again.
    moved: bool = False

    def wake(self, at: datetime | None) -> None:
        if at is not None and (self.wake_at is None or at < self.wake_at):
            self.wake_at = at


class AccessGrants:
    """The grants to receive and to quote that serve this request; asks once for each that is missing.

    They are read when one is wanted. What other requests of its seller were given by the same provider is only used:
    whoever asked renews it. A payment for which something failed uses its own request's, so whatever may be wrong with
    another's is tried once.
    """

    def __init__(self, request: PaymentRequest, now: datetime) -> None:
        self.request = request
        self.now = now
        self.asked: set[tuple[str, str]] = set()
        self._read: dict[tuple[str, str, str], Grant | None] = {}

    def to(self, kind: str, wallet: WalletAddress, payment: Payment) -> Grant | None:
        """One grant to receive covers every wallet address at its authorization server."""
        if not payment.failures and (shared := self._shared(kind, wallet)):
            return shared
        for grant in self._own:
            same = (grant.kind, grant.auth_server) == (kind, wallet.auth_server)
            if same and token_is_fresh(grant, self.now):
                return grant
        return None

    @cached_property
    def _own(self) -> list[Grant]:
        return access_of(self.request)

    def _shared(self, kind: str, wallet: WalletAddress) -> Grant | None:
        provider = (kind, wallet.auth_server, wallet.resource_server)
        if provider not in self._read:
            since, until = self.now - SHARED_FOR, self.now + MARGIN
            self._read[provider] = shared_access(self.request, kind, wallet, since, until)
        return self._read[provider]

    def ask(self, plan: Plan, payment: Payment, kind: str, wallet: WalletAddress) -> None:
        """Renew the token of the grant that is there; ask for a grant where there is none.

        A grant of its own for each look would leave one more alive at the wallet each time.
        """
        if (kind, wallet.auth_server) in self.asked:
            return
        self.asked.add((kind, wallet.auth_server))
        old = next(
            (grant for grant in self._own if (grant.kind, grant.auth_server) == (kind, wallet.auth_server)), None
        )
        if old is None:
            if until := grants_until(self.request, kind, wallet.auth_server, self.now):
                plan.wake(until)
            else:
                plan.steps.append(RequestAccessGrant.plan(self.request, payment, wallet, kind))
        elif old.retry_at and old.retry_at > self.now:
            plan.wake(old.retry_at)
        else:
            plan.steps.append(RotateToken.plan(self.request, old))


def mark_unanswered(request: PaymentRequest) -> None:
    """Whoever wrote these intents died before the answer came. None of them can have moved money.

    Orders to pay, and approvals, have their own way back (see `paying` and `approval`).
    """
    for grant in Grant.objects.filter(request=request, state=GrantState.INTENDED):
        move(grant, GrantState.LOST, actor=ENGINE, reason="answer_never_came")
    intended = {"payment__request": request, "state": AttemptState.INTENDED}
    for incoming in IncomingPayment.objects.filter(**intended).select_related("payment"):
        move(incoming, AttemptState.UNKNOWN, actor=ENGINE, reason="answer_never_came")
    for quote in Quote.objects.filter(**intended).select_related("payment"):
        move(quote, AttemptState.UNKNOWN, actor=ENGINE, reason="answer_never_came")


def hosts_of(request: PaymentRequest, payments: Iterable[Payment]) -> frozenset[str]:
    """Every host that would take part in moving this money: of addresses, authorization and resource servers."""
    return request.payer_wallet.hosts.union(*(payment.receiver_wallet.hosts for payment in payments))


def open_incoming(payment: Payment, now: datetime) -> IncomingPayment | None:
    """Where this payment's money can arrive now."""
    return next((one for one in _incoming_payments(payment, payment.value) if serves(one, now)), None)


def open_probe(payment: Payment, now: datetime) -> IncomingPayment | None:
    """Where can be asked now what this payment buys."""
    probes = (one for one in incoming_payments_of(payment) if one.probe)
    return next((one for one in probes if serves(one, now)), None)


def _incoming_payments(payment: Payment, value: int) -> list[IncomingPayment]:
    """Those for exactly `value`: what a payment buys may have changed since a place was made for it."""
    return [one for one in incoming_payments_of(payment) if not one.probe and one.value == value]


def is_open(incoming: IncomingPayment, now: datetime) -> bool:
    """Money can still arrive there, as far as we know."""
    usable = incoming.state == AttemptState.OPEN and incoming.over_at is None
    return usable and incoming.expires_at is not None and incoming.expires_at > now


def serves(incoming: IncomingPayment, now: datetime) -> bool:
    """Whether it is worth a quote: it is open for a while, or it has only just come, however short its life.

    Asking for another would bring nothing better; and a wallet's clock may be slow.
    """
    is_new = incoming.created_at > now - JUST_NOW and incoming.state == AttemptState.OPEN and incoming.over_at is None
    return is_open(incoming, now + INCOMING_MARGIN) or is_new


def to_be_closed(payment: Payment, instead: IncomingPayment | None) -> IncomingPayment | None:
    """An incoming payment that must be closed before money is sent to `instead`, or to one that is to be created.

    Those that money was ever to go to, for good. Of the others, which hold no money of ours, those that the payer's
    wallet calls closed are read, for somebody else may have paid: after a few tries they are left alone.
    """
    found = unclosed(payment, but=instead)
    if found:
        return found[0]
    for incoming in incoming_payments_of(payment):
        unread = incoming.state == AttemptState.FAILED and incoming.over_at is None
        if unread and incoming.failures < MOST_READS:
            return incoming
    return None


def fresh_quote(payment: Payment, now: datetime, since: datetime | None) -> Quote | None:
    """The newest quote that can still be paid, made after `since`."""
    quote = latest_quote(payment)
    if quote is None or quote.state != AttemptState.OPEN or quote.incoming.over_at is not None:
        return None
    if not buying.lives(quote, now) or quote.incoming.value != payment.value:
        return None
    if payment.pays and buying.is_too_dear(payment, quote):
        return None
    if hasattr(quote, "outgoing_payment") or (since and quote.created_at < since):
        return None
    return quote


def quote_or_step(plan: Plan, access: AccessGrants, payment: Payment, since: datetime | None) -> Quote | None:
    """A quote that can be paid, or the next step towards one (added to `plan`)."""
    if payment.received_value:
        # No order of ours is under way: somebody else paid, or a wallet did what it refused. The receiver must not get
        # it twice.
        code = "arrived_after_refusal" if outgoing_payments_of(payment) else "paid_by_another"
        move(payment, PaymentState.FAILED, actor=ENGINE, reason=code, reason_params=arrived(payment))
        plan.moved = True
        return None
    quote = fresh_quote(payment, access.now, since)
    if quote:
        return quote
    if payment.retry_at and payment.retry_at > access.now:
        plan.wake(payment.retry_at)
        return None
    if until := spent_until(payment, access.now):
        _too_often(plan, payment, until)
        return None
    payer = access.request.payer_wallet
    to_receive = access.to(GrantKind.INCOMING, payment.receiver_wallet, payment)
    to_quote = access.to(GrantKind.QUOTE, payer, payment)
    if unread := to_be_closed(payment, open_incoming(payment, access.now)):
        if unread.retry_at and unread.retry_at > access.now:
            plan.wake(unread.retry_at)
        elif to_receive is None:
            access.ask(plan, payment, GrantKind.INCOMING, payment.receiver_wallet)
        else:
            plan.steps.append(CompleteIncomingPayment.plan(access.request, unread, to_receive))
        return None
    probes = payment.pays is not None and _finds_out_what_it_buys(plan, access, payment, since, to_receive)
    if payment.state == PaymentState.FAILED:
        return None
    incoming = open_probe(payment, access.now) if probes else open_incoming(payment, access.now)
    if to_quote is None:
        access.ask(plan, payment, GrantKind.QUOTE, payer)
    if incoming is None and to_receive is None:
        access.ask(plan, payment, GrantKind.INCOMING, payment.receiver_wallet)
    elif incoming is None and to_receive is not None:
        plan.steps.append(CreateIncomingPayment.plan(access.request, payment, to_receive, probe=probes))
    elif incoming is not None and to_quote is not None:
        plan.steps.append(CreateQuote.plan(access.request, payment, incoming, to_quote))
    return None


def _too_often(plan: Plan, payment: Payment, until: datetime) -> None:
    """So much was tried in an hour that more would bring nothing: whoever waits is told, or it goes on later."""
    if payment.state == PaymentState.NEW:
        move(payment, PaymentState.FAILED, actor=ENGINE, reason="no_progress")
        plan.moved = True
        return
    told = {"reason": "no_progress", "reason_params": {}, "failures": max(payment.failures, PATIENCE)}
    if payment.state == PaymentState.QUOTED:
        plan.moved = True
    else:
        told["retry_at"] = until
        plan.wake(until)
    Payment.objects.filter(pk=payment.pk).update(**told)


def _finds_out_what_it_buys(
    plan: Plan, access: AccessGrants, payment: Payment, since: datetime | None, to_receive: Grant | None
) -> bool:
    """Of a payment for which the payer pays exactly so much: whether a probe must say (again) what that buys.

    Otherwise what the receiver gets is known, and written down. Places that no longer serve are closed meanwhile.
    """
    probe = buying.living_probe(payment, access.now, since)
    buys = buying.what_it_buys(payment, probe) if probe else None
    if probe and buys is None:
        params = {"host": access.request.payer_wallet.host}
        move(payment, PaymentState.FAILED, actor=ENGINE, reason="rate_unsteady", reason_params=params)
        plan.moved = True
        return False
    if buys is not None and buys != payment.value:
        payment.value = buys
        type(payment).objects.filter(pk=payment.pk).update(value=buys)
        pays = payment.pays
        assert pays
        record(
            "payment.buys",
            actor=ENGINE,
            subjects={"payment": payment.pk, "request": payment.request_id},
            data={"amount": dict(payment.amount.to_wire()), "pays": dict(pays.to_wire())},
        )
        book([payment.pk])
    if to_receive:
        for incoming in incoming_payments_of(payment):
            serves = incoming.probe if probe is None else not incoming.probe and incoming.value == payment.value
            if not serves and is_open(incoming, access.now) and incoming.failures < MOST_READS:
                plan.steps.append(CompleteIncomingPayment.plan(access.request, incoming, to_receive))
    return probe is None

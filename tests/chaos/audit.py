"""After a run: what must be true of the money, by the wallets' own books and by ours."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from ledger import clock
from ledger.api import verify
from payments.invariants import violations
from payments.models import Grant, IncomingPayment, OutgoingPayment, Payment, PaymentRequest
from payments.models.grants import GrantKind
from payments.states import OPEN_REQUESTS, GrantState, PaymentState, RequestState
from tests import comparing
from tests.chaos.audit_back import paid_out_too_much, refunded_too_much
from tests.chaos.audit_budgets import above_a_limit, reserved_is_what_it_took
from tests.chaos.books import Books
from tests.chaos.world import World

#: A live approval of a request that is over must have been given back by then, even to a wallet that misbehaves.
TIME_TO_CLEAN = timedelta(hours=6)
LIVE_GRANTS = (GrantState.PENDING, GrantState.RETURNED, GrantState.CONTINUING, GrantState.ACTIVE, GrantState.CANCELLING)


def problems(world: World) -> Iterator[str]:
    """Every broken promise, one sentence each."""
    books = Books(world.books)
    yield from paid_twice(books)
    yield from _unnoticed(books)
    yield from _every_incoming_payment(books)
    yield from charged_more_than_shown(world, books)
    yield from reserved_is_what_it_took([*books.outgoing(), *world.forgotten])
    arrived = {payment.pk: there for payment, there in _arrived(books)}
    yield from refunded_too_much(arrived)
    yield from paid_out_too_much(arrived)
    yield from _the_accounts_add_up(world, books)
    yield from _nothing_is_stuck()
    yield from (f"invariant {violation}" for violation in violations())
    yield from (f"ledger {fault}" for fault in verify(allowed_lag=timedelta(0)))
    yield from (f"rows {fault}" for fault in comparing.faults())


def paid_twice(books: Books) -> Iterator[str]:
    """Payments for which more arrived than was owed, or less than is called settled. None at any moment."""
    for payment, there in _arrived(books):
        if there > payment.value:
            yield f"{_name(payment)}: {there} arrived, {payment.value} was owed"
        if payment.state == PaymentState.SETTLED and there != payment.value:
            yield f"{_name(payment)}: called settled, but {there} of {payment.value} arrived"
        if payment.received_value > there:
            yield f"{_name(payment)}: {payment.received_value} is noted, {there} arrived"


def _unnoticed(books: Books) -> Iterator[str]:
    """Payments of which more arrived than we know."""
    for payment, there in _arrived(books):
        if payment.received_value < there:
            yield f"{_name(payment)}: {there} arrived, {payment.received_value} is noted"
        # One that we never sent, or no more, says in its reason what somebody else's money brought; so does one that
        # had ended and waits for a person since.
        is_over = payment.state == PaymentState.FAILED or payment.late_at is not None
        told = is_over and "received" in payment.reason_params
        is_known = payment.state == PaymentState.SETTLED or told
        if not is_known and payment.value and there >= payment.value:
            yield f"{_name(payment)}: all of it arrived, and nobody here knows"


def _every_incoming_payment(books: Books) -> Iterator[str]:
    """Incoming payments, of all that were ever made, whose wallet says something else than our row of it."""
    ours = {
        row.remote_id.rpartition("/")[2]: row
        for row in IncomingPayment.objects.exclude(remote_id="").select_related("payment__request")
    }
    for there in books.incoming():
        row = ours.get(there.id)
        if row is None:
            if there.received:
                yield f"{there.received} arrived at {there.wallet} for {there.payment}, and no row of ours knows where"
        elif row.received_value != there.received:
            told = _name(row.payment) if row.payment else there.wallet
            yield f"{told}: {there.received} arrived in an incoming payment of which {row.received_value} is noted"


def _arrived(books: Books) -> Iterator[tuple[Payment, int]]:
    arrived = books.arrived()
    payments = Payment.objects.select_related("request").prefetch_related("incoming_payments")
    for payment in payments.order_by("created_at", "id"):
        places = [row.remote_id.rpartition("/")[2] for row in payment.incoming_payments.all() if row.remote_id]
        yield payment, sum(arrived.get(place, 0) for place in places)


def _name(payment: Payment) -> str:
    return f"{payment.request.reference} {payment.receiver_name} ({payment.state})"


def charged_more_than_shown(world: World, books: Books) -> Iterator[str]:
    """Approvals under which their payers paid more than our page had told them. None at any moment."""
    grants = dict(OutgoingPayment.objects.values_list("pk", "grant_id"))
    everything = [*books.outgoing(), *world.forgotten]
    charged: Counter[str] = Counter()
    for outgoing in everything:
        if outgoing.attempt not in grants:
            yield f"an outgoing payment that we never ordered: {outgoing}"
            continue
        charged[grants[outgoing.attempt]] += outgoing.charged
    for grant in Grant.objects.filter(pk__in=charged):
        shown = world.shown.get(grant.pk)
        if shown is None:
            yield f"{grant.request.reference}: charged under an approval that its payer never gave"
        elif charged[grant.pk] > shown.value and not grant.interval:
            yield f"{grant.request.reference}: charged {charged[grant.pk]}, shown {shown.value}"
    yield from above_a_limit(everything)


def _the_accounts_add_up(world: World, books: Books) -> Iterator[str]:
    """No money appeared or vanished: what was charged left the account, what arrived is in it. The platform's, too."""
    balances, paid_in = books.balances(), books.paid_in()
    charged: Counter[str] = Counter()
    for outgoing in [*books.outgoing(), *world.forgotten]:
        charged[outgoing.wallet] += outgoing.charged
    for account in world.accounts:
        expected = account.started + paid_in.get(account.name, 0) - charged[account.name]
        if balances[account.name] != expected:
            yield f"{account.name} has {balances[account.name]} minor units, {expected} by what came and went"
    if sum(paid_in.values()) != sum(books.arrived().values()):
        yield "money arrived at an account that nobody knows"


def _nothing_is_stuck() -> Iterator[str]:
    now = clock.now()
    for request in PaymentRequest.objects.filter(state__in=OPEN_REQUESTS).order_by("created_at", "id"):
        waits = list(request.payments.filter(state=PaymentState.NEEDS_ATTENTION))
        if request.state == RequestState.APPROVED and waits and all(payment.reason for payment in waits):
            continue
        yield f"{request.reference}: still {request.state} after {now - request.created_at} ({request.reason})"
    cleaned = PaymentRequest.objects.exclude(state__in=OPEN_REQUESTS).filter(finished_at__lt=now - TIME_TO_CLEAN)
    for grant in Grant.objects.filter(request__in=cleaned, kind=GrantKind.OUTGOING, state__in=LIVE_GRANTS):
        yield f"{grant.request.reference}: its approval is still {grant.state}"


def attention() -> list[str]:
    """What still waits for a person: why, and since when."""
    waiting = Payment.objects.filter(state=PaymentState.NEEDS_ATTENTION).order_by("created_at", "id")
    return [f"{row.request.reference}: {row.reason}, for {clock.now() - row.changed_at}" for row in waiting]

"""What must be true of a story, however often its processes died: asked of all wallets, the rows and the ledger."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from django.db.models import Sum

from ledger.api import seal, verify
from ledger.models import Entry
from payments.engine.transitions import NAMES
from payments.invariants import violations
from payments.ledger_kinds import MOVES
from payments.models import Grant, IncomingPayment, Message, OutgoingPayment, Payment, PaymentRequest, Quote
from payments.models.grants import GrantKind
from payments.models.messages import MessageState, Template
from payments.states import COUNTED_OUTGOING, AttemptState, GrantState, PaymentState, RequestState
from tests import comparing
from tests.faults.naming import Verdict
from tests.faults.stories.base import Person
from tests.faults.world import World, is_at_rest, stands

#: Nobody is waiting for any of these when all is done.
UNFINISHED_GRANTS = {
    GrantState.INTENDED,
    GrantState.PENDING,
    GrantState.RETURNED,
    GrantState.CONTINUING,
    GrantState.CANCELLING,
}
INITIAL = {
    "request": RequestState.QUOTING,
    "payment": PaymentState.NEW,
    "grant": GrantState.INTENDED,
    "incoming": AttemptState.INTENDED,
    "quote": AttemptState.INTENDED,
    "outgoing": AttemptState.INTENDED,
}
#: What can be given once was lost with whoever was told it: the approval itself, or a new token for it.
LOST = {"approval_lost", "approval_ended"}
#: They ask for an approval, or tell what became of it.
ABOUT_APPROVALS = {
    Template.APPROVAL,
    Template.APPROVAL_AGAIN,
    Template.BUDGET,
    Template.BUDGET_DRAW,
    Template.BUDGET_OVER,
}
MOVED = {AttemptState.OPEN, AttemptState.DONE}


def judge(world: World) -> Verdict:
    seal()
    verdict = Verdict(approvals=sum(world.browser(payer).approvals for payer in world.story.payers))
    given_back = Entry.objects.filter(kind=f"grant.{GrantState.CANCELLING}")
    verdict.lost_approvals = sum(_reason(entry) in LOST for entry in given_back)
    verdict.faults = [*_money(world), *_rows(), *_histories(), *_mail(world, verdict), *lies(world)]
    verdict.faults += world.story.faults(verdict.lost_approvals)
    verdict.faults += [f"ledger: {fault}" for fault in verify()]
    verdict.faults += [f"rows: {fault}" for fault in comparing.faults()]
    if verdict.approvals != world.story.approvals + verdict.lost_approvals:
        verdict.faults.append(f"payers approved {verdict.approvals} times, {verdict.lost_approvals} were lost")
    return verdict


def lies(world: World) -> Iterator[str]:
    """What the rows say must be true at any moment, also just after a death, before anybody repaired anything."""
    for person in world.story.people:
        yield from _lies_of(person, world)
    for order in OutgoingPayment.objects.filter(state__in=MOVED):
        if not order.remote_id:
            yield "an order is called open, and has no id at its wallet"
    for violation in violations():
        yield f"it does not hold that: {violation.invariant.holds} ({', '.join(violation.ids)})"


def _lies_of(person: Person, world: World) -> Iterator[str]:
    received, paid, wanted = world.received(person), world.paid(person), world.story.received.get(person, 0)
    address = world.address(person)
    orders = OutgoingPayment.objects.filter(payment__request__payer_wallet__url=address)
    asked = orders.aggregate(sum=Sum("quote__debit_value"))["sum"] or 0
    if paid > asked:
        yield f"money left the payer's wallet, and no row says that it was asked to: {paid} instead of {asked}"
    arrived = Payment.objects.filter(receiver_wallet__url=address, state=PaymentState.SETTLED)
    settled = arrived.aggregate(sum=Sum("value"))["sum"] or 0
    if received < settled:
        yield f"{settled} are called settled, and {person.name} has {received}"
    if received > wanted:
        yield f"{person.name} got {received} instead of {wanted}"


def _money(world: World) -> Iterator[str]:
    story = world.story
    requests = list(PaymentRequest.objects.all())
    if sorted(str(request.form_id) for request in requests) != sorted(story.forms):
        yield f"the requests are {', '.join(str(request.form_id) for request in requests)}"
    for person in story.people:
        if (received := world.received(person)) != story.received.get(person, 0):
            yield f"{person.name} got {received} instead of {story.received.get(person, 0)}"
        if (paid := world.paid(person)) != story.paid.get(person, 0):
            yield f"{person.name} was charged {paid} instead of {story.paid.get(person, 0)}"
    for request in requests:
        yield from _money_of(request)


def _money_of(request: PaymentRequest) -> Iterator[str]:
    payments = list(request.payments.all())
    if payments and request.state != RequestState.SETTLED:
        yield f"request {request.state} ({request.reason})"
    charged = 0
    for payment in payments:
        if payment.state != PaymentState.SETTLED:
            yield f"payment {payment.state} ({payment.reason})"
        if payment.received_value != payment.value:
            yield f"the payment says that {payment.received_value} arrived"
        orders = list(payment.outgoing_payments.filter(state__in=COUNTED_OUTGOING).select_related("quote"))
        if [order.state for order in orders] != [AttemptState.DONE]:
            yield f"{len(orders)} orders are done or under way instead of one that is done"
        charged += sum(order.quote.debit_value or 0 for order in orders)
    if payments and charged > (request.ceiling_debit or 0):
        yield f"the payer was charged {charged}, and was shown {request.ceiling_debit}"


def _rows() -> Iterator[str]:
    alive = set()
    for request in PaymentRequest.objects.all():
        if stands(request):
            alive.add(request.pk)
        if request.lease_until or not is_at_rest(request):
            yield "the request still waits for the engine"
    for grant in Grant.objects.filter(state__in=UNFINISHED_GRANTS):
        yield f"a grant ({grant.kind}) is still {grant.state}"
    if Grant.objects.filter(kind=GrantKind.OUTGOING, state=GrantState.ACTIVE).exclude(request__in=alive).exists():
        yield "an approval was not given back"
    for model in (IncomingPayment, Quote, OutgoingPayment):
        if model._default_manager.filter(state=AttemptState.INTENDED).exists():
            yield f"a row of {model.__name__} is still intended"
    if OutgoingPayment.objects.filter(state__in=[AttemptState.UNKNOWN, AttemptState.OPEN]).exists():
        yield "what became of an order is still not known"


def _histories() -> Iterator[str]:
    """The ledger tells one way through the states of each row, allowed by the table, that ends where the row is."""
    told: dict[tuple[str, str], list[str]] = {}
    entries = Entry.objects.order_by("recorded_at", "id").prefetch_related("subject_rows")
    for entry in entries:
        name, _, state = entry.kind.partition(".")
        for subject in entry.subject_rows.all():
            if subject.subject_kind == name:
                told.setdefault((name, subject.subject_id), []).append(state)
    for model, name in NAMES.items():
        moves = MOVES[name]
        if name not in INITIAL:
            continue  # no part of a payment: the cast had its keys before the story began
        for row in model._default_manager.all():  # type: ignore[attr-defined]  # NAMES has models only
            states = [state for state in told.get((name, row.pk), []) if state in moves]
            if not states or states[0] != INITIAL[name] or states[-1] != row.state:
                yield f"{name}: the ledger tells {states}, the row is {row.state}"
            for before, after in pairwise(states):
                if after not in moves[before]:
                    yield f"{name}: the ledger tells a move from {before} to {after}"


def _mail(world: World, verdict: Verdict) -> Iterator[str]:
    handed_over = Counter(str(mail["Message-ID"]) for mail in world.mail())
    rows: list[Message] = list(Message.objects.all())
    known = {f"<{row.pk}@" for row in rows}
    for row in rows:
        if row.state == MessageState.SENT and not _came(row, handed_over):
            yield f"a message ({row.template}) is called sent and was never handed over"
        if row.state not in (MessageState.SENT, MessageState.FAILED):
            yield f"a message ({row.template}) is still {row.state}"
        if row.state == MessageState.FAILED and row.reason != "mail_not_needed":
            yield f"a message ({row.template}) was given up: {row.reason}"
    for message_id in handed_over:
        if not any(message_id.startswith(start) for start in known):
            yield "a message was sent that no row knows"
    came = Counter((row.template, row.to_email) for row in rows if _came(row, handed_over))
    yield from _wrong_mail(world, came, verdict.lost_approvals)
    verdict.repeated_mail = sum(times - 1 for times in handed_over.values())


def _wrong_mail(world: World, came: Counter[tuple[str, str]], lost_approvals: int) -> Iterator[str]:
    """Once each. When an approval was lost its payer is asked again, and may hear of that."""
    wanted = world.story.mails
    for template, address in sorted(wanted | came):
        less, more = wanted[template, address], wanted[template, address]
        if template in ABOUT_APPROVALS and lost_approvals:
            less, more = 0, more + 2 * lost_approvals
        if not less <= came[template, address] <= more:
            yield f"{came[template, address]} different messages ({template}) to {address} instead of {less}"


def _came(row: Message, handed_over: Counter[str]) -> bool:
    return any(message_id.startswith(f"<{row.pk}@") for message_id in handed_over)


def _reason(entry: Entry) -> str:
    return str(json.loads(entry.body)["data"].get("reason", ""))

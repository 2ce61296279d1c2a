"""One payment request from asked to over: staff send it, its payer approves it or does not, staff see to the rest."""

from collections.abc import Callable
from dataclasses import dataclass

from payments.actions import approvals, attention, requests
from payments.engine.queries import REQUEST
from payments.models import Payment, PaymentRequest
from payments.models.grants import GrantKind
from payments.states import GrantState, PaymentState, RequestState
from tests.chaos.flows import wallet_page
from tests.chaos.flows.base import HOURS, MINUTES, SHORTLY, Flow, Turn
from tests.driver import come_back

MOST_PRESSES = 6


@dataclass
class Asked:
    flow: Flow
    request_id: str
    #: What staff do when there was no quote.
    again: Turn | None = None
    presses: int = 0
    #: As `presses` was when they last put it off.
    rested: int = 0
    quoted_again: bool = False
    rejected: bool = False

    @property
    def request(self) -> PaymentRequest:
        return REQUEST.get(self.request_id)

    def step(self) -> float | None:
        """Whoever's turn it is does something. Seconds until somebody looks again; None when nobody will."""
        request, world = self.request, self.flow.world
        if self.flow.chance(0.7):
            requests.cancel(request.pk, by=world.staff)
            return None
        match request.state:
            case RequestState.QUOTING:
                return self.flow.dice.uniform(2, 15)
            case RequestState.QUOTED:
                return self.quoted(request)
            case RequestState.AWAITING_AUTHORISATION:
                return self.authorise(request)
            case RequestState.AWAITING_APPROVAL:
                return self._payer(request)
            case RequestState.APPROVED:
                return self._watch(request)
            case RequestState.FAILED if request.sent_at is None and self.again:
                self.flow.later(SHORTLY, self.again)
        return None

    # -- staff

    def quoted(self, request: PaymentRequest) -> float | None:
        """Staff see what it will cost."""
        flow = self.flow
        if flow.chance(2):
            return None  # forgotten on somebody's desk: it expires
        if not self.quoted_again and flow.chance(8):
            self.quoted_again = True
            requests.quote_again(request.pk, by=flow.world.staff)
            return SHORTLY
        requests.send(request.pk, by=flow.world.staff)
        return flow.dice.uniform(5, 2 * MINUTES)

    def authorise(self, request: PaymentRequest) -> float | None:
        requests.authorise(request.pk, by=self.flow.world.colleague)
        return SHORTLY

    def _watch(self, request: PaymentRequest) -> float:
        troubled = Payment.objects.filter(request=request, state=PaymentState.NEEDS_ATTENTION, decision="")
        for payment in troubled.order_by("created_at", "id"):
            self._resolve(payment)
        return self.flow.dice.uniform(5 * MINUTES, 6 * HOURS)

    def _resolve(self, payment: Payment) -> None:
        """What a person may do about it, one thing at a time."""
        world, by = self.flow.world, self.flow.world.staff
        claim = payment.outside_settlements.filter(withdrawn_at=None).first()
        if claim is not None:
            if self.flow.chance(70):
                attention.confirm_outside(payment.pk, by=world.colleague)
            else:
                attention.withdraw_outside(payment.pk, by=by, why="Not so")
            return
        ways: list[tuple[int, Callable[[], object]]] = [
            (2, lambda: attention.take_over(payment.pk, by=by)),
            (2, lambda: attention.look_again(payment.pk, by=by)),
            (3, lambda: attention.start_anew(payment.pk, by=by)),
            (3, lambda: attention.give_up(payment.pk, by=by)),
            (2, lambda: attention.report_outside(payment.pk, way="bank", evidence="SPEI 4711", by=by)),
        ]
        self.flow.dice.choices([way for _, way in ways], [weight for weight, _ in ways])[0]()

    # -- the payer

    def _payer(self, request: PaymentRequest) -> float | None:
        flow = self.flow
        if self.presses >= MOST_PRESSES:
            return None  # enough of it: the link expires
        if self.presses == 0 and flow.chance(4):
            approvals.decline(request.pk, "Not this month")
            return None
        if self.presses == 0 and flow.chance(3):
            return None  # never opened the mail
        grant = request.grants.filter(kind=GrantKind.OUTGOING, state=GrantState.PENDING).first()
        page = approvals.wallet_page(request)
        if page and grant:
            return self._at_wallet(request, page)
        coming = request.grants.filter(
            kind=GrantKind.OUTGOING, state__in=[GrantState.RETURNED, GrantState.CONTINUING]
        ).exists()
        if (coming or request.payer_asked_at) and not flow.chance(5):
            return flow.dice.uniform(2, 20)
        if self.presses > self.rested:
            # It did not work: they try again when they think of it.
            self.rested = self.presses
            return flow.dice.uniform(20, 200)
        return self._press(request)

    def _press(self, request: PaymentRequest) -> float | None:
        """ "Approve in my wallet"; an amount that has grown is accepted, or not."""
        if request.proposed_debit is not None and self.flow.chance(15):
            approvals.decline(request.pk, "Too much")
            return None
        self.presses += 1
        approvals.approve(request.pk, request.shown)
        return self.flow.dice.uniform(2, 15)

    def _at_wallet(self, request: PaymentRequest, page: str) -> float | None:
        flow, world = self.flow, self.flow.world
        if flow.chance(5):
            return flow.dice.uniform(11 * MINUTES, 20 * HOURS)  # the page is left open, and expires
        if not self.rejected and flow.chance(8):
            self.rejected = True
            wallet_page.reject(world.sandbox, page)
            self.presses += 1
            approvals.approve(request.pk, None)
            return flow.dice.uniform(5, 5 * MINUTES)
        finish = wallet_page.approve(world.sandbox, page)
        if finish is None or flow.chance(4):
            # That page was over; or the tab was closed before it led back.
            return self._later_again(request)
        if flow.chance(6):
            wallet_page.forge(request, finish)
        if come_back(request.pk, finish) == "accepted":
            wallet_page.remember(world, request, finish)
        if flow.chance(10):
            assert come_back(request.pk, finish) in ("repeated", "wrong_hash")
        return flow.dice.uniform(3, 30)

    def _later_again(self, request: PaymentRequest) -> float:
        self.presses += 1
        approvals.approve(request.pk, None)
        return self.flow.dice.uniform(5, 10 * MINUTES)

"""What is due now, claimed so that two workers don't take the same, and shared out so that no wallet takes it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects

from ledger import clock
from payments.compiled import Compiled
from payments.engine import circuit_breaker
from payments.models import Payment, PaymentRequest

#: Whoever claims a request has this long to begin; then it is due again.
CLAIM = timedelta(seconds=30)
BATCH = 64
#: Requests looked at in one query, and queries in one claim.
WINDOW = 64
WINDOWS = 4
#: At one host at a time, of the few that a worker is at: the others keep their turn.
OF_ONE_HOST = 6
#: At a host whose latest call failed, or that keeps a call waiting: one, to see whether it is well again.
OF_A_BAD_HOST = 1
HOSTS_OF_A_WALLET = ("url", "auth_server", "resource_server")
#: So long those wait that have no turn at such a host.
NEXT_TURN = timedelta(seconds=5)


def count_due() -> int:
    """How many payment requests wait for a worker now, counted up to `BATCH`."""
    return _due(clock.now())[:BATCH].count()


def claim_due_requests(
    most: int = BATCH, *, first: str | None = None, busy: Mapping[str, int] | None = None
) -> dict[str, frozenset[str]]:
    """Up to `most` payment requests whose time has come, each with the hosts of its wallets.

    Longest waiting first, wallets taking turns; `first` before all others. `busy` says how many requests the caller is
    at already, by host. Those of a host that is left alone for now are put off until it is tried again.
    """
    turns = _Turns(clock.now(), busy or {})
    claimed: dict[str, frozenset[str]] = {}
    for request in _in_turn(turns, first):
        if turns.may_begin(request) and turns.claim(request):
            claimed[request.pk] = turns.begin(request)
        if len(claimed) >= most:
            break
    return claimed


def _free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=now)


def _due(now: datetime) -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.filter(_free(now), next_attempt_at__lte=now).order_by("next_attempt_at")


def _in_turn(turns: _Turns, first: str | None) -> Iterator[PaymentRequest]:
    # Nothing but what is read here: this is asked every second, and before every turn of a request.
    if first:
        yield from _with_receivers(_due_with_payer(turns.now).filter(pk=first))
    for _ in range(WINDOWS):
        # Those whose payer's host is full would fill the window, so that others were never seen.
        full = turns.full()
        others = _due_with_payer(turns.now).exclude(payer_wallet__host__in=full)[:WINDOW] if full else _DUE(turns.now)
        yield from _with_receivers(others)
        if turns.full() == full:
            return


def _due_with_payer(now: datetime) -> QuerySet[PaymentRequest]:
    wallet = (f"payer_wallet__{part}" for part in HOSTS_OF_A_WALLET)
    return _due(now).select_related("payer_wallet").only("next_attempt_at", *wallet)


_DUE = Compiled(lambda now: _due_with_payer(now)[:WINDOW], datetime)


def _with_receivers(requests: Iterable[PaymentRequest]) -> list[PaymentRequest]:
    wallet = (f"receiver_wallet__{part}" for part in HOSTS_OF_A_WALLET)
    payments = Payment.objects.select_related("receiver_wallet").order_by().only("request_id", *wallet)
    found = list(requests)
    prefetch_related_objects(found, Prefetch("payments", payments))
    return found


class _Turns:
    """Who may begin now, in one claim."""

    def __init__(self, now: datetime, busy: Mapping[str, int]) -> None:
        self.now = now
        self.busy = Counter(busy)
        self.suspected, self.closed = circuit_breaker.in_trouble(now)
        self.slow = circuit_breaker.slow()

    def full(self) -> set[str]:
        return {host for host, requests in self.busy.items() if requests >= self._most_of(host)}

    def may_begin(self, request: PaymentRequest) -> bool:
        wallets = hosts_of(request)
        if until := max((self.closed[host] for host in wallets if host in self.closed), default=None):
            self._put_off(request, until)
            return False
        full = wallets & self.full()
        if full & self.suspected:
            self._put_off(request, self.now + NEXT_TURN)
        return not full

    def claim(self, request: PaymentRequest) -> bool:
        return self._put_off(request, self.now + CLAIM)

    def begin(self, request: PaymentRequest) -> frozenset[str]:
        wallets = hosts_of(request)
        self.busy.update(wallets)
        return wallets

    def _most_of(self, host: str) -> int:
        return OF_A_BAD_HOST if host in self.suspected or host in self.slow else OF_ONE_HOST

    def _put_off(self, request: PaymentRequest, until: datetime) -> bool:
        unchanged = PaymentRequest.objects.filter(
            _free(self.now), pk=request.pk, next_attempt_at=request.next_attempt_at
        )
        return bool(unchanged.update(next_attempt_at=until))


def hosts_of(request: PaymentRequest) -> frozenset[str]:
    """Every host that a step of this request may call."""
    wallets = [request.payer_wallet, *(payment.receiver_wallet for payment in request.payments.all())]
    return frozenset(host for wallet in wallets for host in wallet.hosts)

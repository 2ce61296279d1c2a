"""What is due now, claimed so that two workers don't take the same, each request in its turn (`engine.host_turns`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects

from ledger import clock
from ledger.compiled import Compiled
from payments.engine.host_turns import Turns
from payments.models import Payment, PaymentRequest
from payments.models.wallets import HOSTS

#: Whoever claims a request has this long to begin; then it is due again.
CLAIM = timedelta(seconds=30)
BATCH = 64
#: Requests looked at in one query.
WINDOW = 64
PUT_OFF_AT_ONCE = 1000


def count_due() -> int:
    """How many payment requests wait for a worker now, counted up to `BATCH`."""
    return _due(clock.now())[:BATCH].count()


def claim_due_requests(most: int = BATCH, *, first: str | None = None) -> dict[str, frozenset[str]]:
    """Up to `most` payment requests whose time has come, each with the hosts of its wallets.

    Longest waiting first, hosts taking turns; `first` before all others. Those of a host that is left alone for now
    are put off until it is tried again.
    """
    turns = Turns(clock.now())
    claimed: dict[str, frozenset[str]] = {}
    if first:
        _claim(_due_with_payer(turns.now).filter(pk=first), turns, claimed, most)
    while len(claimed) < most and _claim(_window(turns), turns, claimed, most):
        pass
    return claimed


def _claim(requests: Iterable[PaymentRequest], turns: Turns, claimed: dict[str, frozenset[str]], most: int) -> bool:
    """Add those of `requests` to `claimed` that may begin. Whether others are in view now, of which these were some."""
    found, before, put_off = _with_receivers(requests), (turns.full(), len(claimed)), dict[str, datetime]()
    for request in found:
        hosts = hosts_of(request)
        if later := turns.put_off(hosts):
            put_off |= later
        elif not hosts & turns.full() and _take(request, turns.now):
            turns.begin(hosts)
            claimed[request.pk] = hosts
            if len(claimed) >= most:
                break
    moved = [_put_off(host, until, turns.now) for host, until in put_off.items()]
    changed = any(moved) or (turns.full(), len(claimed)) != before
    return changed and len(found) == WINDOW


def _free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=now)


def _due(now: datetime) -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.filter(_free(now), next_attempt_at__lte=now).order_by("next_attempt_at")


def _take(request: PaymentRequest, now: datetime) -> bool:
    unchanged = PaymentRequest.objects.filter(_free(now), pk=request.pk, next_attempt_at=request.next_attempt_at)
    return bool(unchanged.update(next_attempt_at=now + CLAIM))


def _put_off(host: str, until: datetime, now: datetime) -> int:
    """All that is due and may call `host` waits: it would fill the window. How many; those being changed are left."""
    with transaction.atomic():
        waiting = _due(now).filter(_calls({host})).select_for_update(skip_locked=True, of=("self",))
        found = [request.pk for request in waiting.only("pk")[:PUT_OFF_AT_ONCE]]
        return PaymentRequest.objects.filter(pk__in=found).update(next_attempt_at=until) if found else 0


def _calls(hosts: Collection[str]) -> Q:
    """Requests that may call one of `hosts`, whoever's it is."""
    receivers = Payment.objects.filter(_at(hosts, "receiver_wallet"), request=OuterRef("pk")).order_by()
    return _at(hosts, "payer_wallet") | Q(Exists(receivers))


def _at(hosts: Collection[str], wallet: str) -> Q:
    url, auth_server, resource_server = (Q(**{f"{wallet}__{host}__in": hosts}) for _, host in HOSTS)
    return url | auth_server | resource_server


def _window(turns: Turns) -> Iterable[PaymentRequest]:
    # Nothing but what is read here: this is asked every second, and before every turn of a request.
    full = turns.full()
    # Those whose host is full would fill the window, so that others were never seen.
    return _due_with_payer(turns.now).exclude(_calls(full))[:WINDOW] if full else _DUE(turns.now)


def _due_with_payer(now: datetime) -> QuerySet[PaymentRequest]:
    wallet = (f"payer_wallet__{host}" for _, host in HOSTS)
    return _due(now).select_related("payer_wallet").only("next_attempt_at", *wallet)


_DUE = Compiled(lambda now: _due_with_payer(now)[:WINDOW], datetime)


def _with_receivers(requests: Iterable[PaymentRequest]) -> list[PaymentRequest]:
    wallet = (f"receiver_wallet__{host}" for _, host in HOSTS)
    payments = Payment.objects.select_related("receiver_wallet").order_by().only("request_id", *wallet)
    found = list(requests)
    prefetch_related_objects(found, Prefetch("payments", payments))
    return found


def hosts_of(request: PaymentRequest) -> frozenset[str]:
    """Every host that a step of this request may call."""
    wallets = [request.payer_wallet, *(payment.receiver_wallet for payment in request.payments.all())]
    return frozenset(host for wallet in wallets for host in wallet.hosts)

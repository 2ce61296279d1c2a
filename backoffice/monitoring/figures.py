"""What a monitoring system is told: a constant number of statements, none of which reads what is done with.

Nothing in it names a person, a wallet address or an amount.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from django.db.models import Count, Q, QuerySet, Sum

from backoffice.health import queue
from backoffice.models import FailedTries
from backoffice.monitoring import backlogs
from backoffice.monitoring.backlogs import Backlogged
from backoffice.monitoring.exposition import Counter, Gauge, Measured
from backoffice.sign_in.lockout import RULES
from ledger import clock
from ledger.api import Comparison, backlog, compare_checkpoint
from payments import call_counts
from payments.models import HostCalls, LedgerCheck, Pause, Payment, PaymentRequest, WalletHost
from payments.models.requests import STUCK
from payments.states import FINISHED_PAYMENTS, REQUEST_MOVES, PaymentState, RequestState

ENDED_WITHIN: Final = timedelta(hours=1)
COUNTED: Final = timedelta(days=1)
UNFINISHED_REQUESTS: Final = tuple(state for state in RequestState if REQUEST_MOVES[state])
FINISHED_REQUESTS: Final = tuple(state for state in RequestState if not REQUEST_MOVES[state])
UNFINISHED_PAYMENTS: Final = tuple(state for state in PaymentState if state not in FINISHED_PAYMENTS)


def figures() -> Iterator[Measured]:
    yield Gauge("tequio_workers", "Workers that told of themselves within three seconds.", queue()["workers"])
    yield from _backlog("queue", "tasks of the queue", backlogs.tasks())
    yield from _backlog("due_requests", "payment requests whose next step is due", backlogs.due_requests())
    yield from _backlog("mail", "messages", backlogs.mail())
    yield from _backlog("webhooks", "webhook deliveries", backlogs.webhooks())
    yield from _states()
    yield from _trouble()
    yield from _wallet_calls()
    yield from _ledger()
    yield from _sign_in()


def _backlog(name: str, what: str, found: Backlogged) -> Iterator[Gauge]:
    yield Gauge(f"tequio_{name}_waiting", f"How many {what} wait.", found.waiting)
    yield Gauge(f"tequio_{name}_oldest_seconds", f"For how long the oldest of the {what} has waited.", found.seconds)
    if name in {"mail", "webhooks"}:
        yield Gauge(f"tequio_{name}_failed", f"How many {what} of the last 7 days were given up.", found.failed)


def _states() -> Iterator[Gauge]:
    requests, payments = PaymentRequest.objects, Payment.objects
    yield Gauge(
        "tequio_requests",
        "Payment requests that are not over, by state.",
        label="state",
        by_label=_by_state(requests.filter(state__in=UNFINISHED_REQUESTS), UNFINISHED_REQUESTS),
    )
    ended = requests.filter(finished_at__gte=clock.now() - ENDED_WITHIN)
    yield Gauge(
        "tequio_requests_ended",
        "Payment requests that came to their end within the last hour, by how.",
        label="state",
        by_label=_by_state(ended, FINISHED_REQUESTS),
    )
    yield Gauge(
        "tequio_payments",
        "Payments that are not over, by state.",
        label="state",
        by_label=_by_state(payments.filter(state__in=UNFINISHED_PAYMENTS), UNFINISHED_PAYMENTS),
    )


def _by_state(rows: "QuerySet[PaymentRequest] | QuerySet[Payment]", states: Iterable[str]) -> dict[str, float]:
    """Each of `states`, also with none: a figure that comes and goes can't be watched."""
    # Not grouped: SQLite then reads the whole index of states, whatever the rows are narrowed to.
    counts: dict[str, float] = rows.aggregate(**{str(each): Count("pk", filter=Q(state=each)) for each in states})
    return counts


def _trouble() -> Iterator[Gauge]:
    stuck = PaymentRequest.objects.filter(crashes__gte=STUCK).count()
    yield Gauge("tequio_requests_stuck", "Payment requests that the program itself fails at.", stuck)
    yield Gauge("tequio_pauses", "Pauses of new payments that are on.", Pause.objects.filter(ended_at=None).count())
    hosts = WalletHost.objects.aggregate(
        failing=Count("pk", filter=Q(failures__gt=0)), left_alone=Count("pk", filter=Q(closed_until__gt=clock.now()))
    )
    about = "Hosts of wallets whose latest call failed, and those of them that are left alone for now."
    yield Gauge("tequio_wallet_hosts", about, label="condition", by_label=hosts)


def _wallet_calls() -> Iterator[Counter]:
    labels = ("host", "kind", "outcome")
    rows: dict[tuple[str, ...], HostCalls] = {(row.host, row.kind, row.outcome): row for row in call_counts.lately()}
    calls = {key: float(row.calls) for key, row in rows.items()}
    yield Counter("tequio_wallet_calls_total", "Calls to wallets, by host, what was called and outcome.", labels, calls)
    seconds = {key: row.seconds for key, row in rows.items()}
    about = "How many seconds these calls took, all together."
    yield Counter("tequio_wallet_calls_seconds_total", about, labels, seconds)


def _ledger() -> Iterator[Gauge]:
    waiting = backlog()
    yield Gauge("tequio_ledger_unsealed", "Entries that wait for their place in the chain.", waiting.entries)
    lag = waiting.lag.total_seconds()
    yield Gauge("tequio_ledger_unsealed_oldest_seconds", "For how long the oldest of them has waited.", lag)
    checks = {check.kind: check for check in LedgerCheck.objects.filter(finished_at__isnull=False)}
    faults = {str(kind): checks[str(kind)].faults if str(kind) in checks else 0 for kind in LedgerCheck.Extent}
    about = "Faults that the latest check of the ledger found, by what was checked."
    yield Gauge("tequio_ledger_faults", about, label="check", by_label=faults)
    now = clock.now()
    ages = {str(kind): (now - check.finished_at).total_seconds() for kind, check in checks.items() if check.finished_at}
    about = "How long ago each check of the ledger last came to its end."
    yield Gauge("tequio_ledger_check_age_seconds", about, label="check", by_label=ages)
    found = compare_checkpoint()
    about = "How the database stands to its signed checkpoint outside; 1 for what it is."
    states = {str(each): float(each == found) for each in Comparison}
    yield Gauge("tequio_ledger_checkpoint", about, label="comparison", by_label=states)


def _sign_in() -> Iterator[Gauge]:
    tries: dict[str, Any] = {kind: Sum("count", filter=Q(key__startswith=f"{kind}:"), default=0) for kind in RULES}
    lately = FailedTries.objects.filter(since__gte=clock.now() - COUNTED)
    found = lately.aggregate(**tries, locked=Count("pk", filter=Q(locked_until__gt=clock.now())))
    locked = found.pop("locked")
    about = "Wrong tries to sign in that are remembered, by what they are counted under."
    yield Gauge("tequio_sign_in_failures", about, label="by", by_label=found)
    yield Gauge("tequio_sign_in_locked", "Names, addresses and browsers that are locked out now.", locked)

"""The door to the engine: move one payment request as far as it gets.

Plan (no network), call (network, no database), take the answer and plan on: over and over, under a lease. Between two
calls there is one transaction, with the answer to the first and what was decided to ask with the second. Any number of
pages, workers and staff may call it for the same request at once; one of them works.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import InterfaceError, OperationalError, connection, transaction

from ledger import clock, tracing
from ledger.api import record
from payments.client import client
from payments.engine import host_turns
from payments.engine.backoff import after_failure
from payments.engine.leases import (
    Lease,
    LeaseLost,
    acquire,
    find_free,
    hand_on,
    lease_free,
    lock_leased,
    release,
    renew,
)
from payments.engine.planning import Plan, mark_unanswered, plan
from payments.engine.queries import REQUEST
from payments.engine.steps.base import ENGINE, Step
from payments.engine.transitions import one_change
from payments.models import PaymentRequest
from payments.moving import Moved, NoSuchMove
from payments.openpayments.errors import OpenPaymentsError, OurFault
from payments.openpayments.transport import Deadline

log = logging.getLogger(__name__)
Rest = Callable[[], None]

#: No call to a wallet may take longer, all of it together.
CALL_SECONDS = 12.0
MAX_ROUNDS = 200
#: States that one transaction moves one after the other, as long as no wallet is to be asked.
MAX_MOVES = 8
MAX_AT_ONCE = 8
PAUSE_SECONDS = 0.1
#: Of a wait that is over already: it is planned again all the same, not let go.
LEAST_SLEEP = 0.001
#: A fault of the program is not over in a second, as one of a wallet may be: the first wait is a minute.
CRASH_IS_WORSE = 7


@dataclass(frozen=True)
class Answered:
    """Steps that were done at once, and what wallets said to each: an answer, or what went wrong instead of it."""

    steps: list[Step]
    answers: list[object]


@dataclass(frozen=True)
class Decided:
    """What one transaction decided; `let_go` when nothing is to do now, and the lease ended with it."""

    lease: Lease
    planned: Plan
    let_go: bool = False


def advance(request_id: str, seconds: float) -> PaymentRequest:
    """Work on the request for about `seconds`, at the most until it waits for a person or a clock; then tell how it is.

    A wallet's fault is written into the rows, never raised. A call that has begun is finished (at most 12 s).
    """
    end = clock.monotonic() + seconds
    if begun := _begin_within(request_id, seconds, end):
        _work(begun, end, sleeps=True)
    return REQUEST.get(request_id)


def advance_within(request_id: str, seconds: float, over: Callable[[], None]) -> PaymentRequest:
    """Work on the request as `advance` does, but for no longer than `seconds`, however many steps there are.

    A call that has begun may move money, so it is not cut off: with what its plan has left it goes on in a thread of
    its own, and workers take over from there. `over` is called once this process is done with the request.
    """
    end = clock.monotonic() + seconds
    left: list[Rest] = []
    try:
        if begun := _begin_within(request_id, seconds, end):
            _work(begun, end, sleeps=True, leave=left.append)
            for rest in left:
                see = tracing.carried(partial(_see_to_the_end, begun.lease, over=over))
                threading.Thread(target=see, args=(rest,), name="press").start()
        return REQUEST.get(request_id)
    finally:
        if not left:
            over()


def _begin_within(request_id: str, seconds: float, end: float) -> Decided | None:
    """What is decided first, as soon as nobody else is at it; None when somebody still is after `seconds`."""
    # In real time, also where waits are skipped by moving the clock: whoever holds it is at work and needs it.
    until = time.monotonic() + seconds
    while True:
        begun = _begin(request_id, partial(_rests, end=end))
        if begun or time.monotonic() > until:
            return begun
        time.sleep(PAUSE_SECONDS)


def push(request_id: str, seconds: float) -> datetime | None:
    """Work on the request as `advance` does, but sleep for nothing: when it wants the next look, None when told.

    For workers, which have others to work on meanwhile. A request that somebody else is at is left to them.
    """
    begun = _begin(request_id, _has_nothing_to_do)
    return _work(begun, clock.monotonic() + seconds, sleeps=False) if begun else None


def _work(begun: Decided, end: float, *, sleeps: bool, leave: Callable[[Rest], None] | None = None) -> datetime | None:
    """With `leave`, whoever waits is gone at `end`: it is given what must still be done then, under the lease."""
    with tracing.about(begun.lease.request_id):
        return _in_rounds(begun, end, sleeps=sleeps, leave=leave)


def _in_rounds(begun: Decided, end: float, *, sleeps: bool, leave: Callable[[Rest], None] | None) -> datetime | None:
    decided, lease = begun, begun.lease
    rests = partial(_rests, end=end) if sleeps else _has_nothing_to_do
    suspected: frozenset[str] | None = None
    for _ in range(MAX_ROUNDS):
        planned, answered = decided.planned, None
        if decided.let_go:
            return planned.wake_at
        try:
            if planned.steps:
                suspected = host_turns.suspects() if suspected is None else suspected
                if leave is None:
                    answered = _carry_out(lease, planned.steps, suspected)
                else:
                    done = _carry_out_by(end, lease, planned.steps, suspected)
                    if not isinstance(done, Answered):
                        leave(done)
                        return None
                    answered = done
                if clock.monotonic() > end:
                    _keep(answered, suspected)
                    hand_on(lease)
                    return clock.now()
            elif wait := _short_wait(planned, end) if sleeps else 0.0:
                clock.sleep(wait)
            is_first = decided is begun and answered is None
            decided = _keep_and_decide(
                lease, answered, suspected or frozenset(), rests, takes_over=is_first and lease.inherited
            )
        except LeaseLost:
            return None
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("request %s: the program failed", lease.request_id)
            return _crashed(lease, error)
    log.error("request %s: still not at rest after %s rounds", lease.request_id, MAX_ROUNDS)
    hand_on(lease)
    return None


def _crashed(lease: Lease, error: Exception) -> datetime:
    """The program failed at this request, and would again: it is tried rarely, and people can see that it is stuck.

    The lease has run out instead of being let go: intents may be left without an answer, and whoever comes next looks.
    """
    request = PaymentRequest.objects.get(pk=lease.request_id)
    wake_at = after_failure(request.crashes + CRASH_IS_WORSE)
    PaymentRequest.objects.filter(pk=request.pk, lease_fence=lease.fence).update(
        crashes=request.crashes + 1, crash=type(error).__name__, lease_until=clock.now(), next_attempt_at=wake_at
    )
    return wake_at


def _has_nothing_to_do(planned: Plan) -> bool:
    return not planned.steps and not planned.moved


def _rests(planned: Plan, *, end: float) -> bool:
    """Whether it is let go: not while its time comes so soon that the caller waits for it."""
    return _has_nothing_to_do(planned) and not _short_wait(planned, end)


def _short_wait(planned: Plan, end: float) -> float:
    """How many seconds to sleep until the plan's time comes if the caller's budget allows it, else 0.

    The lease outlives this wait.
    """
    if planned.wake_at is None or not _has_nothing_to_do(planned):
        return 0.0
    wait = (planned.wake_at - clock.now()).total_seconds()
    return max(wait, LEAST_SLEEP) if wait <= end - clock.monotonic() else 0.0


def _begin(request_id: str, rests: Callable[[Plan], bool]) -> Decided | None:
    """Take the lease and plan; None while somebody else holds it."""
    if (found := find_free(request_id)) is None:
        return None
    try:
        with one_change():
            lease = lease_free(found)
            return _decided(lease, rests, takes_over=lease.inherited) if lease else None
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - planned again by itself, where it is counted
        lease = acquire(request_id)
        return Decided(lease, Plan(moved=True)) if lease else None


def _keep_and_decide(
    lease: Lease,
    answered: Answered | None,
    suspected: frozenset[str],
    rests: Callable[[Plan], bool],
    *,
    takes_over: bool = False,
) -> Decided:
    """Keep what was answered, and plan on, in one transaction."""
    if answered is None:
        with one_change():
            lock_leased(lease)
            return _decided(lease, rests, takes_over=takes_over)
    try:
        decided = _taken_and_decided(lease, answered, rests)
    except Exception:  # noqa: BLE001 - it happens again, in the one that it belongs to
        # Each answer by itself: all others are safe, whatever becomes of one or of the plan. So, too, where the
        # database ended the transaction for the sake of another one.
        _keep(answered, suspected)
        return _keep_and_decide(lease, None, suspected, rests)
    _note_outcomes(answered, suspected)
    return decided


def _taken_and_decided(lease: Lease, answered: Answered, rests: Callable[[Plan], bool]) -> Decided:
    """Rows that others wait for, too, are locked in one order: requests, ours last, then what several of them share."""
    with one_change():
        for request_id in sorted({each for step in answered.steps for each in step.requests} - {lease.request_id}):
            _want_replan(request_id)
        lock_leased(lease)
        said = zip(answered.steps, answered.answers, strict=True)
        for step, answer in sorted(said, key=lambda each: each[0].shared_row):
            _take(step, answer)
        return _decided(lease, rests, takes_over=False)


def _decided(lease: Lease, rests: Callable[[Plan], bool], *, takes_over: bool) -> Decided:
    planned = _plan(lease, takes_over=takes_over)
    return Decided(lease, planned, let_go=rests(planned) and release(lease, planned.wake_at))


def _plan(lease: Lease, *, takes_over: bool) -> Plan:
    """What is to be asked of wallets next; states that need none are moved on the way there."""
    request = REQUEST.get(lease.request_id)
    if takes_over:
        # Whoever lets go of a lease has the answer to every intent, as we have later in the same lease.
        mark_unanswered(request)
    for _ in range(MAX_MOVES):
        planned = plan(request, clock.now())
        if planned.steps or not planned.moved:
            break
        request = REQUEST.get(lease.request_id)
    return planned


def _carry_out(lease: Lease, steps: list[Step], suspected: frozenset[str]) -> Answered:
    """A few at a time: so many calls take less than a lease lives, and each few begin under one that was renewed.

    What the last few were answered is not kept yet.
    """
    answered = _do(steps[:MAX_AT_ONCE])
    for begin in range(MAX_AT_ONCE, len(steps), MAX_AT_ONCE):
        _keep(answered, suspected)
        renew(lease)
        answered = _do(steps[begin : begin + MAX_AT_ONCE])
    return answered


def _carry_out_by(end: float, lease: Lease, steps: list[Step], suspected: frozenset[str]) -> Answered | Rest:
    """The same until `end`: what is then left to do, if anything."""
    while True:
        few, steps = steps[:MAX_AT_ONCE], steps[MAX_AT_ONCE:]
        threads = ThreadPoolExecutor(max_workers=len(few))
        calls = [threads.submit(tracing.carried(_call), step) for step in few]
        threads.shutdown(wait=False)
        if wait(calls, timeout=max(end - clock.monotonic(), 0)).not_done:
            return partial(_go_on, lease, few, calls, steps, suspected)
        answered = Answered(few, [call.result() for call in calls])
        if not steps:
            return answered
        _keep(answered, suspected)
        renew(lease)
        if clock.monotonic() >= end:
            return partial(_go_on, lease, [], [], steps, suspected)


def _go_on(
    lease: Lease, few: list[Step], calls: list[Future[object]], steps: list[Step], suspected: frozenset[str]
) -> None:
    _keep(Answered(few, [call.result() for call in calls]), suspected)
    if steps:
        renew(lease)
        _keep(_carry_out(lease, steps, suspected), suspected)


def _see_to_the_end(lease: Lease, rest: Rest, over: Callable[[], None]) -> None:
    try:
        with tracing.about(lease.request_id):
            rest()
        hand_on(lease)
    except LeaseLost:
        pass
    except Exception:
        # As in a worker: the lease runs out, and the request comes up again.
        log.exception("request %s could not be advanced", lease.request_id)
    finally:
        connection.close()
        over()


def _do(steps: list[Step]) -> Answered:
    if len(steps) == 1:
        return Answered(steps, [_call(steps[0])])
    with ThreadPoolExecutor(max_workers=MAX_AT_ONCE) as pool:
        return Answered(steps, list(pool.map(tracing.carried(_call), steps)))


def _keep(answered: Answered, suspected: frozenset[str]) -> None:
    """Commit each answer by itself."""
    failed = _keep_each(zip(answered.steps, answered.answers, strict=True))
    if failed:
        raise failed
    _note_outcomes(answered, suspected)


def _keep_each(answers: Iterable[tuple[Step, object]]) -> Exception | None:
    """What went wrong, once all others are safe."""
    failed: Exception | None = None
    for step, answer in answers:
        try:
            _apply(step, answer)
        except Exception as error:  # noqa: BLE001 - whoever called raises it
            failed = failed or error
    return failed


def _note_outcomes(answered: Answered, suspected: frozenset[str]) -> None:
    said = zip((step.host for step in answered.steps), answered.answers, strict=True)
    host_turns.note_outcomes(said, suspected)


def _call(step: Step) -> object:
    """The answer, or what went wrong instead of it: whatever a step raises is its own failure, and no neighbour's."""
    try:
        with host_turns.calling(step.request_id, step.host):
            return step.call(client(), Deadline.after(CALL_SECONDS))
    except OpenPaymentsError as error:
        log.info("%s: %s", type(step).__name__, error)
        return error
    except Exception as error:
        log.exception("%s failed in the program", type(step).__name__)
        return _our_fault(step, error)


def _our_fault(step: Step, error: Exception) -> OurFault:
    return OurFault(step.operation, step.address, type(error).__name__)


def _apply(step: Step, answer: object) -> None:
    """Commit the answer, in one transaction that begins with the requests' rows, as every command of a person does."""
    try:
        _take_alone(step, answer)
    except (OperationalError, InterfaceError):
        # The database is away: whoever inherits the lease finds an intent without an answer.
        raise
    except (Moved, NoSuchMove) as late:
        # Another holder took over while this call was out, and has found out by itself. What the wallet said is kept.
        log.warning("late answer to %s: %s", type(step).__name__, late)
        _keep_late(step, answer)
    except Exception as error:
        if isinstance(answer, OurFault):
            raise
        log.exception("%s failed in the program, at its answer", type(step).__name__)
        _apply(step, _our_fault(step, error))


def _take_alone(step: Step, answer: object) -> None:
    with one_change():
        for request_id in step.requests:
            _want_replan(request_id)
        _take(step, answer)


def _want_replan(request_id: str) -> None:
    """Lock it, and have whoever holds its lease look at it once more."""
    PaymentRequest.objects.filter(pk=request_id).update(needs_replan=True)


def _take(step: Step, answer: object) -> None:
    if isinstance(answer, OpenPaymentsError):
        step.failed(answer)
    else:
        step.apply(answer)


def _keep_late(step: Step, answer: object) -> None:
    told = {"step": type(step).__name__, "answer": type(answer).__name__, "host": step.host}
    if remote_id := getattr(answer, "id", ""):
        told["remote_id"] = str(remote_id)
    with transaction.atomic():
        record("request.late_answer", actor=ENGINE, subjects={"request": step.request_id}, data=told)

"""The door to the engine: move one payment request as far as it gets.

Plan (one transaction, no network), call (network, no database), apply (one transaction): over and over, under a lease.
Any number of pages, workers and staff may call it for the same request at once; one of them works.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from functools import partial

from django.db import InterfaceError, OperationalError, connection, transaction

from ledger import clock
from ledger.api import record
from payments.books.booking import booked_once
from payments.client import client
from payments.engine import host_turns
from payments.engine.backoff import after_failure
from payments.engine.leases import Lease, LeaseLost, acquire, hand_on, release, renew, renew_and_lock
from payments.engine.planning import Plan, mark_unanswered, plan
from payments.engine.queries import REQUEST
from payments.engine.steps.base import ENGINE, Step
from payments.models import PaymentRequest
from payments.moving import Moved, NoSuchMove
from payments.openpayments.errors import OpenPaymentsError, OurFault
from payments.openpayments.transport import Deadline

log = logging.getLogger(__name__)
Rest = Callable[[], None]

#: No call to a wallet may take longer, all of it together.
CALL_SECONDS = 12.0
MAX_ROUNDS = 200
MAX_AT_ONCE = 8
PAUSE_SECONDS = 0.1
#: A fault of the program is not over in a second, as one of a wallet may be: the first wait is a minute.
CRASH_IS_WORSE = 7


def advance(request_id: str, seconds: float) -> PaymentRequest:
    """Work on the request for about `seconds`, at the most until it waits for a person or a clock; then tell how it is.

    A wallet's fault is written into the rows, never raised. A call that has begun is finished (at most 12 s).
    """
    end = clock.monotonic() + seconds
    if lease := _acquire(request_id, seconds):
        _work(lease, end, sleeps=True)
    return REQUEST.get(request_id)


def advance_within(request_id: str, seconds: float, over: Callable[[], None]) -> PaymentRequest:
    """Work on the request as `advance` does, but for no longer than `seconds`, however many steps there are.

    A call that has begun may move money, so it is not cut off: with what its plan has left it goes on in a thread of
    its own, and workers take over from there. `over` is called once this process is done with the request.
    """
    end = clock.monotonic() + seconds
    left: list[Rest] = []
    try:
        lease = _acquire(request_id, seconds)
        if lease:
            _work(lease, end, sleeps=True, leave=left.append)
        for rest in left:
            threading.Thread(target=_see_to_the_end, args=(lease, rest, over), name="press").start()
        return REQUEST.get(request_id)
    finally:
        if not left:
            over()


def _acquire(request_id: str, seconds: float) -> Lease | None:
    """The lease, as soon as nobody else holds it; None when somebody still does after `seconds`."""
    # In real time, also where waits are skipped by moving the clock: whoever holds it is at work and needs it.
    end = time.monotonic() + seconds
    while True:
        lease = acquire(request_id)
        if lease or time.monotonic() > end:
            return lease
        time.sleep(PAUSE_SECONDS)


def push(request_id: str, seconds: float) -> datetime | None:
    """Work on the request as `advance` does, but sleep for nothing: when it wants the next look, None when told.

    For workers, which have others to work on meanwhile. A request that somebody else is at is left to them.
    """
    lease = acquire(request_id)
    return _work(lease, clock.monotonic() + seconds, sleeps=False) if lease else None


def _work(lease: Lease, end: float, *, sleeps: bool, leave: Callable[[Rest], None] | None = None) -> datetime | None:
    """With `leave`, whoever waits is gone at `end`: it is given what must still be done then, under the lease."""
    suspected = host_turns.suspects()
    for round_ in range(MAX_ROUNDS):
        try:
            planned = _plan(lease, takes_over=lease.inherited and round_ == 0)
            if planned.steps and leave is None:
                _carry_out(lease, planned.steps, suspected)
            elif leave and (rest := _carry_out_by(end, lease, planned.steps, suspected)):
                leave(rest)
                return None
        except LeaseLost:
            return None
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("request %s: the program failed", lease.request_id)
            return _crashed(lease, error)
        if planned.moved or planned.steps:
            if clock.monotonic() < end:
                continue
            planned.wake_at = clock.now()
        if sleeps and _waits_shortly(planned, end):
            continue
        if release(lease, planned.wake_at):
            PaymentRequest.objects.filter(pk=lease.request_id, crashes__gt=0).update(crashes=0, crash="")
            return planned.wake_at
    log.error("request %s: still not at rest after %s rounds", lease.request_id, MAX_ROUNDS)
    release(lease, clock.now())
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


def _waits_shortly(planned: Plan, end: float) -> bool:
    """Sleep until the plan's time comes if the caller's budget allows it; the lease outlives this wait."""
    if planned.wake_at is None:
        return False
    wait = (planned.wake_at - clock.now()).total_seconds()
    if wait > end - clock.monotonic():
        return False
    clock.sleep(wait)
    return True


def _plan(lease: Lease, *, takes_over: bool) -> Plan:
    with transaction.atomic(), booked_once():
        request = renew_and_lock(lease)
        if takes_over:
            # Whoever lets go of a lease has the answer to every intent, as we have later in the same lease.
            mark_unanswered(request)
        return plan(request, clock.now())


def _carry_out(lease: Lease, steps: list[Step], suspected: frozenset[str]) -> None:
    """A few at a time: so many calls take less than a lease lives, and each few begin under one that was renewed."""
    _do(steps[:MAX_AT_ONCE], suspected)
    for begin in range(MAX_AT_ONCE, len(steps), MAX_AT_ONCE):
        renew(lease)
        _do(steps[begin : begin + MAX_AT_ONCE], suspected)


def _carry_out_by(end: float, lease: Lease, steps: list[Step], suspected: frozenset[str]) -> Rest | None:
    """The same until `end`: what is then left to do, if anything."""
    while steps:
        if clock.monotonic() >= end:
            return partial(_go_on, lease, [], [], steps, suspected)
        few, steps = steps[:MAX_AT_ONCE], steps[MAX_AT_ONCE:]
        threads = ThreadPoolExecutor(max_workers=len(few))
        calls = [threads.submit(_call, step) for step in few]
        threads.shutdown(wait=False)
        if wait(calls, timeout=max(end - clock.monotonic(), 0)).not_done:
            return partial(_go_on, lease, few, calls, steps, suspected)
        _commit(few, [call.result() for call in calls], suspected)
        if steps:
            renew(lease)
    return None


def _go_on(
    lease: Lease, few: list[Step], calls: list[Future[object]], steps: list[Step], suspected: frozenset[str]
) -> None:
    _commit(few, [call.result() for call in calls], suspected)
    if steps:
        renew(lease)
        _carry_out(lease, steps, suspected)


def _see_to_the_end(lease: Lease, rest: Rest, over: Callable[[], None]) -> None:
    try:
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


def _do(steps: list[Step], suspected: frozenset[str]) -> None:
    if len(steps) == 1:
        answers = [_call(steps[0])]
    else:
        with ThreadPoolExecutor(max_workers=MAX_AT_ONCE) as pool:
            answers = list(pool.map(_call, steps))
    _commit(steps, answers, suspected)


def _commit(steps: list[Step], answers: list[object], suspected: frozenset[str]) -> None:
    failed: Exception | None = None
    for step, answer in zip(steps, answers, strict=True):
        try:
            _apply(step, answer)
        except Exception as error:  # noqa: BLE001 - raised below, once the other answers are safe
            failed = failed or error
    if failed:
        raise failed
    host_turns.note_outcomes(((step.host, answer) for step, answer in zip(steps, answers, strict=True)), suspected)


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
        _take(step, answer)
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


def _take(step: Step, answer: object) -> None:
    with transaction.atomic(), booked_once():
        for request_id in step.requests:
            PaymentRequest.objects.filter(pk=request_id).update(needs_replan=True)
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

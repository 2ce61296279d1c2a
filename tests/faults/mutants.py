"""Engines that lack one precaution each, to see that the matrix would notice. Put in place in the lives of a case.

`precautions.py` says where each is looked for, and what shows.
"""

import types
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.db import transaction

from ledger import clock
from payments import moving, tasks
from payments.engine import advance, evidence, transitions
from payments.engine.leases import SECONDS, FreeRequest, Lease, lock_leased
from payments.engine.planning import Plan, paying, settling, watching
from payments.engine.steps.base import ENGINE
from payments.engine.steps.sending import CreateOutgoingPayment
from payments.mail import sending
from payments.mail.rendering import render
from payments.models import OutgoingPayment, PaymentRequest
from payments.models.messages import MessageState
from payments.states import AttemptState, PaymentState


def apply(name: str) -> None:
    """Put the mutant `name` in place of the engine; nothing for the empty name."""
    if name:
        MUTANTS[name]()


def _exchange(module: types.ModuleType, **functions: Callable[..., Any]) -> None:
    """Let `module` use these for its own, or for those that it imported under these names."""
    vars(module).update(functions)


def _intent_skipped() -> None:
    answers: dict[int, object] = {}
    call = advance._call

    plan = advance._plan

    def plan_and_call(lease: Lease, *, takes_over: bool) -> Plan:
        planned = plan(lease, takes_over=takes_over)
        answers.update({id(step): call(step) for step in planned.steps})
        return planned

    _exchange(advance, _plan=plan_and_call, _call=lambda step: answers.pop(id(step)))


def _lease_dropped() -> None:
    def always(request_id: str) -> FreeRequest:
        fence = PaymentRequest.objects.values_list("lease_fence", flat=True).get(pk=request_id)
        return FreeRequest(request_id, fence, None)

    def lease_anyhow(found: FreeRequest) -> Lease:
        until = clock.now() + timedelta(seconds=SECONDS)
        rows = PaymentRequest.objects.filter(pk=found.request_id)
        rows.update(lease_fence=found.fence + 1, lease_until=until, next_attempt_at=until)
        return Lease(found.request_id, found.fence + 1)

    _exchange(advance, find_free=always, lease_free=lease_anyhow)


def _fencing_ignored() -> None:
    def hold_anyhow(lease: Lease) -> None:
        now_valid = PaymentRequest.objects.values_list("lease_fence", flat=True).get(pk=lease.request_id)
        lock_leased(Lease(lease.request_id, now_valid))

    _exchange(advance, lock_leased=hold_anyhow)


def _order_repeated() -> None:
    def try_again(order: OutgoingPayment, code: str, params: dict[str, str]) -> None:
        payment = order.payment
        transitions.move(order, AttemptState.UNKNOWN, actor=ENGINE, reason=code)
        transitions.move(order, AttemptState.FAILED, actor=ENGINE, reason="never_created")
        transitions.move(payment, PaymentState.APPROVED, actor=ENGINE, reason_params=params)

    _exchange(watching, note_unknown=try_again)


def _fence_skipped() -> None:
    """A clock, or nothing at all, is taken for evidence."""
    for module in (evidence, settling, watching):
        _exchange(module, is_closed=lambda _incoming: True)


def _states_overwritten() -> None:
    # The function is known by name in many modules: what it does is exchanged, not the name.
    moving.swap.__code__ = _overwrite.__code__


def _overwrite(row: Any, to: str, moves: Any, *, column: str = "state", unchanged: Any = (), **columns: Any) -> None:
    columns.update({column: to, "changed_at": clock.now()})
    type(row)._default_manager.filter(pk=row.pk).update(**columns)
    for each, value in columns.items():
        setattr(row, each, value)


def _answer_in_pieces() -> None:
    move = transitions.move
    whole = types.FunctionType(move.__code__, move.__globals__, "move", move.__defaults__, move.__closure__)
    whole.__kwdefaults__ = move.__kwdefaults__
    _exchange(transitions, _whole_move=whole)
    vars(transitions)["transaction"] = transaction
    move.__code__ = _move_by_itself.__code__

    take_and_decide = advance._taken_and_decided

    def take_without_transaction(lease: Lease, answered: advance.Answered, rests: Any) -> advance.Decided:
        (step,), (answer,) = answered.steps, cast("list[Any]", answered.answers)
        if not isinstance(step, CreateOutgoingPayment):
            return take_and_decide(lease, answered, rests)
        step.apply(answer)
        return advance._keep_and_decide(lease, None, frozenset(), rests)

    _exchange(advance, _taken_and_decided=take_without_transaction)


def _move_by_itself(row: Any, to: str, *, actor: Any, private: Any = None, **columns: Any) -> None:
    with transaction.atomic():
        _whole_move(row, to, actor=actor, private=private, **columns)  # type: ignore[name-defined]  # noqa: F821 - lives in the module that this code is put into


def _entry_afterwards() -> None:
    tell = transitions._tell

    def tell_later(row: Any, actor: Any, private: Any) -> None:
        def tell_now() -> None:
            with transaction.atomic():
                tell(row, actor, private)

        transaction.on_commit(tell_now)

    _exchange(transitions, _tell=tell_later)


def _switch_read_once() -> None:
    paying.WRITTEN_AT_ONCE = 1000


def _mail_called_sent() -> None:
    def send(message_id: str) -> None:
        message = sending._claim(message_id)
        if message:
            sending._finish(message, MessageState.SENT, sent_at=clock.now())
            sending.deliver(message, render(message))

    _exchange(tasks, send=send)


MUTANTS: dict[str, Callable[[], None]] = {
    "intent skipped": _intent_skipped,
    "lease dropped": _lease_dropped,
    "fencing ignored": _fencing_ignored,
    "order repeated": _order_repeated,
    "fence skipped": _fence_skipped,
    "states overwritten": _states_overwritten,
    "answer in pieces": _answer_in_pieces,
    "entry afterwards": _entry_afterwards,
    "switch read once": _switch_read_once,
    "mail called sent": _mail_called_sent,
}

"""The cases of the matrix: a process is killed at a point, or stopped there while others go on, or overtaken."""

from typing import assert_never

from tests.faults import lives
from tests.faults.naming import Case, Result, Side, Verdict, Way
from tests.faults.stories.base import A_MINUTE
from tests.faults.world import World, pass_time

FIRST, LOOKING_IN, SECOND, LAST = "the first", "looking in", "the second", "the last"


def run(case: Case, world: World) -> Result:
    match case.way:
        case Way.KILLED:
            return _killed(case, world)
        case Way.OVERTAKEN | Way.LATE:
            return _stopped(case, world)
        case Way.PAUSED:
            return _paused(case, world)
        case never:
            assert_never(never)


def _killed(case: Case, world: World) -> Result:
    reached = lives.kill_at(case.point, case.side)
    with lives.Process(world, FIRST, lambda: lives.watched(world, reached), case.mutant) as first:
        if not first.was_killed():
            return _missed(case, world)
    pass_time(A_MINUTE)
    return _judged(case, world)


def _stopped(case: Case, world: World) -> Result:
    """Two processes believe that a request is theirs; the lease and its fencing number say whose it is."""
    reached = lives.stop_at(world, FIRST, case.point, case.side)
    with lives.Process(world, FIRST, lambda: lives.watched(world, reached), case.mutant) as first:
        if not first.is_stopped():
            return _missed(case, world)
        with lives.Process(world, LOOKING_IN, lambda: lives.look_in(world, LOOKING_IN), case.mutant) as visitor:
            visitor.wait()
        pass_time(A_MINUTE)
        faults = _overtaken(case, world, first) if case.way == Way.OVERTAKEN else _late(case, world, first)
    if lives.plans_of(world, LOOKING_IN):
        faults.append("a second process worked on the request while the first held it")
    result = _judged(case, world)
    result.verdict.faults += faults
    return result


def _overtaken(case: Case, world: World, first: lives.Process) -> list[str]:
    reached = lives.stop_at(world, SECOND, None, Side.BEFORE)
    with lives.Process(world, SECOND, lambda: lives.watched(world, reached), case.mutant) as second:
        is_calling = second.is_stopped()
        first.go_on()
        planned = lives.plans_of(world, FIRST)
        second.go_on()
    if is_calling and planned:
        return ["the first process planned on after the second had taken over"]
    return []


def _late(case: Case, world: World, first: lives.Process) -> list[str]:
    with lives.Process(world, SECOND, lambda: lives.take_over(world), case.mutant) as second:
        second.wait()
    first.go_on()
    return []


def _paused(case: Case, world: World) -> Result:
    """What was under way goes on. Nothing else is ordered before it is resumed, and then everything, once."""
    reached = lives.pause_at(world, case.point, case.side)
    with lives.Process(world, FIRST, lambda: lives.watched(world, reached), case.mutant) as first:
        first.wait()
    before = lives.ordered_before_the_pause(world)
    if before is None:
        return _missed(case, world)
    ordered = lives.orders_at(world) - before - (case.side == Side.BEFORE)
    with lives.Process(world, SECOND, lives.resume, case.mutant) as second:
        second.wait()
    result = _judged(case, world)
    if ordered:
        result.verdict.faults.append(f"{ordered} more were ordered while everything was paused")
    return result


def _judged(case: Case, world: World) -> Result:
    with lives.Process(world, LAST, lambda: lives.last_life(world), case.mutant) as last:
        last.wait()
    return Result(case, lives.verdict_of(world))


def _missed(case: Case, world: World) -> Result:
    return Result(case, Verdict(lives.errors(world)), came_there=False)

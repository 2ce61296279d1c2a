"""Lives of processes: one begins, and dies or is stopped at a point; others go on. Forked from a runner that is warm.

Nothing here sleeps: waits are stretched beyond what the engine sits through, and the clock is moved instead.
"""

import json
import os
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict
from types import FrameType
from typing import NoReturn, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connections
from django_q.models import OrmQ

from ledger import clock, continuity
from payments.actions import pausing
from payments.client import client
from payments.engine import advance, backoff
from payments.engine.planning import paying
from payments.models import Installation, Pause, PaymentRequest
from payments.models.pauses import PauseScope
from payments.pages import approve
from payments.worker import advance_now, pool, startup
from payments.worker.database_identity import fingerprint
from tests.faults import mutants
from tests.faults.mailbox import FolderBackend
from tests.faults.naming import ORDER, Kind, Point, Side, Verdict
from tests.faults.points import Watch, instruments
from tests.faults.stories.base import tomas
from tests.faults.verdict import judge, lies
from tests.faults.world import World

#: A life takes about a second; one that hangs is ended.
LONGEST_SECONDS = 90
#: The shortest wait is then longer than any turn of a page or a worker.
STRETCH = 20
#: How long one waits, beside others, for a request that another process holds.
HURRIED_SECONDS = 0.2
#: Where plans are committed: to be seen there is to work on the request.
PLANS = tuple(f"payments.engine.advance.{name}" for name in ("_begin", "_keep_and_decide", "_taken_and_decided"))


def prepare() -> None:
    """Once per runner: where the engine would sleep, and what would make two runs differ."""
    backoff.FIRST_SECONDS *= STRETCH
    vars(backoff)["POLL_SECONDS"] = tuple(seconds * STRETCH for seconds in backoff.POLL_SECONDS)
    # One call after the other, however slow the machine: the order of points is then the same in every run.
    advance.MAX_AT_ONCE = 1
    paying.WRITTEN_AT_ONCE = 1
    pool.AT_ONCE = 1
    pool.REQUEST_SECONDS = LONGEST_SECONDS
    # A call that lasts longer than a person waits is left to no thread that goes on beside the story.
    vars(advance_now)["advance_within"] = _in_this_thread
    instruments.install()


def _in_this_thread(request_id: str, seconds: float, over: Callable[[], None]) -> PaymentRequest:
    try:
        return advance.advance(request_id, seconds)
    finally:
        over()


def enter(world: World) -> None:
    """This process is now one of the back office of `world`, just started."""
    connections.close_all()
    connections["default"].settings_dict["NAME"] = world.database
    FolderBackend.folder = world.folder
    client.cache_clear()
    startup._started.clear()
    continuity.forget()
    # Each world's database was copied from a template, and is at home where it is.
    here = fingerprint(connections["default"])
    Installation.objects.exclude(fingerprint=here).update(fingerprint=here)


def leave() -> None:
    instruments.watch = None
    connections.close_all()
    client().transport.close()
    client.cache_clear()


class Process:
    """One life in `world`, forked off. What goes wrong in it stands in a file with its name."""

    def __init__(self, world: World, name: str, story: Callable[[], None], mutant: str = "") -> None:
        self._ended = False
        self._pid = os.fork()
        if not self._pid:
            _live(world, name, story, mutant)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended:
            os.kill(self._pid, signal.SIGKILL)
            self.wait()

    def wait(self) -> int:
        """Until it ended or stopped itself; its status, as `os.waitpid` gives it."""
        status = os.waitpid(self._pid, os.WUNTRACED)[1]
        self._ended = not os.WIFSTOPPED(status)
        return status

    def is_stopped(self) -> bool:
        return os.WIFSTOPPED(self.wait())

    def was_killed(self) -> bool:
        status = self.wait()
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def go_on(self) -> None:
        """Until it ends, if it was stopped."""
        while not self._ended:
            os.kill(self._pid, signal.SIGCONT)
            self.wait()


def _live(world: World, name: str, story: Callable[[], None], mutant: str) -> NoReturn:
    def too_long(_signal: int, frame: FrameType | None) -> NoReturn:
        # Said here, for whatever is under way then may catch an exception and go on.
        told = "".join(traceback.format_stack(frame))
        (world.folder / f"{name}.error").write_text(f"this life took more than {LONGEST_SECONDS} seconds\n{told}")
        os._exit(1)

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LONGEST_SECONDS)
    code = 1
    try:
        enter(world)
        mutants.apply(mutant)
        story()
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the runner tells it; the process ends here
        (world.folder / f"{name}.error").write_text(traceback.format_exc())
    finally:
        os._exit(code)


def watched(world: World, reached: Callable[[Point, Side], None]) -> None:
    """A life in which `reached` is told of every point."""
    instruments.watch = Watch(reached)
    world.live()


def seat(world: World, key: Ed25519PrivateKey) -> None:
    """What is there before the story begins, in a database that can be copied as it is then."""
    world.story.seat(world, key)
    OrmQ.objects.all().delete()
    if connections["default"].vendor == "sqlite":
        with connections["default"].cursor() as cursor:
            # A copy of the file alone must be whole.
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def take_over(world: World) -> None:
    """Another process, which knows only what was written down: the queue's tasks went with whoever had taken them."""
    OrmQ.objects.all().delete()
    world.live()


def last_life(world: World) -> None:
    """Take over, go on until all is at rest, and judge."""
    told_lies = [f"just after: {lie}" for lie in lies(world)]
    take_over(world)
    verdict = judge(world)
    verdict.faults += told_lies
    (world.folder / "verdict.json").write_text(json.dumps(asdict(verdict)))


def look_in(world: World, name: str) -> None:
    """Another process comes by while the first still holds a request: it has to leave it alone."""
    instruments.watch = Watch(lambda point, side: note_plan(world, name, point, side))
    for request in PaymentRequest.objects.filter(lease_until__gt=clock.now()):
        advance.advance(request.pk, HURRIED_SECONDS)


def kill_at(point: Point, side: Side) -> Callable[[Point, Side], None]:
    def reached(passed: Point, passed_side: Side) -> None:
        if (passed, passed_side) == (point, side):
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def stop_at(world: World, name: str, point: Point | None, side: Side) -> Callable[[Point, Side], None]:
    """Stop once, at `point` or at the first call.

    From then on note what this process plans, and have it leave when nothing is due: others move the clock.
    """
    stopped = False

    def reached(passed: Point, passed_side: Side) -> None:
        nonlocal stopped
        if stopped:
            note_plan(world, name, passed, passed_side)
        elif passed_side == side and (passed == point if point else passed.kind == Kind.CALL):
            stopped = True
            # To this thread: one sent to the process may let it run on for a moment.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
            world.is_patient = False
            approve.INLINE_SECONDS = HURRIED_SECONDS  # type: ignore[misc]  # final for the product

    return reached


def pause_at(world: World, point: Point, side: Side) -> Callable[[Point, Side], None]:
    """Pause everything at `point`, and leave once nothing is to do any more; payers wait, as they are told."""

    def reached(passed: Point, passed_side: Side) -> None:
        if (passed, passed_side) == (point, side):
            (world.folder / "ordered").write_text(str(orders_at(world)))
            with instruments.unwatched():
                pausing.pause(PauseScope.ALL, "", "An incident", None)
            world.is_patient, world.payers_wait = False, True

    return reached


def ordered_before_the_pause(world: World) -> int | None:
    """How often wallets had been told to pay; None when nothing was paused."""
    path = world.folder / "ordered"
    return int(path.read_text()) if path.exists() else None


def orders_at(world: World) -> int:
    return len(world.sandbox.requests(ORDER))


def resume() -> None:
    pausing.resume(Pause.objects.get().pk, tomas())


def note_plan(world: World, name: str, point: Point, side: Side) -> None:
    if side == Side.AFTER and point.kind == Kind.COMMIT and point.label.startswith(PLANS):
        with (world.folder / "plans").open("a") as plans:
            plans.write(f"{name}\n")


def plans_of(world: World, name: str) -> int:
    path = world.folder / "plans"
    return path.read_text().splitlines().count(name) if path.exists() else 0


def errors(world: World) -> list[str]:
    return [f"{path.stem} ended with an error: {path.read_text()}" for path in sorted(world.folder.glob("*.error"))]


def verdict_of(world: World) -> Verdict:
    path = world.folder / "verdict.json"
    verdict = Verdict(**json.loads(path.read_text())) if path.exists() else Verdict(["it was not brought to an end"])
    verdict.faults += errors(world)
    return verdict

"""A process that runs cases: it stays single-threaded, is warm, holds no connection, and forks every life from there.

Orders come in as lines of JSON, results go out as lines of JSON. It has wallets and a clock of its own.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from payments.openpayments.keys import generate_key, public_jwk
from tests import environment  # noqa: F401 - must run before the settings are read
from tests.databases import Databases
from tests.faults.naming import Case, Point, Side
from tests.sandbox.process import SandboxProcess

if TYPE_CHECKING:  # models can only be imported after the setup
    from tests.faults.world import World

#: Every story begins at noon on a second of a month, whatever day it is: what depends on the calendar is the same then.
DAY, HOUR = 2, 18
#: When the cast took its places: what was looked up then is not fresh any more.
THE_DAY_BEFORE = timedelta(days=1)


class Runner:
    """`template` is a database with its tables and nothing in them."""

    def __init__(self, sandbox: SandboxProcess, databases: Databases, template: str, folder: Path, clock: Path) -> None:
        self._sandbox = sandbox
        self._databases = databases
        self._folder = folder
        self._clock = clock
        self._name = folder.name
        self._numbers = count(1)
        self._empty = template
        self._key = generate_key()
        #: By story: a database in which its cast is in place.
        self._seated: dict[str, str] = {}

    def prepare(self) -> None:
        """One story was lived: everything that is made on first use is made."""
        from tests.faults import lives  # noqa: PLC0415 - models can only be imported after the setup
        from tests.faults.stories import STORIES  # noqa: PLC0415

        lives.prepare()
        world = self.world(next(iter(STORIES)))
        lives.enter(world)
        world.live()
        lives.leave()
        self._drop(world)
        # What is there now is the same in every life: no page of it is copied for the garbage collector's sake.
        gc.collect()
        gc.freeze()
        # No life is long enough to need it.
        gc.disable()

    def world(self, name: str) -> World:
        """A new world of the story `name`, in which nothing has happened yet."""
        if name not in self._seated:
            cast = self._new_world(name, self._empty, f"{self._name}_{name}", _beginning() - THE_DAY_BEFORE)
            self._seated[name] = self._seat(cast)
        return self._new_world(name, self._seated[name], f"{self._name}_{next(self._numbers)}", _beginning())

    def _new_world(self, name: str, template: str, database: str, begins: datetime) -> World:
        """With wallets that know of nothing but their balances."""
        from tests.faults.stories import STORIES  # noqa: PLC0415 - as above
        from tests.faults.stories.base import KEY_ID, PLATFORM  # noqa: PLC0415
        from tests.faults.world import World, set_clock  # noqa: PLC0415

        story = STORIES[name]
        folder = self._folder / database
        folder.mkdir()
        set_clock(self._clock, int(begins.timestamp() - time.time()))
        self._sandbox.reset()
        self._sandbox.settings(settleOnCommand=True, settleDelayMs=0, waitSeconds=0)
        jwk = public_jwk(self._key, KEY_ID).to_wire()
        for person in story.people:
            self._sandbox.create_wallet(
                person.name,
                asset=person.asset.code,
                scale=person.asset.scale,
                balance=person.balance,
                fee={"fixed": person.fee},
                keys=[jwk] if person == PLATFORM else [],
            )
        return World(story, folder, self._sandbox.port, self._databases.copy(template, database))

    def _seat(self, world: World) -> str:
        """Its database, with the cast in it. In a process of its own, so that this one never holds a connection."""
        from tests.faults import lives  # noqa: PLC0415 - as above

        with lives.Process(world, "seating", lambda: lives.seat(world, self._key)) as process:
            process.wait()
        assert not lives.errors(world), lives.errors(world)
        return world.database

    def record(self, name: str) -> list[Any]:
        """The points of one healthy life of the story, in their order; what is wrong at its end ends the run."""
        from tests.faults import lives  # noqa: PLC0415 - as above

        world = self.world(name)
        path = world.folder / "points"

        def note(point: Point, side: Side) -> None:
            if side == Side.BEFORE:
                with path.open("a") as points:
                    points.write(json.dumps(point.to_wire()) + "\n")

        with lives.Process(world, "recording", lambda: lives.watched(world, note)) as process:
            process.wait()
        with lives.Process(world, "judging", lambda: lives.last_life(world)) as process:
            process.wait()
        verdict = lives.verdict_of(world)
        assert not verdict.faults, (name, verdict.faults)
        self._drop(world)
        return [json.loads(line) for line in path.read_text().splitlines()]

    def run(self, wire: dict[str, Any]) -> dict[str, Any]:
        from tests.faults import cases  # noqa: PLC0415 - as above

        case = Case.from_wire(wire)
        world = self.world(case.story)
        result = cases.run(case, world)
        self._drop(world)
        return {"verdict": asdict(result.verdict), "came_there": result.came_there}

    def _drop(self, world: World) -> None:
        world.sandbox.__exit__(None, None, None)
        self._databases.drop(world.database)


def _beginning() -> datetime:
    """The next such noon."""
    soon = datetime.now(UTC) + timedelta(days=32)
    return soon.replace(day=DAY, hour=HOUR, minute=0, second=0, microsecond=0)


def main(url: str, prefix: str, template: str, folder: Path) -> None:
    clock = folder / "clock"
    clock.write_text("0")
    with SandboxProcess(clock_file=clock) as sandbox:
        os.environ["DATABASE_URL"] = url
        os.environ["CLOCK_OFFSET_FILE"] = str(clock)
        os.environ["OPEN_PAYMENTS_TRUSTED_HOSTS"] = sandbox.trusted_host
        os.environ["LOG_LEVEL"] = "ERROR"
        os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings"
        django.setup()
        from django.conf import settings  # noqa: PLC0415 - as above

        from tests import databases  # noqa: PLC0415

        settings.EMAIL_BACKEND = "tests.faults.mailbox.FolderBackend"
        runner = Runner(sandbox, databases.at(url, folder, prefix), template, folder, clock)
        runner.prepare()
        for line in sys.stdin:
            order = json.loads(line)
            sys.stdout.write(json.dumps(_answer(runner, order)) + "\n")
            sys.stdout.flush()


def _answer(runner: Runner, order: Any) -> Any:
    """To nothing, what stories there are; to a story's name, its points; to a case, how it ended."""
    if order is None:
        from tests.faults.stories import STORIES  # noqa: PLC0415 - as above

        return {name: story.says for name, story in STORIES.items()}
    return runner.record(order) if isinstance(order, str) else runner.run(order)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))

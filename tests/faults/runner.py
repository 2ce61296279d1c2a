"""A process that runs cases: it stays single-threaded, is warm, holds no connection, and forks every life from there.

Orders come in as lines of JSON, results go out as lines of JSON. It has wallets and a clock of its own.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from tests import environment  # noqa: F401 - must run before the settings are read
from tests.faults.naming import Case, Point, Side
from tests.sandbox.process import SandboxProcess

if TYPE_CHECKING:
    from tests.faults.databases import Databases
    from tests.faults.world import World

KEY_ID = "k1"


class Runner:
    """`template` is a database with its tables and nothing in them."""

    def __init__(self, sandbox: SandboxProcess, databases: Databases, template: str, folder: Path) -> None:
        self._sandbox = sandbox
        self._databases = databases
        self._folder = folder
        self._name = folder.name
        self._numbers = count(1)
        self._template = databases.copy(template, f"{folder.name}_cast")

    def prepare(self) -> None:
        """The cast is in place, and one payment was made: everything that is made on first use is made."""
        from tests.faults import lives  # noqa: PLC0415 - models can only be imported after the setup

        lives.prepare()
        self._sandbox.settings(settleOnCommand=True, settleDelayMs=0, waitSeconds=0)
        self._seat()
        world = self.world()
        lives.enter(world)
        world.live()
        lives.leave()
        self._drop(world)
        # What is there now is the same in every life: no page of it is copied for the garbage collector's sake.
        gc.collect()
        gc.freeze()

    def _seat(self) -> None:
        """The seller whose key the wallets know, and a member of staff."""
        from django.contrib.auth.models import User  # noqa: PLC0415 - as above
        from django.db import connections  # noqa: PLC0415

        from payments.desk import wallets  # noqa: PLC0415
        from payments.openpayments.keys import generate_key, public_jwk  # noqa: PLC0415
        from tests.sellers import seller_with_key  # noqa: PLC0415

        connections["default"].settings_dict["NAME"] = self._template
        key = generate_key()
        wallet = self._sandbox.create_wallet("platform", keys=[public_jwk(key, KEY_ID).to_wire()])
        address = wallets.find_or_add(wallet)
        seller_with_key(key, KEY_ID, id="platform", name="Tequio", wallet=address, is_default=True)
        User.objects.create_user("rosa", is_staff=True)
        if connections["default"].vendor == "sqlite":
            with connections["default"].cursor() as cursor:
                # A copy of the file alone must be whole.
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connections.close_all()

    def world(self) -> World:
        from tests.faults.world import BALANCE, FEE, World  # noqa: PLC0415 - as above

        number = next(self._numbers)
        folder = self._folder / f"world-{number}"
        folder.mkdir()
        return World(
            folder=folder,
            port=self._sandbox.port,
            payer=self._sandbox.create_wallet(f"sol-{number}", balance=BALANCE, fee={"fixed": FEE}),
            worker=self._sandbox.create_wallet(f"maria-{number}", balance=0),
            database=self._databases.copy(self._template, f"{self._name}_{number}"),
        )

    def record(self) -> list[Any]:
        """The points of one healthy life, in their order."""
        from tests.faults import lives  # noqa: PLC0415 - as above

        world = self.world()
        path = world.folder / "points"

        def note(point: Point, side: Side) -> None:
            if side == Side.BEFORE:
                with path.open("a") as points:
                    points.write(json.dumps(point.to_wire()) + "\n")

        with lives.Process(world, "recording", lambda: lives.watched(world, note)) as process:
            process.wait()
        assert not lives.errors(world), lives.errors(world)
        self._drop(world)
        return [json.loads(line) for line in path.read_text().splitlines()]

    def run(self, wire: dict[str, Any]) -> dict[str, Any]:
        from tests.faults import cases  # noqa: PLC0415 - as above

        world = self.world()
        result = cases.run(Case.from_wire(wire), world)
        self._drop(world)
        return {"verdict": asdict(result.verdict), "came_there": result.came_there}

    def _drop(self, world: World) -> None:
        world.sandbox.__exit__(None, None, None)
        self._databases.drop(world.database)


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

        from tests.faults import databases  # noqa: PLC0415

        settings.EMAIL_BACKEND = "tests.faults.mailbox.FolderBackend"
        runner = Runner(sandbox, databases.at(url, folder, prefix), template, folder)
        runner.prepare()
        for line in sys.stdin:
            order = json.loads(line)
            answer = runner.run(order) if order else runner.record()
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))

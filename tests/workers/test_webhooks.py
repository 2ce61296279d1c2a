"""A program that is told of events dies at any moment, and so do our workers: none is lost, and none is invented."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from standardwebhooks import Webhook

from tests.sandbox.process import PROJECT, free_port
from tests.workers.house import House, house
from tests.workers.receiving import PLACES

pytestmark = pytest.mark.prove
SECONDS: Final = 300
PAYMENTS: Final = 3
TEST_EVENTS: Final = 40
LIVES: Final = 8
FOR_GOOD: Final = -1
#: By so much the clock goes on after each life: what waits for its next try is then due, soon or at once.
BETWEEN_LIVES: Final = (600, 9000)
WAITING: Final = "SELECT COUNT(*) FROM payments_webhookdelivery WHERE state <> 'delivered'"


@dataclass
class Receiver:
    """A program at `port` that keeps in `file` what it took, through all of its lives."""

    port: int
    file: Path

    @contextmanager
    def lives(self, takes: int, place: str = PLACES[0]) -> Iterator[subprocess.Popen[str]]:
        """Until it was killed, which it is by its request after `takes`, or the block is left."""
        command = [sys.executable, "-m", "tests.workers.receiving", str(self.port), str(self.file), str(takes), place]
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                assert process.stdout.readline() == "listens\n"
                yield process
            finally:
                process.kill()

    def took(self) -> list[dict[str, Any]]:
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        return [json.loads(line) for line in lines]


def test_a_receiver_that_is_killed_at_random_gets_everything_at_least_once_and_nothing_else(tmp_path: Path) -> None:
    chance = random.Random(8)
    with house(tmp_path) as built:
        receiver = Receiver(free_port(), tmp_path / "taken")
        host = f"localhost:{receiver.port}"
        built.environment["OPEN_PAYMENTS_TRUSTED_HOSTS"] += f",{host}"
        told = {"urls": [f"http://{host}/hooks"], "events": TEST_EVENTS}
        [secret] = json.loads(built.manage("-m", "tests.workers.telling", given=told)).values()
        built.approve(PAYMENTS)
        built.start(2)
        died_at = die_again_and_again(built, receiver, chance)
        with receiver.lives(FOR_GOOD):
            # What was tried last waits twenty hours at the most.
            built.later(built.clock_offset + 24 * 3600)
            built.wait_until_empty(WAITING, SECONDS)
        built.stop()
        check(built, receiver, secret)
        twice = len(receiver.took()) - len({one["headers"]["webhook-id"] for one in receiver.took()})
        assert twice <= sum(place != "before" for place in died_at), "only what nobody saw answered is sent again"
        built.check(PAYMENTS)


def die_again_and_again(built: House, receiver: Receiver, chance: random.Random) -> list[str]:
    """Where in its lives the receiver died. After the first all payments settle, and one of our workers dies later."""
    died_at = []
    for life in range(LIVES):
        takes, place = chance.randrange(5), chance.choice(PLACES)
        with receiver.lives(takes, place) as process:
            process.wait(SECONDS)
        died_at.append(place)
        if life == 0:
            built.wait_until_settled(PAYMENTS, SECONDS)
        if life == LIVES // 2:
            built.kill(1)
            built.start(1)
        built.later(built.clock_offset + chance.randrange(*BETWEEN_LIVES))
    return died_at


def check(built: House, receiver: Receiver, secret: str) -> None:
    """What was taken is what was written, bytes and all, signed; of each payment in the order of what happened."""
    written = {
        event_id: (number, about, body)
        for number, event_id, about, body in built.rows(
            "SELECT id, event_id, about, body FROM payments_webhookdelivery"
        )
    }
    assert len(written) > TEST_EVENTS + 2 * PAYMENTS
    order: dict[str, list[int]] = {}
    for one in receiver.took():
        headers, body = one["headers"], one["body"]
        number, about, as_written = written[headers["webhook-id"]]
        assert body == as_written
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        assert headers["webhook-signature"] == Webhook(secret).sign(headers["webhook-id"], at, body)
        if number not in order.setdefault(about, []):
            order[about].append(number)
    assert sorted(number for numbers in order.values() for number in numbers) == sorted(
        number for number, *_ in written.values()
    )
    assert all(numbers == sorted(numbers) for numbers in order.values())

"""One answer of a wallet is what no wallet should send: whatever it is, and whichever call it answers.

Nothing that a wallet says may raise out of a step, bring a row into a state that its table does not allow, move money
twice, or leave a payment to nobody. The suite tries a few kinds for each call, `make prove` every kind several times.
`FUZZ_SEED=8 make prove TESTS=tests/fuzz` tries others, `FUZZ_ROUNDS=20` more. A failure names call, kind and seed: what
`Fuzz.problems` is to be asked to see it again.
"""

import logging
import os
import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from ulid import ULID

from payments.client import client
from payments.engine import backoff
from payments.engine.planning.quote_path import SHARED_FOR
from payments.engine.planning.quoting import REMEMBERED
from payments.sandbox.faults.mutated_answers import MUTATIONS
from tests.chaos.books import Books
from tests.chaos.clock import InOrder, VirtualClock
from tests.chaos.shard import POLL_SECONDS
from tests.driver import Stage, set_the_stage
from tests.fuzz.one_payment import OnePayment
from tests.sandbox.process import SandboxProcess

SEED: Final = int(os.environ.get("FUZZ_SEED", "7"))
#: Of each call, in the suite.
FEW: Final = int(os.environ.get("FUZZ_KINDS", "1"))
#: Of each call and each kind, in `make prove`.
ROUNDS: Final = int(os.environ.get("FUZZ_ROUNDS", "1"))
#: In which story a call is made, and how often at least.
CALLS: Final[dict[str, tuple[str, int]]] = {
    "get-wallet-address": ("plain", 2),
    "post-request": ("plain", 3),
    "create-incoming-payment": ("plain", 1),
    "create-quote": ("plain", 1),
    "post-continue": ("plain", 1),
    "create-outgoing-payment": ("plain", 1),
    "get-incoming-payment": ("soon", 2),
    "get-outgoing-payment": ("late", 1),
    "list-outgoing-payments": ("answer lost", 1),
    "complete-incoming-payment": ("order lost", 1),
    "post-token": ("late", 1),
    "delete-continue": ("plain", 1),
}
HERE: Final = frozenset({"127.0.0.1"})
UNSHARED_SECONDS: Final = (SHARED_FOR + REMEMBERED).total_seconds()


@dataclass
class Fuzz:
    """A stage on which one payment after the other is fuzzed."""

    stage: Stage
    clock: VirtualClock
    books: Books
    log: pytest.LogCaptureFixture
    numbers: Iterator[int]

    def problems(self, operation: str, kind: str, seed: int) -> Iterator[str]:
        """What came of a payment in which one answer to `operation` is mutated. `seed` draws which, where and how."""
        story, made = CALLS[operation]
        match = {"operation": operation, "nth": random.Random(seed).randrange(1, made + 1)}
        random.seed(seed)  # the engine's backoff is jittered: by these dice
        payment = OnePayment(self.stage, self.clock, self.books, next(self.numbers), story)
        told = f"{operation}, {kind}, seed {seed}"
        self.log.clear()
        # What payments before it were told and given serves it no more: it makes every call itself.
        self.clock.forward(UNSHARED_SECONDS)
        try:
            payment.go({"match": match, "do": f"mutate:{kind}", "seed": seed})
        except Exception as error:
            raise AssertionError(told) from error
        yield from (f"{told}: {problem}" for problem in payment.problems())
        # A step that raises is isolated and logged; what a wallet says is to be expected, and raises nothing.
        errors = [record for record in self.log.records if record.levelno >= logging.ERROR]
        yield from (f"{told}: {error.getMessage()} {error.exc_text or ''}" for error in errors)
        if not payment.was_struck:
            yield f"{told}: no such call was made"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxProcess, Path]]:
    folder = tmp_path_factory.mktemp("fuzz")
    with SandboxProcess(data=folder / "books", clock_file=folder / "clock", split=True) as process:
        yield process, folder


@pytest.fixture
def fuzz(
    db: None,
    provider: tuple[SandboxProcess, Path],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Fuzz]:
    sandbox, folder = provider
    sandbox.reset()
    clock = VirtualClock(folder / "clock")
    monkeypatch.setattr(ULID, "provider", InOrder())
    monkeypatch.setattr(backoff, "POLL_SECONDS", POLL_SECONDS)
    monkeypatch.setattr(socket, "getaddrinfo", only_here(socket.getaddrinfo))
    stage = set_the_stage(sandbox, settings, folder)
    sandbox.settings(settleOnCommand=True, settleDelayMs=0, noRouteSeconds=0)
    yield Fuzz(stage, clock, Books(folder / "books"), caplog, count(1))
    client.cache_clear()


def only_here(look_up: Any) -> Any:
    """Whatever hosts the mutated answers name, nobody outside is asked about them."""

    def looked_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if str(host) not in HERE:
            raise socket.gaierror("nowhere")
        return look_up(host, *arguments, **options)

    return looked_up


@pytest.mark.parametrize("operation", CALLS)
def test_one_answer_of_a_few_kinds_that_no_wallet_should_send(fuzz: Fuzz, operation: str) -> None:
    dice = random.Random(f"{SEED} {operation}")
    kinds = dice.sample(list(MUTATIONS), FEW)
    problems = [problem for kind in kinds for problem in fuzz.problems(operation, kind, dice.randrange(2**31))]
    assert not problems, "\n".join(problems)


@pytest.mark.prove
@pytest.mark.parametrize("operation", CALLS)
def test_one_answer_of_every_kind_that_no_wallet_should_send(fuzz: Fuzz, operation: str) -> None:
    dice = random.Random(f"{SEED} {operation} again")
    cases = [(kind, dice.randrange(2**31)) for kind in MUTATIONS for _ in range(ROUNDS)]
    problems = [problem for kind, seed in cases for problem in fuzz.problems(operation, kind, seed)]
    assert not problems, "\n".join(problems)

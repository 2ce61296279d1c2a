"""Several runs side by side, and their results as one."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

PROJECT = Path(__file__).resolve().parents[2]
#: Real seconds that one flow may take, whatever else the machine does, and what a run needs besides.
SECONDS_PER_FLOW = 4.0
SECONDS_BESIDES = 120.0
#: So many calls of a shard are never answered at all, per thousand flows: each costs real seconds.
HANGS_PER_THOUSAND = 3


class ShardDied(Exception):
    """A run did not come to its end."""


@dataclass
class Report:
    flows: int = 0
    entries: int = 0
    seconds: float = 0
    requests: Counter[str] = field(default_factory=Counter)
    payments: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    flows_by_way: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    attention: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, results: list[dict[str, Any]]) -> Self:
        report = cls()
        for result in results:
            report.flows += result["flows"]
            report.entries += result["entries"]
            report.seconds = max(report.seconds, result["seconds"])
            for name, told in vars(report).items():
                if isinstance(told, Counter):
                    told.update(result[name])
            report.attention += result["attention"]
            report.problems += result["problems"]
            report.traces.append(result["trace"])
        return report

    @staticmethod
    def total(counts: Counter[str]) -> int:
        return sum(counts.values())

    @property
    def faulty_percent(self) -> float:
        """Of the calls that we made to wallets."""
        return 100 * self.total(self.faults) / max(self.total(self.calls), 1)

    @property
    def trace(self) -> str:
        return hashlib.sha256("\n".join(self.traces).encode()).hexdigest()


def run(*, flows: int, seed: int, faults: int, shards: int = 2) -> Report:
    """All flows of `seed`, shared out over `shards` processes. Raises ShardDied when one of them does not finish."""
    first = 0
    with tempfile.TemporaryDirectory(prefix="tequio-chaos-logs-") as folder:
        started = []
        for number in range(shards):
            share = flows // shards + (number < flows % shards)
            log = Path(folder) / f"shard-{number}.log"
            started.append((_start(first, share, seed, faults, log), share, log))
            first += share
        try:
            return Report.of([_finished(process, share, log) for process, share, log in started])
        finally:
            for process, _, _ in started:
                # With its wallets, should it have had no time to stop them.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _start(first: int, flows: int, seed: int, faults: int, log: Path) -> subprocess.Popen[str]:
    hangs = flows * HANGS_PER_THOUSAND // 1000
    options = {"first": first, "flows": flows, "seed": seed, "faults": faults, "hangs": hangs}
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    with log.open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.shard", *arguments],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )


def _finished(process: subprocess.Popen[str], flows: int, log: Path) -> dict[str, Any]:
    try:
        told, _ = process.communicate(timeout=SECONDS_BESIDES + flows * SECONDS_PER_FLOW)
    except subprocess.TimeoutExpired:
        raise ShardDied(f"not at its end in time: {_end_of(log)}") from None
    if process.returncode:
        raise ShardDied(f"ended with {process.returncode}: {_end_of(log)}")
    result: dict[str, Any] = json.loads(told.splitlines()[-1])
    return result


def _end_of(log: Path) -> str:
    """What it died of, or, when it died of nothing, what it said last. Its wallets write to the same file."""
    text = log.read_text(errors="replace")
    found = text.rfind("Traceback")
    return text[found:][:4000] if found >= 0 else text[-4000:]

"""Child processes of a test run: each in a session of its own with its output in a file, ended whatever happens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from tests.sandbox.process import PROJECT

STOP_SECONDS: Final = 6.0
LOOK_SECONDS: Final = 0.05
LAST_LINES: Final = 30

Found = TypeVar("Found")


class Programs:
    """`folder` takes the logs; `environment` is all that the programs know of the world."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, *arguments: str, talks: bool = False, settings: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start Python with `arguments`, and with `settings` besides what all know.

        One that `talks` has pipes for input and output; only its errors are a log.
        """
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env={**self._environment, **(settings or {})},
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else log,
                stderr=log,
                start_new_session=True,
            )
        self._running[name] = process
        return process

    def end(self, name: str) -> None:
        """Stop one of them, and wait until it has ended."""
        process = self._running.pop(name)
        process.terminate()
        process.wait(STOP_SECONDS)

    def run(self, *arguments: str, seconds: float = 120) -> str:
        """Run Python with `arguments` to its end and return what it printed. Raises when it fails or takes longer."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        with self.log("commands").open("a", encoding="utf-8") as log:
            log.write(f"{arguments}\n{done.stdout}\n{done.stderr}\n")
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def logs(self) -> list[Path]:
        return sorted(self.folder.glob("*.log"))

    def wait_for(
        self, look: Callable[[], Found | None], what: str, seconds: float = 30, every: float = LOOK_SECONDS
    ) -> Found:
        """What `look` finds, as soon as it does. Fails with the logs' last lines when a program ends or time is up."""
        end = time.monotonic() + seconds
        while True:
            if found := look():
                return found
            ended = [name for name, process in self._running.items() if process.poll() is not None]
            if ended or time.monotonic() > end:
                why = f"{', '.join(ended)} ended" if ended else f"{seconds:.0f} seconds are over"
                raise AssertionError(f"waiting for {what}: {why}\n{self.last_words()}")
            time.sleep(every)

    def last_words(self) -> str:
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-LAST_LINES:])
            for path in self.logs()
        )

    def stop(self) -> None:
        """SIGTERM to each main process, last started first; after six seconds by force, with all its children."""
        for process in reversed(self._running.values()):
            if process.stdin:
                process.stdin.close()
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + STOP_SECONDS
        for process in reversed(self._running.values()):
            try:
                process.wait(max(end - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.stdout:
                process.stdout.close()
        self._running.clear()

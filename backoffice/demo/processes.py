"""The demo's processes: started together, each with a log of its own, stopped together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from backoffice.demo.environment import ELSEWHERE, FOLDER, ROOT

START_SECONDS = 90.0
STOP_SECONDS = 15.0
LOOK_SECONDS = 0.1
LAST_LINES = 12


class CannotStart(Exception):
    """The demo can't run; the message is a sentence for whoever started it."""


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])


class Children:
    """Every child has a session of its own, so that Ctrl-C reaches only us, and we end them in order."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(self, name: str, arguments: Sequence[str], **secrets: str) -> None:
        """`secrets` are in this child's environment only."""
        log = FOLDER / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, **secrets},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children.append(Child(name, process, log))

    def wait_for(self, url: str) -> None:
        """Until `url` answers. Raises CannotStart when a child ends first, or after `START_SECONDS`."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            self.check()
            try:
                if httpx.get(url, timeout=2, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(LOOK_SECONDS)
        raise CannotStart(f"{url} did not answer within {START_SECONDS:.0f} seconds. The logs are in {FOLDER}.")

    def check(self) -> None:
        """Raises CannotStart when a child has ended."""
        for child in self._children:
            if child.process.poll() is not None:
                raise CannotStart(f"The {child.name} process ended by itself. Its last words:\n{child.last_words()}")

    def stop(self) -> None:
        """End all of them, last started first, with SIGTERM to each main process; after 15 seconds by force."""
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
        end = time.monotonic() + STOP_SECONDS
        for child in reversed(self._children):
            try:
                child.process.wait(max(end - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
        self._children.clear()


def check_ports(wanted: Sequence[int]) -> None:
    """Raises CannotStart, naming the first port that somebody else listens on."""
    for port in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CannotStart(
                    f"Port {port} is busy: another program, or another demo, listens there. Stop it, or choose others: "
                    f"{ELSEWHERE}"
                ) from error

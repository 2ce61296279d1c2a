"""A whole house at work: wallet providers, one database, any number of `qcluster`s, each in its own processes.

The test looks from outside: into the tables, and at what the wallets say arrived.
"""

import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from cryptography.fernet import Fernet

from payments.openpayments.keys import generate_key, private_key_to_pem, public_jwk
from tests.databases import fresh_database, is_postgresql
from tests.sandbox.process import PROJECT, SandboxProcess
from tests.workers.preparing import CENTS, KEY_ID

#: What a test runs with, its processes run with.
KEPT_FROM_OUTSIDE: Final = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "VIRTUAL_ENV",
    "SANDBOX_CONTROL_KEY",
    "PROOF_BEFORE_FIRST_PAYMENT",
)
STOP_SECONDS: Final = 40
LOOK_SECONDS: Final = 0.1
BALANCE: Final = 10**9
Pair = tuple[SandboxProcess, SandboxProcess]
LOST: Final = "state = 'awaiting_approval' AND reason = 'approval_lost'"


@dataclass
class House:
    database_url: str
    folder: Path
    environment: dict[str, str] = field(repr=False)
    wallets: list[SandboxProcess]
    seller: dict[str, str] = field(default_factory=dict, repr=False)
    clusters: list[subprocess.Popen[bytes]] = field(default_factory=list)
    #: Seconds by which its clock is ahead.
    clock_offset: int = 0

    def manage(self, *arguments: str, given: object = None, seconds: float = 600) -> str:
        """Run `manage.py`, or with `-m` a module, to its end; what it printed. `given` is its input, as JSON."""
        command = arguments if arguments[0] == "-m" else ("manage.py", *arguments)
        done = subprocess.run(
            [sys.executable, *command],
            cwd=PROJECT,
            env=self.environment,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def approve(self, count: int, pairs: Sequence[Pair] = ()) -> None:
        """`count` requests of a few cents, approved in turn by the payers of each pair (payer's, receiver's provider).

        Of each provider, unless told: from a wallet there to another.
        """
        between = pairs or [(wallet, wallet) for wallet in self.wallets]
        addresses = [(f"{payer.url}/sol", f"{receiver.url}/maria") for payer, receiver in between]
        self.manage("-m", "tests.workers.preparing", given={"pairs": addresses, "count": count, **self.seller})

    def approve_again(self) -> None:
        """Payers whose approval was lost with a worker, and who were asked again, approve again."""
        lost = [request_id for (request_id,) in self.rows(f"SELECT id FROM payments_paymentrequest WHERE {LOST}")]
        if lost:
            self.manage("-m", "tests.workers.preparing", given={"again": lost})

    def start(self, clusters: int, *, workers: int = 1) -> None:
        """Start so many clusters with so many workers each."""
        for number in range(clusters):
            with (self.folder / f"cluster-{len(self.clusters) + number}.log").open("ab") as log:
                self.clusters.append(
                    subprocess.Popen(
                        [sys.executable, "manage.py", "qcluster"],
                        cwd=PROJECT,
                        env={**self.environment, "WORKERS": str(workers)},
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )

    def kill(self, clusters: int) -> None:
        """As when a machine loses power: every process of a cluster at once."""
        for _ in range(clusters):
            process = self.clusters.pop()
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self) -> float:
        """As an operator stops it; how many seconds the slowest took."""
        began = time.monotonic()
        for process in self.clusters:
            process.terminate()
        try:
            for process in self.clusters:
                process.wait(STOP_SECONDS)
        finally:
            for process in self.clusters:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            self.clusters.clear()
        return time.monotonic() - began

    def later(self, seconds: int) -> None:
        """Move the clock of the house, and of its wallets, so far from real time."""
        self.clock_offset = seconds
        (self.folder / "clock").write_text(str(seconds))
        for wallet in self.wallets:
            wallet.clock(seconds)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if is_postgresql(self.database_url):
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                return list(connection.execute(query.encode()).fetchall())
        with closing(sqlite3.connect(urlsplit(self.database_url).path[1:], timeout=20)) as file:
            return list(file.execute(query).fetchall())

    def forget_the_queue(self) -> None:
        """All tasks that wait or are held."""
        self._execute("DELETE FROM django_q_ormq")

    def hand_out(self, tasks: list[tuple[Any, ...]]) -> None:
        """Queue tasks (payload and lock, as they stood in the queue) once more, as a broker may."""
        mark = "%s" if is_postgresql(self.database_url) else "?"
        for task in tasks:
            self._execute(f"INSERT INTO django_q_ormq (key, payload, lock) VALUES ('tequio', {mark}, {mark})", task)

    def _execute(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        if is_postgresql(self.database_url):
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                connection.execute(statement.encode(), values)
            return
        with closing(sqlite3.connect(urlsplit(self.database_url).path[1:], timeout=20)) as file, file:
            file.execute(statement, values)

    def states(self) -> dict[str, int]:
        """How many payments are in which state."""
        return dict(self.rows("SELECT state, COUNT(*) FROM payments_payment GROUP BY state"))

    def wait_until_settled(self, count: int, seconds: float) -> float:
        """Until `count` payments have settled; how many seconds that took."""
        began = time.monotonic()
        while (settled := self.states().get("settled", 0)) < count:
            if time.monotonic() > began + seconds:
                stuck = self.rows(
                    "SELECT id, state, reason, lease_until, next_attempt_at FROM payments_paymentrequest "
                    "WHERE state <> 'settled' ORDER BY created_at LIMIT 5"
                )
                raise AssertionError(f"{settled} of {count} settled after {seconds:.0f} s: {self.states()} {stuck}")
            assert all(process.poll() is None for process in self.clusters), "a cluster ended by itself"
            time.sleep(LOOK_SECONDS)
        return time.monotonic() - began

    def wait_until_settled_or_lost(self, count: int, seconds: float) -> None:
        """Until `count` requests have settled, or wait for a payer whose approval was lost."""
        done = f"SELECT COUNT(*) FROM payments_paymentrequest WHERE state = 'settled' OR ({LOST})"
        self._wait(lambda: self.rows(done)[0][0] >= count, seconds)

    def wait_until_queue_is_empty(self, seconds: float) -> None:
        """Until nothing is queued or held."""
        self.wait_until_empty("SELECT COUNT(*) FROM django_q_ormq", seconds)

    def wait_until_empty(self, count: str, seconds: float) -> None:
        """Until what the query `count` counts is nothing any more."""
        self._wait(lambda: self.rows(count)[0][0] == 0, seconds)

    def wait_until_at_rest(self, seconds: float) -> None:
        """Until no payment request has anything left to do today: a day later, each is looked at once more."""
        tonight = (datetime.now(UTC) + timedelta(hours=12)).strftime("%Y-%m-%d %H:%M:%S")
        left = f"SELECT COUNT(*) FROM payments_paymentrequest WHERE state <> 'settled' OR next_attempt_at < '{tonight}'"
        self._wait(lambda: self.rows(left)[0][0] == 0, seconds)

    def _wait(self, done: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"it took longer than {seconds:.0f} s"
            assert all(process.poll() is None for process in self.clusters), "a cluster ended by itself"
            time.sleep(LOOK_SECONDS)

    def arrived(self) -> int:
        """What the receivers' wallets say they got, in minor units."""
        return sum(int(wallet.wallet("maria")["received"]) for wallet in self.wallets)

    def taken(self) -> int:
        """What the payers' accounts have less than before."""
        return sum(BALANCE - wallet.balance("sol") for wallet in self.wallets)

    def check(self, payments: int) -> None:
        """Each payment arrived once, the tables agree with each other, and the ledger verifies."""
        assert self.arrived() == self.taken() == payments * CENTS
        assert self.states() == {"settled": payments}
        self.manage("check_invariants", "--quiet")
        self.manage("verify_ledger", "--allowed-lag", "3600")


@contextmanager
def house(folder: Path, *, providers: int = 1) -> Iterator[House]:
    """Everything but the workers, which the test starts. All of it has ended afterwards."""
    with ExitStack() as stack:
        database_url = stack.enter_context(fresh_database(folder))
        wallets = [stack.enter_context(SandboxProcess()) for _ in range(providers)]
        environment = {
            **{name: os.environ[name] for name in KEPT_FROM_OUTSIDE if name in os.environ},
            "SECRET_KEY": secrets.token_urlsafe(64),
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "ENVIRONMENT": "development",
            "DATABASE_URL": database_url,
            "BASE_URL": "http://127.0.0.1:1",
            "EMAIL_URL": "memory:",
            "LOG_LEVEL": "WARNING",
            "OPEN_PAYMENTS_TRUSTED_HOSTS": ",".join(wallet.trusted_host for wallet in wallets),
            "CLOCK_OFFSET_FILE": str(folder / "clock"),
        }
        key = generate_key()
        jwk = public_jwk(key, KEY_ID).to_wire()
        for wallet in wallets:
            wallet.settings(waitSeconds=0, settleDelayMs=100)
            wallet.create_wallet("sol", balance=BALANCE)
            wallet.create_wallet("maria", balance=0)
        seller = {"wallet": wallets[0].create_wallet("tequio", keys=[jwk]), "pem": private_key_to_pem(key)}
        built = House(database_url, folder, environment, wallets, seller)
        stack.callback(built.stop)
        yield built

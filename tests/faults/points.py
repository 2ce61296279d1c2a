"""The points at which a process can die: found by watching it, not listed.

Watched are every commit of a transaction, every statement that writes outside one, every call to a wallet and every
message handed to the mail server. A point is named by what it is and how often that has happened in this process.
"""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from ledger import recording
from ledger.models import Entry
from payments.openpayments.transport import Transport
from tests.faults.naming import Kind, Point, Side

ROOMS = ("backoffice", "jobs", "payments", "ledger")
#: They commit for whoever calls them.
SEAMS = ("one_change",)
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "WITH")


class Watch:
    """Counts the points of this process and tells `reached` of each, before and after. Threads may pass at once."""

    def __init__(self, reached: Callable[[Point, Side], None]) -> None:
        self._reached = reached
        self._seen: Counter[tuple[Kind, str]] = Counter()
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def passing(self, kind: Kind, label: str) -> Iterator[None]:
        with self._one_at_a_time:
            self._seen[kind, label] += 1
            point = Point(kind, label, self._seen[kind, label])
        self._reached(point, Side.BEFORE)
        try:
            yield
        finally:
            self._reached(point, Side.AFTER)


class Instruments:
    """What stands in the process from its start; nothing is watched until `watch` is set."""

    def __init__(self) -> None:
        self.watch: Watch | None = None
        #: What the open transaction of each thread has told the ledger.
        self._told = threading.local()

    def install(self) -> None:
        """Once per process, before any connection is made."""
        self._around_calls()
        self._around_commits()
        connection_created.connect(self._around_statements, weak=False)
        self._around_entries()

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """What the test itself writes is no point of the product."""
        watch, self.watch = self.watch, None
        try:
            yield
        finally:
            self.watch = watch

    @contextmanager
    def passing(self, kind: Kind, label: str) -> Iterator[None]:
        if self.watch is None:
            yield
            return
        with self.watch.passing(kind, label):
            yield

    def _around_calls(self) -> None:
        send, instruments = Transport.send, self

        def watched(transport: Transport, operation: Any, url: str, **parts: Any) -> Any:
            with instruments.passing(Kind.CALL, str(operation)):
                return send(transport, operation, url, **parts)

        _exchange(Transport, send=watched)

    def _around_commits(self) -> None:
        methods, instruments = vars(BaseDatabaseWrapper), self
        commit, rollback = methods["_commit"], methods["_rollback"]

        def watched_commit(connection: BaseDatabaseWrapper) -> Any:
            entries, instruments._entries = instruments._entries, []
            with instruments.passing(Kind.COMMIT, _named(entries)):
                return commit(connection)

        def watched_rollback(connection: BaseDatabaseWrapper) -> Any:
            instruments._entries = []
            return rollback(connection)

        _exchange(BaseDatabaseWrapper, _commit=watched_commit, _rollback=watched_rollback)

    def _around_statements(self, *, connection: BaseDatabaseWrapper, **_signal: Any) -> None:
        if self._executed not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._executed)

    def _executed(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """A statement that writes without a transaction commits by itself, and never passes the commit's seam."""
        words = sql.split(maxsplit=3)
        is_watched = self.watch is not None and not context["connection"].in_atomic_block
        if not is_watched or not words or words[0].upper() not in WRITES:
            return execute(sql, params, many, context)
        table = next(word for word in words if word.startswith('"')).strip('"')
        with self.passing(Kind.WRITE, f"{_place()}: {words[0]} {table}"):
            return execute(sql, params, many, context)

    def _around_entries(self) -> None:
        insert, instruments = recording.insert, self

        def remembered(kind: str, **told: Any) -> Entry:
            entry = insert(kind, **told)
            instruments._entries = [*instruments._entries, kind]
            return entry

        vars(recording)["insert"] = remembered

    @property
    def _entries(self) -> list[str]:
        return getattr(self._told, "entries", [])

    @_entries.setter
    def _entries(self, entries: list[str]) -> None:
        self._told.entries = entries


def _exchange(kind: type, **methods: Callable[..., Any]) -> None:
    for name, method in methods.items():
        setattr(kind, name, method)


def _named(entries: list[str]) -> str:
    return f"{_place()}: {', '.join(entries)}" if entries else _place()


def _place() -> str:
    """The innermost function of the product that is being executed."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in ROOMS and frame.f_code.co_name not in SEAMS:
            return f"{module}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return "a person's action"


instruments = Instruments()

"""Queries that are asked over and over: their SQL is put together once.

For the wide joins that a plan reads, Django takes five to ten times longer to put the SQL together than the database
takes to answer, and a payment that settles is planned a dozen times.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

Row = TypeVar("Row", bound=Model)

FIRST_MOMENT = datetime(1999, 9, 9, tzinfo=UTC)


class Compiled(Generic[Row]):
    """`Compiled(build, str)(value)` reads what `list(build(value))` reads, without putting its SQL together again.

    The `kinds` of the parameters are `str` or `datetime`; each stands only where a column is compared with it. What
    `build` prefetches is not read. Any number of threads may use it at once.
    """

    def __init__(self, build: Callable[..., QuerySet[Row]], *kinds: type[str | datetime]) -> None:
        self.build = build
        self._kinds = kinds
        self._statement: _Statement | None = None

    def __call__(self, *values: str | datetime) -> list[Row]:
        connection = connections[DEFAULT_DB_ALIAS]
        if self._statement is None:
            marks = [_mark(kind, number) for number, kind in enumerate(self._kinds)]
            self._statement = _Statement(self.build(*marks), marks, connection)
        return list(ModelIterable(cast("QuerySet[Any]", _Use(self._statement, connection, values))))

    def get(self, *values: str | datetime) -> Row:
        """The only row. Raises DoesNotExist of its model where there is none."""
        rows = self(*values)
        if not rows:
            model: Any = self.build(*values).model
            raise model.DoesNotExist
        (row,) = rows
        return row


def _mark(kind: type[str | datetime], number: int) -> str | datetime:
    """What stands for a parameter while the SQL is put together: something that no query says of itself."""
    return FIRST_MOMENT + timedelta(days=number) if kind is datetime else f"parameter {number}"


def _adapted(value: str | datetime, connection: BaseDatabaseWrapper) -> Any:
    """As it is given to the database."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


class _Statement:
    """SQL, and what Django found out on the way to it. Nothing in it changes any more; no connection stays in it."""

    def __init__(self, queryset: QuerySet[Any], marks: list[str | datetime], connection: BaseDatabaseWrapper) -> None:
        self.model = queryset.model
        self.compiler: Any = queryset.query.get_compiler(connection=connection)
        self.sql, params = self.compiler.as_sql()
        columns = [column for column, _, _ in self.compiler.select]
        #: Those that do not come from the database as the model has them.
        self._converted = [(place, columns[place]) for place in self.compiler.get_converters(columns)]
        # The thread that it belongs to may end.
        self.compiler.connection = None
        places = {_adapted(mark, connection): number for number, mark in enumerate(marks)}
        assert places.keys() <= set(params), "a parameter stands where it is not compared with a column as it is"
        #: Each the number of a value, or what always stands there.
        self._params = [(places.get(param), param) for param in params]

    def params(self, values: list[Any]) -> tuple[Any, ...]:
        return tuple(param if place is None else values[place] for place, param in self._params)

    def converters(self, connection: BaseDatabaseWrapper) -> dict[int, Any]:
        """As `SQLCompiler.get_converters` gives them: always the same on one connection, which has them with it."""
        known: dict[_Statement, dict[int, Any]] = vars(connection).setdefault("converters_of_statements", {})
        if self not in known:
            known[self] = {
                place: ([*connection.ops.get_db_converters(column), *column.get_db_converters(connection)], column)
                for place, column in self._converted
            }
        return known[self]


class _Use:
    """A statement with values, on one connection: to Django's iterable, queryset and query in one."""

    _known_related_objects: dict[Any, Any] = {}

    def __init__(
        self, statement: _Statement, connection: BaseDatabaseWrapper, values: tuple[str | datetime, ...]
    ) -> None:
        self.db = DEFAULT_DB_ALIAS
        self.model = statement.model
        filled = statement.sql, statement.params([_adapted(value, connection) for value in values])
        # The compiler only runs it; what would be worked out once more is known.
        self._compiler = copy(statement.compiler)
        self._compiler.connection = connection
        self._compiler.as_sql = lambda: filled
        self._compiler.get_converters = lambda _: statement.converters(connection)

    @property
    def query(self) -> _Use:
        return self

    def get_compiler(self, using: str) -> Any:
        del using
        return self._compiler

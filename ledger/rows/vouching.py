"""Which columns of which tables the ledger vouches for. Each room declares its own while the program starts.

An entry of the kind `payment.settled` about payment X carries payment X's row as it is after the change: see
`snapshots`, which reads it, and `verification`, which holds the tables against what was carried.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Field, Model

from ledger.content import check_subject

#: The kind of the entries that carry rows which were there before the ledger vouched for them.
CARRIED_OVER: Final = "ledger.carried_over"
#: For `live`: a table of few rows, on each of which money hangs.
EVERY: Final = "1 = 1"


@dataclass(frozen=True, eq=False)
class Vouched:
    """One table. Columns are called as the database calls them: `seller_id`."""

    name: str  # what subjects of entries call its rows
    model: type[Model]
    once: tuple[str, ...]  # what stays as it is from the moment that it is not empty
    changing: tuple[str, ...]
    private: tuple[str, ...]  # of both: what names or describes a person, for the part of an entry that can be erased
    present: tuple[str, ...]  # only whether there is anything: what it is, nobody may read
    reckoned: Mapping[str, str]  # column: SQL, on the table's own name, for what it must be
    left: Mapping[str, str]  # column: why nobody vouches for it
    key: str  # the column that subjects of entries have
    rides: bool  # every entry that names a row carries it, whatever its kind
    gone_by: frozenset[str]  # kinds of entries that say that a row is gone
    live: str  # SQL: rows by which money may still move; none in particular where it is empty

    @property
    def table(self) -> str:
        return self.model._meta.db_table  # noqa: SLF001 - Django's public name

    @property
    def told(self) -> tuple[str, ...]:
        """What stands in an entry's body."""
        return tuple(name for name in (*self.once, *self.changing) if name not in self.private)

    def column(self, name: str) -> "Field[object, object]":
        return next(each for each in self.model._meta.concrete_fields if each.column == name)  # noqa: SLF001 - Django's public name


@dataclass(frozen=True)
class Left:
    """A table for which nobody vouches, and why."""

    model: type[Model]
    why: str


_vouched: dict[str, Vouched] = {}
_left: dict[type[Model], Left] = {}


def vouch(  # noqa: PLR0913 - each is a different promise about columns
    name: str,
    model: type[Model],
    *,
    once: Iterable[str] = (),
    changing: Iterable[str] = (),
    private: Iterable[str] = (),
    present: Iterable[str] = (),
    reckoned: Mapping[str, str] | None = None,
    left: Mapping[str, str] | None = None,
    key: str = "id",
    rides: bool = False,
    gone_by: Iterable[str] = (),
    live: str = "",
) -> None:
    """Let entries about `name` carry these columns of `model`'s rows. See `Vouched` for what each word promises."""
    check_subject(name, "1")
    _vouched[name] = Vouched(
        name,
        model,
        tuple(once),
        tuple(changing),
        tuple(private),
        tuple(present),
        reckoned or {},
        left or {},
        key,
        rides,
        frozenset(gone_by),
        live,
    )


def leave(model: type[Model], why: str) -> None:
    """Nobody vouches for `model`'s rows: nothing like money hangs on them."""
    _left[model] = Left(model, why)


def vouched() -> list[Vouched]:
    """Every table whose rows are vouched for, in order of the alphabet."""
    return [_vouched[name] for name in sorted(_vouched)]


def left() -> list[Left]:
    return sorted(_left.values(), key=lambda each: each.model._meta.db_table)  # noqa: SLF001 - Django's public name


def carried_by(kind: str, subjects: Iterable[str]) -> list[Vouched]:
    """The tables whose rows an entry of `kind` carries, when it is about such `subjects`."""
    own = kind.partition(".")[0]
    known = (_vouched[name] for name in subjects if name in _vouched)
    return [table for table in known if table.rides or table.name == own or kind == CARRIED_OVER]

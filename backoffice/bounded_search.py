"""Searching a list: an exact id first, then words in the columns that it names, and never more than so many rows.

Each column is asked for by itself, from the table that it stands in, where an index serves it: an OR over joined tables
would have the database read all of them. What is found in any is united.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import CharField, Model, Q, QuerySet

from payments.identifiers import LENGTH

#: So many rows are shown of a search; that there are more is said.
MOST_FOUND: Final = 1000
#: The indexes know parts of three letters. A shorter word alone is looked for where a text begins.
SHORTEST_PART: Final = 3


@dataclass(frozen=True)
class Matches:
    rows: QuerySet[Any]
    more: bool = False  # there are others, which `rows` leaves out


def search(queryset: QuerySet[Any], fields: Sequence[str], words: Sequence[str]) -> Matches:
    """The rows of `queryset` that have each of `words` in any of `fields`; where there are more, the first of them."""
    columns = _columns(queryset, fields, words)
    if len(words) == 1 and (ids := _exactly(queryset, columns, words[0])):
        return Matches(queryset.filter(pk__in=ids))
    found = {word: _ids(queryset, columns, [word]) for word in _narrowing(words)}
    rare = {word: ids for word, ids in found.items() if len(ids) <= MOST_FOUND}
    if rare:
        left = queryset.filter(pk__in=set.intersection(*map(set, rare.values())))
        others = (word for word in words if word not in rare)
        return Matches(reduce(lambda rows, word: rows.filter(_anywhere(columns, word)), others, left))
    # Each word is in more rows than are looked at: those that have all of them in one column.
    return Matches(queryset.filter(pk__in=_ids(queryset, columns, words)[:MOST_FOUND]), more=True)


def every_match(queryset: QuerySet[Any], fields: Sequence[str], words: Sequence[str]) -> QuerySet[Any]:
    """As `search`, without a limit, which takes as long as reading the table: for files that nobody waits for."""
    columns = _columns(queryset, fields, words)
    if len(words) == 1 and (ids := _exactly(queryset, columns, words[0])):
        return queryset.filter(pk__in=ids)
    return reduce(lambda rows, word: rows.filter(_anywhere(columns, word)), words, queryset)


def _narrowing(words: Sequence[str]) -> Sequence[str]:
    """Those that an index can look for: the longer ones. The short ones only choose among what these find."""
    return [word for word in words if len(word) >= SHORTEST_PART] or words


def _columns(queryset: QuerySet[Any], fields: Sequence[str], words: Sequence[str]) -> "list[_Column]":
    are_short = all(len(word) < SHORTEST_PART for word in words)
    return [_Column.named(queryset.model, path, "istartswith" if are_short else "icontains") for path in fields]


@dataclass(frozen=True)
class _Column:
    """One column that is searched: `path` leads to it from the list's rows by way of `relation`, which may be none."""

    path: str
    relation: str
    model: type[Model]
    name: str
    is_id: bool
    #: How a word is looked for in a text.
    lookup: str

    @classmethod
    def named(cls, model: type[Model], path: str, lookup: str) -> "_Column":
        parts, relations = path.split("__"), list[str]()
        field = model._meta.get_field(parts[0])  # noqa: SLF001 - Django's public name
        while field.is_relation and field.related_model:
            relations.append(parts.pop(0))
            model = field.related_model  # type: ignore[assignment]  # no relation here is to "self" by that name
            field = model._meta.get_field(parts[0])  # noqa: SLF001 - Django's public name
        is_id = isinstance(field, CharField) and field.primary_key and field.max_length == LENGTH
        return cls(path, "__".join(relations), model, "__".join(parts), is_id, lookup)

    def has(self, prefix: str, word: str) -> Q:
        """The column, whose path is `prefix` and its name, has the word."""
        if self.name.endswith("__exact"):
            return Q(**{prefix + self.name: word})
        if self.is_id:
            return Q(**{f"{prefix}{self.name}__startswith": word.upper()})
        return Q(**{f"{prefix}{self.name}__{self.lookup}": word})

    def condition(self, words: Iterable[str]) -> Q:
        """On the list's rows: the column has all of `words`. Of another table, so many rows that have are looked at."""
        if not self.relation or self.is_id:
            return reduce(lambda both, word: both & self.has(self.prefix, word), words, Q())
        rows = self.model._default_manager.order_by()  # noqa: SLF001 - Django's public name
        having = reduce(lambda left, word: left.filter(self.has("", word)), words, rows)
        return Q(**{f"{self.relation}__in": having.values("pk")[: MOST_FOUND + 1]})

    @property
    def prefix(self) -> str:
        return f"{self.relation}__" if self.relation else ""

    def exactly(self, word: str) -> Q:
        return Q(**{self.path: word.upper()})


def _exactly(queryset: QuerySet[Any], columns: Sequence[_Column], word: str) -> list[Any]:
    """Rows whose own id, or that of what they belong to, is this very word."""
    return _united(queryset, (each.exactly(word) for each in columns if each.is_id))


def _ids(queryset: QuerySet[Any], columns: Sequence[_Column], words: Sequence[str]) -> list[Any]:
    return _united(queryset, (each.condition(words) for each in columns))


def _united(queryset: QuerySet[Any], conditions: Iterable[Q]) -> list[Any]:
    """The keys of rows that any of `conditions` is true of, at most so many of each."""
    found: dict[Any, None] = {}
    for condition in conditions:
        found |= dict.fromkeys(queryset.filter(condition).values_list("pk", flat=True)[: MOST_FOUND + 1])
    return list(found)


def _anywhere(columns: Sequence[_Column], word: str) -> Q:
    return reduce(or_, (each.has(each.prefix, word) for each in columns))

"""The page of the documentation that lists, table by table, what the ledger vouches for; made from what is declared."""

from collections import defaultdict
from collections.abc import Iterator

from ledger.rows.vouching import Left, Vouched, left, vouched

HEAD = """\
# What the ledger vouches for

Made by `python manage.py list_ledger_rows` from `ledger_rows.py` of each room; a test keeps it current, and fails for a
column about which nothing was decided.

An entry of the kind `payment.settled` about payment X carries payment X's row as it is after the change: it is read
back from the database in the same transaction. `verify_ledger`, and the checks that run on a schedule, hold the tables
against that. They find and name a row with another value than its newest entry has, a row that no entry carries, and a
row that is gone although no entry says so.

- What **stays** is compared with every entry since it was first there, so that no later entry takes a change along.
- What **may change** is compared with the newest entry. Whoever changes it beside the program is found by the next
  check; unless the program itself wrote an entry about that row in between, which then carries the change. So the quick
  check runs every few minutes, over everything by which money may still move.
- What **names a person** is in the part of an entry that can be erased. Once it is, nobody can tell whether the row's
  still is what it was: the checks count those rows instead.
- Of what is **secret**, only whether there is anything is carried.
- What is **reckoned** is in no entry: it must be what the rows that it is made of come to.

"""


def page() -> str:
    rooms: dict[str, list[Vouched | Left]] = defaultdict(list)
    tables: list[Vouched | Left] = [*vouched(), *left()]
    for table in tables:
        rooms[table.model._meta.app_label].append(table)  # noqa: SLF001 - Django's public name
    return HEAD + "\n".join(line for room in sorted(rooms) for line in _room(room, rooms[room])) + "\n"


def _room(room: str, tables: list[Vouched | Left]) -> Iterator[str]:
    yield f"## {room}\n"
    for table in sorted(tables, key=lambda each: each.model._meta.db_table):  # noqa: SLF001 - Django's public name
        yield from _left(table) if isinstance(table, Left) else _table(table)


def _left(table: Left) -> Iterator[str]:
    yield f"### {table.model._meta.db_table}: nothing\n"  # noqa: SLF001 - Django's public name
    yield f"{table.why}\n"


def _table(table: Vouched) -> Iterator[str]:
    which = "every entry that names one" if table.rides else f"entries `{table.name}.…`"
    yield f"### {table.table}: `{table.name}`, carried by {which}\n"
    yield "| column | vouched for |"
    yield "|---|---|"
    for name in table.once:
        yield f"| {name} | stays{_person(table, name)} |"
    for name in table.changing:
        yield f"| {name} | may change{_person(table, name)} |"
    for name in table.present:
        yield f"| {name} | secret: whether there is anything |"
    for name, sql in table.reckoned.items():
        yield f"| {name} | reckoned: `{sql}` |"
    for name, why in table.left.items():
        yield f"| {name} | no. {why} |"
    yield ""


def _person(table: Vouched, name: str) -> str:
    return ", names a person" if name in table.private else ""

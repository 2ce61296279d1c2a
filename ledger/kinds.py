"""Which kinds of entry there are. Each room declares its own while the program starts; no other kind is recorded."""

from collections.abc import Iterable

from ledger.content import RefusedContentError, check_kind

#: The kind of entry by which somebody accepts the history that the database has now.
ACCEPTED = "ledger.accepted"
#: The kinds of entry by which a month is closed, and opened again.
CLOSED, REOPENED = "period.closed", "period.reopened"

_declared: set[str] = set()


def declare(kinds: Iterable[str]) -> None:
    """Let entries of these kinds be recorded. Raises RefusedContentError for one that does not look like a kind."""
    for kind in kinds:
        check_kind(kind)
        _declared.add(kind)


def declared() -> list[str]:
    """Every kind that can be recorded, in order of the alphabet."""
    return sorted(_declared)


def check_declared(kind: str) -> None:
    if kind not in _declared:
        raise RefusedContentError(f"No room has declared that it records {kind!r}.")

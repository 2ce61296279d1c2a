"""What a queue shows: rows, in groups, each with what blocks it and the one action."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise

from backoffice.page_actions import PageAction
from backoffice.queue_counts import Viewer, shown_number

#: Characters.
LONGEST_CODE: Final = 16


@dataclass(frozen=True)
class Todo:
    """One row. `about` says what it is and what it waits for; `blocks` what must be solved first, if anything."""

    title: str
    who: str
    amount: str
    about: str
    since: datetime | None
    link: str
    action: PageAction | None = None
    blocks: str = ""
    key: str = ""  # of the row, in its queue
    owner: str = ""  # who takes care of it
    until: datetime | None = None  # put off


@dataclass(frozen=True)
class TodoGroup:
    """Rows that belong together; `action` is for all of them at once."""

    rows: list[Todo]
    title: str = ""
    amount: str = ""
    action: PageAction | None = None


def one_group(rows: list[Todo]) -> list[TodoGroup]:
    """Rows that belong to nobody in particular."""
    return [TodoGroup(rows)] if rows else []


@dataclass(frozen=True)
class RowKind:
    """Rows of one model that can be taken. `rows` are those of a person's queue; None where it has no such rows.

    `code` and the key of a row make its mark; `subject` is what the ledger calls such a row.
    """

    code: str
    subject: str
    rows: Callable[[Viewer], QuerySet[Any] | None]

    def __post_init__(self) -> None:
        assert len(self.code) <= LONGEST_CODE, "what the column of marks holds"


@dataclass(frozen=True)
class Tab:
    """One queue. `queues` are the rows that it counts, of each kind; `tell` is given the first of them, to be shown.

    `ours`: staff can take the next step, so the sidebar counts it. Of others they only keep an eye on it.
    """

    code: str
    title: str | Promise
    calm: str | Promise
    permission: str
    queues: Callable[[Viewer], Sequence[QuerySet[Any]]]
    tell: Callable[[HttpRequest, list[Any]], list[TodoGroup]]
    ours: bool = True
    # What the ledger calls its rows, and the permission to do what they wait for. Without, they are nobody's to take.
    subject: str = ""
    acts: str = ""
    # Instead of these two, where its rows are of several kinds: a person has in their queue only what they may do.
    kinds: tuple[RowKind, ...] = ()

    @property
    def taken_as(self) -> tuple[RowKind, ...]:
        """The kinds of its rows, to be taken; empty where they are nobody's to take."""
        if self.subject:
            return (RowKind(self.code, self.subject, lambda viewer: self.queues(viewer)[0]),)
        return self.kinds

    def key_of(self, kind: RowKind, key: object) -> str:
        """What a row is called on the page, among all rows of the tab."""
        return f"{kind.code}:{key}" if self.kinds else str(key)


@dataclass(frozen=True)
class CountedTab:
    tab: Tab
    count: int

    @property
    def shown(self) -> str:
        return shown_number(self.count)

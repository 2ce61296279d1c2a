"""Rows of queues are worked on: taken, handed to a colleague, put off until a day. No money moves by it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast
from django.http import HttpRequest

from backoffice.models import QueueMark
from backoffice.queue_counts import MOST, Viewer
from backoffice.to_do.shapes import RowKind, Tab
from backoffice.waiting import deciding_permissions
from ledger import clock, days
from ledger.api import Actor, record
from ledger.models import EntrySubject
from payments.mail.colleagues import with_permission

#: Days for which something is put off at most: longer is forgotten, not put off.
LONGEST: Final = 90


class Whose(StrEnum):
    """Which rows of a queue somebody wants to see."""

    ALL = "all"
    MINE = "mine"
    NOBODYS = "nobodys"
    PUT_OFF = "put_off"


def whose_of(request: HttpRequest) -> Whose:
    """As the address says; nonsense is everybody's."""
    wanted = request.GET.get("whose", "")
    return Whose(wanted) if wanted in set(Whose) else Whose.ALL


def standing(tab: Tab, viewer: Viewer) -> list[QuerySet[Any]]:
    """What the tab counts: the rows of each of its queues that are not put off."""
    if not tab.taken_as:
        return list(tab.queues(viewer))
    return [_awake(kind, queue, viewer.now) for kind, queue in queues_of(tab, viewer)]


def queues_of(tab: Tab, viewer: Viewer) -> list[tuple[RowKind, QuerySet[Any]]]:
    """Of each kind of rows that can be taken, those that the person has in their queue."""
    found = ((kind, kind.rows(viewer)) for kind in tab.taken_as)
    return [(kind, queue) for kind, queue in found if queue is not None]


def _awake(kind: RowKind, queue: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    return queue.filter(~_put_off(kind, now))


def narrowed(kind: RowKind, queue: QuerySet[Any], whose: Whose, reader: int, now: datetime) -> QuerySet[Any]:
    """Those rows of the queue that `whose` asks for."""
    marks = _marks(kind)
    match whose:
        case Whose.PUT_OFF:
            return queue.filter(_put_off(kind, now))
        case Whose.MINE:
            return _awake(kind, queue, now).filter(Exists(marks.filter(owner=reader)))
        case Whose.NOBODYS:
            return _awake(kind, queue, now).filter(~Exists(marks.exclude(owner=None)))
        case Whose.ALL:
            return _awake(kind, queue, now)


def marks_of(kind: RowKind, keys: Collection[str]) -> dict[str, QueueMark]:
    """By row, in one query."""
    found = QueueMark.objects.filter(queue=kind.code, row__in=keys).select_related("owner")
    return {mark.row: mark for mark in found}


def may_take(tab: Tab, user: Any) -> bool:
    """Whether they may do what some rows of the queue wait for."""
    wanted = deciding_permissions() if tab.kinds else [tab.acts]
    return user.has_perm(tab.permission) and any(map(user.has_perm, wanted))


def who_may_do(tab: Tab) -> list[User]:
    """Colleagues to whom rows of the queue can be handed: they see it, and may do what some of its rows wait for."""
    readers = {user.pk for user in with_permission(tab.permission)}
    wanted = deciding_permissions() if tab.kinds else [tab.acts]
    acting = {user.pk: user for permission in wanted for user in with_permission(permission)}
    return [user for pk, user in sorted(acting.items()) if user.is_staff and pk in readers]


@transaction.atomic
def take(kind: RowKind, keys: Sequence[str], *, by: User) -> int:
    """Nobody's rows become theirs; how many. What a colleague has taken stays the colleague's."""
    theirs = QueueMark.objects.filter(queue=kind.code, row__in=keys).exclude(owner=None)
    free = [key for key in keys if key not in set(theirs.values_list("row", flat=True))]
    if free:
        _give(kind, free, by)
        _record("taken", kind, free, by, {})
    return len(free)


@transaction.atomic
def hand(kind: RowKind, keys: Sequence[str], to: User, *, by: User) -> int:
    """The rows are `to`'s from now on, whoever had them; how many."""
    _give(kind, keys, to)
    _record("handed", kind, keys, by, {"to": str(to.pk)})
    return len(keys)


@transaction.atomic
def leave(kind: RowKind, keys: Sequence[str], *, by: User) -> int:
    """Those of the rows that are `by`'s are nobody's again; how many."""
    mine = QueueMark.objects.filter(queue=kind.code, row__in=keys, owner=by)
    left = list(mine.values_list("row", flat=True))
    if left:
        mine.update(owner=None, changed_at=clock.now())
        _record("left", kind, left, by, {})
    return len(left)


@transaction.atomic
def put_off(kind: RowKind, keys: Sequence[str], until: date, *, by: User) -> int:
    """They wait again on the morning of `until`, in the books' zone, or as soon as anything is recorded about them."""
    now = clock.now()
    _write(kind, keys, {"until": days.begins(until), "put_off_at": now})
    _record("put_off", kind, keys, by, {"until": until.isoformat()})
    return len(keys)


@transaction.atomic
def wake(kind: RowKind, keys: Sequence[str], *, by: User) -> int:
    """They wait again at once; how many had been put off."""
    found = QueueMark.objects.filter(queue=kind.code, row__in=keys, until__gt=clock.now())
    woken = list(found.values_list("row", flat=True))
    if woken:
        found.update(until=None, put_off_at=None, changed_at=clock.now())
        _record("woken", kind, woken, by, {})
    return len(woken)


def can_be_put_off_until(day: date) -> bool:
    return days.today() < day <= days.today() + timedelta(days=LONGEST)


def forget(kind: RowKind, queue: QuerySet[Any]) -> int:
    """Marks of rows that are no longer in the queue are deleted; how many."""
    forgotten, last = 0, 0
    while marks := list(QueueMark.objects.filter(queue=kind.code, pk__gt=last).order_by("pk")[:MOST]):
        last = marks[-1].pk
        there = {str(key) for key in queue.filter(pk__in=[mark.row for mark in marks]).values_list("pk", flat=True)}
        gone = [mark.pk for mark in marks if mark.row not in there]
        forgotten += QueueMark.objects.filter(pk__in=gone).delete()[0]
    return forgotten


def _marks(kind: RowKind) -> QuerySet[QueueMark]:
    """Of the row that is asked about."""
    return QueueMark.objects.filter(queue=kind.code, row=Cast(OuterRef("pk"), CharField()))


def _put_off(kind: RowKind, now: datetime) -> Exists:
    since = EntrySubject.objects.filter(
        subject_kind=kind.subject, subject_id=OuterRef("row"), recorded_at__gt=OuterRef("put_off_at")
    )
    return Exists(_marks(kind).filter(~Exists(since), until__gt=now))


def _give(kind: RowKind, keys: Sequence[str], to: User) -> None:
    _write(kind, keys, {"owner": to})


def _write(kind: RowKind, keys: Sequence[str], columns: Mapping[str, Any]) -> None:
    """One statement for all: what a mark says besides stays."""
    made = [QueueMark(queue=kind.code, row=key, changed_at=clock.now(), **columns) for key in keys]
    QueueMark.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["queue", "row"], update_fields=[*columns, "changed_at"]
    )


def _record(what: str, kind: RowKind, keys: Sequence[str], by: User, data: Mapping[str, str]) -> None:
    """Not about the rows themselves: what is recorded about them ends that they are put off."""
    rows = [f"{kind.code}:{key}" for key in keys]
    told = {"queue": kind.code, "rows": str(len(keys)), **data}
    record(f"to_do.{what}", actor=Actor.staff(by.pk), subjects={"to_do": rows}, data=told)

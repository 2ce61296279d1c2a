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
from backoffice.queue_counts import MOST
from backoffice.to_do.shapes import Tab
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


def awake(tab: Tab, queue: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    """The rows of the queue that are not put off."""
    return queue.filter(~_put_off(tab, now)) if tab.subject else queue


def narrowed(tab: Tab, queue: QuerySet[Any], whose: Whose, reader: int, now: datetime) -> QuerySet[Any]:
    """Those rows of the queue that `whose` asks for."""
    if not tab.subject:
        return queue
    marks = _marks(tab)
    match whose:
        case Whose.PUT_OFF:
            return queue.filter(_put_off(tab, now))
        case Whose.MINE:
            return awake(tab, queue, now).filter(Exists(marks.filter(owner=reader)))
        case Whose.NOBODYS:
            return awake(tab, queue, now).filter(~Exists(marks.exclude(owner=None)))
        case Whose.ALL:
            return awake(tab, queue, now)


def marks_of(tab: Tab, keys: Collection[str]) -> dict[str, QueueMark]:
    """By row, in one query."""
    found = QueueMark.objects.filter(queue=tab.code, row__in=keys).select_related("owner")
    return {mark.row: mark for mark in found}


def who_may_do(tab: Tab) -> list[User]:
    """Colleagues to whom a row of the queue can be handed: they see it, and may do what it waits for."""
    readers = {user.pk for user in with_permission(tab.permission)}
    return [user for user in with_permission(tab.acts) if user.is_staff and user.pk in readers]


@transaction.atomic
def take(tab: Tab, keys: Sequence[str], *, by: User) -> int:
    """Nobody's rows become theirs; how many. What a colleague has taken stays the colleague's."""
    theirs = QueueMark.objects.filter(queue=tab.code, row__in=keys).exclude(owner=None)
    free = [key for key in keys if key not in set(theirs.values_list("row", flat=True))]
    if free:
        _give(tab, free, by)
        _record("taken", tab, free, by, {})
    return len(free)


@transaction.atomic
def hand(tab: Tab, keys: Sequence[str], to: User, *, by: User) -> int:
    """The rows are `to`'s from now on, whoever had them; how many."""
    _give(tab, keys, to)
    _record("handed", tab, keys, by, {"to": str(to.pk)})
    return len(keys)


@transaction.atomic
def leave(tab: Tab, keys: Sequence[str], *, by: User) -> int:
    """Those of the rows that are `by`'s are nobody's again; how many."""
    mine = QueueMark.objects.filter(queue=tab.code, row__in=keys, owner=by)
    left = list(mine.values_list("row", flat=True))
    if left:
        mine.update(owner=None, changed_at=clock.now())
        _record("left", tab, left, by, {})
    return len(left)


@transaction.atomic
def put_off(tab: Tab, keys: Sequence[str], until: date, *, by: User) -> int:
    """They wait again on the morning of `until`, in the books' zone, or as soon as anything is recorded about them."""
    now = clock.now()
    _write(tab, keys, {"until": days.begins(until), "put_off_at": now})
    _record("put_off", tab, keys, by, {"until": until.isoformat()})
    return len(keys)


@transaction.atomic
def wake(tab: Tab, keys: Sequence[str], *, by: User) -> int:
    """They wait again at once; how many had been put off."""
    found = QueueMark.objects.filter(queue=tab.code, row__in=keys, until__gt=clock.now())
    woken = list(found.values_list("row", flat=True))
    if woken:
        found.update(until=None, put_off_at=None, changed_at=clock.now())
        _record("woken", tab, woken, by, {})
    return len(woken)


def can_be_put_off_until(day: date) -> bool:
    return days.today() < day <= days.today() + timedelta(days=LONGEST)


def forget(tab: Tab, queue: QuerySet[Any]) -> int:
    """Marks of rows that are no longer in the queue are deleted; how many."""
    forgotten, last = 0, 0
    while marks := list(QueueMark.objects.filter(queue=tab.code, pk__gt=last).order_by("pk")[:MOST]):
        last = marks[-1].pk
        there = {str(key) for key in queue.filter(pk__in=[mark.row for mark in marks]).values_list("pk", flat=True)}
        gone = [mark.pk for mark in marks if mark.row not in there]
        forgotten += QueueMark.objects.filter(pk__in=gone).delete()[0]
    return forgotten


def _marks(tab: Tab) -> QuerySet[QueueMark]:
    """Of the row that is asked about."""
    return QueueMark.objects.filter(queue=tab.code, row=Cast(OuterRef("pk"), CharField()))


def _put_off(tab: Tab, now: datetime) -> Exists:
    since = EntrySubject.objects.filter(
        subject_kind=tab.subject, subject_id=OuterRef("row"), recorded_at__gt=OuterRef("put_off_at")
    )
    return Exists(_marks(tab).filter(~Exists(since), until__gt=now))


def _give(tab: Tab, keys: Sequence[str], to: User) -> None:
    _write(tab, keys, {"owner": to})


def _write(tab: Tab, keys: Sequence[str], columns: Mapping[str, Any]) -> None:
    """One statement for all: what a mark says besides stays."""
    made = [QueueMark(queue=tab.code, row=key, changed_at=clock.now(), **columns) for key in keys]
    QueueMark.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["queue", "row"], update_fields=[*columns, "changed_at"]
    )


def _record(what: str, tab: Tab, keys: Sequence[str], by: User, data: Mapping[str, str]) -> None:
    """Not about the rows themselves: what is recorded about them ends that they are put off."""
    rows = [f"{tab.code}:{key}" for key in keys]
    told = {"queue": tab.code, "rows": str(len(keys)), **data}
    record(f"to_do.{what}", actor=Actor.staff(by.pk), subjects={"to_do": rows}, data=told)

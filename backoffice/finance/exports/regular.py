"""Regular exports: whose day has come, of which days, and who is told.

Only people who work here and may export the list get one, and by mail a link alone, which asks who they are. So no
address is typed anywhere, and nobody gets anything once they may not export any more.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, assert_never

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import translation

from backoffice.finance.exports.asking import ask_regularly
from backoffice.finance.exports.day_filters import DayFilter
from backoffice.finance.exports.export_mail import allowed
from backoffice.finance.exports.listed_rows import may_export
from backoffice.finance.exports.lists import LISTS
from backoffice.finance.exports.reasons import NOBODY, NOT_ALLOWED
from backoffice.models.exports import Often, RegularExport
from ledger import clock, days
from ledger.api import Actor, record
from payments.mail.colleagues import name_of
from payments.presentation.languages import supported

#: When they are made, in the time zone of the business: the night's checks are over by then.
HOUR: Final = time(6)
#: So many are begun at one look.
AT_ONCE: Final = 20
MONDAY: Final = 0


def set_up(  # noqa: PLR0913 - what it is made of
    label: str, query: str, file_format: str, often: Often, receivers: Iterable[User], *, by: User, pk: str
) -> RegularExport:
    """From the next time on; `pk` comes from the form, so that two presses make one. Who may not export is left out."""
    filters = days_of(label, query)
    with transaction.atomic():
        if there := RegularExport.objects.filter(pk=pk).first():
            return there
        regular = RegularExport(
            id=pk,
            model=label,
            query=_without(query, filters),
            days=filters.name if filters else "",
            format=file_format,
            language=supported(translation.get_language() or ""),
            often=often,
            made_by=by,
            next_at=next_time(often, clock.now()),
        )
        regular.save(force_insert=True)
        regular.receivers.set(allowed(label, receivers))
        _record("export.regular_set_up", regular, by)
    return regular


def change(regular: RegularExport, often: Often, receivers: Iterable[User], *, by: User) -> None:
    """In the caller's transaction."""
    regular.receivers.set(allowed(regular.model, receivers))
    RegularExport.objects.filter(pk=regular.pk).update(often=often, next_at=next_time(often, clock.now()))
    regular.refresh_from_db()
    _record("export.regular_changed", regular, by)


def stop(regular: RegularExport, *, by: User) -> None:
    """For good: set up another one to go on. In the caller's transaction."""
    if RegularExport.objects.filter(pk=regular.pk, stopped_at=None).update(stopped_at=clock.now()):
        _record("export.regular_stopped", regular, by)


def begin_due() -> None:
    """Have those made whose time has come, once, whichever process comes first; what was missed is not made up for."""
    now = clock.now()
    due = RegularExport.objects.select_related("made_by").filter(stopped_at=None, next_at__lte=now)
    for regular in due.order_by("next_at")[:AT_ONCE]:
        with transaction.atomic():
            as_read = RegularExport.objects.filter(pk=regular.pk, next_at=regular.next_at, stopped_at=None)
            if as_read.update(next_at=next_time(Often(regular.often), now)):
                _begin(regular, now)


def _begin(regular: RegularExport, now: datetime) -> None:
    if not may_export(regular.made_by, regular.model):
        _missed(regular, NOT_ALLOWED, {"name": name_of(regular.made_by)})
    elif not allowed(regular.model, regular.receivers.all()):
        _missed(regular, NOBODY, {})
    else:
        first, last = period(Often(regular.often), now.astimezone(days.zone()).date())
        filters = next((one for one in LISTS[regular.model].days if one.name == regular.days), None)
        ask_regularly(regular, filters.applied(regular.query, first, last) if filters else regular.query)


def days_of(label: str, query: str) -> DayFilter | None:
    """By which of its days the list is taken: by those that it is filtered by now, if it is."""
    filters = LISTS[label].days
    return next((one for one in filters if one.is_used(query)), filters[0] if filters else None)


def _without(query: str, filters: DayFilter | None) -> str:
    return filters.without(query) if filters else query


def _missed(regular: RegularExport, reason: str, params: dict[str, str]) -> None:
    rows = RegularExport.objects.filter(pk=regular.pk)
    rows.update(errors=regular.errors + 1, reason=reason, reason_params=params)


# Days


def next_time(often: Often, now: datetime) -> datetime:
    """The first moment after `now` at which it is made, in UTC."""
    day = now.astimezone(days.zone()).date()
    while not (_is_its_day(often, day) and (found := _at_its_hour(day)) > now):
        day += timedelta(days=1)
    return found


def _at_its_hour(day: date) -> datetime:
    return datetime.combine(day, HOUR, tzinfo=days.zone()).astimezone(UTC)


def _is_its_day(often: Often, day: date) -> bool:
    match often:
        case Often.DAILY:
            return True
        case Often.WEEKLY:
            return day.weekday() == MONDAY
        case Often.MONTHLY:
            return day.day == 1
        case never:
            assert_never(never)


def period(often: Often, today: date) -> tuple[date, date]:
    """First and last day of the day, week or month that is over."""
    yesterday = today - timedelta(days=1)
    match often:
        case Often.DAILY:
            return yesterday, yesterday
        case Often.WEEKLY:
            last = today - timedelta(days=today.weekday() + 1)
            return last - timedelta(days=6), last
        case Often.MONTHLY:
            last = today.replace(day=1) - timedelta(days=1)
            return last.replace(day=1), last
        case never:
            assert_never(never)


def _record(kind: str, regular: RegularExport, by: User) -> None:
    receivers = [str(pk) for pk in regular.receivers.order_by("pk").values_list("pk", flat=True)]
    record(
        kind,
        actor=Actor.staff(by.pk),
        subjects={"regular_export": regular.pk},
        data={"list": regular.model, "format": regular.format, "often": regular.often, "receivers": receivers},
    )

"""A list is exported regularly: of the days that are over, to people who may export it, who sign in for the file."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django_q.models import Schedule

from backoffice.finance.exports import tasks
from backoffice.finance.exports.regular import next_time, period
from backoffice.models import Export, RegularExport
from backoffice.models.exports import ExportState, Often
from ledger import clock, days
from ledger.api import timeline
from payments.mail.rendering import render
from payments.models import Message
from payments.models.messages import Template
from tests import cast
from tests.backoffice.exports.asked import PAYMENTS, csv_parts, download, finance, form_of
from tests.cast import signed_in
from tests.dialogs import confirm

pytestmark = pytest.mark.django_db
PAGE = f"{PAYMENTS}export/"
ACTIONS = ("change_regular", "stop_regular")


@pytest.fixture
def luis() -> Client:
    finance("ana")
    return signed_in(finance())


@pytest.fixture
def at(settings: Any, tmp_path: Path) -> Any:
    """Moves the clock to a moment of the business's time zone."""
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")

    def move(year: int, month: int, day: int, hour: int) -> None:
        wanted = datetime(year, month, day, hour, tzinfo=days.zone())
        (tmp_path / "clock").write_text(f"={wanted.timestamp()}")

    return move


def set_up(
    client: Client, often: str = "monthly", query: str = "", *names: str, where: str = PAYMENTS
) -> RegularExport:
    receivers = [finance(name).pk for name in names or ("luis", "ana")]
    page = f"{where}export/{query}"
    form = {**form_of(client, page), "format": "1", "often": often, "receivers": receivers}
    answer = client.post(page, form)
    assert answer.status_code == 302, answer.content.decode()
    assert client.post(page, form).status_code == 302, "pressed twice"
    return RegularExport.objects.get()


def made_now() -> Export:
    tasks.look_after_exports()
    tasks.look_after_exports()
    found = Export.objects.get(state=ExportState.QUEUED)
    tasks.make_export(found.pk)
    return Export.objects.get(pk=found.pk)


def test_each_day_week_and_month_is_made_when_it_is_over() -> None:
    friday, zone = datetime(2026, 11, 27, 13, tzinfo=UTC), days.zone()
    expected = {
        Often.DAILY: (date(2026, 11, 28), date(2026, 11, 27), date(2026, 11, 27)),
        Often.WEEKLY: (date(2026, 11, 30), date(2026, 11, 23), date(2026, 11, 29)),
        Often.MONTHLY: (date(2026, 12, 1), date(2026, 11, 1), date(2026, 11, 30)),
    }
    for often, (day, first, last) in expected.items():
        after = next_time(often, friday)
        assert after == datetime(day.year, day.month, day.day, 6, tzinfo=zone)
        assert period(often, after.astimezone(zone).date()) == (first, last)
        assert next_time(often, after) > after


def test_those_who_get_it_are_told_by_mail_and_sign_in_for_the_file(luis: Client, at: Any) -> None:
    at(2026, 11, 10, 12)
    cast.settled()
    at(2026, 12, 1, 5)
    cast.settled()
    luis = signed_in(finance())
    regular = set_up(luis, "monthly", "?status=settled&created_at_from=2020-01-01")
    assert regular.query == "status=settled"
    at(2026, 12, 1, 7)
    export = made_now()
    assert (export.state, export.rows) == (ExportState.DONE, 1), "of November"
    mails = Message.objects.filter(template=Template.EXPORT).order_by("to_email")
    assert [mail.to_email for mail in mails] == ["ana@example.org", "luis@example.org"]
    rendered = render(mails[0])
    assert f"/admin/backoffice/export/{export.pk}/change/" in rendered.text
    assert "María" not in rendered.text + rendered.html
    ana = signed_in(finance("ana"))
    assert len(csv_parts(download(ana, export))[0]) == 1
    assert Client().get(f"/admin/backoffice/export/{export.pk}/file/").status_code == 302, "who is not signed in"
    kinds = [row.kind for row in timeline([("regular_export", regular.pk)])]
    assert kinds[:2] == ["export.regular_set_up", "export.made"]
    tasks.look_after_exports()
    assert Export.objects.count() == 1


def test_movements_are_those_of_the_days_that_are_over(luis: Client, at: Any) -> None:
    at(2026, 10, 31, 23)
    early = cast.settled()
    at(2026, 11, 1, 0)
    cast.settled()
    at(2026, 11, 30, 23)
    cast.settled()
    luis = signed_in(finance())
    regular = set_up(luis, "monthly", "?figure=received&day_from=2020-01-01", where="/admin/ledger/movement/")
    assert (regular.query, regular.days) == ("figure=received", "day")
    at(2026, 12, 1, 7)
    cast.settled()
    export = made_now()
    assert (export.state, export.reason) == (ExportState.DONE, "")
    lines, after = csv_parts(download(signed_in(finance()), export))
    assert [line["Day"] for line in lines] == ["2026-11-30", "2026-11-01"]
    assert early.pk not in {line["Payment"] for line in lines}
    told = {(one["head"], one["code"]): int(one["minor_units"]) for one in export.totals}
    assert told["Received", "MXN"] == 2 * early.value
    assert ["Filter: Day, from", "2026-11-01"] in after


def test_whoever_may_not_export_any_more_gets_none(luis: Client, at: Any) -> None:
    at(2026, 11, 10, 12)
    luis = signed_in(finance())
    regular = set_up(luis, "daily")
    cast.staff("ana").groups.clear()
    at(2026, 11, 11, 7)
    assert made_now().state == ExportState.DONE
    assert [mail.to_email for mail in Message.objects.filter(template=Template.EXPORT)] == ["luis@example.org"]
    luis = signed_in(finance())
    page = f"/admin/backoffice/regularexport/{regular.pk}/change/"
    assert "ana (gets none: may not export this list)" in luis.get(page).content.decode()


def test_what_fails_is_counted_until_it_works(luis: Client, at: Any) -> None:
    at(2026, 11, 10, 12)
    regular = set_up(signed_in(finance()), "daily", "", "ana")
    cast.staff("luis").groups.clear()
    for day in (11, 12):
        at(2026, 11, day, 7)
        tasks.look_after_exports()
    regular.refresh_from_db()
    assert (regular.errors, regular.reason) == (2, "export_not_allowed")
    assert not Export.objects.exists()
    told = signed_in(finance("ana")).get("/admin/backoffice/regularexport/").content.decode()
    assert "luis may not export this list any more" in told
    cast.staff("luis").groups.set(Group.objects.filter(name="finance"))
    at(2026, 11, 13, 7)
    made_now()
    regular.refresh_from_db()
    assert (regular.errors, regular.reason) == (0, "")


def test_nobody_is_chosen_who_may_not_export(luis: Client) -> None:
    rosa = cast.staff("rosa")
    form = {**form_of(luis, PAGE), "format": "1", "often": "daily"}
    for receivers in ([rosa.pk], [], ["x"]):
        assert luis.post(PAGE, {**form, "receivers": receivers}).status_code == 200
    assert luis.post(PAGE, {**form, "often": "hourly", "receivers": [finance().pk]}).status_code == 200
    assert not RegularExport.objects.exists()


def test_it_is_changed_and_stopped_by_whoever_may_export(luis: Client) -> None:
    regular = set_up(luis)
    change, stop = (reverse(f"admin:backoffice_regularexport_{name}", args=[regular.pk]) for name in ACTIONS)
    confirm(luis, change, often="daily", receivers=str(finance("ana").pk))
    regular.refresh_from_db()
    assert (regular.often, [user.username for user in regular.receivers.all()]) == ("daily", ["ana"])
    confirm(luis, stop)
    confirm(luis, stop)
    regular.refresh_from_db()
    assert regular.stopped_at
    RegularExport.objects.update(next_at=clock.now())
    tasks.look_after_exports()
    assert not Export.objects.exists()
    kinds = [row.kind for row in timeline([("regular_export", regular.pk)])]
    assert kinds == ["export.regular_set_up", "export.regular_changed", "export.regular_stopped"]


def test_the_timetable_looks_after_it() -> None:
    row = Schedule.objects.get(name="backoffice.exports")
    assert row.func == f"{tasks.__name__}.{tasks.look_after_exports.__name__}"

"""Who gets an export, and when: nobody twice for one press, nobody a half file, nobody what they may not export."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count, repeat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django_q.models import OrmQ

from backoffice.finance.exports import asking, making, tasks
from backoffice.finance.exports.asking import ask
from backoffice.finance.exports.making import MOST_ATTEMPTS, Overtaken, claim, make
from backoffice.finance.exports.snapshot import one_snapshot
from backoffice.models import Export
from backoffice.models.exports import LONGEST_QUERY, ExportState
from ledger.api import timeline
from payments.identifiers import new_ulid
from payments.models import Payment
from tests import cast
from tests.backoffice.exports.asked import PAYMENTS, csv_parts, download, export, finance, form_of
from tests.cast import person, signed_in

pytestmark = pytest.mark.django_db
PAGE = f"{PAYMENTS}export/"
EXPORTS = "/admin/backoffice/export/"


@pytest.fixture
def luis() -> Client:
    return signed_in(finance())


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def queued(by: str = "luis", query: str = "") -> Export:
    """As the page asks for one of many rows."""
    many = asking.AT_ONCE + 1
    return ask("payments.payment", query, "csv", by=finance(by), form_id=new_ulid(), rows=many)


def test_the_list_leads_to_it_only_whoever_may_export(luis: Client) -> None:
    assert f'href="{PAGE}?status=settled"' in luis.get(f"{PAYMENTS}?status=settled").content.decode()
    auditor = cast.staff("otto")
    auditor.groups.set(Group.objects.filter(name="auditor"))
    looks = signed_in(auditor)
    assert PAGE not in looks.get(PAYMENTS).content.decode()
    blind = signed_in(person("blind", "payments.export_payment"))  # may take away what they may not see
    made = export(luis)
    for client in (looks, blind):
        assert client.get(PAGE).status_code == client.post(PAGE, {"format": "0"}).status_code == 403
        for address in (f"{made.pk}/change/", f"{made.pk}/file/", f"{made.pk}/status/"):
            assert client.get(EXPORTS + address).status_code == 403
    assert luis.get(f"{EXPORTS}nothing/file/").status_code == 404


def test_two_presses_are_one_export_and_its_file_begins_to_download(luis: Client, private_folder: Path) -> None:
    form = {**form_of(luis, PAGE), "format": "1"}
    first, second = luis.post(PAGE, form), luis.post(PAGE, form)
    assert first.headers["Location"] == second.headers["Location"]
    made = Export.objects.get()
    assert "data-export-file" in luis.get(first.headers["Location"]).content.decode()
    assert download(luis, made) == download(luis, made)
    assert [row.kind for row in timeline([("export", made.pk)])] == ["export.made", "export.fetched", "export.fetched"]
    assert "A list was exported: Payments, 0 rows, as CSV." in luis.get(f"{EXPORTS}{made.pk}/change/").content.decode()
    assert files(private_folder) == [made.file]
    assert (private_folder / made.file).stat().st_mode & 0o777 == 0o600
    assert private_folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "more", [{"format": "7"}, {"format": ""}, {"format": "1", "form_id": "x"}, {"format": "csv"}], ids=str
)
def test_what_is_no_format_makes_nothing(luis: Client, more: dict[str, str]) -> None:
    answer = luis.post(PAGE, {**form_of(luis, PAGE), **more})
    assert answer.status_code == 200
    assert not Export.objects.exists()


@pytest.mark.parametrize("query", ["body__regex=a", "receiver_email=a", "q=%00", "created_at_from=2020&nothing=1"])
def test_a_filter_that_the_list_does_not_have_never_exports_all_of_it(luis: Client, query: str) -> None:
    cast.settled()
    answer = luis.get(f"{PAGE}?{query}")
    assert answer.status_code == 400 or answer.headers["Location"] == PAYMENTS
    made = make(queued(query=query).pk)
    assert (made.state, made.reason, made.file) == (ExportState.FAILED, "export_no_such_list", "")


def test_a_filter_that_has_nothing_left_to_choose_from_never_exports_all_of_it() -> None:
    cast.settled()
    one_seller_left = f"seller__id__exact={cast.radio().pk}"
    made = ask("payments.paymentrequest", one_seller_left, "csv", by=finance(), form_id=new_ulid(), rows=1)
    assert (made.state, made.reason, made.file) == (ExportState.FAILED, "export_no_such_list", "")


def test_an_address_that_no_browser_makes_is_led_back_to_the_list(luis: Client) -> None:
    assert luis.get(f"{PAGE}?q={'a' * LONGEST_QUERY}").headers["Location"] == PAYMENTS


def test_an_empty_list_is_a_file_with_its_head(luis: Client) -> None:
    cast.settled()
    lines, after = csv_parts(download(luis, export(luis, query="?currency=GONE")))
    assert lines == []
    assert ["Rows", "0"] in after
    assert ["Filter: Currency", "GONE"] in after


def test_many_rows_are_made_by_the_worker(luis: Client, private_folder: Path) -> None:
    cast.settled()
    OrmQ.objects.all().delete()
    made = queued()
    page = f"{EXPORTS}{made.pk}/change/"
    assert OrmQ.objects.count() == 1
    assert "data-export-status" in luis.get(page).content.decode()
    assert luis.get(f"{EXPORTS}{made.pk}/file/").headers["Location"] == page, "nothing is given out before it is whole"
    assert luis.get(f"{EXPORTS}{made.pk}/status/").json() == {"state": "queued", "percent": 0, "rows": 0}
    tasks.make_export(made.pk)
    tasks.make_export(made.pk)
    assert luis.get(f"{EXPORTS}{made.pk}/status/").json() == {"state": "done", "percent": 100, "rows": 1}
    assert len(csv_parts(download(luis, Export.objects.get()))[0]) == 1
    assert len(files(private_folder)) == 1


def test_whoever_may_not_export_any_more_gets_nothing(luis: Client) -> None:
    made, waits = export(luis), queued()
    cast.staff("luis").groups.clear()
    assert luis.get(f"{EXPORTS}{made.pk}/file/").status_code == 403
    tasks.make_export(waits.pk)
    waits.refresh_from_db()
    assert (waits.state, waits.reason) == (ExportState.FAILED, "export_not_allowed")
    assert not waits.file


def test_a_file_whose_time_is_over_is_neither_given_out_nor_kept(
    luis: Client, private_folder: Path, settings: Any, tmp_path: Path
) -> None:
    made = export(luis)
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    (tmp_path / "clock").write_text(str(int((making.LIFETIME + timedelta(minutes=1)).total_seconds())))
    page = f"{EXPORTS}{made.pk}/change/"
    luis = signed_in(finance())
    assert luis.get(f"{EXPORTS}{made.pk}/file/").headers["Location"] == page
    assert "data-export-file" not in luis.get(page).content.decode()
    tasks.look_after_exports()
    assert files(private_folder) == []
    assert luis.get(page).status_code == 200, "its totals stay"


def test_a_file_that_is_not_what_was_made_is_not_given_out(luis: Client, private_folder: Path) -> None:
    made = export(luis)
    (private_folder / made.file).write_bytes(b"half")
    assert luis.get(f"{EXPORTS}{made.pk}/file/").status_code == 302
    (private_folder / made.file).unlink()
    assert luis.get(f"{EXPORTS}{made.pk}/file/").status_code == 302


def test_whoever_dies_half_way_is_followed_by_another_one(private_folder: Path, settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    made = queued()
    private_folder.mkdir()
    for hours in range(1, MOST_ATTEMPTS + 1):
        mine = claim(made.pk)
        assert mine
        assert not claim(made.pk), "somebody is at it"
        (private_folder / f"{made.pk}-{mine.attempt}.csv.part").write_bytes(b"half")
        (tmp_path / "clock").write_text(str(hours * 3600))
        OrmQ.objects.all().delete()
        tasks.look_after_exports()
        assert OrmQ.objects.count() == 1, "it is begun anew"
    tasks.make_export(made.pk)
    made.refresh_from_db()
    assert (made.state, made.reason) == (ExportState.FAILED, "export_died")
    kept = export(signed_in(finance()))
    (private_folder / f"{made.pk}-1.csv").write_bytes(b"whole, but its row does not know of it")
    for left in private_folder.iterdir():
        os.utime(left, (0, 0))
    tasks.look_after_exports()
    assert files(private_folder) == [kept.file]


def test_whoever_lost_their_claim_throws_away_what_they_made(
    private_folder: Path, settings: Any, tmp_path: Path
) -> None:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    slow = claim(queued().pk)
    assert slow
    (tmp_path / "clock").write_text("3600")
    quick = make(slow.pk)
    assert quick.state == ExportState.DONE
    making._try(slow)
    assert files(private_folder) == [quick.file]
    assert Export.objects.get().digest == quick.digest


def test_a_full_disk_is_said_and_leaves_nothing(
    luis: Client, private_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    made = export(luis)
    assert (made.state, made.reason) == (ExportState.FAILED, "export_no_room")
    assert files(private_folder) == []
    assert "There is no room on the disk" in luis.get(f"{EXPORTS}{made.pk}/change/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_file_is_of_one_moment_and_keeps_nobody_waiting(private_folder: Path) -> None:
    first = cast.settled()
    request = first.request_id

    def another() -> None:
        with transaction.atomic():
            Payment.objects.filter(pk=first.pk).update(receiver_name="Somebody else")
            copy = Payment.objects.get(pk=first.pk)
            copy.pk = new_ulid()
            copy.save(force_insert=True)
        connection.close()

    with one_snapshot():
        before = list(Payment.objects.values_list("pk", "receiver_name"))
        with ThreadPoolExecutor(1) as other:
            other.submit(another).result(timeout=10)
        assert list(Payment.objects.values_list("pk", "receiver_name")) == before
    assert Payment.objects.filter(request=request).count() == 2
    with transaction.atomic():  # and writes wait for each other again, as before
        assert connection.in_atomic_block
    client = signed_in(finance())
    made = queued()
    tasks.make_export(made.pk)
    made.refresh_from_db()
    assert (made.state, made.rows) == (ExportState.DONE, 2), made.reason_params
    assert len(csv_parts(download(client, made))[0]) == 2


@pytest.mark.django_db(transaction=True)
def test_whoever_is_at_it_says_how_far_it_is(private_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "BETWEEN_NEWS_SECONDS", 0.0)
    made = claim(queued().pk)
    assert made
    with making._news(made) as news:
        news(2000, 5000)
    made.refresh_from_db()
    assert (made.rows, made.rows_expected, made.percent) == (2000, 5000, 40)
    Export.objects.update(attempt=9)
    with making._news(made) as news, pytest.raises(Overtaken):
        list(map(news, count(4000), repeat(0)))

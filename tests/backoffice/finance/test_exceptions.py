"""The queue of exceptions: typed, aged, assigned, noted, resolved with a reason, one by one, marked, or by a file."""

import json
import re
from collections.abc import Sequence
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook, load_workbook

from backoffice import roles
from ledger.models import Entry, ExceptionNote, StatementException, StatementRow
from ledger.statements.kinds import DifferenceType, Resolution
from payments.states import PaymentState, RequestState
from tests.backoffice.finance.queue import queue
from tests.cast import asked, paid_to_maria, signed_in
from tests.dialogs import confirm

pytestmark = pytest.mark.django_db
LIST = "/admin/ledger/statementexception/"


def in_role(name: str, role: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", is_staff=True)
    user.groups.set(Group.objects.filter(name=role))
    return user


@pytest.fixture
def luis() -> Client:
    return signed_in(in_role("luis", roles.FINANCE))


def words(client: Client, path: str = LIST) -> str:
    text = client.get(path).content.decode()
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text))).replace("\xa0", " ")


def count_open() -> int:
    return StatementException.objects.filter(resolved_at=None).count()


def test_the_queue_shows_every_type_its_age_and_payments_that_need_attention(luis: Client) -> None:
    rows = queue(days_ago=2)
    assert len(rows) == len(DifferenceType)
    payment = paid_to_maria(
        asked(RequestState.APPROVED), PaymentState.NEEDS_ATTENTION, PaymentState.SENT, reason="not_settled"
    )
    shown = words(luis)
    for kind in DifferenceType:
        assert str(kind.label) in shown
    assert "Payments that need attention" in shown
    assert payment.receiver_name in shown
    assert "nobody yet" in shown
    for age, number in (("hours", 0), ("days", 8), ("week", 0), ("nonsense", 0)):
        answer = luis.get(LIST, {"age": age})
        assert answer.context["cl"].result_count == number, age
    with_payment = next(row for row in rows if row.type == DifferenceType.PAID_TWICE)
    page = words(luis, f"{LIST}{with_payment.pk}/change/")
    assert "More was paid for this payment than is due" in page
    assert "october.csv, row" in page


def test_one_is_taken_noted_and_resolved_with_a_reason_which_the_ledger_keeps(luis: Client) -> None:
    row = next(each for each in queue() if each.type == DifferenceType.MISSING_HERE)
    at = f"{LIST}{row.pk}"
    confirm(luis, f"{at}/take/")
    confirm(luis, f"{at}/note/", text="Asked the bank.")
    confirm(luis, f"{at}/resolve/", resolution=Resolution.SAME_ROW, why="It is the rent.")
    row.refresh_from_db()
    assert row.resolved_at is None, "not offered for this type"
    confirm(luis, f"{at}/resolve/", resolution=Resolution.NOT_OURS, why="  ")
    row.refresh_from_db()
    assert row.resolved_at is None, "without a reason nothing is resolved"
    confirm(luis, f"{at}/resolve/", resolution=Resolution.NOT_OURS, why="It is the rent.")
    row.refresh_from_db()
    assert (row.resolution, row.why, row.assigned_to) == (Resolution.NOT_OURS, "It is the rent.", row.resolved_by)
    assert ExceptionNote.objects.get().text == "Asked the bank."
    kinds = list(
        Entry.objects.filter(kind__startswith="exception.").order_by("recorded_at").values_list("kind", flat=True)
    )
    assert kinds == ["exception.assigned", "exception.noted", "exception.resolved"]
    again = confirm(luis, f"{at}/resolve/", resolution=Resolution.NOT_OURS, why="Once more.")
    assert again.status_code in {200, 302}
    row.refresh_from_db()
    assert row.why == "It is the rent."
    assert str(row.pk) not in re.findall(r"statementexception/(\d+)/change", luis.get(LIST).content.decode())
    assert words(luis, f"{at}/change/").count("It is the rent.") >= 1


def test_marked_ones_are_resolved_together_and_the_queue_empties(luis: Client) -> None:
    rows = queue()
    marked: dict[str, Any] = {"action": "resolve_all_marked", "_selected_action": [row.pk for row in rows]}
    asked_first = luis.post(LIST, marked)
    assert asked_first.status_code == 200
    assert count_open() == len(rows), "nothing was done yet"
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', asked_first.content.decode()))
    stale = {name: "0" * 16 if name == f"seen-{rows[0].pk}" else value for name, value in seen.items()}
    answer = {**marked, **stale, "confirmed": "yes", "resolution": Resolution.ACCEPTED, "why": "Agreed with the bank."}
    told = luis.post(LIST, answer, follow=True)
    assert count_open() == 1, "what changed since is left"
    assert "has changed since" in told.content.decode()
    luis.post(LIST, {**answer, **seen, "_selected_action": [rows[0].pk]})
    assert count_open() == 0
    assert "Nothing here" in words(luis)


def test_by_file_the_list_comes_back_with_actions_and_says_first_what_it_will_do(luis: Client) -> None:
    rows = queue(name='=cmd|"/c calc"!A1')
    book = load_workbook(BytesIO(luis.post(f"{LIST}file/").content))
    sheet = book.worksheets[0]
    assert sheet.max_row == len(rows) + 1
    for line in sheet.iter_rows(min_row=2):
        texts = [cell for cell in line if isinstance(cell.value, str) and cell.value.startswith("=")]
        assert texts, "a text that looks like a formula is there"
        assert {cell.data_type for cell in texts} == {"s"}, "and stays a text"
    written = {"missing_here": "Not ours", "over": "accepted", "under": "They correct it", "late": "make it so"}
    places = {str(cell.value): at for at, cell in enumerate(sheet[1], 1)}
    for number in range(2, sheet.max_row + 1):
        row = next(each for each in rows if each.pk == sheet.cell(number, places["No."]).value)
        if row.type in written:
            sheet.cell(number, places["Action"], written[row.type])
            sheet.cell(number, places["Why"], f"Because of {row.type}.")
    saved = BytesIO()
    book.save(saved)
    looked = luis.post(f"{LIST}upload/", {"file": SimpleUploadedFile("list.xlsx", saved.getvalue())})
    text = looked.content.decode()
    assert "3 exceptions will be resolved" in text
    assert "end like that" in unescape(text)
    assert count_open() == len(rows), "only looked at"
    found = re.search(r'name="looked_at" value="([^"]+)"', text)
    assert found
    luis.post(f"{LIST}upload/", {"looked_at": found[1]})
    resolved = {row.type: row.resolution for row in StatementException.objects.exclude(resolved_at=None)}
    (taken,) = Entry.objects.filter(kind="exceptions.taken")
    assert json.loads(taken.body)["data"]["rows"] == len(rows)
    assert luis.get(f"{LIST}file/").status_code == 405
    assert resolved == {"missing_here": "not_ours", "over": "accepted", "under": "corrected_there"}
    assert count_open() == len(rows) - 3
    luis.post(f"{LIST}upload/", {"looked_at": found[1] + "x"})
    assert count_open() == len(rows) - 3


def test_what_no_workbook_can_hold_is_told_in_words(luis: Client) -> None:
    row, other, *_rest = queue()
    line = StatementRow.objects.get(pk=StatementException.objects.exclude(line=None).values_list("line")[:1])
    StatementRow.objects.filter(pk=line.pk).update(text="Renta\x01\x0b octubre")
    most = 10**17 + 1
    StatementException.objects.filter(pk__in=[row.pk, other.pk]).update(
        expected_value=most, expected_scale=2, found_value=-most, found_scale=2
    )
    sheet = load_workbook(BytesIO(luis.post(f"{LIST}file/").content)).worksheets[0]
    values = [cell.value for line in sheet.iter_rows(min_row=2) for cell in line]
    assert "Renta\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} octubre" in values
    assert values.count("1000000000000000.01") == 2
    assert values.count("-1000000000000000.01") == 2


#: A tenth of a kilobyte that wants to become a gigabyte.
LAUGHS = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
BOMB = (
    f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><worksheet><sheetData>&l9;</sheetData></worksheet>'
)
SECRET = "what stands in a file of this machine"
READS = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "{}">]><worksheet>&f;</worksheet>'


def workbook(part: str = "", content: str = "", rows: Sequence[Sequence[Any]] = ()) -> bytes:
    """A workbook with `rows`; one of its parts is something else."""
    saved, book = BytesIO(), Workbook()
    for row in rows:
        book.worksheets[0].append([*row])
    book.save(saved)
    changed = BytesIO()
    with ZipFile(saved) as before, ZipFile(changed, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, content if name == part else before.read(name))
    return changed.getvalue()


def test_a_file_that_is_no_list_is_refused_with_a_sentence(luis: Client, tmp_path: Path) -> None:
    queue()
    ours = tmp_path / "ours"
    ours.write_text(SECRET, encoding="ascii")
    sheet, heads = "xl/worksheets/sheet1.xml", [["No.", "Action", "Why", "Leave as it is"]]
    far = f'{{"{sheet}": 0}}'
    hostile = {
        "empty": b"",
        "no workbook": b"not a workbook",
        "cut": b"PK\x03\x04broken",
        "entities": workbook(sheet, BOMB),
        "a file of ours": workbook(sheet, READS.format(ours.as_uri())),
        "no xml": workbook(sheet, "<worksheet><sheetData><row"),
        "no workbook in it": workbook("xl/workbook.xml", "<workbook/>"),
        "types": workbook("[Content_Types].xml", far),
        "too much in it": workbook("xl/theme/theme1.xml", "a" * 30_000_000, heads),
        "no heads": workbook(rows=[[1, "accepted", "x", "y"]]),
    }
    for what, content in hostile.items():
        answer = luis.post(f"{LIST}upload/", {"file": SimpleUploadedFile("list.xlsx", content)})
        assert answer.status_code == 200, what
        assert "tequio-problem" in answer.content.decode(), what
        assert SECRET not in answer.content.decode(), what
    # Rows that nobody can mean are told one by one; nothing is done.
    odd: list[list[Any]] = [
        *heads,
        ["9" * 40, "accepted", "x", "y"],
        [-1, "=1+1", None, None],
        [1.5, "accepted", "x" * 40_000, 7],
    ]
    answer = luis.post(f"{LIST}upload/", {"file": SimpleUploadedFile("list.xlsx", workbook(rows=odd))})
    assert "0 exceptions will be resolved" in answer.content.decode()


def test_whoever_may_only_read_resolves_nothing() -> None:
    auditor = signed_in(in_role("ines", roles.AUDITOR))
    row = queue()[0]
    assert auditor.get(LIST).status_code == 200
    assert auditor.get("/admin/exceptions/")["Location"] == LIST
    assert auditor.post(f"{LIST}file/").status_code == 403, "what banks write leaves the house by finance's hand"
    assert signed_in(in_role("eva", "")).get("/admin/exceptions/").status_code == 403
    assert auditor.get(f"{LIST}upload/").status_code == 403
    assert auditor.post(
        f"{LIST}{row.pk}/resolve/", {"resolution": "accepted", "why": "x", "seen": "y"}
    ).status_code in {302, 403}
    auditor.post(LIST, {"action": "resolve_all_marked", "_selected_action": [row.pk], "confirmed": "yes"})
    assert count_open() == len(DifferenceType)

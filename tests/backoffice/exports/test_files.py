"""A file has exactly the rows of the list, and totals that anybody can reckon from them."""

import csv
import io
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from openpyxl import load_workbook

from backoffice.finance.exports.listed_rows import is_exportable
from backoffice.finance.exports.lists import LISTS
from backoffice.models.exports import ExportState
from ledger.api import timeline
from ledger.spreadsheet_text import neutral
from payments.models import Payment
from payments.states import PaymentState, RequestState
from tests import cast
from tests.backoffice.exports.asked import (
    as_pandas_reads,
    csv_parts,
    download,
    export,
    finance,
    told_totals,
    xlsx_parts,
)
from tests.cast import signed_in

pytestmark = pytest.mark.django_db

#: Texts that a spreadsheet program would run, or has run, somewhere.
FORMULAS = (
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1",
    "  =cmd|' /C calc'!A0",
    "\uff1d1+1",
    "harmless;=cmd|' /C calc'!A0",
    'quoted";"=1+1',
    "two\n=lines",
)


def admin_client() -> Client:
    return signed_in(User.objects.create_superuser("root", "root@example.org"))


def test_a_file_is_the_list_as_it_is_filtered_with_totals_of_what_it_says() -> None:
    cast.settled()
    tokyo: dict[str, Any] = {"asset_code": "JPY", "asset_scale": 0}
    cast.paid_to_maria(cast.asked(), value=7, **tokyo)
    cast.paid_to_maria(cast.asked(), PaymentState.NEEDS_ATTENTION, received_value=3, value=500, **tokyo)
    cast.paid_to_maria(cast.asked(RequestState.CANCELLED), PaymentState.CANCELLED, value=2**62)
    client = signed_in(finance())
    wanted = {
        "": Payment.objects.order_by("-created_at", "-id"),
        "?currency=JPY": Payment.objects.filter(asset_code="JPY").order_by("-created_at", "-id"),
        "?status=settled&p=7&all=": Payment.objects.filter(state="settled"),
        f"?q={Payment.objects.order_by('pk')[0].pk}&o=-2": Payment.objects.order_by("pk")[:1],
        "?created_at_from=2020-01-01&created_at_to=2020-01-02": Payment.objects.none(),
    }
    for query, rows in wanted.items():
        made, book = export(client, query=query), export(client, query=query, file_format="xlsx")
        assert made.state == book.state == ExportState.DONE
        content = download(client, book)
        (lines, after), (cells, sheet) = csv_parts(download(client, made)), xlsx_parts(content)
        (frame, last_sheet) = as_pandas_reads(content)
        found = [line["Payment"] for line in lines]
        assert found == [row["Payment"] for row in cells] == [row.pk for row in rows], query
        assert found == [row["Payment"] for row in frame], query
        assert made.rows == len(found)
        totals = told_totals(after, begins="Total: ")
        assert totals == told_totals(sheet) == told_totals(last_sheet)
        assert totals == summed(lines) == summed(cells) == summed(frame)
        assert totals == {
            (one["head"], one["code"]): Decimal(one["minor_units"]).scaleb(-one["scale"]) for one in made.totals
        }
        (entry,) = (row for row in timeline([("export", made.pk)]) if row.kind == "export.made")
        assert entry.data["rows"] == made.rows
        assert entry.data["sha256"] == made.digest
        assert [{**one, "head": None} for one in entry.data["totals"]] == [{**one, "head": None} for one in made.totals]
        assert "q" not in entry.data["filters"], "what was searched for may name somebody: it can be erased"


def summed(lines: list[dict[str, Any]]) -> dict[tuple[str, str], Decimal]:
    """Of the amounts of a payments file, column by column."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        for name in ("Amount to receive", "Received"):
            found[name, line["Currency"]] += Decimal(str(line[name]))
    return dict(found)


def test_amounts_are_exact_numbers_and_times_are_named() -> None:
    largest = cast.paid_to_maria(cast.asked(), value=2**63 - 1)
    small = cast.paid_to_maria(cast.asked(), value=1, asset_code="XAU", asset_scale=9)
    client = signed_in(finance())
    lines, _after = csv_parts(download(client, export(client)))
    by_id = {line["Payment"]: line for line in lines}
    assert by_id[largest.pk]["Amount to receive"] == "92233720368547758.07"
    assert by_id[small.pk]["Amount to receive"] == "0.000000001"
    cells = {row["Payment"]: row for row in xlsx_parts(download(client, export(client, file_format="xlsx")))[0]}
    assert cells[small.pk]["Amount to receive"] == pytest.approx(1e-9)
    assert cells[largest.pk]["Amount to receive"] == "92233720368547758.07", "a number would be rounded without a word"
    created = largest.created_at.replace(microsecond=0)
    here = created.astimezone(ZoneInfo("America/Mexico_City"))
    assert by_id[largest.pk]["Created (UTC)"] == f"{created:%Y-%m-%d %H:%M:%S}"
    assert by_id[largest.pk]["Created (America/Mexico_City)"] == f"{here:%Y-%m-%d %H:%M:%S}"
    assert cells[largest.pk]["Created (UTC)"] == created.replace(tzinfo=None)
    assert isinstance(cells[largest.pk]["Created (America/Mexico_City)"], datetime)


def test_what_looks_like_a_formula_stays_text() -> None:
    for text in FORMULAS:
        cast.paid_to_maria(cast.asked(), receiver_name=text)
    client = signed_in(finance())
    content = download(client, export(client))
    lines, _after = csv_parts(content)
    assert sorted(line["Receiver"] for line in lines) == sorted(neutral(text) for text in FORMULAS)
    for separator in ",;\t":
        for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator):
            assert not [cell for cell in line if cell.strip().startswith(("=", "@", "+", "-", "\uff1d"))]
    book = load_workbook(io.BytesIO(download(client, export(client, file_format="xlsx"))))
    receivers = [row[4] for row in book.worksheets[0].iter_rows(min_row=2)]
    assert {cell.data_type for cell in receivers} == {"s"}
    kept = sorted("".join(str(cell.value).split()) for cell in receivers)
    assert kept == sorted("".join(text.split()) for text in FORMULAS)


def test_a_file_tells_of_people_what_the_list_shows() -> None:
    cast.settled()
    cast.member("Sol Foundation", email="=sol@example.org")
    client = admin_client()
    for label in LISTS:
        content = download(client, export(client, f"/admin/{label.replace('.', '/')}/")).decode("utf-8-sig")
        assert ("@example.org" in content) == (label == "jobs.member"), label
        assert "wallet.example" not in content, label
        assert "bank.example" not in content, label


def test_every_exportable_model_has_its_columns() -> None:
    assert {model._meta.label_lower for model in apps.get_models() if is_exportable(model)} == set(LISTS)


def test_entries_jobs_members_and_requests() -> None:
    cast.settled()
    cast.applied(cast.job())
    client = admin_client()
    found: dict[str, list[dict[str, Any]]] = {}
    for label in ("payments.paymentrequest", "ledger.entry", "jobs.job", "jobs.member"):
        found[label] = csv_parts(download(client, export(client, f"/admin/{label.replace('.', '/')}/")))[0]
    (request,) = found["payments.paymentrequest"]
    assert (request["The payer pays at most"], request["Currency"], request["State"]) == ("1262.50", "MXN", "Settled")
    (job,) = found["jobs.job"]
    assert (job["Budget per worker"], job["Currency"], job["Selected"]) == ("1250.00", "MXN", "1")
    assert {row["Member"] for row in found["jobs.member"]} == {"Maria Lopez", "Sol Foundation"}
    assert "payment.settled" in {row["Kind"] for row in found["ledger.entry"]}

"""Exports as a person asks for them, and what is in their files."""

import csv
import io
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pandas as pd
from django.contrib.auth.models import Group, User
from django.test import Client
from openpyxl import load_workbook

from backoffice.models import Export
from tests import cast

PAYMENTS = "/admin/payments/payment/"


def finance(name: str = "luis") -> User:
    """Somebody of finance, with an email address."""
    user = cast.staff(name)
    user.groups.set(Group.objects.filter(name="finance"))
    User.objects.filter(pk=user.pk).update(email=f"{name}@example.org")
    return User.objects.get(pk=user.pk)


def form_of(client: Client, page: str) -> dict[str, str]:
    """What the browser sends when the page's button is pressed as it was opened."""
    shown = client.get(page)
    assert shown.status_code == 200, (page, shown.status_code)
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.content.decode())
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def export(client: Client, where: str = PAYMENTS, query: str = "", *, file_format: str = "csv") -> Export:
    """The list at that address, exported by pressing “Export” there."""
    page = f"{where}export/{query}"
    answer = client.post(page, {**form_of(client, page), "format": {"xlsx": "0", "csv": "1"}[file_format]})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    found = re.search(r"/backoffice/export/(\w+)/change/", answer.headers["Location"])
    assert found, answer.headers["Location"]
    return Export.objects.get(pk=found[1])


def download(client: Client, made: Export) -> bytes:
    answer: Any = client.get(f"/admin/backoffice/export/{made.pk}/file/")
    assert answer.status_code == 200, answer.headers
    return b"".join(answer.streaming_content)


def csv_parts(content: bytes) -> tuple[list[dict[str, str]], list[list[str]]]:
    """The rows by their heads, and the lines after them."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    end = lines.index([])
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:end]], [line[1:] for line in lines[end + 1 :]]


def xlsx_parts(content: bytes) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]]]:
    """The rows of all sheets by their heads, and the rows of the last sheet."""
    *sheets, totals = load_workbook(io.BytesIO(content)).worksheets
    found = []
    for sheet in sheets:
        heads, *rows = sheet.iter_rows(values_only=True)
        found += [dict(zip(map(str, heads), row, strict=True)) for row in rows]
    return found, list(totals.iter_rows(values_only=True))


def as_pandas_reads(content: bytes) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]]]:
    """What `xlsx_parts` says, as another reader has it: asked not to make floats of exact texts."""
    *sheets, totals = pd.read_excel(io.BytesIO(content), sheet_name=None, dtype=object).values()
    head = tuple(None if str(name).startswith("Unnamed: ") else name for name in totals.columns)
    lines = [tuple(None if pd.isna(cell) else cell for cell in line) for line in totals.itertuples(index=False)]
    return pd.concat(sheets).to_dict("records"), [head, *lines]


def told_totals(lines: Iterable[Iterable[Any]], *, begins: str = "") -> dict[tuple[str, str], Decimal]:
    """The control totals that a file tells: column and currency."""
    found = {}
    for line in lines:
        cells = [cell for cell in line if cell not in (None, "")]
        if len(cells) >= 3 and str(cells[0]).startswith(begins) and re.fullmatch(r"-?[\d.]+", str(cells[1])):
            found[str(cells[0]).removeprefix(begins), str(cells[2])] = Decimal(str(cells[1]))
    return found

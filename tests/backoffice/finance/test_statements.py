"""A file of statements is looked at, corrected, imported whole; rows that are there already count once."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from backoffice import roles
from ledger import days
from ledger.models import Entry, StatementException, StatementImport, StatementRow, StatementSource
from ledger.models.statements import ImportState
from ledger.statements.kinds import DifferenceType
from payments.models import IncomingPayment, Payment
from payments.presentation.format_totals import MINUS
from payments.states import PaymentState, RequestState
from tests.backoffice.finance.test_exceptions import in_role
from tests.cast import RECEIVER_WALLET, asked, paid_to_maria, settled, signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/ledger/statementsource/"
HEADER = "Fecha;Concepto;Importe\n"


@pytest.fixture
def luis() -> Client:
    return signed_in(in_role("luis", roles.FINANCE))


def source(client: Client, account: str = "") -> StatementSource:
    """Set up by finance, in its own page."""
    given = {
        "name": "Banco del Sur",
        "account": account,
        "asset_code": "mxn",
        "window_days": "3",
        "tolerance": "0",
        "way": "bank",
    }
    answer = client.post(f"{LIST}add/", given)
    assert answer.status_code == 302, answer.content.decode()
    return StatementSource.objects.latest("pk")


def upload(client: Client, row: StatementSource, text: str) -> tuple[str, str]:
    """The page that shows what is in the file, and where it is."""
    file = SimpleUploadedFile("october.csv", text.encode("latin-1"))
    answer = client.post(f"{LIST}{row.pk}/import/", {"file": file}, follow=True)
    return words(answer.content.decode()), answer.request["PATH_INFO"] + "?" + answer.request["QUERY_STRING"]


def words(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text))).replace("\xa0", " ")


def test_a_file_is_looked_at_then_imported_whole_and_compared(luis: Client) -> None:
    payment = settled()
    received = IncomingPayment.objects.get(payment=payment, received_value__gt=0)
    row = source(luis, RECEIVER_WALLET)
    when = received.created_at
    content = (
        f"{HEADER}{when:%d/%m/%Y};Traducción {payment.pk};1.250,00\n"
        f"{when:%d/%m/%Y};Traducción {payment.pk};1.250,00\n"
        f"{when:%d/%m/%Y};Renta;-7.000,00\n"
    )
    shown, place = upload(luis, row, content)
    assert "Import 3 rows" in shown
    assert f"{MINUS}7,000.00 MXN" in shown
    assert StatementRow.objects.count() == 0, "nothing is imported yet"
    told = luis.post(place, {"do": "import"}, follow=True)
    assert "3 rows were imported. 2 new exceptions." in words(told.content.decode())
    found = dict(StatementException.objects.values_list("type", "subject"))
    assert found == {DifferenceType.DUPLICATE: payment.pk, DifferenceType.MISSING_HERE: ""}
    listed = luis.get(LIST).content.decode()
    assert f'statementexception/?source__id__exact={row.pk}">2</a>' in listed, (
        "what is open of a source is one click away"
    )
    queue = words(luis.get("/admin/ledger/statementexception/").content.decode())
    assert f"{MINUS}7,000.00 MXN" in queue, "what left the account is below zero"
    statement = StatementImport.objects.get()
    assert (statement.state, statement.content) == (ImportState.COMPLETE, None)
    assert Entry.objects.filter(kind="statement.imported").count() == 1
    # Twice by two presses at once, the same file again, and an hour of it in the next file.
    assert "imported or discarded already" in words(luis.post(place, {"do": "import"}, follow=True).content.decode())
    shown, place = upload(luis, row, content)
    assert "The very same file was imported" in shown
    assert "There before 3" in shown
    luis.post(place, {"do": "discard"})
    shown, place = upload(luis, row, content + f"{when:%d/%m/%Y};Luz;-70,00\n")
    luis.post(place, {"do": "import"})
    assert StatementRow.objects.count() == 4
    assert Payment.objects.get().received_value == payment.received_value, "no money is moved by it"


def test_an_empty_list_says_what_to_do(luis: Client) -> None:
    assert "Add one to import files of a wallet or a bank" in words(luis.get(LIST).content.decode())
    assert "Nothing fits" in words(luis.get(f"{LIST}?q=nobody").content.decode())
    assert "press “Export” above it" in words(luis.get("/admin/backoffice/export/").content.decode())


def test_what_a_wallet_tells_sooner_than_we_know_is_no_difference(luis: Client) -> None:
    payment = paid_to_maria(asked(RequestState.APPROVED), PaymentState.SENT)
    row = source(luis, RECEIVER_WALLET)
    _shown, place = upload(luis, row, f"{HEADER}{payment.created_at:%d/%m/%Y};Pago {payment.pk};1.250,00\n")
    told = luis.post(place, {"do": "import"}, follow=True)
    assert "1 row was imported. 0 new exceptions." in words(told.content.decode())


def test_bad_rows_are_told_one_by_one_and_nothing_is_half_imported(luis: Client) -> None:
    row = source(luis)
    shown, place = upload(
        luis, row, f"{HEADER}31/12/2026;a;1,00\n12/31/2026;b;2,00\n30/12/2026;c;-\n29/12/2026;d;1.2.3\n"
    )
    assert "Import" not in shown.split("Rows that can't be read")[0].split("Can't be read")[1]
    for line, why in ((3, "12/31/2026”"), (4, "There is no amount."), (5, "1.2.3”")):
        assert re.search(rf"\b{line} \S*.*?{re.escape(why)}", shown), why
    told = luis.post(place, {"do": "import"}, follow=True)
    assert "nothing was imported" in words(told.content.decode())
    assert StatementRow.objects.count() == 0


def test_a_later_row_of_a_known_id_that_says_something_else_is_told_as_bad(luis: Client) -> None:
    row = source(luis)
    header = "Fecha;Folio;Concepto;Importe\n"
    _shown, place = upload(luis, row, f"{header}02/01/2026;1;Renta;-10,00\n03/01/2026;2;Luz;-20,00\n")
    luis.post(place, {"do": "import"})
    others = "02/01/2026;1;Renta;-11,00\n04/01/2026;2;Luz;-20,00\n05/01/2026;3;Agua;-30,00\n"
    shown, place = upload(luis, row, header + others)
    assert re.search(r"\b2 \S*.*?The id “1” stands above, or was imported before, with other contents", shown)
    assert "The id “2” stands above" in shown
    assert "nothing was imported" in words(luis.post(place, {"do": "import"}, follow=True).content.decode())
    assert StatementRow.objects.count() == 2
    # The same once more, and what was erased of it meanwhile, are no other rows.
    StatementRow.objects.filter(external_id="1").update(text="", references=[])
    shown, place = upload(luis, row, f"{header}02/01/2026;1;Renta;-10,0\n03/01/2026;2;Luz;-20,00\n05/01/2026;3;x;1\n")
    assert "Import 1 row" in shown
    assert "There before 2" in shown


def test_a_file_with_a_quote_that_nobody_closes_says_so(luis: Client) -> None:
    shown, _place = upload(luis, source(luis), f'{HEADER}02/01/2026;"Renta;1,00\n03/01/2026;Luz;2,00\n')
    assert "A quotation mark is opened and not closed" in shown


def test_a_day_a_hundred_years_ahead_hides_nothing(luis: Client) -> None:
    payment = settled()
    row = source(luis, RECEIVER_WALLET)
    when = payment.created_at.astimezone(days.zone())
    _shown, place = upload(luis, row, f"{HEADER}{when:%d/%m/%Y};Renta;-7,00\n")
    luis.post(place, {"do": "import"})
    shown, place = upload(luis, row, f"{HEADER}03/11/2126;Luz;-8,00\n")
    assert "“03/11/2126” is still to come" in shown
    luis.post(place, {"do": "discard"})
    # One that is there from before such days were refused.
    line = StatementRow.objects.get()
    line.pk, line.content, line.at = None, "of a version before", when.replace(year=2126)
    line.save(force_insert=True)
    _shown, place = upload(luis, row, f"{HEADER}{when:%d/%m/%Y};Agua;-9,00\n")
    luis.post(place, {"do": "import"})
    found = StatementException.objects.filter(resolved_at=None).values_list("type", "found_value")
    assert sorted(found, key=str) == [
        *((DifferenceType.MISSING_HERE, value) for value in (-700, -700, -900)),
        (DifferenceType.MISSING_THERE, None),
    ]


def test_other_columns_are_chosen_and_kept_for_the_next_file(luis: Client) -> None:
    row = source(luis)
    content = "Cuando;Cuanto;Que\n02/01/2026;5,00;a\n"
    shown, place = upload(luis, row, content)
    assert "Say which column is the date" in shown
    luis.post(place, {"do": "again", "day": "Cuando", "amount": "Cuanto", "text": "Que", "days": "mdy", "decimal": ","})
    assert "February 1, 2026" in words(luis.get(place).content.decode())
    luis.post(place, {"do": "import"})
    assert StatementRow.objects.count() == 1
    shown, _place = upload(luis, row, content.replace("5,00", "6,00"))
    assert "February 1, 2026" in shown
    shown, _place = upload(luis, row, "Fecha;Importe\n2026-01-02;7,00\n")
    assert "Import 1 row" in shown, "a file with other columns is guessed anew"


def test_a_hundred_megabytes_are_refused_before_they_are_read(luis: Client) -> None:
    row = source(luis)
    answer = luis.generic("POST", f"{LIST}{row.pk}/import/", b"", CONTENT_LENGTH=str(100 * 2**20))
    assert answer.status_code == 413
    shown, _place = upload(luis, row, "")
    assert "empty" in shown
    assert not StatementImport.objects.exists()


def test_whoever_may_only_read_imports_nothing() -> None:
    row = StatementSource.objects.create(kind="file", name="Banco", asset_code="MXN")
    auditor = signed_in(in_role("ines", roles.AUDITOR))
    assert auditor.get(f"{LIST}{row.pk}/change/").status_code == 200
    assert auditor.get(f"{LIST}{row.pk}/import/").status_code == 403
    assert auditor.post(f"{LIST}add/", {"name": "x"}).status_code == 403

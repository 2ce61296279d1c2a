"""The journal balances in the eyes of hledger, and comes to what the figures say; nobody writes into it by a title."""

import csv
import io
import shutil
import subprocess
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from django.db.models import Q

from ledger.books.figures import tell
from ledger.books.keeping import keep
from ledger.books.sums import until
from ledger.models import Movement
from payments.books.journal.accounts import is_account
from payments.books.journal.bookings import Days, bookings, opening
from payments.books.journal.plain_text import commodity, hledger
from payments.books.journal.table import as_csv
from payments.models import AccountName, PaymentRequest
from payments.models.charts import DEFAULT_ACCOUNTS, AccountRole
from tests import cast
from tests.payments.books import histories

pytestmark = pytest.mark.django_db

R = AccountRole
FIRST, LAST = date(2026, 9, 1), date(2026, 11, 30)
MONTH = Days(date(2026, 10, 1), date(2026, 10, 31))
FIGURES = (
    *("our_fee", "held", "wallet_fee", "given_to_exchange", "got_from_exchange", "debited", "received", "outside"),
    *("in_transit", "received_early"),
)
#: Of our own money. The others are of money that passes between payers and workers.
OURS = list(R)[: list(R).index(R.PAYERS)]
HLEDGER = shutil.which("hledger")
needs_hledger = pytest.mark.skipif(HLEDGER is None, reason="hledger is not installed (Debian: apt install hledger)")
#: Account and commodity.
Sums = dict[tuple[str, str], Decimal]


def run(file: Path, *command: str) -> str:
    assert HLEDGER
    environment = {"LC_ALL": "C.UTF-8"}
    done = subprocess.run([HLEDGER, "-f", file, *command], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def written(tmp_path: Path, which: Days) -> Path:
    file = tmp_path / "journal"
    file.write_text("".join(hledger(which)), encoding="utf-8")
    return file


def balances(file: Path) -> Sums:
    """What hledger says that each account comes to, per currency."""
    rows = csv.reader(io.StringIO(run(file, "balance", "--flat", "--no-total", "-O", "csv", "--layout=bare")))
    assert next(rows) == ["account", "commodity", "balance"]
    return {(account, code): Decimal(value) for account, code, value in rows if Decimal(value)}


def agree(sums: Sums, which: Q) -> None:
    """Each account is what one figure of the movements `which` says, or what some say together."""
    told, of_fees, of_work = (tell(FIGURES, which & more) for more in (Q(), Q(purpose="fee"), Q(purpose="work")))
    to_us = tell(FIGURES, which & Q(receiver__startswith="seller:"))
    # Money that we hold is on its way until its payment is over.
    out_of_held = tell(FIGURES, which & Q(payer__startswith="seller:") & ~Q(holds=0))
    assert told.currencies
    for code in told.currencies:
        name = commodity(code).strip('"')
        account = {role: sums.get((DEFAULT_ACCOUNTS[role], name), Decimal(0)) for role in R}
        figure = {each: told.total(each, code).major for each in FIGURES}
        exchange = figure["given_to_exchange"] - figure["got_from_exchange"]
        assert account[R.OUR_WALLET_FEES] + account[R.WALLET_FEES] == figure["wallet_fee"]
        assert account[R.OUR_EXCHANGE] + account[R.EXCHANGE] == exchange
        assert account[R.HELD] == -figure["held"]
        early = figure["received_early"] - out_of_held.total("received_early", code).major
        assert account[R.TRANSIT] + account[R.OUR_TRANSIT] == figure["in_transit"] - early
        wallets = to_us.total("received", code).major - figure["debited"]
        assert account[R.PAYERS] + account[R.OUR_WALLETS] == wallets
        assert account[R.FEES] == -figure["our_fee"] - of_fees.total("outside", code).major
        assert account[R.WORKERS] == of_work.total("received", code).major + of_work.total("outside", code).major
        assert sum(account[role] for role in OURS) == 0
        assert sum(account.values()) == 0


@needs_hledger
@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happened_the_journal_balances_and_comes_to_the_figures(seed: int, tmp_path: Path) -> None:
    cast.seller()
    histories.write(Random(seed), 60, FIRST, 90)
    # A month with its opening balances comes to what the figures were at its end.
    assert opening(MONTH)
    file = written(tmp_path, MONTH)
    run(file, "check", "accounts")
    agree(balances(file), until(MONTH.last))
    # So does the sum of its openings and of its bookings, without hledger.
    sums: Counter[tuple[str, str]] = Counter()
    lines = [*opening(MONTH), *(posting for booking in bookings(MONTH) for posting in booking.postings)]
    for posting in lines:
        sums[posting.account, commodity(posting.total.code).strip('"')] += posting.total.major  # type: ignore[assignment]
    assert {place: value for place, value in sums.items() if value} == balances(file)


def moved(subject: str, request: str = "R1", **columns: object) -> Movement:
    figures = {"received": 100_00, "asked": 100_00, "promised": 101_00, "debited": 101_00, **columns}
    row = Movement(at=datetime(2026, 10, 5, 18, tzinfo=UTC), subject=subject, number=1, request=request)
    units = {"received_code": "USD", "received_scale": 2, "paid_code": "USD", "paid_scale": 2}
    for name, value in {"purpose": "work", "seller": "platform", **units, **figures}.items():
        setattr(row, name, value)
    keep([row])
    return row


HOSTILE = "=cmd()|x; date:2001-01-01\n2026-10-06 * Stolen\n    assets:wallets  -9 USD\n    equity:x\u2028\x85 |\t ;  "


@needs_hledger
def test_a_title_is_a_description_and_nothing_else(tmp_path: Path) -> None:
    asked = cast.asked()
    PaymentRequest.objects.filter(pk=asked.pk).update(title=HOSTILE, reference="@" + HOSTILE[:60])
    moved("P1", asked.pk)
    moved("P2", asked.pk, purpose="fee", payer="member:1", receiver="seller:platform")
    file = written(tmp_path, MONTH)
    agree(balances(file), until(MONTH.last))
    transactions = list(csv.DictReader(io.StringIO(run(file, "print", "-O", "csv"))))
    assert {line["date"] for line in transactions} == {"2026-10-05"}
    assert {line["code"] for line in transactions} == {"P1", "P2"}
    assert "Stolen" in transactions[0]["description"]
    lines = list(csv.DictReader(io.StringIO("".join(as_csv(MONTH)))))
    assert lines[0]["title"].startswith("'=cmd()")
    assert lines[0]["reference"].startswith("'@")
    assert {line["transaction"] for line in lines} == {"P1-1", "P2-1"}
    assert Decimal(sum(Decimal(line["amount"]) for line in lines)) == 0


def test_each_seller_names_its_accounts(tmp_path: Path) -> None:
    platform = cast.seller()
    AccountName.objects.create(seller=platform, role=R.FEES, account="4000:Comisión")
    moved("P1", purpose="fee", payer="member:1", receiver="seller:platform")
    moved("P2", purpose="fee", payer="member:1", receiver="seller:other", seller="other")
    names = [[posting.account for posting in booking.postings] for booking in bookings(MONTH)]
    assert "4000:Comisión" in names[0]
    assert DEFAULT_ACCOUNTS[R.FEES] in names[1]
    assert len(list(bookings(Days(MONTH.first, MONTH.last, "platform")))) == 1


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *((name, True) for name in DEFAULT_ACCOUNTS.values()),
        ("1010", True),
        ("Activos:Caja y bancos", True),
        *(
            (name, False)
            for name in ("", ":", "a:", ":a", "a::b", "a  b", " a", "a ", "(a)", "[a]", "*a", "a;b", "a\nb")
        ),
        *((name, False) for name in ("!a", "=a", "a" * 121, "a\tb", "a -- b", "a:(b)")),
    ],
)
def test_an_account_has_a_name_that_every_program_reads(name: str, is_one: bool) -> None:
    assert is_account(name) is is_one

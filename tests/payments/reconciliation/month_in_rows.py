"""A seeded month in the database: each payment with all that came to be for it, its books, and the files of statements.

What differs was planted by `tests.ledger.statements.month`, which knows neither rows nor files. The files of the first
three currencies are of a wallet that received, those of the last one of a wallet that paid.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from ledger import days
from ledger.statements.kinds import DifferenceType
from ledger.statements.matching import OurRow, TheirRow
from payments.books.booking import book
from payments.identifiers import new_ulid
from payments.models import Grant, IncomingPayment, OutgoingPayment, Payment, PaymentRequest, Quote, WalletAddress
from payments.states import PaymentState, RequestState
from tests import cast
from tests.ledger.statements.month import CURRENCIES, currency_of, month

MODELS: Final[tuple[type[Any], ...]] = (PaymentRequest, Grant, Payment, IncomingPayment, Quote, OutgoingPayment)
AT_ONCE: Final = 500
#: In which its wallet pays: of the other currencies the wallet receives.
PAYS: Final = CURRENCIES[-1][0]
#: So many days before it is paid somebody is asked for a payment, at most.
ASKED_BEFORE: Final = 12
FUNDERS: Final = 40
#: Amounts, such as were planted, and moments of a row.
AMOUNTS: Final = ("value", "received_value", "over_value", "debit_value", "receive_value", "sent_value", "limit_debit")
ASKED: Final = (PaymentRequest, Payment, IncomingPayment)

Rows = dict[type[Any], list[dict[str, Any]]]


@dataclass(frozen=True)
class StatementFile:
    """What one wallet's statement of the month is, as it was downloaded there."""

    account: str
    currency: str
    name: str
    content: bytes


@dataclass(frozen=True)
class MonthInRows:
    files: list[StatementFile]
    planted: Counter[tuple[DifferenceType, str]]


def make_month(payments: int, seed: int, each: int) -> MonthInRows:
    """So many payments, of which `each` type of difference has so many; the rest is as its wallets say."""
    made = month(payments, seed, each)
    names = {mine.subject: new_ulid() for mine in made.ours}
    _Rows(names).write(made.ours)
    written = {code: _Written(code, names) for code, _scale in CURRENCIES}
    for theirs in made.theirs:
        number = int("".join(filter(str.isdigit, theirs.key)))
        written[currency_of(number)[0]].rows.append(theirs)
    planted = Counter({(kind, names.get(subject, "")): many for (kind, subject), many in made.planted.items()})
    return MonthInRows([one.file() for one in written.values()], planted)


def wallet_of(code: str) -> WalletAddress:
    """The wallet that the statement of this currency is of."""
    return _payer(code) if code == PAYS else _receiver(code)


def _payer(code: str) -> WalletAddress:
    return cast.wallet(f"fund-{code.lower()}", code, dict(CURRENCIES)[code])


def _receiver(code: str) -> WalletAddress:
    return cast.wallet(f"worker-{code.lower()}", code, dict(CURRENCIES)[code])


class _Rows:
    """Copies of payments that the engine's own moves have made: one of each currency that settled, one that failed."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.samples = {(code, settled): _sample(code, settled=settled) for code, _ in CURRENCIES for settled in (0, 1)}

    def write(self, ours: list[OurRow]) -> None:
        in_time = sorted(ours, key=lambda mine: mine.at)
        for start in range(0, len(in_time), AT_ONCE):
            copies: dict[type[Any], list[Any]] = {model: [] for model in MODELS}
            for mine in in_time[start : start + AT_ONCE]:
                for model, row in self._copy(mine):
                    copies[model].append(model(**row))
            for model in MODELS:
                model._default_manager.bulk_create(copies[model])
        self._book(in_time)

    def _book(self, in_time: list[OurRow]) -> None:
        """On the day when each was paid."""
        by_day: dict[date, list[OurRow]] = {}
        for mine in in_time:
            by_day.setdefault(mine.at.astimezone(days.zone()).date(), []).append(mine)
        for rows in by_day.values():
            for start in range(0, len(rows), AT_ONCE):
                some = rows[start : start + AT_ONCE]
                book([self.names[mine.subject] for mine in some], at=some[-1].at)

    def _copy(self, mine: OurRow) -> Iterator[tuple[type[Any], dict[str, Any]]]:
        number = int(mine.subject[1:])
        sample = self.samples[mine.due.code, int(mine.amount.value != 0)]
        (payment,) = sample[Payment]
        ids = {str(row["id"]): new_ulid() for rows in sample.values() for row in rows}
        ids[payment["id"]] = self.names[mine.subject]
        later = mine.at - (payment["settled_at"] or payment["changed_at"])
        for model, rows in sample.items():
            earlier = timedelta(days=number % ASKED_BEFORE) if model in ASKED else timedelta()
            for row in rows:
                copied = {name: _copied(value, ids, later) for name, value in row.items()}
                copied["created_at"] -= earlier
                copied |= {name: mine.due.value for name in AMOUNTS if row.get(name)}
                if "remote_id" in row:
                    (there,) = mine.ids
                    is_listed = model is (OutgoingPayment if mine.due.code == PAYS else IncomingPayment)
                    copied["remote_id"] = there if is_listed else f"https://wallet.example/other/{copied['id']}"
                if model is PaymentRequest:
                    copied["sent_at"] -= earlier
                    copied |= {"reference": f"PO-{number // 20}", "payer_key": f"member:{number % FUNDERS}"}
                    copied["ceiling_debit"] = mine.due.value
                yield model, copied


def _copied(value: Any, ids: dict[str, str], later: timedelta) -> Any:
    if isinstance(value, datetime):
        return value + later
    return ids.get(value, value) if isinstance(value, str) else value


def _sample(code: str, *, settled: int) -> Rows:
    """Taken from the database again: it is no payment of the month."""
    unit = {"asset_code": code, "asset_scale": dict(CURRENCIES)[code]}
    state = RequestState.SETTLED if settled else RequestState.FAILED
    request = cast.asked(state, payer_wallet=_payer(code), **unit)
    end = PaymentState.SETTLED if settled else PaymentState.FAILED
    cast.paid_to_maria(request, end, PaymentState.SENT, receiver_wallet=_receiver(code), **unit)
    paths = {PaymentRequest: "pk", Grant: "request", Payment: "request"}
    return {
        model: list(model._default_manager.filter(**{paths.get(model, "payment__request"): request.pk}).values())
        for model in MODELS
    }


class _Written:
    """One statement, written as banks of that currency do."""

    def __init__(self, code: str, names: dict[str, str]) -> None:
        self.code, self.names = code, names
        self.rows: list[TheirRow] = []

    def file(self) -> StatementFile:
        head, delimiter, encoding, _line = STYLES[self.code]
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter)
        writer.writerow(head)
        for row in sorted(self.rows, key=lambda row: (row.at, row.key)):
            day = row.at.astimezone(days.zone()).date()
            reference = " ".join(["Pago", *(self.names[word] for word in row.references)]) if row.references else ""
            writer.writerow(_line(day, row, reference))
        account = wallet_of(self.code).canonical_id
        return StatementFile(account, self.code, f"october {self.code}.csv", text.getvalue().encode(encoding))


def _comma(row: TheirRow) -> str:
    return f"{row.amount.major:,f}".replace(",", " ").replace(".", ",").replace(" ", ".")


_Line = Callable[[date, TheirRow, str], list[str]]
#: What the columns are called, what stands between them, the encoding, and how a row is written.
STYLES: Final[dict[str, tuple[list[str], str, str, _Line]]] = {
    "USD": (
        ["Date", "Transaction ID", "Reference", "Amount", "Currency"],
        ",",
        "utf-8",
        lambda day, row, text: [day.isoformat(), row.id, text, f"{row.amount.major:f}", row.amount.code],
    ),
    "MXN": (
        ["Fecha", "Folio", "Referencia", "Descripción", "Importe", "Moneda"],
        ";",
        "latin-1",
        lambda day, row, text: [f"{day:%d/%m/%Y}", row.id, text, "", _comma(row), row.amount.code],
    ),
    "JPY": (
        ["Date", "ID", "Reference", "Paid in", "Paid out", "Currency"],
        "\t",
        "utf-16",
        lambda day, row, text: [f"{day:%Y%m%d}", row.id, text, f"{row.amount.major:f}", "-", row.amount.code],
    ),
    "XRP": (
        ["Date", "ID", "Reference", "Debit", "Currency"],
        "|",
        "utf-8-sig",
        lambda day, row, text: [f"{day:%d.%m.%Y}", row.id, text, f"{row.amount.major:,f}", row.amount.code],
    ),
}

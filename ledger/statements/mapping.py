"""Which column of a file is what, and how the file writes days and amounts: guessed once, then saved per source."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.statements.written import DayOrder, DecimalMark

DAY, AMOUNT, MONEY_IN, MONEY_OUT = "day", "amount", "money_in", "money_out"
ID, REFERENCE, TEXT, CURRENCY = "id", "reference", "text", "currency"
#: What a column may be.
PARTS: Final = (DAY, AMOUNT, MONEY_IN, MONEY_OUT, ID, REFERENCE, TEXT, CURRENCY)
#: What banks call it, in the languages around us: the first header that has one of these words.
WORDS: Final[dict[str, tuple[str, ...]]] = {
    DAY: ("date", "fecha", "data", "datum", "posted", "valuta"),
    MONEY_IN: ("credit", "abono", "deposito", "ingreso", "haber", "paid in", "money in"),
    MONEY_OUT: ("debit", "cargo", "retiro", "egreso", "debe", "paid out", "money out", "withdrawal"),
    AMOUNT: ("amount", "importe", "monto", "valor", "betrag"),
    ID: ("id", "transaction id", "folio", "operacion", "movimiento", "number", "numero"),
    REFERENCE: ("reference", "referencia", "verwendungszweck"),
    CURRENCY: ("currency", "moneda", "divisa", "waehrung"),
    TEXT: ("description", "descripcion", "concepto", "memo", "detail", "detalle", "text", "narrative"),
}
DATE_PARTS, YEAR_DIGITS, MONTHS = 3, 4, 12
#: Where nothing tells, as people write it here.
DAY_FIRST: Final = DayOrder.DAY_FIRST


@dataclass(frozen=True)
class Mapping:
    """`columns`: what each part is called in the file's first row."""

    columns: dict[str, str] = field(default_factory=dict)
    days: DayOrder = DayOrder.YEAR_FIRST
    decimal: DecimalMark = DecimalMark.POINT

    @property
    def is_enough(self) -> bool:
        """A day, and an amount in one column or in two."""
        return DAY in self.columns and bool({AMOUNT, MONEY_IN, MONEY_OUT} & set(self.columns))

    def missing_in(self, header: Sequence[str]) -> list[str]:
        """The columns that the file does not have."""
        return [name for name in self.columns.values() if name not in header]

    def to_json(self) -> dict[str, Any]:
        return {"columns": self.columns, "days": self.days.value, "decimal": self.decimal.value}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Mapping | None":
        """None while nothing was saved."""
        if not saved:
            return None
        return cls(dict(saved["columns"]), DayOrder(saved["days"]), DecimalMark(saved["decimal"]))


def guess(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Mapping:
    """What a person would say who sees the first rows; they are shown it, and correct it."""
    columns: dict[str, str] = {}
    for part, words in WORDS.items():
        for name in header:
            if name not in columns.values() and _is_called(name, words):
                columns[part] = name
                break
    if MONEY_IN in columns and MONEY_OUT in columns:
        columns.pop(AMOUNT, None)
    texts = {
        part: [row[header.index(name)] for row in rows if len(row) == len(header)] for part, name in columns.items()
    }
    amounts = [text for part in (AMOUNT, MONEY_IN, MONEY_OUT) for text in texts.get(part, ())]
    return Mapping(columns, _order(texts.get(DAY, [])), _mark(amounts))


def _is_called(name: str, words: Sequence[str]) -> bool:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    found = re.findall(r"[a-z]+", plain)
    return any(word == " ".join(found) or word in found for word in words)


def _order(texts: Sequence[str]) -> DayOrder:
    """Those that begin with their year are read anyhow: the others decide, and a number above 12 is no month."""
    numbers = [re.findall(r"\d+", text) for text in texts]
    others = [found for found in numbers if len(found) >= DATE_PARTS and len(found[0]) < YEAR_DIGITS]
    if not others:
        return DayOrder.YEAR_FIRST
    day_first = any(int(found[0]) > MONTHS for found in others)
    return DayOrder.MONTH_FIRST if not day_first and any(int(found[1]) > MONTHS for found in others) else DAY_FIRST


def _mark(texts: Sequence[str]) -> DecimalMark:
    """The mark behind which the last digits stand, in most amounts."""
    commas = sum(bool(re.search(r",\d{1,2}\D*$", text)) for text in texts)
    points = sum(bool(re.search(r"\.\d{1,2}\D*$", text)) for text in texts)
    return DecimalMark.COMMA if commas > points else DecimalMark.POINT

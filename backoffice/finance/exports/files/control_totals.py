"""What the rows of a file come to, reckoned from exactly what is written into it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from backoffice.finance.exports.files.cells import AmountCells, RowBlock
from ledger.books.sums import Total


@dataclass(frozen=True)
class ControlTotal:
    """The sum of one column in one currency, of `rows` cells that have an amount in it."""

    column: str  # its name in the program, the same in every language
    head: str  # as the file calls it
    total: Total
    rows: int

    def to_json(self) -> dict[str, Any]:
        return {**self.to_ledger(), "head": self.head}

    def to_ledger(self) -> dict[str, Any]:
        """Minor units are text, and below zero where more went than came."""
        total = self.total
        told = {"column": self.column, "code": total.code, "scale": total.scale}
        return {**told, "minor_units": str(total.value), "rows": self.rows}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "ControlTotal":
        total = Total(told["code"], told["scale"], int(told["minor_units"]))
        return cls(told["column"], told["head"], total, told["rows"])


@dataclass(frozen=True)
class Head:
    """Of a column: its name in the program, and as the file calls it."""

    column: str
    words: str


@dataclass
class ControlTotals:
    rows: int = 0
    _values: Counter[tuple[int, str, int]] = field(default_factory=Counter)
    _cells: Counter[tuple[int, str]] = field(default_factory=Counter)

    def add(self, block: RowBlock) -> None:
        self.rows += block.rows
        for place, cells in enumerate(block.columns):
            if isinstance(cells, AmountCells):
                self._add_amounts(place, cells)

    def _add_amounts(self, place: int, cells: AmountCells) -> None:
        units = list(zip(cells.codes, cells.scales, strict=True))
        for unit in set(units):
            code, scale = unit
            if code and scale is not None:
                its = zip(cells.values, units, strict=True)
                values = [value for value, its_unit in its if value is not None and its_unit == unit]
                if values:
                    self._values[place, code, scale] += sum(values)
                    self._cells[place, code] += len(values)

    def told(self, heads: Sequence[Head]) -> list[ControlTotal]:
        """By column, in the order of `heads`, then by currency."""
        found: dict[tuple[int, str], Total] = {}
        for (place, code, scale), value in self._values.items():
            total = Total(code, scale, value)
            found[place, code] = found[place, code] + total if (place, code) in found else total
        return [
            ControlTotal(heads[place].column, heads[place].words, found[place, code], self._cells[place, code])
            for place, code in sorted(found)
        ]


def from_json(told: Iterable[dict[str, Any]]) -> list[ControlTotal]:
    """As an export keeps them."""
    return [ControlTotal.from_json(one) for one in told]

"""What a block of rows is to a file: for each column the values of its cells, in the order of the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias


@dataclass(frozen=True)
class TextCells:
    """Texts, and numbers that are no amounts; None leaves a cell empty."""

    values: Sequence[str | int | None]


@dataclass(frozen=True)
class AmountCells:
    """`values` are minor units of the currency and scale beside them; a cell that lacks one of the three is empty."""

    values: Sequence[int | None]
    codes: Sequence[str | None]
    scales: Sequence[int | None]


@dataclass(frozen=True)
class MomentCells:
    """`2026-11-22 18:00:00`, in the time zone that the head of the column names; None leaves a cell empty."""

    texts: Sequence[str | None]


@dataclass(frozen=True)
class DayCells:
    """None leaves a cell empty."""

    days: Sequence[date | None]


ColumnCells: TypeAlias = TextCells | AmountCells | MomentCells | DayCells


@dataclass(frozen=True)
class RowBlock:
    """So many rows of each column."""

    rows: int
    columns: Sequence[ColumnCells]


def line(*cells: str | int | AmountCells) -> RowBlock:
    """One row."""
    return RowBlock(1, [cell if isinstance(cell, AmountCells) else TextCells([cell]) for cell in cells])


def one_amount(value: int, code: str, scale: int) -> AmountCells:
    """One cell: `value` minor units."""
    return AmountCells([value], [code], [scale])


def major(value: int, scale: int) -> str:
    """`value` minor units in major units, with every digit: 125000 at scale 2 is `1250.00`."""
    if not scale:
        return str(value)
    whole, part = divmod(abs(value), 10**scale)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{scale}d}"

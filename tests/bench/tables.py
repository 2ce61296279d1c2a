"""What a benchmark prints: a small table that can be pasted into docs/benchmarks.md."""

from collections.abc import Sequence


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    lines = [f"\n### {title}\n", _line(columns), _line(["---"] * len(columns)), *(_line(row) for row in rows)]
    print("\n".join(lines))  # noqa: T201 - what a benchmark is for


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest of `values` that so many percent of them don't exceed."""
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]


def _line(cells: Sequence[object]) -> str:
    return f"| {' | '.join(f'{cell:.2f}' if isinstance(cell, float) else str(cell) for cell in cells)} |"

"""Figures as Prometheus reads them (text format 0.0.4).

Ours are few, and read from the database when they are asked for: so one answer tells of every machine, and there is
nothing to be collected from processes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Measured(Protocol):
    """What has a name, and one line for each of its values."""

    def lines(self) -> Iterable[str]: ...


@dataclass(frozen=True)
class Gauge:
    """One figure by its name, or one for each value of a label."""

    name: str
    about: str  # in English, without a line break
    value: float = 0
    label: str = ""
    by_label: Mapping[str, float] = field(default_factory=dict)

    def lines(self) -> Iterable[str]:
        yield f"# HELP {self.name} {self.about}"
        yield f"# TYPE {self.name} gauge"
        if not self.label:
            yield f"{self.name} {self.value:.12g}"
        for label, value in self.by_label.items():
            # Values of labels are words of this program's own: nothing in them has to be escaped.
            yield f'{self.name}{{{self.label}="{label}"}} {value:.12g}'


@dataclass(frozen=True)
class Counter:
    """A figure that only grows, one for each combination of the values of `labels`."""

    name: str
    about: str  # in English, without a line break
    labels: tuple[str, ...]
    samples: Mapping[tuple[str, ...], float]

    def lines(self) -> Iterable[str]:
        yield f"# HELP {self.name} {self.about}"
        yield f"# TYPE {self.name} counter"
        for values, value in self.samples.items():
            told = ",".join(f'{label}="{_escaped(of)}"' for label, of in zip(self.labels, values, strict=True))
            yield f"{self.name}{{{told}}} {value:.12g}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def exposition(figures: Iterable[Measured]) -> str:
    return "".join(f"{line}\n" for figure in figures for line in figure.lines())

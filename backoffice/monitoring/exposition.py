"""Figures as Prometheus reads them (text format 0.0.4).

Ours are few, all gauges, and read from the database when they are asked for: so one answer tells of every machine, and
there is nothing to be collected from processes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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


def exposition(gauges: Iterable[Gauge]) -> str:
    return "".join(f"{line}\n" for gauge in gauges for line in gauge.lines())

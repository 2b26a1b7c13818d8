"""Rows of results, and the table they are shown in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True)
class Row:
    """One measured figure against its goal in goals.md.

    value is compared with goal: a ratio to the control, or an absolute figure in `unit`. ours and control are what the
    ratio is made of, as text with their units.
    """

    name: str
    what: str
    ours: str
    control: str
    value: float
    goal: float
    sense: Literal["at least", "at most"] = "at least"
    unit: str = ""
    remark: str = ""

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        return self.value >= self.goal if self.sense == "at least" else self.value <= self.goal

    def cells(self) -> tuple[str, ...]:
        """The row as the table shows it."""
        goal = f"{self.sense} {_short(self.goal)} {self.unit}".strip()
        verdict = "yes" if self.reached else "**no**"
        value = f"{_short(self.value)} {self.unit}".strip()
        return (self.name, self.what, self.ours, self.control, value, goal, verdict, self.remark)


HEADINGS = ("row", "what", "Heliograph", "control", "figure", "goal", "reached", "remark")


def table(rows: Sequence[Row]) -> str:
    """A Markdown table, its columns aligned so that it reads as plain text too."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([drawn[0], rule, *drawn[1:]])


def spread(values: Sequence[float], unit: str = "") -> str:
    """The median with the lowest and highest round: "412 (398-431)/s"."""
    low, middle, high = min(values), median(values), max(values)
    inside = f" ({_short(low)}-{_short(high)})" if len(values) > 1 else ""
    return f"{_short(middle)}{inside}{unit}"


def ratio(ours: Sequence[float], control: Sequence[float]) -> float:
    """The median of the rounds' own ratios: each of our rounds against the control's round beside it."""
    return median(mine / other for mine, other in zip(ours, control, strict=True))


def _short(value: float) -> str:
    """Three significant digits, thousands with a comma."""
    if math.isnan(value) or math.isinf(value):
        return str(value)
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"

"""The results of the benchmarks as a table and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import os
from pathlib import Path
import platform
from typing import Literal

import aiohttp

from homeassistant.const import __version__


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit of a figure."""

    limit: float
    kind: Literal["at most", "at least", "equal"] = "at most"
    unit: str = "x"

    def is_met(self, figure: float) -> bool:
        """Return True if a figure meets the goal."""
        if self.kind == "equal":
            return figure == self.limit
        if self.kind == "at most":
            return figure <= self.limit
        return figure >= self.limit

    def text(self) -> str:
        """Return the goal as text."""
        sign = {"at most": "\u2264", "at least": "\u2265", "equal": "="}[self.kind]
        return f"{sign} {self.limit:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    `ours` and `other` are the measurements, `result` is the figure of the goal with its
    spread, and `figure` is the median of that figure as a number.
    """

    row: str
    case: str
    ours: str
    other: str
    result: str
    figure: float
    goal: Goal | None = None
    details: dict[str, float | str] = field(default_factory=dict)

    @classmethod
    def of_requests(cls, row: str, case: str, requests: int, most: int) -> Line:
        """Return the line of a number of requests, which has a limit."""
        text = str(requests)
        return cls(row, case, text, "", text, requests, Goal(most, unit="requests"))

    @property
    def verdict(self) -> str:
        """Return "yes" or "no" in Markdown, or an empty text without a goal."""
        if self.goal is None:
            return ""
        return "yes" if self.goal.is_met(self.figure) else "**no**"

    def cells(self) -> list[str]:
        """Return the cells of the table."""
        goal = self.goal.text() if self.goal else ""
        cells = [self.row, self.case, self.ours, self.other, self.result, goal]
        return [*cells, self.verdict]


HEADINGS = ("row", "case", "Metering Hub", "compared with", "result", "goal", "met")


def machine() -> dict[str, str]:
    """Return the hardware and the versions that the figures depend on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = (line.partition(":")[2] for line in lines if line.startswith("model name"))
    return {
        "processor": next(models, platform.processor()).strip(),
        "cores": str(os.cpu_count()),
        "system": platform.system(),
        "python": platform.python_version(),
        "home_assistant": __version__,
        "aiohttp": aiohttp.__version__,
    }


def markdown(lines: Sequence[Line], about: Mapping[str, str]) -> str:
    """Return the header and the table."""
    header = ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in about.items()
    )
    rows = [HEADINGS, ["---"] * len(HEADINGS), *(line.cells() for line in lines)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
    return f"{header}\n\n{table}\n"


def from_json(line: dict[str, object]) -> Line:
    """Return a line that another process converted with `asdict`."""
    goal = line.pop("goal")
    made = Goal(**goal) if isinstance(goal, dict) else None
    return Line(**line, goal=made)  # type: ignore[arg-type]  # The keys are the fields.

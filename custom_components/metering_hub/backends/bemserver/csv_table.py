"""Points as CSV: lines of a time and a cell per series.

An answer has up to 20,000 cells. They are read a few hundred at a time, because all at
once would hold the event loop.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from math import isfinite

CELLS_AT_ONCE = 1000

type Column = Mapping[float, float]
"""Values by time, in epoch seconds."""

type Cells = Mapping[int, Column]
"""Columns by series; what is empty or no number is missing."""


async def read_table(text: str) -> Cells:
    """Read a table; a line or column that makes no sense is left out."""
    lines = text.splitlines()
    labels = lines[0].split(",")[1:] if lines else []
    columns: list[dict[float, float] | None] = [
        {} if label.isdecimal() else None for label in labels
    ]
    step = max(1, CELLS_AT_ONCE // max(1, len(labels)))
    for index in range(1, len(lines), step):
        for line in lines[index : index + step]:
            stamp, *cells = line.split(",")
            if (moment := _moment(stamp)) is not None:
                _take(columns, cells, moment)
        await asyncio.sleep(0)
    return {
        int(label): column
        for label, column in zip(labels, columns, strict=True)
        if column
    }


def _take(
    columns: list[dict[float, float] | None], cells: list[str], moment: float
) -> None:
    for column, cell in zip(columns, cells, strict=False):
        if cell and column is not None and (value := _number(cell)) is not None:
            column[moment] = value


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _moment(text: str) -> float | None:
    """Return a moment in epoch seconds; a naive one is no moment."""
    try:
        moment = datetime.fromisoformat(text)
        return None if moment.tzinfo is None else moment.timestamp()
    except ValueError, OverflowError:
        return None

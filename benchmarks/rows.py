"""The rows of the benchmark, each of which is measured in its own process.

To add a row, write a module with a coroutine function that takes a `Size` and returns
lines, and list it here.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from . import (
    audit,
    backfill,
    day,
    disk,
    estimates,
    growth,
    live,
    load,
    maths,
    memory,
    one_meter,
    refusals,
    releases,
    requests,
    set_up,
    sparse,
    top_up,
)
from .size import Size
from .table import Line

type Work = Callable[[Size], Awaitable[Sequence[Line]]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its name, and the work that measures it.

    The cases of a row are named "row:case", and each of them is a `Row`.
    """

    name: str
    work: Work


ROWS: Sequence[Row] = (
    *(Row(f"poll:{case.name}", case.measure) for case in live.CASES),
    Row("one-meter", one_meter.measure),
    *(Row(f"requests:{case.backend}", case.measure) for case in requests.CASES),
    *(Row(f"load:{case.name}", case.measure) for case in load.CASES),
    Row("bytes:bemserver", sparse.measure),
    *(Row(f"refusals:{case.sensors}", case.measure) for case in refusals.CASES),
    *(Row(f"releases:{case.release}", case.measure) for case in releases.CASES),
    *(Row(f"set-up:{case.backend}", case.measure) for case in set_up.CASES),
    Row("memory:polls", memory.polled),
    Row("memory:floor", memory.floor),
    *(Row(f"growth:{case.backend}", case.measure) for case in growth.CASES),
    *(Row(f"backfill:{case.backend}", case.measure) for case in backfill.CASES),
    *(Row(f"top-up:{case.backend}", case.measure) for case in top_up.CASES),
    *(Row(f"day:{case.interval}-s", case.measure) for case in day.CASES),
    Row("hourly-maths", maths.measure),
    Row("estimates", estimates.measure),
    Row("audit", audit.measure),
    Row("disk", disk.measure),
)

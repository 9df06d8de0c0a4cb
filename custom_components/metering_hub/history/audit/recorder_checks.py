"""Check the recorded rows of a statistic: holes, falling sums, and contradictions.

The database does the work, in the threads of the recorder. A query reads a bounded part
of one statistic, so that a stop of Home Assistant waits for a fraction of a second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope

from ..maths.rows import HOUR_SECONDS, as_datetime
from ..recorder.access import run_query
from ..recorder.joined import first_own_hour
from .check_queries import CONDITIONS, EXTENT, FAULTS, SUSPICIONS, Content, FaultKind

SPAN = 20_000 * HOUR_SECONDS
"""Seconds of a query, which takes less than 0.1 seconds for these 27 months."""

MAX_FAULTS = 1_000
"""Faults of one kind that are kept of a statistic, the earliest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The hours from `start` to before `end` (UTC) that are wrong.

    `change` is that of the sum since the row before, if both have one.
    """

    kind: FaultKind
    start: datetime
    end: datetime
    change: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The number of rows that were checked, the last one's start, and the faults."""

    rows: int = 0
    last: datetime | None = None
    faults: Sequence[Fault] = ()


class _Extent(NamedTuple):
    """The number of a statistic in the database, and its first and last row's start."""

    number: int
    first: float
    last: float


async def check_rows(
    hass: HomeAssistant,
    statistic_id: str,
    content: Content,
    since: datetime | None = None,
) -> Checked:
    """Check the rows of a statistic that start after `since`, or all rows.

    The first of them is compared with the row before it. Raises RecorderError and
    StoppingError.
    """
    extent = await run_query(hass, _find_extent, hass, statistic_id)
    if extent is None:
        return Checked()
    # A moment just before the first row, so that this one is among those after it.
    reached = extent.first - 1
    if since is not None:
        reached = max(reached, since.timestamp())
    rows = 0
    faults: dict[FaultKind, list[Fault]] = {kind: [] for kind in FaultKind}
    while reached < extent.last:
        end = reached + SPAN
        count, found = await run_query(
            hass, _check_part, hass, extent, content, reached, end
        )
        rows, reached = rows + count, end
        for fault in found:
            if len(faults[fault.kind]) < MAX_FAULTS:
                faults[fault.kind].append(fault)
    return Checked(
        rows=rows,
        last=as_datetime(extent.last),
        faults=sorted(chain(*faults.values()), key=lambda fault: fault.start),
    )


def _find_extent(hass: HomeAssistant, statistic_id: str) -> _Extent | None:
    """Return the extent of a statistic, or None if it has no rows of its own."""
    with session_scope(hass=hass, read_only=True) as session:
        found = session.connection().execute(EXTENT, {"id": statistic_id}).first()
    if found is None or found[1] is None:
        return None
    number, first, last = found
    if (seam := first_own_hour(hass, statistic_id)) is not None:
        first = max(first, seam.timestamp())
    return _Extent(number, first, last) if first <= last else None


def _check_part(
    hass: HomeAssistant, extent: _Extent, content: Content, since: float, end: float
) -> tuple[int, Sequence[Fault]]:
    """Return the number and the faults of the rows that start in (since, end].

    Comparing neighbors by a join takes a third of the time of a window function, which
    therefore only follows where the join has found something.
    """
    values = {
        "number": extent.number,
        "first": extent.first,
        "since": since,
        "end": end,
    }
    with session_scope(hass=hass, read_only=True) as session:
        connection = session.connection()
        rows, suspicious = connection.execute(SUSPICIONS[content], values).one()
        if not suspicious:
            return rows, ()
        found = connection.execute(FAULTS[content], values).all()
    return rows, [fault for row in found for fault in _faults_of(content, row)]


def _faults_of(content: Content, found: Sequence[float | None]) -> Iterator[Fault]:
    """Yield the faults of a row that the query of its content has found."""
    start, start_before, change, *flags = found
    for kind, is_faulty in zip(CONDITIONS[content], flags, strict=True):
        if not is_faulty or start is None:
            continue
        if kind is FaultKind.HOLE and start_before is not None:
            first, end = start_before + HOUR_SECONDS, start
        else:
            first, end = start, start + HOUR_SECONDS
        yield Fault(
            kind=kind, start=as_datetime(first), end=as_datetime(end), change=change
        )

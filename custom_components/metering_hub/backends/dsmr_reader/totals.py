"""The sum of both tariffs' registers, made of the positions of the same telegram."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import merge

from ...metering.model import Reading
from ...metering.reading_columns import ReadingColumns
from ..base import HistoryChunk
from .positions import DECIMALS

IMPORT_TOTAL = "electricity_import_total"
EXPORT_TOTAL = "electricity_export_total"
TOTALS: Mapping[str, tuple[str, str]] = {
    IMPORT_TOTAL: ("electricity_delivered_1", "electricity_delivered_2"),
    EXPORT_TOTAL: ("electricity_returned_1", "electricity_returned_2"),
}
"""The registers that each total is the sum of, in kWh, by the total's key."""


def with_parts(keys: Collection[str]) -> list[str]:
    """Return the keys to read for these points: each total stands for its parts."""
    found = (part for key in keys for part in TOTALS.get(key, (key,)))
    return [*dict.fromkeys(found)]


class TotalHistory:
    """Adds the totals to the chunks of one pass over the history."""

    def __init__(self, keys: Collection[str]) -> None:
        """Initialize for the points that are wanted, among them perhaps totals."""
        self._keys = frozenset(keys)
        self._sums = {key: _Sum(parts) for key, parts in TOTALS.items() if key in keys}

    def complete(self, chunk: HistoryChunk) -> HistoryChunk:
        """Return a chunk with the totals, and without parts that are not wanted."""
        if not self._sums:
            return chunk
        readings: dict[str, Sequence[Reading]] = {
            key: found for key, found in chunk.readings.items() if key in self._keys
        }
        for key, total in self._sums.items():
            readings[key] = total.add(chunk.readings)
        return replace(chunk, readings=readings)


class _Sum:
    """One total: at each time of any part, the sum of the last positions of all.

    Telegrams have all parts. Statistics have no positions of a register that stands
    still, so its last position is the right one. Before all parts have a position,
    there is no total.
    """

    def __init__(self, parts: tuple[str, str]) -> None:
        """Initialize without any position."""
        self._parts = parts
        self._last: dict[str, float] = {}
        self._time = float("-inf")

    def add(self, readings: Mapping[str, Sequence[Reading]]) -> ReadingColumns:
        """Return the total's readings in a chunk, oldest first."""
        first, second = (
            ReadingColumns.of(readings.get(part, ())) for part in self._parts
        )
        if first.times == second.times:
            pairs = zip(first.values, second.values, strict=True)
            found = ReadingColumns(
                [*first.times], [round(a + b, DECIMALS) for a, b in pairs]
            )
            # All parts come from the same rows.
            found.stored = [*first.stored]
            if first:
                self._time = first.times[-1]
                columns = (first, second)
                self._last = {
                    part: column.values[-1]
                    for part, column in zip(self._parts, columns, strict=True)
                }
        else:
            found = self._merged(first, second)
        found.qualities = first.qualities | second.qualities
        return found

    def _merged(self, first: ReadingColumns, second: ReadingColumns) -> ReadingColumns:
        """Return the total's readings of parts that have positions at other times."""
        found = ReadingColumns()
        columns = zip(self._parts, (first, second), strict=True)
        for time, part, value in merge(*(_labelled(part, c) for part, c in columns)):
            self._last[part] = value
            if len(self._last) < len(self._parts) or time < self._time:
                continue
            total = round(sum(self._last.values()), DECIMALS)
            if found and found.times[-1] == time:
                found.values[-1] = total
            else:
                found.add(time, total)
            self._time = time
        return found


def _labelled(
    part: str, readings: ReadingColumns
) -> Iterator[tuple[float, str, float]]:
    """Yield the readings of a part as time, part and value, oldest first."""
    for time, value in zip(readings.times, readings.values, strict=True):
        yield time, part, value

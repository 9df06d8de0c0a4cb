"""Reads what shows whether series hold meter readings or amounts.

Source: docs/wire/bemserver.md, Semantics.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from statistics import median

from ...metering.kind_judge import Values
from ..common.parse import as_number
from ..common.times import as_moment
from .batching import SeriesBatcher, make_batches
from .data_states import DataStates, Results
from .timeseries_client import (
    Aggregation,
    Span,
    TimeseriesClient,
    Values as Buckets,
    Width,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

MIN_GAPS = 3
"""Gaps between values that are needed to detect an interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A span of time in buckets of one width."""

    start: datetime
    end: datetime
    width: Width


class EvidenceReader:
    """Reads the lowest or highest values of hours or days."""

    def __init__(
        self, batcher: SeriesBatcher, client: TimeseriesClient, states: DataStates
    ) -> None:
        """Initialize with what requests are made with."""
        self._batcher = batcher
        self._client = client
        self._states = states

    async def read(
        self, series_ids: Sequence[int], period: Period, aggregation: Aggregation
    ) -> tuple[Mapping[int, Values], Collection[int]]:
        """Return values in the first data state that has any, and failed series."""
        rows = (period.end - period.start) / period.width.length

        async def read_state(ids: list[int], state: int) -> Results[Values]:
            """Request the values of series in a state."""
            span = Span(state=state, start=period.start, end=period.end)
            parts, failed = await self._batcher.request(
                make_batches(
                    ids,
                    url_length=self._client.url_length(span),
                    rows=lambda _id: rows,
                ),
                partial(
                    self._client.buckets,
                    span=span,
                    width=period.width,
                    aggregation=aggregation,
                ),
            )
            values: dict[int, Values] = {}
            for part in parts:
                values |= await _parse_buckets(part)
            return values, failed

        found, failed = await self._states.search(series_ids, read_state)
        return found, failed.keys()


async def _parse_buckets(buckets: Buckets) -> dict[int, Values]:
    """Return the buckets that have a value, by series."""
    found: dict[int, Values] = {}
    # All series of an answer have the same buckets, so each time is parsed once.
    labels = frozenset(label for by_time in buckets.values() for label in by_time)
    moments = {label: as_moment(label) for label in labels}
    for number, by_time in buckets.items():
        values = [
            (moment, value)
            for label, bucket in sorted(by_time.items())
            if (value := as_number(bucket)) is not None
            and (moment := moments[label]) is not None
        ]
        if values:
            found[number] = values
        # Fifty series would block the event loop.
        await asyncio.sleep(0)
    return found


def interval_hours(values: Values, width: Width) -> int | None:
    """Return the hours between the values of a series; `None` if they do not show it.

    Daily buckets do not show how many values a day has.
    """
    gaps = [(after - before) / HOUR for (before, _), (after, _) in pairwise(values)]
    if len(gaps) < MIN_GAPS:
        return None
    hours = round(median(gaps))
    is_shown = width is Width.HOUR or hours > DAY / HOUR
    return max(1, hours) if is_shown else None

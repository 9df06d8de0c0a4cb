"""Stored values in the server's own terms: as they are, or aggregated by the server.

Source: docs/wire/milesight.md, History.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ...metering.model import Value
from ...metering.server_data import Aggregate, ServerData, ServerQuery, ServerSample
from ..common.http import Json
from ..errors import ProtocolError, Reason, RejectedError, ServerFaultError
from .client import MilesightClient
from .entity_rows import NUMERIC, EntityRow
from .history_pages import MILLISECOND, PageReader, PageSize, Span
from .sources import Source
from .values import value_parser

MOST_INTERVALS = 50
"""How many intervals are aggregated for a response: each takes a request."""

_WIRE_NAMES: Mapping[Aggregate, str] = {
    Aggregate.LAST: "LAST",
    Aggregate.LOWEST: "MIN",
    Aggregate.HIGHEST: "MAX",
    Aggregate.MEAN: "AVG",
    Aggregate.SUM: "SUM",
    Aggregate.COUNT: "COUNT",
}
_OF_NUMBERS = frozenset({Aggregate.MEAN, Aggregate.SUM})


async def read_server_data(
    client: MilesightClient, source: Source, query: ServerQuery, most: int
) -> ServerData:
    """Return about the first `most` values, or an aggregate of each interval.

    Raises RejectedError for what the server does not offer, and BackendError.
    """
    if (
        query.unit is not None
        or query.origins
        or query.is_raw
        or query.has_earlier
        or (query.minutes is not None and query.aggregate is None)
    ):
        raise RejectedError(
            "the server has aggregates only", reason=Reason.NO_SUCH_DATA
        )
    if query.aggregate is None:
        return await _stored_values(client, source, query, most)
    return await _aggregates(client, source.entity, query, query.aggregate)


async def _stored_values(
    client: MilesightClient, source: Source, query: ServerQuery, most: int
) -> ServerData:
    """Return the stored values of [start, end), about `most` of them."""
    size = PageSize()
    size.rows = most
    entity = source.entity
    span = Span([entity.id], query.start, query.end - MILLISECOND)
    if span.end <= span.start:
        return ServerData(unit=entity.unit, samples=[])
    reader = PageReader(client, size)
    page = await reader.first_page(span)
    parse = value_parser(source)
    rows, following = page.rows, None
    if page.size < page.total:
        last = rows[-1].time
        rows = [row for row in rows if row.time < last]
        following = last
    samples = [
        ServerSample(time=row.time, value=_plain(parse(row.value))) for row in rows
    ]
    return ServerData(unit=entity.unit, samples=samples, following=following)


async def _aggregates(
    client: MilesightClient, entity: EntityRow, query: ServerQuery, aggregate: Aggregate
) -> ServerData:
    """Return the aggregates of intervals, or of the whole span."""
    if aggregate in _OF_NUMBERS and entity.value_type not in NUMERIC:
        raise RejectedError(
            f"the server has no {aggregate.value} of such values",
            reason=Reason.NO_SUCH_DATA,
        )
    length = query.end - query.start
    if query.minutes is not None:
        length = timedelta(minutes=query.minutes)
    samples: list[ServerSample] = []
    start = query.start
    for _ in range(MOST_INTERVALS):
        if start >= query.end:
            break
        end = min(start + length, query.end)
        samples += await _aggregate(client, entity, start, end, aggregate)
        start = end
    following = start if start < query.end else None
    return ServerData(unit=entity.unit, samples=samples, following=following)


async def _aggregate(
    client: MilesightClient,
    entity: EntityRow,
    start: datetime,
    end: datetime,
    aggregate: Aggregate,
) -> list[ServerSample]:
    """Return the aggregate of [start, end), which has several values for COUNT."""
    # The server includes both ends, so neighboring intervals would share a value.
    last = end - MILLISECOND
    if last <= start:
        return []
    try:
        found = await client.aggregate(entity.id, start, last, _WIRE_NAMES[aggregate])
    except (ProtocolError, ServerFaultError) as err:
        raise RejectedError(
            "the server cannot aggregate these values", reason=Reason.NO_SUCH_DATA
        ) from err
    return [
        ServerSample(time=start, value=_plain(each.value), count=each.count)
        for each in found
    ]


def _plain(value: Json | Value) -> float | str | bool | None:
    """Return a number, a text or a flag; anything else is not one value."""
    return value if isinstance(value, float | int | str | bool) else None

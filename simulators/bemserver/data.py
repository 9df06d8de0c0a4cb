"""The points of series: plain, in buckets, or as statistics; JSON or CSV."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web

from simulators.faults import Row
from simulators.times import epoch

from .aggregates import FUNCTIONS, Tallies, Tally
from .buckets import FIXED, UNITS, Buckets, NonexistentTimeError, cut
from .model import STATES, Series
from .permissions import View
from .query import Query, integer, one_of, positive, unit_symbol
from .store import Chunk, Span, Store
from .table import CSV, Column, Table, iso_in
from .units import Conversion, DimensionError, conversion
from .wire import JSON, ApiError, answer, encode, forbidden, invalid

_DAYS_AT_ONCE = 10
_END = 2**40  # Seconds since 1970: later than any point.
_FIXED_ONLY = (
    "Only fixed bucket width units (second, minute, hour) "
    "accept a value different than 1."
)


@dataclass(frozen=True, slots=True)
class Selection:
    """The requested series with their labels, and the state."""

    series: tuple[Series, ...]
    labels: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class DataRequest:
    """A request of a user for points, by ids or by names within a campaign."""

    view: View
    store: Store
    request: web.Request

    async def plain(self) -> web.Response:
        """Answer GET /timeseries_data/."""
        query = Query(self.request.query)
        names = self.names(query)
        start, end = query.moment("start_time"), query.moment("end_time")
        state, zone = self.state(query), query.zone()
        units = _units(query, names)
        query.check()
        selection = self.select(names, state)
        conversions = [
            _conversion(item, unit)
            for item, unit in zip(selection.series, units, strict=True)
        ]
        span = _ceil(start), _ceil(end)
        columns: list[Column] = []
        for item, label, change in zip(
            selection.series, selection.labels, conversions, strict=True
        ):
            points = await self._points(item, selection.state, span)
            if change is not None:
                points = {when: change(value) for when, value in points.items()}
            columns.append((label, {**points}))
        stamps = _stamps(columns)
        return await self._table(Table(columns, stamps, zone, nulls=False))

    async def aggregate(self) -> web.Response:
        """Answer GET /timeseries_data/aggregate: whole buckets, null without points."""
        query = Query(self.request.query)
        names = self.names(query)
        start, end = query.moment("start_time"), query.moment("end_time")
        state, zone = self.state(query), query.zone()
        width, unit = bucket(query)
        function = query.read("aggregation", one_of(FUNCTIONS), "avg")
        units = _units(query, names)
        query.check()
        selection = self.select(names, state)
        buckets = whole_buckets(start, end, width, unit, zone)
        columns: list[Column] = []
        for item, label, target in zip(
            selection.series, selection.labels, units, strict=True
        ):
            change = _conversion_or_500(item, target, function)
            found = await self.tallies(item, selection.state, buckets)
            cells = [tally.result(function, item.scale) for tally in found]
            if change is not None:
                cells = [None if cell is None else change(cell) for cell in cells]
            columns.append((label, dict(zip(buckets.starts, cells, strict=True))))
        return await self._table(Table(columns, buckets.starts, zone, nulls=True))

    async def stats(self) -> web.Response:
        """Answer GET /timeseries_data/stats over the whole history."""
        query = Query(self.request.query)
        names, state, zone = self.names(query), self.state(query), query.zone()
        query.check()
        selection = self.select(names, state)
        shown: Row = {}
        for item, label in zip(selection.series, selection.labels, strict=True):
            shown[label] = await self._statistics(item, selection.state, zone)
        return answer(encode({"stats": shown}))

    def select(self, names: Sequence[str], state: int) -> Selection:
        """Find the series; raise 422 for unknown ones, then 403 for forbidden ones.

        One bad series fails the whole request.

        Source: docs/wire/bemserver.md, Time series data.
        """
        found: list[Series | None]
        if state not in STATES:
            raise invalid(query={"data_state": "Unknown data state ID"})
        campaign = self._campaign()
        if campaign is None:
            found = [self.view.world.series.get(int(name)) for name in names]
        else:
            by_name = {
                item.name: item
                for item in self.view.world.series.values()
                if item.campaign_id == campaign
            }
            found = [by_name.get(name) for name in names]
        unknown = [
            name for name, item in zip(names, found, strict=True) if item is None
        ]
        if unknown:
            listed = [int(name) for name in unknown] if campaign is None else unknown
            raise invalid(f"Unknown timeseries: {listed}")
        series = tuple(item for item in found if item is not None)
        if not all(map(self.view.can_see_series, series)):
            raise forbidden()
        return Selection(series, tuple(names), STATES[state])

    async def tallies(
        self, series: Series, state: str, buckets: Buckets
    ) -> list[Tally]:
        """Return one tally per bucket, without blocking the event loop for long."""
        found = Tallies(buckets)
        async for chunk in self._chunks(series, state, buckets.span):
            found.add(chunk)
        return found.tallies

    def _campaign(self) -> int | None:
        """Return the campaign of a request by names; raise 404 or 403."""
        number = self.request.match_info.get("campaign_id")
        if number is None:
            return None
        if int(number) not in self.view.world.campaigns:
            raise ApiError(404)
        if not self.view.can_see_campaign(int(number)):
            raise forbidden()
        return int(number)

    def names(self, query: Query) -> list[str]:
        """Return the requested ids or names without repeats, in order."""
        if "campaign_id" in self.request.match_info:
            names = query.several("timeseries", str, required=True)
        else:
            ids = query.several("timeseries", integer, required=True)
            names = [str(number) for number in ids]
        return list(dict.fromkeys(names))

    def state(self, query: Query) -> int:
        """Return the id of the requested data state."""
        return query.require("data_state", integer, 0)

    async def _chunks(
        self, series: Series, state: str, span: Span
    ) -> AsyncIterator[Chunk]:
        """Yield the points of a series, yielding to the event loop now and then."""
        await asyncio.sleep(0)
        chunks = self.store.chunks(series, state, span, self.view.now)
        for count, chunk in enumerate(chunks, 1):
            yield chunk
            if count % _DAYS_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _points(self, series: Series, state: str, span: Span) -> dict[int, float]:
        """Return the values of a series by time stamp."""
        points: dict[int, float] = {}
        scale = series.scale
        async for times, values in self._chunks(series, state, span):
            points.update(zip(times, (value / scale for value in values), strict=True))
        return points

    async def _statistics(self, series: Series, state: str, zone: ZoneInfo) -> Row:
        """Return the statistics of a series over its whole history."""
        tally, scale = Tally(), series.scale
        ends: list[int] = []
        async for times, values in self._chunks(series, state, (0, _END)):
            tally.add(values)
            tally.add_squares(values)
            ends += [times[0], times[-1]]
        return {
            "first_timestamp": iso_in(ends[0], zone) if ends else None,
            "last_timestamp": iso_in(ends[-1], zone) if ends else None,
            "count": tally.count,
            "min": tally.result("min", scale),
            "max": tally.result("max", scale),
            "avg": tally.result("avg", scale),
            "stddev": tally.spread(scale),
        }

    async def _table(self, table: Table) -> web.Response:
        """Return the table in the format of the Accept header.

        The header is echoed as the content type; only exactly text/csv returns CSV.

        Source: docs/wire/bemserver.md, Conventions.
        """
        accept = self.request.headers.get(hdrs.ACCEPT, JSON)
        text = accept.startswith("text/")
        body = await (table.csv() if accept == CSV else table.json())
        return answer(body, content_type=f"{accept}; charset=utf-8" if text else accept)


def bucket(query: Query) -> tuple[int, str]:
    """Return the required width of the buckets."""
    width = query.require("bucket_width_value", positive, 1)
    unit = query.require("bucket_width_unit", one_of(UNITS), "hour")
    if width > 1 and unit not in FIXED:
        query.errors["bucket_width_value"] = [_FIXED_ONLY]
    return width, unit


def whole_buckets(
    start: datetime, end: datetime, width: int, unit: str, zone: ZoneInfo
) -> Buckets:
    """Return the buckets; the server fails at the hour that is skipped in spring."""
    try:
        return cut(start, end, width, unit, zone)
    except NonexistentTimeError as error:
        raise ApiError(500) from error


def _units(query: Query, names: Sequence[str]) -> list[str]:
    """Return the unit to convert each series to; empty is its own."""
    units = query.several("convert_to", lambda text: text and unit_symbol(text))
    if not units:
        return [""] * len(names)
    if len(units) != len(names) and "convert_to" not in query.errors:
        query.errors["_schema"] = [
            "If provided, convert_to must be the same size as timeseries."
        ]
    return units


def _conversion(series: Series, target: str) -> Conversion | None:
    """Return the conversion of a series; raise 422 for incompatible units."""
    if not target:
        return None
    try:
        return conversion(series.unit, target)
    except DimensionError as error:
        raise invalid(str(error)) from error


def _conversion_or_500(series: Series, target: str, function: str) -> Conversion | None:
    """Return the conversion of buckets; the server fails for incompatible units."""
    if not target:
        return None
    try:
        return conversion("count" if function == "count" else series.unit, target)
    except DimensionError as error:
        raise ApiError(500) from error


def _stamps(columns: Sequence[Column]) -> list[int]:
    """Return the time stamps that any column has, in order."""
    if len(columns) == 1:
        return [*columns[0][1]]
    return sorted({when for _, points in columns for when in points})


def _ceil(at: datetime) -> int:
    """Return the first whole second at or after a time."""
    return epoch(at) + bool(at.microsecond)

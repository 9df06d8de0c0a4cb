"""Calculations on the server: energy breakdown, completeness, degree days.

Only Clean data are used; missing data count as 0.0 in the breakdown, whose "all" stands
beside its parts; degree days use local hours.

Source: docs/wire/bemserver.md, Analysis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from aiohttp import web

from simulators.faults import Row

from .aggregates import Tally
from .buckets import Buckets
from .data import DataRequest, bucket, whole_buckets
from .model import CLEAN, END_USES, ENERGIES, EnergyLink, Kind, Series
from .query import Query, number, one_of, unit_symbol
from .table import iso_in
from .units import DimensionError, conversion
from .wire import ApiError, answer, encode, forbidden, tagged

_PERIODS = ("day", "month", "year")
_KINDS: dict[str, Kind] = {"site": "site", "building": "building"}


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """A request for values that are calculated from the points."""

    data: DataRequest

    async def energy_consumption(self) -> web.Response:
        """Answer GET /analysis/energy_consumption/{site|building}/{id}."""
        request, world = self.data.request, self.data.view.world
        query = Query(request.query)
        start, end = query.moment("start_time"), query.moment("end_time")
        (width, unit), zone = bucket(query), query.zone()
        target = query.read("unit", unit_symbol, "Wh")
        wanted = query.read("ratio_property", str, None)
        query.check()
        kind, place_id = self._place()
        links = [
            link
            for link in world.consumption[kind].values()
            if link.place_id == place_id
            and self.data.view.can_see_series(world.series[link.series_id])
        ]
        ratio = self._ratio(kind, place_id, wanted)
        buckets = whole_buckets(start, end, width, unit, zone)
        shown: Row = {
            "timestamps": [iso_in(when, zone) for when in buckets.starts],
            "energy": await self._breakdown(links, buckets, target, ratio),
        }
        return tagged(request, shown)

    async def _breakdown(
        self, links: Sequence[EnergyLink], buckets: Buckets, target: str, ratio: float
    ) -> Row:
        """Return the energy per bucket by energy and end use."""
        found: dict[str, Row] = {}
        for link in links:
            series = self.data.view.world.series[link.series_id]
            try:
                change = conversion(series.unit, target)
            except DimensionError as error:
                message = "Incompatible unit in input timeseries."
                raise ApiError(409, message) from error
            scale = series.scale
            sums = [
                change(tally.result("sum", scale) or 0.0) / ratio
                for tally in await self.data.tallies(series, CLEAN, buckets)
            ]
            uses = found.setdefault(ENERGIES[link.energy_id - 1], {})
            uses[END_USES[link.detail_id - 1]] = [*sums]
        return {**found}

    async def completeness(self) -> web.Response:
        """Answer GET /analysis/completeness."""
        request = self.data.request
        query = Query(request.query)
        start, end = query.moment("start_time"), query.moment("end_time")
        (width, unit), zone = bucket(query), query.zone()
        names, state = self.data.names(query), self.data.state(query)
        query.check()
        selection = self.data.select(names, state)
        buckets = whole_buckets(start, end, width, unit, zone)
        series: Row = {}
        for item, label in zip(selection.series, selection.labels, strict=True):
            found = await self.data.tallies(item, selection.state, buckets)
            series[label] = _completeness(item, found, buckets)
        stamps = [iso_in(when, zone) for when in buckets.starts]
        return tagged(request, {"timestamps": [*stamps], "timeseries": series})

    async def degree_days(self) -> web.Response:
        """Answer GET /sites/{id}/degree_days."""
        request, view = self.data.request, self.data.view
        query = Query(request.query)
        start, end = query.day("start_date"), query.day("end_date")
        period = query.require("period", one_of(_PERIODS), "day")
        cooling = (
            query.read("type", one_of(("heating", "cooling")), "heating") == "cooling"
        )
        base = query.read("base", number, 18.0)
        target = query.read("unit", unit_symbol, "°C")
        query.check()
        kind, site = self._place("site")
        temperature = self._air_temperature(site)
        try:
            change = conversion(temperature.unit, target)
        except DimensionError as error:
            raise ApiError(409, "Incompatible unit in input timeseries.") from error
        campaign = view.world.campaigns[view.world.campaign_of(kind, site)]
        totals: dict[str, list[float | None]] = {}
        for day, mean in await self._day_means(
            temperature, campaign.timezone, start, end
        ):
            found = totals.setdefault(_period_start(day, period), [])
            if mean is not None:
                above = change(mean) - base
                found.append(max(0.0, above if cooling else -above))
        days: Row = {
            label: sum(value for value in values if value is not None)
            if values
            else None
            for label, values in totals.items()
        }
        return answer(encode({"degree_days": days}))

    async def _day_means(
        self, series: Series, zone_name: str, start: date, end: date
    ) -> list[tuple[datetime, float | None]]:
        """Return per local day the middle of its coldest and warmest hourly mean."""
        midnight = datetime.min.time()
        zone = ZoneInfo(zone_name)
        low, high = (datetime.combine(day, midnight, zone) for day in (start, end))
        if low >= high:
            return []
        days = whole_buckets(low, high, 1, "day", zone)
        hours = whole_buckets(low, high, 1, "hour", zone)
        scale = series.scale
        means = [
            (when, tally.result("avg", scale))
            for when, tally in zip(
                hours.starts, await self.data.tallies(series, CLEAN, hours), strict=True
            )
        ]
        found: list[tuple[datetime, float | None]] = []
        for begin, stop in zip(days.starts, days.edges[1:], strict=True):
            values = [
                mean
                for when, mean in means
                if begin <= when < stop and mean is not None
            ]
            middle = (min(values) + max(values)) / 2 if values else None
            found.append((datetime.fromtimestamp(begin, zone), middle))
        return found

    def _air_temperature(self, site: int) -> Series:
        """Return the measured air temperature of a site; raise 409 without one."""
        world = self.data.view.world
        for link in world.weather.values():
            series = world.series[link.series_id]
            known = link.parameter == "AIR_TEMPERATURE" and not link.forecast
            if link.site_id == site and known and self.data.view.can_see_series(series):
                return series
        raise ApiError(409, "Air temperature for site undefined or access denied.")

    def _place(self, kind: str | None = None) -> tuple[Kind, int]:
        """Return the place in the path; raise 404 or 403."""
        info, view = self.data.request.match_info, self.data.view
        found, number = _KINDS[kind or info["kind"]], int(info["id"])
        if number not in view.world.places[found]:
            raise ApiError(404)
        if not view.can_see_place(found, number):
            raise forbidden()
        return found, number

    def _ratio(self, kind: Kind, place_id: int, wanted: str | None) -> float:
        """Return the divisor: 1, or the area of the place."""
        if wanted is None:
            return 1.0
        place = self.data.view.world.place(kind, place_id)
        if wanted != "Area" or place.area is None:
            message = f'{kind.capitalize()} has no "{wanted}" property.'
            raise ApiError(409, message)
        return place.area


def _completeness(series: Series, found: Sequence[Tally], buckets: Buckets) -> Row:
    """Return counts and ratios; the fullest bucket replaces an unset interval."""
    edges = buckets.edges
    widths = [high - low for low, high in pairwise(edges)]
    counts = [tally.count for tally in found]
    rates = [count / width for count, width in zip(counts, widths, strict=True)]
    best = max(rates, default=0.0)
    interval: float | None = None
    if any(counts) and series.interval is not None:
        interval = float(series.interval)
    elif best:
        interval = 1 / best
    ratios = [None if interval is None else rate * interval for rate in rates]
    expected = [None if interval is None else width / interval for width in widths]
    number_of = len(counts) or 1
    known = [ratio for ratio in ratios if ratio is not None]
    return {
        "name": series.name,
        "count": [*counts],
        "ratio": [*ratios],
        "total_count": sum(counts),
        "avg_count": sum(counts) / number_of,
        "avg_ratio": sum(known) / len(known) if known else None,
        "interval": interval,
        "undefined_interval": series.interval is None,
        "expected_count": [*expected],
    }


def _period_start(day: datetime, period: str) -> str:
    """Return the start of the month or year of a day as text."""
    if period == "year":
        day = day.replace(month=1, day=1)
    elif period == "month":
        day = day.replace(day=1)
    return day.isoformat()

"""BEMServer's points in time, and what the server works out of them.

Source: ../shared/wire/bemserver.md §4 and §7. One request is about many series; one
that is unknown (422, named) or forbidden (403, not named) costs all of them. Buckets
are asked for in UTC, as the server fails on the hour that a spring night skips. They
are whole: from the one that holds `start` to the one that holds `end`, over or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum

from yarl import URL

from ..common.http import HttpClient, Json, QueryValue, Request
from ..common.parse import as_decimal, as_integer, as_number, as_object
from ..common.times import as_moment, utc_text
from .models import PlaceId, first_times

POINTS_TIMEOUT = 60.0
"""Seconds. A thousand values take a tenth of a second, on a busy server several."""

_CSV = "text/csv"
_PLAIN = "/timeseries_data/"
_AGGREGATE = "/timeseries_data/aggregate"

type Ids = Sequence[int]
type Values = Mapping[int, Mapping[str, Json]]
"""By series, values by ISO 8601 time; a series without any is missing."""


class Width(Enum):
    """How long buckets are: a number, and the server's word for the unit."""

    QUARTER = (15, "minute")
    HOUR = (1, "hour")
    DAY = (1, "day")


class Aggregation(StrEnum):
    """What is made of the values of a bucket."""

    SUM = "sum"
    AVERAGE = "avg"
    LOWEST = "min"
    HIGHEST = "max"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which points: of which data state, in [start, end)."""

    state: int
    start: datetime
    end: datetime

    def params(self, ids: Ids) -> dict[str, QueryValue]:
        """Return the query that all requests for points have in common."""
        return {
            "timeseries": list(ids),
            "data_state": self.state,
            "start_time": utc_text(self.start),
            "end_time": utc_text(self.end),
            "timezone": "UTC",
        }


class PointsClient:
    """Requests for points in time; raises as `BemserverClient` does."""

    def __init__(self, http: HttpClient, base_url: str) -> None:
        """Take a client that is logged in; `base_url` counts for the length of URLs."""
        self._http = http
        self._base_url = base_url

    async def values(self, ids: Ids, span: Span) -> Values:
        """GET /timeseries_data/ as JSON: {"1": {"2026-11-21T01:30:00+00:00": 4.1}}."""
        return _by_id(await self._json(_PLAIN, span.params(ids)))

    async def values_csv(self, ids: Ids, span: Span) -> str:
        """GET /timeseries_data/ as CSV: a column per series, empty without a value.

        "Datetime,1,13" and lines of "2026-11-21T01:30:00+0000,4.1,". For fifty series
        it is a fifth of the JSON. Parts of a second are lost.
        """
        return await self._csv(_PLAIN, span.params(ids))

    async def buckets(
        self, ids: Ids, span: Span, width: Width, aggregation: Aggregation
    ) -> Values:
        """GET /timeseries_data/aggregate as JSON: every bucket, null without values.

        Keys are the buckets' starts. A count is 0 where there is nothing.
        """
        params = {**span.params(ids), **_bucket(width, aggregation)}
        return _by_id(await self._json(_AGGREGATE, params))

    async def buckets_csv(
        self, ids: Ids, span: Span, width: Width, aggregation: Aggregation
    ) -> str:
        """GET /timeseries_data/aggregate as CSV, like `values_csv`."""
        return await self._csv(
            _AGGREGATE, {**span.params(ids), **_bucket(width, aggregation)}
        )

    async def first_times(self, ids: Ids, state: int) -> Mapping[int, datetime]:
        """GET /timeseries_data/stats: return when each series began, if it did.

        {"stats": {"1": {"first_timestamp", "last_timestamp", "count", ...}}}. The
        server reads the whole history of each series for it.
        """
        params: dict[str, QueryValue] = {
            "timeseries": list(ids),
            "data_state": state,
            "timezone": "UTC",
        }
        return first_times(await self._json("/timeseries_data/stats", params))

    async def completeness(
        self, ids: Ids, span: Span, zone: str
    ) -> Mapping[int, float]:
        """GET /analysis/completeness of one day: return the ratios that are known.

        {"timeseries": {"1": {"ratio": [1.0], "interval": 900.0, ...}}}. A ratio is null
        where the server knows no interval.
        """
        params = {
            **span.params(ids),
            "timezone": zone,
            **_width(Width.DAY),
        }
        body = as_object(await self._json("/analysis/completeness", params))
        ratios: dict[int, float] = {}
        for label, row in as_object(body.get("timeseries")).items():
            found = as_object(row).get("ratio")
            ratio = as_decimal(found[0]) if isinstance(found, list) and found else None
            if ratio is not None and (number := as_integer(label)) is not None:
                ratios[number] = float(ratio)
        return ratios

    async def energy_consumption(
        self, place: PlaceId, start: datetime, end: datetime, zone: str, unit: str
    ) -> Mapping[str, Mapping[str, Sequence[float | None]]]:
        """GET /analysis/energy_consumption/{site|building}/{id} by day.

        {"timestamps": [...], "energy": {"electricity": {"all": [1.5], ...}}}: by energy
        and end use, an amount in `unit` for each local day that begins in [start, end).
        "all" stands beside its parts. The server says 0 for what it does not know, so
        that no history is made of this. NotFoundError for a bad unit.
        """
        params: dict[str, QueryValue] = {
            "start_time": utc_text(start),
            "end_time": utc_text(end),
            "timezone": zone,
            "unit": unit,
            **_width(Width.DAY),
        }
        path = f"/analysis/energy_consumption/{place.kind.value}/{place.id}"
        body = as_object(await self._json(path, params))
        return {
            energy: {
                use: [as_number(amount) for amount in amounts]
                for use, amounts in as_object(uses).items()
                if isinstance(amounts, list)
            }
            for energy, uses in as_object(body.get("energy")).items()
        }

    async def degree_days(
        self, site_id: int, first: date, end: date, *, cooling: bool
    ) -> Mapping[datetime, float]:
        """GET /sites/{id}/degree_days by day: local midnights, without unknown days.

        {"degree_days": {"2026-11-01T00:00:00+01:00": 8.24}}; null without data. `end`
        is not included. NotFoundError where the site has no air temperature.
        """
        params = {
            "start_date": first.isoformat(),
            "end_date": end.isoformat(),
            "period": "day",
            "type": "cooling" if cooling else "heating",
        }
        body = as_object(await self._json(f"/sites/{site_id}/degree_days", params))
        days: dict[datetime, float] = {}
        for label, value in as_object(body.get("degree_days")).items():
            day, number = as_moment(label), as_decimal(value)
            if day is not None and number is not None:
                days[day] = float(number)
        return days

    def length(self, span: Span) -> int:
        """Return the bytes of the longest URL for a span, but for its series."""
        params = {
            **span.params(()),
            **_bucket(Width.QUARTER, Aggregation.COUNT),
            "timezone": "America/Argentina/ComodRivadavia",
        }
        query = {name: str(value) for name, value in params.items()}
        return len(str(URL(f"{self._base_url}{_AGGREGATE}").with_query(query)))

    async def _json(self, path: str, params: Mapping[str, QueryValue]) -> Json:
        request = Request(path=path, params=params, timeout=POINTS_TIMEOUT)
        return (await self._http.request(request)).body

    async def _csv(self, path: str, params: Mapping[str, QueryValue]) -> str:
        request = Request(path=path, params=params, timeout=POINTS_TIMEOUT, accept=_CSV)
        return (await self._http.request(request)).text or ""


def _bucket(width: Width, aggregation: Aggregation) -> dict[str, QueryValue]:
    return {**_width(width), "aggregation": aggregation.value}


def _width(width: Width) -> dict[str, QueryValue]:
    count, unit = width.value
    return {"bucket_width_value": count, "bucket_width_unit": unit}


def _by_id(body: Json) -> Values:
    """Return the series of an answer by number; one that is no object is missing."""
    return {
        int(label): points
        for label, points in as_object(body).items()
        if label.isdecimal() and isinstance(points, dict)
    }

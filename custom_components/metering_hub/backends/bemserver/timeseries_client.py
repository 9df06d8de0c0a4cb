"""BEMServer's stored values of series, and what the server computes from them.

Source: docs/wire/bemserver.md, Time series data. One request carries many series; an
unknown series (422) or a forbidden one (403) fails the whole request. Buckets are
requested in UTC, because the server fails on the local hour that a spring night skips.
They are always whole: the first contains `start`, the last contains `end`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, StrEnum
from itertools import batched
from math import isfinite

from yarl import URL

from ...metering.memo import Kept
from ..common.http import HttpClient, Json
from ..common.messages import LastAnswer, QueryValue, Request
from ..common.parse import as_integer, as_number, as_object
from ..common.shapes import require_object
from ..common.times import YEARS, as_moment, utc_text
from ..errors import ProtocolError
from .api_address import ApiAddress
from .models import parse_first_times

DATA_TIMEOUT = 60.0
"""Seconds. A thousand values take a tenth of a second, on a busy server several."""

CELLS_AT_ONCE = 1000
"""CSV cells parsed before yielding to the event loop: about a millisecond."""

_CSV = "text/csv"
_HEADER = "Datetime,"
_VALUES = "/timeseries_data/"
_BUCKETS = "/timeseries_data/aggregate"
_STATS = "/timeseries_data/stats"
_COMPLETENESS = "/analysis/completeness"

type Ids = Sequence[int]

type Values = Mapping[int, Mapping[str, Json]]
"""Unparsed values by series and ISO 8601 time; series without values are missing."""

type Column = Mapping[float, float]
"""Values by time, in epoch seconds."""

type Columns = Mapping[int, Column]
"""Columns by series; those of series without values are empty."""


class Width(Enum):
    """Width of a bucket: a number and the server's word for the unit."""

    QUARTER = (15, "minute")
    HOUR = (1, "hour")
    DAY = (1, "day")

    @property
    def length(self) -> timedelta:
        """Return the width as a duration."""
        count, unit = self.value
        return timedelta(**{f"{unit}s": count})


class Aggregation(StrEnum):
    """How the values of a bucket are aggregated."""

    SUM = "sum"
    MEAN = "avg"
    MIN = "min"
    MAX = "max"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A data state, by its id, and a period [start, end)."""

    state: int
    start: datetime
    end: datetime

    def params(self, ids: Ids) -> dict[str, QueryValue]:
        """Return the query that all requests for values have in common."""
        return {
            "timeseries": list(ids),
            "data_state": self.state,
            "start_time": utc_text(self.start),
            "end_time": utc_text(self.end),
            "timezone": "UTC",
        }


class RepeatedValues:
    """The last answer to a request for values that is sent again and again.

    The values of an answer that repeats it are the same object.
    """

    def __init__(self) -> None:
        """Initialize without an answer."""
        self.last = LastAnswer()
        self.parse = Kept(_by_id)


class TimeseriesClient:
    """The endpoints that return values; raises the errors of `BemserverClient`."""

    def __init__(self, http: HttpClient, api: ApiAddress) -> None:
        """Initialize with a client that logs in."""
        self._http = http
        self._api = api

    async def values(self, ids: Ids, span: Span, repeated: RepeatedValues) -> Values:
        """GET /timeseries_data/: {"1": {"2026-11-21T01:30:00+00:00": 4.1}}."""
        params = span.params(ids)
        return repeated.parse(await self.get_object(_VALUES, params, repeated.last))

    async def value_columns(self, ids: Ids, span: Span) -> Columns:
        """GET /timeseries_data/ as CSV, which is a fifth of the JSON's size.

        Fractions of a second are lost.
        """
        return await self._get_csv(_VALUES, span.params(ids))

    async def buckets(
        self, ids: Ids, span: Span, width: Width, aggregation: Aggregation
    ) -> Values:
        """GET /timeseries_data/aggregate: values by start of the bucket.

        Empty buckets have the value null, or 0 if values are counted. All series are
        in the answer; raises ProtocolError if one is not.
        """
        params = {**span.params(ids), **_bucket(width, aggregation)}
        buckets = _by_id(await self.get_object(_BUCKETS, params))
        if not buckets.keys() >= set(ids):
            raise ProtocolError(f"GET {_BUCKETS}: a series is missing")
        return buckets

    async def bucket_columns(
        self, ids: Ids, span: Span, width: Width, aggregation: Aggregation
    ) -> Columns:
        """GET /timeseries_data/aggregate as CSV."""
        params = {**span.params(ids), **_bucket(width, aggregation)}
        return await self._get_csv(_BUCKETS, params)

    async def first_times(self, ids: Ids, state: int) -> Mapping[int, datetime | None]:
        """GET /timeseries_data/stats: return the time of each series' first value.

        {"stats": {"1": {"first_timestamp", "last_timestamp", "count", ...}}}; the time
        is null for a series without values. The server scans the whole history of each
        series.
        """
        params: dict[str, QueryValue] = {
            "timeseries": list(ids),
            "data_state": state,
            "timezone": "UTC",
        }
        body = await self.get_object(_STATS, params)
        return parse_first_times(require_object(body.get("stats"), f"GET {_STATS}"))

    async def completeness(
        self, ids: Ids, span: Span, zone: str
    ) -> Mapping[int, float]:
        """GET /analysis/completeness of one day: return ratios, of which 1 is complete.

        {"timeseries": {"1": {"ratio": [1.0], "interval": 900.0, ...}}}. The ratio is
        null if the server does not have the interval of the series. The ratio is above
        1 if there are more values than expected. Source: docs/wire/bemserver.md,
        Analysis.
        """
        params = {**span.params(ids), "timezone": zone, **_width(Width.DAY)}
        body = await self.get_object(_COMPLETENESS, params)
        rows = require_object(body.get("timeseries"), f"GET {_COMPLETENESS}")
        ratios: dict[int, float] = {}
        for label, row in rows.items():
            days = as_object(row).get("ratio")
            ratio = as_number(days[0]) if isinstance(days, list) and days else None
            if ratio is not None and (number := as_integer(label)) is not None:
                ratios[number] = ratio
        return ratios

    async def degree_days(
        self, site_id: int, first: date, end: date, *, cooling: bool
    ) -> Mapping[datetime, float]:
        """GET /sites/{id}/degree_days: return values by local midnight.

        {"degree_days": {"2026-11-01T00:00:00+01:00": 8.24}}; days without data are null
        and left out. The day `end` is excluded. Raises NoDataError if the site has no
        air temperature. Source: docs/wire/bemserver.md, Analysis.
        """
        params = {
            "start_date": first.isoformat(),
            "end_date": end.isoformat(),
            "period": "day",
            "type": "cooling" if cooling else "heating",
        }
        endpoint = f"/sites/{site_id}/degree_days"
        body = await self.get_object(endpoint, params)
        rows = require_object(body.get("degree_days"), f"GET {endpoint}")
        days: dict[datetime, float] = {}
        for label, value in rows.items():
            day, number = as_moment(label), as_number(value)
            if day is not None and number is not None:
                days[day] = number
        return days

    def url_length(self, span: Span) -> int:
        """Return the bytes of the longest URL for a span, not counting its series."""
        params = {
            **span.params(()),
            **_bucket(Width.QUARTER, Aggregation.COUNT),
            "timezone": "America/Argentina/ComodRivadavia",
        }
        query = {name: str(value) for name, value in params.items()}
        return len(str(URL(self._api.url(_BUCKETS)).with_query(query)))

    async def get_object(
        self,
        endpoint: str,
        params: Mapping[str, QueryValue],
        last: LastAnswer | None = None,
    ) -> dict[str, Json]:
        """Return the JSON object with which an endpoint answers.

        It is the same object if the answer repeats the last one.
        """
        request = Request(
            path=self._api.path(endpoint),
            params=params,
            timeout=DATA_TIMEOUT,
            last=last,
        )
        return require_object((await self._http.request(request)).body, request)

    async def _get_csv(
        self, endpoint: str, params: Mapping[str, QueryValue]
    ) -> Columns:
        """Return the columns of an endpoint that answers in CSV."""
        request = Request(
            path=self._api.path(endpoint),
            params=params,
            timeout=DATA_TIMEOUT,
            accept=_CSV,
        )
        text = (await self._http.request(request)).text
        if text is None:
            # Another type of answer than the requested one, such as JSON.
            raise ProtocolError(f"{request}: the answer is not {_CSV}")
        return await parse_columns(text)


async def parse_columns(text: str) -> Columns:
    """Parse CSV with a time and a cell per series in each line.

    "Datetime,1,13", then lines such as "2026-11-21T01:30:00+0000,4.1,". Empty and
    non-numeric cells are ignored, and so are lines and columns that make no sense.
    Raises ProtocolError without the header, which also an answer without values has.
    """
    header, *lines = text.splitlines() or [""]
    if not header.startswith(_HEADER):
        raise ProtocolError("CSV without its header")
    labels = header.split(",")[1:]
    ids = [as_integer(label) for label in labels]
    columns: list[dict[float, float] | None] = [
        None if number is None else {} for number in ids
    ]
    # Yielding after each line would cost more than parsing it.
    step = max(1, CELLS_AT_ONCE // max(1, len(labels)))
    for part in batched(lines, step, strict=False):
        for line in part:
            stamp, *cells = line.split(",")
            if (time := _epoch_seconds(stamp)) is not None:
                _add_cells(columns, cells, time)
        await asyncio.sleep(0)
    return {
        number: column
        for number, column in zip(ids, columns, strict=True)
        if number is not None and column is not None
    }


def _add_cells(
    columns: list[dict[float, float] | None], cells: list[str], time: float
) -> None:
    """Add the cells of one line to their columns.

    A first import has millions of cells, for which `as_number` takes twice as long.
    """
    for column, cell in zip(columns, cells, strict=False):
        if not cell or column is None:
            continue
        try:
            value = float(cell)
        except ValueError:
            continue
        if isfinite(value):
            column[time] = value


def _epoch_seconds(text: str) -> float | None:
    """Return an ISO 8601 moment as epoch seconds; one without an offset is ignored.

    There is one per line, for which `as_moment` takes twice as long.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    is_usable = moment.tzinfo is not None and moment.year in YEARS
    return moment.timestamp() if is_usable else None


def _bucket(width: Width, aggregation: Aggregation) -> dict[str, QueryValue]:
    """Return the query of aggregated values."""
    return {**_width(width), "aggregation": aggregation.value}


def _width(width: Width) -> dict[str, QueryValue]:
    """Return the query of a bucket's width."""
    count, unit = width.value
    return {"bucket_width_value": count, "bucket_width_unit": unit}


def _by_id(body: Mapping[str, Json]) -> Values:
    """Return the values of an answer by series; malformed series are ignored."""
    return {
        number: values
        for label, values in body.items()
        if isinstance(values, dict) and (number := as_integer(label)) is not None
    }

"""The server's breakdown of the energy of a site or building by end use.

Source: docs/wire/bemserver.md, Analysis. The server answers 0 for a bucket without any
values, so the values are counted, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from zoneinfo import ZoneInfo

from ...metering.energy_breakdown import (
    BreakdownQuery,
    Bucket,
    EnergyBreakdown,
    EnergyUse,
)
from ..common.http import Json
from ..common.messages import QueryValue
from ..common.parse import as_number, as_object
from ..common.shapes import require_object
from ..common.times import as_moment, utc_text
from ..errors import IncompatibleUnitError, NoBreakdownError, ProtocolError
from .catalogue import ENERGY_PLACES, Catalogue
from .client import NoDataError
from .models import PlaceId
from .timeseries_client import TimeseriesClient

SERIES_PER_COUNT = 40
"""Series in a request that counts values, whose URL stays below 1,500 bytes."""

_COUNTS = "/timeseries_data/aggregate"
_CLEAN = "clean"

type Use = tuple[str, str]
"""The names of an energy and of an end use, in lower case."""


@dataclass(frozen=True, slots=True)
class _Buckets:
    """The query of the buckets, and the time zone in which they are shown.

    The server fails on the local hour that a spring night skips, so hours are those of
    UTC.
    """

    query: BreakdownQuery
    zone: ZoneInfo

    def params(self) -> dict[str, QueryValue]:
        """Return the query that both requests have in common."""
        is_hour = self.query.bucket is Bucket.HOUR
        return {
            "start_time": utc_text(self.query.start),
            "end_time": utc_text(self.query.end),
            "bucket_width_value": 1,
            "bucket_width_unit": self.query.bucket.value,
            "timezone": "UTC" if is_hour else self.zone.key,
        }


class BreakdownReader:
    """Reads breakdowns; raises the errors of `BemserverClient`."""

    def __init__(self, client: TimeseriesClient) -> None:
        """Initialize with a client that logs in."""
        self._client = client

    async def read(
        self,
        place: PlaceId,
        catalogue: Catalogue,
        zone: ZoneInfo,
        query: BreakdownQuery,
    ) -> EnergyBreakdown:
        """Return the breakdown of a site or building, with two requests.

        Raises NoBreakdownError for other places, and IncompatibleUnitError for a unit
        of something else.
        """
        if place.kind not in ENERGY_PLACES:
            raise NoBreakdownError(f"a {place.kind} has no energy breakdown")
        buckets = _Buckets(query, zone)
        labels, amounts = await self._amounts(place, buckets)
        series = _series_of(place, catalogue)
        counts = await self._counts(
            sorted({series[use] for use in amounts if use in series}),
            catalogue.enumerations.states,
            buckets,
        )
        return EnergyBreakdown(
            time_zone=zone.key,
            starts=[_start(label).astimezone(zone) for label in labels],
            uses=[
                EnergyUse(
                    energy=use[0],
                    end_use=use[1],
                    values=_known(values, labels, counts.get(series.get(use, 0), {})),
                )
                for use, values in amounts.items()
            ],
        )

    async def _amounts(
        self, place: PlaceId, buckets: _Buckets
    ) -> tuple[Sequence[str], Mapping[Use, Sequence[Json]]]:
        """GET /analysis/energy_consumption/{site|building}/{id}.

        {"timestamps": [...], "energy": {"electricity": {"all": [...]}}}.
        """
        path = f"/analysis/energy_consumption/{place.kind}/{place.id}"
        params = {**buckets.params(), "unit": buckets.query.unit}
        try:
            body = await self._client.get_object(path, params)
        except NoDataError as err:
            raise IncompatibleUnitError(buckets.query.unit) from err
        labels = body.get("timestamps")
        if not isinstance(labels, list):
            raise ProtocolError(f"GET {path}: no timestamps")
        amounts: dict[Use, Sequence[Json]] = {}
        energies = require_object(body.get("energy"), f"GET {path}")
        for energy, uses in energies.items():
            for use, values in as_object(uses).items():
                if not isinstance(values, list) or len(values) != len(labels):
                    raise ProtocolError(f"GET {path}: not one value per timestamp")
                amounts[energy.lower(), use.lower()] = values
        return [str(label) for label in labels], amounts

    async def _counts(
        self, series: Sequence[int], states: Mapping[int, str], buckets: _Buckets
    ) -> Mapping[int, Mapping[str, Json]]:
        """GET /timeseries_data/aggregate: return the numbers of Clean values.

        They are by series and by start of the bucket.
        """
        counts: dict[int, Mapping[str, Json]] = {}
        clean = [number for number, name in states.items() if name == _CLEAN]
        for ids in batched(series, SERIES_PER_COUNT, strict=False) if clean else ():
            params = {
                **buckets.params(),
                "timeseries": [*ids],
                "data_state": clean[0],
                "aggregation": "count",
            }
            body = await self._client.get_object(_COUNTS, params)
            counts |= {number: as_object(body.get(str(number))) for number in ids}
        return counts


def _series_of(place: PlaceId, catalogue: Catalogue) -> Mapping[Use, int]:
    """Return the series that are linked as the consumption of a place."""
    names = catalogue.enumerations
    return {
        (
            names.energies.get(link.energy_id, ""),
            names.end_uses.get(link.detail_id, ""),
        ): link.series_id
        for link in catalogue.energy_links
        if link.place == place and not link.produced
    }


def _known(
    values: Sequence[Json], labels: Sequence[str], counts: Mapping[str, Json]
) -> list[float | None]:
    """Return amounts, without the zeros of buckets that may have no values at all."""
    return [
        as_number(value) if value or counts.get(label) else None
        for value, label in zip(values, labels, strict=True)
    ]


def _start(label: str) -> datetime:
    """Return the start of a bucket; raises ProtocolError if it is none."""
    if (moment := as_moment(label)) is None:
        raise ProtocolError("the start of a bucket is no time")
    return moment

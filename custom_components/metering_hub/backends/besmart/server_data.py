"""The data of a signal in the server's own terms: all origins, and all acquisitions.

Source: docs/wire/besmart.md, "Signal data".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched, zip_longest
from typing import NamedTuple

from ...metering.server_data import Origin, ServerData, ServerQuery, ServerSample
from ..common.concurrency import LoopYielder
from ..common.http import Json
from ..common.parse import as_integer, as_number, as_object, as_objects, as_text
from ..common.times import from_epoch
from ..errors import Reason, RejectedError
from .batch_edition import BatchEditionFinder
from .client import BesmartClient, InvalidRequestError
from .const import MILLISECOND
from .cut_answers import FEWEST_ROWS
from .models import DataQuery, SignalId
from .origins import CALCULATED, CORRECTED, ESTIMATED, MEASURED, PREDICTED

WINDOW = timedelta(days=31)
"""How much is asked at a time: 45,000 samples if there is one every minute."""

MOST_REQUESTS = 24
"""How many requests a page can take: two years without values, one with many."""

_ORIGINS: Mapping[Origin, int] = {
    Origin.MEASURED: MEASURED,
    Origin.PREDICTED: PREDICTED,
    Origin.CALCULATED: CALCULATED,
    Origin.ESTIMATED: ESTIMATED,
    Origin.CORRECTED: CORRECTED,
}
_ORIGINS_BY_NUMBER: Mapping[int, Origin] = {
    number: origin for origin, number in _ORIGINS.items()
}
_COLUMNS = (
    *("time", "value", "type", "origin", "original_acq"),
    *("lower_prediction_bound", "upper_prediction_bound"),
)
_REMOVED = "RM"
_PARSED_PER_TURN = 500


class _Answer(NamedTuple):
    """The unit and the samples of an answer, oldest first."""

    unit: str | None
    samples: list[ServerSample]


class ServerDataReader:
    """Reads pages of samples, from the endpoint that all values come from."""

    def __init__(self, client: BesmartClient, edition: BatchEditionFinder) -> None:
        """Initialize the reader."""
        self._client = client
        self._edition = edition

    async def read(self, signal: SignalId, query: ServerQuery, most: int) -> ServerData:
        """Return about the first `most` samples; raises BackendError.

        RejectedError is raised for an aggregate, which the server does not offer.

        An answer that ends early may have been cut off, so it is asked further from its
        last time on.
        """
        if query.aggregate is not None:
            raise RejectedError(
                "the server has no aggregates", reason=Reason.NO_SUCH_DATA
            )
        start, unit = query.start, None
        found: list[ServerSample] = []
        for _ in range(MOST_REQUESTS):
            if start >= query.end or len(found) > most:
                break
            till = min(start + WINDOW, query.end)
            answer = await self._ask(signal, query, start=start, till=till)
            samples, start = answer.samples, till
            unit = answer.unit or unit
            if len(samples) >= FEWEST_ROWS and samples[-1].time > samples[0].time:
                start = samples[-1].time
                samples = [each for each in samples if each.time < start]
            found += (
                each
                for each in samples
                if not query.origins or each.origin in query.origins
            )
        if len(found) > most:
            return _first_page(unit, found, most)
        following = start if start < query.end else None
        return ServerData(unit=unit, samples=found, following=following)

    async def _ask(
        self, signal: SignalId, query: ServerQuery, start: datetime, till: datetime
    ) -> _Answer:
        """Return what the server has in [start, till)."""
        only = _ORIGINS[next(iter(query.origins))] if len(query.origins) == 1 else None
        asked = DataQuery(
            signal=signal,
            since=start,
            till=till + MILLISECOND,
            delta_t=query.minutes,
            raw=query.is_raw or None,
            output_unit_id=query.unit,
            origin=only,
        )
        edition = await self._edition.find()
        try:
            item = await self._client.stored_data(
                asked, edition, is_last=not query.has_earlier
            )
        except InvalidRequestError as err:
            raise RejectedError(
                "the server refuses these parameters", reason=Reason.NO_SUCH_DATA
            ) from err
        yielder = LoopYielder(_PARSED_PER_TURN)
        samples: list[ServerSample] = []
        for part in batched(_rows(item.get("data")), _PARSED_PER_TURN, strict=False):
            parsed = (each for row in part if (each := _parse(row)) is not None)
            samples += (each for each in parsed if start <= each.time < till)
            await yielder.spend(len(part))
        samples.sort(key=_acquisition)
        if not query.has_earlier:
            # Not every edition leaves out what was acquired again.
            samples = [*{(each.time, each.origin): each for each in samples}.values()]
        return _Answer(as_text(item.get("unit")), samples)


def _acquisition(sample: ServerSample) -> tuple[datetime, float]:
    """Return what puts samples in the order of time, and then of acquisition."""
    return sample.time, sample.acquired.timestamp() if sample.acquired else 0.0


def _first_page(
    unit: str | None, found: Sequence[ServerSample], most: int
) -> ServerData:
    """Return the first samples, and no part of those of one time."""
    following = found[most].time
    samples = [each for each in found if each.time < following]
    if not samples:
        samples = [each for each in found if each.time == following]
        following += MILLISECOND
    return ServerData(unit=unit, samples=samples, following=following)


def _rows(data: Json) -> Iterable[Mapping[str, Json]]:
    """Return the rows of an answer, which may consist of columns."""
    return as_objects(data) if isinstance(data, list) else _joined(as_object(data))


def _joined(columns: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Yield the rows of columns; a column that ends early has no more entries."""
    known = {
        name: column
        for name in _COLUMNS
        if isinstance(column := columns.get(name), list)
    }
    for values in zip_longest(*known.values()):
        yield dict(zip(known, values, strict=True))


def _parse(row: Mapping[str, Json]) -> ServerSample | None:
    """Parse a row; one without a time is ignored."""
    if (time := _moment(row.get("time"))) is None:
        return None
    lowest = as_number(row.get("lower_prediction_bound"))
    highest = as_number(row.get("upper_prediction_bound"))
    return ServerSample(
        time=time,
        value=None if row.get("type") == _REMOVED else _value(row.get("value")),
        origin=_ORIGINS_BY_NUMBER.get(as_integer(row.get("origin")) or 0),
        acquired=_moment(row.get("original_acq")),
        bounds=None if lowest is None or highest is None else (lowest, highest),
    )


def _moment(milliseconds: Json) -> datetime | None:
    """Parse a time in milliseconds since 1970."""
    number = as_number(milliseconds)
    return None if number is None else from_epoch(number / 1000)


def _value(value: Json) -> float | str | bool | None:
    """Parse a value: a number, also as text, or else a truth or a word."""
    if isinstance(value, bool):
        return value
    number = as_number(value)
    return as_text(value) if number is None else number

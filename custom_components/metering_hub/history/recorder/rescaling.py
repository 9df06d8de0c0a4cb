"""Multiply the recorded rows of statistics, and prove afterwards that it was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope

from ...errors import RecorderError
from .access import run_query, running_recorder, wait_until_stored
from .joined import first_own_hour, seam_seconds
from .recorder import recorded_metadata
from .seams import ConvertTask

_FIGURE = func.coalesce(Statistics.state, Statistics.mean)


@dataclass(frozen=True, slots=True)
class Witness:
    """A row that shows if its statistic was multiplied: `figure` is not zero.

    It is the position or the amount of an hour, or its mean.
    """

    start: datetime
    figure: float


@dataclass(frozen=True, slots=True)
class Rescaling:
    """By what the rows of a statistic are multiplied, and one of them before that."""

    ratio: float
    witness: Witness

    def is_done_in(self, row: Witness) -> bool:
        """Return True if a row is rather the witness as it is after the change."""
        before = self.witness.figure
        return abs(row.figure - before * self.ratio) < abs(row.figure - before)


async def find_witness(
    hass: HomeAssistant, statistic_id: str, start: datetime | None = None
) -> Witness | None:
    """Return the last row of a statistic that is not zero, or the one at `start`.

    Raises RecorderError and StoppingError.
    """
    return await run_query(hass, _find_witness, hass, statistic_id, start)


async def rescale(hass: HomeAssistant, rescalings: Mapping[str, Rescaling]) -> None:
    """Multiply all rows of statistics, each in one transaction, and read them back.

    Units stay, and so do joined rows, which never were multiplied. Raises RecorderError
    if some were not multiplied, and StoppingError.
    """
    if not rescalings:
        return
    recorded = await recorded_metadata(hass, rescalings.keys())
    for statistic_id, metadata in recorded.items():
        task = ConvertTask(
            statistic_id,
            metadata["unit_class"],
            metadata["unit_of_measurement"],
            rescalings[statistic_id].ratio,
            0.0,
            seam_seconds(hass, statistic_id),
        )
        running_recorder(hass).queue_task(task)
    await wait_until_stored(hass)
    for statistic_id, rescaling in rescalings.items():
        row = await find_witness(hass, statistic_id, rescaling.witness.start)
        if row is not None and not rescaling.is_done_in(row):
            raise RecorderError("the rows of a statistic could not be converted")


def _find_witness(
    hass: HomeAssistant, statistic_id: str, start: datetime | None
) -> Witness | None:
    """Return the start and the figure of a row, if there is such a row."""
    query = (
        select(Statistics.start_ts, _FIGURE)
        .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
        .where(StatisticsMeta.statistic_id == statistic_id)
        .order_by(Statistics.start_ts.desc())
        .limit(1)
    )
    if start is None:
        query = query.where(_FIGURE != 0)
    else:
        query = query.where(
            Statistics.start_ts == start.timestamp(), _FIGURE.is_not(None)
        )
    if (seam := first_own_hour(hass, statistic_id)) is not None:
        query = query.where(Statistics.start_ts >= seam.timestamp())
    with session_scope(hass=hass, read_only=True) as session:
        row = session.connection().execute(query).first()
    if row is None or row[0] is None:
        return None
    return Witness(datetime.fromtimestamp(row[0], UTC), row[1])

"""Read the recorded values of any sensor or statistic, a bounded part at a time."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from math import isfinite
from typing import Literal

from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.components.recorder.models import StatisticMetaData
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    statistics_during_period,
)
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant, State

from .access import run_query

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)

_NOTHING = frozenset({STATE_UNAVAILABLE, STATE_UNKNOWN, ""})

type Column = Literal["mean", "state", "change"]


class RowValue(StrEnum):
    """The value of an hour of a statistic."""

    MEAN = "mean"
    """The mean of the hour, stamped at its start."""

    POSITION = "position"
    """The position at the end of the hour, stamped there."""

    CHANGE = "change"
    """The amount of the hour, stamped at its start."""

    @property
    def column(self) -> Column:
        """Return the name of the value in a row of the recorder."""
        return _COLUMNS[self]


_COLUMNS: dict[RowValue, Column] = {
    RowValue.MEAN: "mean",
    RowValue.POSITION: "state",
    RowValue.CHANGE: "change",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedValue:
    """A recorded value; `text` is how it is written, and empty if there is none.

    `number` is `None` if the text is no finite number.
    """

    time: datetime
    text: str
    unit: str | None

    @property
    def number(self) -> float | None:
        """Return the value as a finite number, if it is one."""
        try:
            number = float(self.text)
        except ValueError:
            return None
        return number if isfinite(number) else None


async def recorded_states(
    hass: HomeAssistant, entity_id: str, start: datetime, end: datetime
) -> AsyncIterator[Sequence[RecordedValue]]:
    """Yield what an entity changed to in [start, end), a day at a time.

    Raises RecorderError and StoppingError.
    """
    for first, last in _parts(start, end, DAY):
        query = partial(
            state_changes_during_period,
            hass,
            first,
            last,
            entity_id,
            include_start_time_state=False,
        )
        states = (await run_query(hass, query)).get(entity_id, [])
        yield [_from_state(state) for state in states]


async def recorded_rows(
    hass: HomeAssistant,
    metadata: StatisticMetaData,
    value: RowValue,
    start: datetime,
    end: datetime,
) -> AsyncIterator[Sequence[RecordedValue]]:
    """Yield the values of the hours of a statistic in [start, end), a month at a time.

    An hour that is not over by the end has no value. Raises RecorderError and
    StoppingError.
    """
    unit = metadata["unit_of_measurement"]
    # Otherwise they would be in the unit that the entity is shown in.
    units = {metadata["unit_class"] or "": unit} if unit else None
    for first, last in _parts(start, end, MONTH):
        rows = await run_query(
            hass,
            statistics_during_period,
            hass,
            first,
            last,
            {metadata["statistic_id"]},
            "hour",
            units,
            {value.column},
        )
        found = rows.get(metadata["statistic_id"], [])
        yield [_from_row(row, value, unit, end) for row in found]


def _parts(
    start: datetime, end: datetime, length: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the parts of a span, of which only the last is shorter."""
    while start < end:
        yield start, min(start + length, end)
        start += length


def _from_state(state: State) -> RecordedValue:
    """Return a state as a value."""
    return RecordedValue(
        time=state.last_updated,
        text="" if state.state in _NOTHING else state.state,
        unit=state.attributes.get(ATTR_UNIT_OF_MEASUREMENT),
    )


def _from_row(
    row: StatisticsRow, value: RowValue, unit: str | None, end: datetime
) -> RecordedValue:
    """Return a row as a value, which an hour that is not over does not have."""
    start = datetime.fromtimestamp(row["start"], UTC)
    number = row.get(value.column)
    is_over = start + HOUR <= end
    return RecordedValue(
        time=start + HOUR if value is RowValue.POSITION else start,
        text="" if number is None or not is_over else str(number),
        unit=unit,
    )

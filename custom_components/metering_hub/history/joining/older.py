"""Read the statistic of an older sensor as rows of one of ours."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from homeassistant.components.recorder.models import StatisticMetaData
from homeassistant.components.recorder.statistics import (
    UNIT_CLASS_TO_UNIT_CONVERTER,
    StatisticsRow,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant

from ..maths.rows import TOLERANCE, Row, rounded
from ..recorder.access import run_query
from ..statistic import Statistic

_READ_AT_ONCE = timedelta(days=31)
"""The span of rows that are in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderStatistic:
    """The statistic of an older sensor, and how its rows become those of `statistic`.

    A change is never negative if the amount `only_grows`. The state of a row is the
    amount of its hour if the rows of ours `are_amounts`.
    """

    metadata: StatisticMetaData
    statistic: Statistic
    only_grows: bool
    are_amounts: bool

    @property
    def statistic_id(self) -> str:
        """Return the id of the older statistic."""
        return self.metadata["statistic_id"]

    @property
    def name(self) -> str:
        """Return the name of the older statistic, or its id."""
        return self.metadata["name"] or self.statistic_id

    @property
    def is_convertible(self) -> bool:
        """Return True if its rows can be in the unit of ours."""
        units = (self.metadata["unit_of_measurement"], self.statistic.unit)
        converter = UNIT_CLASS_TO_UNIT_CONVERTER.get(self.statistic.unit_class)
        if converter is None or self.metadata["unit_class"] is None:
            return units[0] == units[1]
        is_same_class = self.metadata["unit_class"] == self.statistic.unit_class
        return is_same_class and converter.VALID_UNITS.issuperset(units)


class OlderRows:
    """Read the rows of an older statistic, whose sums go on from `total`.

    `falls` counts the hours in which the older sum falls although it only grows: they
    show no change. `state` is that of the last row that was read.
    """

    def __init__(
        self, hass: HomeAssistant, older: OlderStatistic, total: float
    ) -> None:
        """Initialize; nothing is read yet."""
        self._hass = hass
        self._older = older
        self._sum_before = 0.0
        self.total = total
        self.falls = 0
        self.hours = 0
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.state: float | None = None

    async def read(self, start: datetime, end: datetime) -> AsyncIterator[list[Row]]:
        """Yield the rows of the hours in [start, end), a month at a time.

        Raises RecorderError and StoppingError.
        """
        while start < end:
            until = min(start + _READ_AT_ONCE, end)
            recorded = await run_query(self._hass, self._recorded, start, until)
            if rows := [self._row(*each) for each in recorded]:
                yield rows
            start = until

    def _recorded(
        self, start: datetime, end: datetime
    ) -> list[tuple[datetime, float | None, float]]:
        """Return the start, the state and the sum of recorded rows in our unit."""
        statistic = self._older.statistic
        unit_class, unit = self._older.metadata["unit_class"], statistic.unit
        # Without this they would be in the unit that the older sensor is shown in.
        units = {unit_class: unit} if unit_class and unit else None
        found = statistics_during_period(
            self._hass,
            start,
            end,
            {self._older.statistic_id},
            "hour",
            units,
            {"state", "sum"},
        )
        rows: list[StatisticsRow] = found.get(self._older.statistic_id, [])
        return [
            (datetime.fromtimestamp(row["start"], UTC), row.get("state"), total)
            for row in rows
            if (total := row.get("sum")) is not None
        ]

    def _row(self, start: datetime, state: float | None, total: float) -> Row:
        """Return a row of ours for a recorded one, which follows the last one."""
        change = total - self._sum_before
        self._sum_before = total
        if change < 0 and self._older.only_grows:
            # Differences of binary fractions are no falls.
            self.falls += change < -TOLERANCE
            change = 0.0
        self.total += change
        self.hours += 1
        self.first, self.last = self.first or start, start
        if self._older.are_amounts:
            self.state = rounded(change)
        else:
            self.state = None if state is None else rounded(state)
        # Adding 0 turns the -0.0 at the end into 0.0.
        return Row(start, state=self.state, sum=rounded(self.total) + 0.0)

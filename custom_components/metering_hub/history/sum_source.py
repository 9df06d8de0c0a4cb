"""What the sum of some registers is computed from: their recorded amounts."""

from collections.abc import Mapping
from datetime import datetime

from homeassistant.core import HomeAssistant

from .cost_source import sum_before
from .maths.tariff_sums import summed_changes
from .recorder.recorded_hours import recorded_extents
from .recorder.recorder import rows_during


class SummedParts:
    """The amounts of a sum by hour: what its parts count together."""

    def __init__(
        self, hass: HomeAssistant, statistic_id: str, factors: Mapping[str, float]
    ) -> None:
        """Initialize a sum; `factors` convert the parts' units to its own, by id."""
        self._hass = hass
        self._id = statistic_id
        self._factors = factors
        self._sums: dict[str, float] = {}

    async def first(self) -> datetime | None:
        """Return the first recorded hour; `None` if no part has any.

        Hours that no part has any more stay recorded, without an amount.
        """
        extents = await recorded_extents(self._hass, [self._id, *self._factors])
        if self._factors.keys().isdisjoint(extents):
            return None
        return min(extent.first for extent in extents.values())

    async def go_on_from(self, start: datetime) -> None:
        """Read the sums of the parts before `start`."""
        for part, factor in self._factors.items():
            self._sums[part] = await sum_before(self._hass, part, start) * factor

    async def costs(self, start: datetime, end: datetime) -> dict[datetime, float]:
        """Return the amounts of the hours in [start, end)."""
        sums = {}
        for part, factor in self._factors.items():
            rows = await rows_during(self._hass, part, start, end)
            sums[part] = {
                row.start: row.sum * factor for row in rows if row.sum is not None
            }
        return summed_changes(sums, self._sums)

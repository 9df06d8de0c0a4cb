"""Keep the sums of tariff registers as the recorded amounts of their parts say."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..metering.tariff_sums import TariffSum
from .cost_pass import CostPass
from .joining.joined_sums import join_sums, kwh_factor
from .recorder.access import wait_until_stored
from .statistic import Scope
from .sum_source import SummedParts
from .writer import StatisticWriter


class Summing:
    """Add up the tariff registers of each meter, after each import.

    All hours of a sum are compared once a day, first after a start: a run may have
    ended between a part and its sum. Otherwise the hours are that were written.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize; nothing was compared yet."""
        self._hass = hass
        self._written: dict[str, datetime] = {}
        self._compared: dict[TariffSum, date] = {}

    def note(self, writers: Iterable[StatisticWriter]) -> None:
        """Note from when on parts were written."""
        for writer in writers:
            if (first := writer.first_written) is not None:
                statistic_id = writer.statistic.statistic_id
                known = self._written.get(statistic_id, first)
                self._written[statistic_id] = min(known, first)

    def compare_all(self) -> None:
        """Compare all hours next time: rows were changed, deleted or added."""
        self._written.clear()
        self._compared.clear()

    async def add_up(self, scope: Scope) -> Mapping[str, int]:
        """Write what differs in the sums; return the rows written by statistic id.

        Raises RecorderError and StoppingError. What was not done stays due.
        """
        now = dt_util.utcnow()
        written = {}
        keys = {point.key for point in scope.points}
        # A part that is left out has rows of another kind.
        sums = [each for each in scope.sums if keys.issuperset(each.parts)]
        # What was written while there was no sum has to be compared later.
        self._compared = {k: day for k, day in self._compared.items() if k in sums}
        for each in sums:
            if self._is_due(scope, each, now):
                rows = await self._add_up(scope, each, now)
                if rows:
                    written[f"{scope.prefix}{each.key}"] = rows
        # All that was noted has been used, and other points have no sum.
        self._written.clear()
        await join_sums(self._hass, scope)
        return written

    def _first_written(self, scope: Scope, each: TariffSum) -> datetime | None:
        """Return from when on a part of a sum was written, if one was."""
        ids = [f"{scope.prefix}{key}" for key in each.parts]
        found = (self._written[part] for part in ids if part in self._written)
        return min(found, default=None)

    def _is_due(self, scope: Scope, each: TariffSum, now: datetime) -> bool:
        """Return True if a sum has to be compared."""
        is_compared = self._compared.get(each) == now.date()
        return not is_compared or self._first_written(scope, each) is not None

    async def _add_up(self, scope: Scope, each: TariffSum, now: datetime) -> int:
        """Compare a sum with its parts; return the number of rows written."""
        await wait_until_stored(self._hass)
        statistic = scope.sum_statistic(each)
        factors = {
            f"{scope.prefix}{point.key}": kwh_factor(point)
            for point in scope.points
            if point.key in each.parts
        }
        source = SummedParts(self._hass, statistic.statistic_id, factors)
        is_whole = self._compared.get(each) != now.date()
        first = await source.first()
        start = first if is_whole else self._first_written(scope, each)
        if first is None or start is None:
            return 0
        work = CostPass(self._hass, statistic, source, now)
        # No hour keeps an amount that its parts do not have.
        written = await work.compare(start, rewritten=start)
        self._compared[each] = now.date()
        return written

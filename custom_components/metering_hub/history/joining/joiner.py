"""Copy the rows of an older statistic before our own, and delete the copies again."""

from homeassistant.core import HomeAssistant

from ...const import LOGGER
from ...errors import RecorderError
from ..importer import Importer
from ..maths.rows import TOLERANCE, Row
from ..recorder.access import wait_until_stored
from ..recorder.joined import (
    ANCHOR,
    Seam,
    async_load_seams,
    count_before,
    delete_joined,
    first_own_hour,
    joining,
    write_joined,
)
from ..recorder.recorded_hours import recorded_extents
from ..statistic import Scope
from .joined_sums import join_sums
from .older import OlderRows
from .plan import JoinPlan, JoinPlans


class Joiner:
    """Join older statistics to those of a config entry, while no import runs."""

    def __init__(self, hass: HomeAssistant, importer: Importer, prefix: str) -> None:
        """Initialize; the ids of all statistics of the entry have a prefix."""
        self._hass = hass
        self._importer = importer
        self._prefix = prefix

    async def async_joined(self) -> dict[str, Seam]:
        """Return the seams of what is joined, by statistic id."""
        return dict((await async_load_seams(self._hass, self._prefix)).by_id)

    async def async_recover(self) -> None:
        """Delete what was copied in part when Home Assistant ended.

        Raises RecorderError and StoppingError.
        """
        if all(seam.is_whole for seam in (await self.async_joined()).values()):
            return
        async with self._importer.paused():
            # What is being joined is not whole either, and was awaited just now.
            for statistic_id, seam in (await self.async_joined()).items():
                if not seam.is_whole:
                    LOGGER.warning(
                        "%s: an older history was joined in part when Home Assistant"
                        " ended; the copies are deleted, and it can be joined again",
                        # The ids of statistics may have serial numbers.
                        self._prefix.partition(":")[2].rstrip("_"),
                    )
                    await wait_until_stored(self._hass)
                    await delete_joined(self._hass, statistic_id)

    async def async_undo(self, scope: Scope, *statistic_ids: str) -> None:
        """Delete the joined rows of statistics, and those of sums of them.

        Raises RecorderError and StoppingError.
        """
        async with self._importer.paused():
            await wait_until_stored(self._hass)
            sums = [
                statistic_id
                for statistic_id, seam in (await self.async_joined()).items()
                if not {*statistic_ids}.isdisjoint(seam.parts)
            ]
            for statistic_id in (*statistic_ids, *sums):
                await delete_joined(self._hass, statistic_id)
            await join_sums(self._hass, scope)

    async def async_join(self, scope: Scope, plans: JoinPlans) -> None:
        """Copy what was planned, and what follows from it in sums of registers.

        If this fails, nothing is left of it. Raises RecorderError and StoppingError.
        """
        async with self._importer.paused():
            await wait_until_stored(self._hass)
            await self._join(plans.amounts)
            try:
                if isinstance(plans.costs, JoinPlan):
                    await self._join(plans.costs)
            except RecorderError:
                own = plans.amounts.older.statistic
                await delete_joined(self._hass, own.statistic_id)
                raise
            try:
                await join_sums(self._hass, scope)
            except RecorderError as err:
                # The next import tries that again.
                LOGGER.debug("The sums of registers were not joined: %s", err)

    async def _join(self, plan: JoinPlan) -> None:
        """Join a statistic, which may have got earlier rows since it was planned."""
        own_id = plan.older.statistic.statistic_id
        if first_own_hour(self._hass, own_id) is not None:
            raise RecorderError("older history is joined already")
        extent = (await recorded_extents(self._hass, [own_id])).get(own_id)
        if extent is None or extent.first != plan.seam:
            raise RecorderError("the first hour has changed meanwhile")
        seams = await async_load_seams(self._hass, self._prefix)
        seam = Seam(plan.older.statistic_id, plan.first, plan.seam)
        async with joining(self._hass, seams, own_id, seam):
            await self._copy(plan)

    async def _copy(self, plan: JoinPlan) -> None:
        """Copy the rows, so that the last one has the sum from which ours are counted.

        Our first change therefore stays what it was. The row before all others is no
        hour of anybody.
        """
        own_id = plan.older.statistic.statistic_id
        rows = OlderRows(self._hass, plan.older, -plan.total)
        await write_joined(self._hass, own_id, [Row(ANCHOR, sum=-plan.total)])
        async for part in rows.read(plan.first, plan.seam):
            await write_joined(self._hass, own_id, part)
        written = await count_before(self._hass, own_id, plan.seam)
        if written != plan.hours + 1 or rows.hours != plan.hours:
            raise RecorderError("the older history was not copied as a whole")
        if abs(rows.total) > TOLERANCE:
            # Somebody has adjusted the older sums since they were shown.
            raise RecorderError("the older history has changed meanwhile")

"""Set statistics aside under other ids before they are deleted."""

from datetime import timedelta
from itertools import chain, count

from homeassistant.core import HomeAssistant

from ...errors import RecorderError
from ..statistic import Statistic
from ..write_queue import WriteQueue
from ..writer import StatisticWriter
from .home_assistant import HomeAssistantRecorder
from .recorded_hours import recorded_extents
from .recorder import recorded_ids, recorded_metadata, rows_during

COPY_SUFFIX = "_old"

_COPIED_AT_ONCE = timedelta(days=31)
"""The span of rows that are in memory at once."""


async def copy_statistic(hass: HomeAssistant, statistic_id: str, note: str) -> str:
    """Copy all rows of a statistic; return the id of the copy once that is proven.

    The copy has the name of the statistic with a note in brackets, and an id that no
    other statistic has. Raises RecorderError and StoppingError.
    """
    extent = (await recorded_extents(hass, [statistic_id])).get(statistic_id)
    metadata = (await recorded_metadata(hass, [statistic_id])).get(statistic_id)
    if extent is None or metadata is None:
        raise RecorderError("there is nothing to copy")
    copy = Statistic(
        statistic_id=await _free_id(hass, f"{statistic_id}{COPY_SUFFIX}"),
        name=f"{metadata['name'] or statistic_id} ({note})",
        unit=metadata["unit_of_measurement"],
        unit_class=metadata["unit_class"],
        is_measured=not metadata["has_sum"],
    )
    queue = WriteQueue(HomeAssistantRecorder(hass))
    writer = StatisticWriter.of(copy, None)
    start = extent.first
    while start <= extent.last:
        end = start + _COPIED_AT_ONCE
        writer.add(await rows_during(hass, statistic_id, start, end))
        await queue.write([writer])
        start = end
    await queue.finish()
    copied = await recorded_extents(hass, [copy.statistic_id])
    if copied.get(copy.statistic_id) != extent:
        raise RecorderError("the copy is not complete")
    return copy.statistic_id


async def _free_id(hass: HomeAssistant, wanted: str) -> str:
    """Return a statistic id, with a number behind it if it is taken."""
    taken = set(await recorded_ids(hass, wanted))
    others = (f"{wanted}_{number}" for number in count(2))
    return next(each for each in chain([wanted], others) if each not in taken)

"""Read the statistic of a sensor of Home Assistant, together with its unit."""

from datetime import datetime

from homeassistant.core import HomeAssistant

from ...prices.source import MeasuredHours
from .recorder import recorded_metadata, rows_during


async def sensor_hours(
    hass: HomeAssistant, statistic_id: str, start: datetime, end: datetime
) -> MeasuredHours | None:
    """Return the hours of a statistic that start in [start, end), if it is recorded.

    Raises RecorderError and StoppingError.
    """
    metadata = (await recorded_metadata(hass, [statistic_id])).get(statistic_id)
    if metadata is None:
        return None
    return MeasuredHours(
        unit=metadata["unit_of_measurement"],
        hours=await rows_during(hass, statistic_id, start, end),
    )

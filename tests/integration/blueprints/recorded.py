"""Hours that the recorder has of a sensor."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import HomeAssistant

HOUR = timedelta(hours=1)


async def record_amounts(
    hass: HomeAssistant, sensor: str, unit: str, end: datetime, amounts: Sequence[float]
) -> None:
    """Record what a meter has counted in each of the hours before `end`."""
    total, rows = 0.0, [StatisticData(start=_hour(end, len(amounts) + 1), sum=0.0)]
    for ago, amount in zip(range(len(amounts), 0, -1), amounts, strict=True):
        total += amount
        rows.append(StatisticData(start=_hour(end, ago), sum=total))
    await _record(hass, _metadata(sensor, unit, has_sum=True), rows)


async def record_means(
    hass: HomeAssistant, sensor: str, unit: str, end: datetime, means: Sequence[float]
) -> None:
    """Record the mean of a sensor in each of the hours before `end`."""
    rows = [
        StatisticData(start=_hour(end, ago), mean=mean, min=mean, max=mean)
        for ago, mean in zip(range(len(means), 0, -1), means, strict=True)
    ]
    await _record(hass, _metadata(sensor, unit, has_sum=False), rows)


def _hour(end: datetime, ago: int) -> datetime:
    """Return the start of the hour that is so many hours before `end`."""
    return end.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - ago * HOUR


def _metadata(sensor: str, unit: str, *, has_sum: bool) -> StatisticMetaData:
    """Return the metadata of a sensor's own statistic."""
    return StatisticMetaData(
        mean_type=StatisticMeanType.NONE if has_sum else StatisticMeanType.ARITHMETIC,
        has_sum=has_sum,
        name=None,
        source="recorder",
        statistic_id=sensor,
        unit_class=_UNIT_CLASSES[unit],
        unit_of_measurement=unit,
    )


_UNIT_CLASSES = {
    "L": "volume",
    "m³": "volume",
    "kWh": "energy",
    "W": "power",
    "kW": "power",
}


async def _record(
    hass: HomeAssistant, metadata: StatisticMetaData, rows: Sequence[StatisticData]
) -> None:
    """Write rows, and wait until they are written."""
    async_import_statistics(hass, metadata, rows)
    await async_wait_recording_done(hass)

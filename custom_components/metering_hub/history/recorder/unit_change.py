"""Convert the recorded rows of statistics whose unit has changed on the server."""

from collections.abc import Collection

from homeassistant.components.recorder.models import StatisticMetaData
from homeassistant.components.recorder.statistics import UNIT_CLASS_TO_UNIT_CONVERTER
from homeassistant.core import HomeAssistant

from ...errors import RecorderError
from ..statistic import Statistic
from .access import running_recorder, wait_until_stored
from .joined import seam_seconds
from .recorder import recorded_metadata
from .seams import ConvertTask


async def convert_changed_units(
    hass: HomeAssistant,
    statistics: Collection[Statistic],
    relabelled: Collection[str] = (),
) -> set[str]:
    """Convert the statistics that are recorded in another unit; return their ids.

    A server that changes the unit of a point changes that of its whole history, which
    it may no longer have. The rows of `relabelled` ids keep their values: they were in
    the new unit all the time. Raises RecorderError and StoppingError.
    """
    tasks = await _conversions(hass, statistics, relabelled)
    for task in tasks:
        running_recorder(hass).queue_task(task)
    if tasks:
        await wait_until_stored(hass)
    if left := await _conversions(hass, statistics, relabelled):
        raise RecorderError(f"{len(left)} statistics could not be converted")
    return {task.statistic_id for task in tasks}


async def _conversions(
    hass: HomeAssistant, statistics: Collection[Statistic], relabelled: Collection[str]
) -> list[ConvertTask]:
    """Return what has to be converted."""
    ids = {each.statistic_id for each in statistics}
    recorded = await recorded_metadata(hass, ids)
    return [
        _conversion(
            each,
            metadata,
            is_relabelled=each.statistic_id in relabelled,
            seam=seam_seconds(hass, each.statistic_id),
        )
        for each in statistics
        if (metadata := recorded.get(each.statistic_id)) is not None
        and metadata["unit_of_measurement"] != each.unit
    ]


def _conversion(
    statistic: Statistic,
    recorded: StatisticMetaData,
    *,
    is_relabelled: bool,
    seam: float | None,
) -> ConvertTask:
    """Return the conversion of a statistic.

    Values stay if the units do not compare, or only the label has changed. Joined rows
    before a `seam` were in the former unit, whoever labelled our own.
    """
    factor, offset = 1.0, 0.0
    units = (recorded["unit_of_measurement"], statistic.unit)
    converter = UNIT_CLASS_TO_UNIT_CONVERTER.get(statistic.unit_class)
    if converter is not None and converter.VALID_UNITS.issuperset(units):
        convert = converter.converter_factory(*units)
        offset = convert(0.0)
        factor = convert(1.0) - offset
    own_factor = 1.0 if is_relabelled else factor
    return ConvertTask(
        statistic.statistic_id,
        statistic.unit_class,
        statistic.unit,
        own_factor,
        0.0 if is_relabelled else offset,
        seam,
        factor,
    )

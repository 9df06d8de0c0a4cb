"""Give recorded statistics other names."""

from collections.abc import Mapping

from homeassistant.components.recorder.models import StatisticMetaData
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import HomeAssistant

from .access import running_recorder, wait_until_stored
from .recorder import recorded_metadata

RENAMED_AT_ONCE = 100
"""Statistics that are renamed before one barrier, so that it is reached in time. Each
is a transaction, and a server may have thousands."""


async def rename_statistics(hass: HomeAssistant, names: Mapping[str, str]) -> None:
    """Rename those statistics that are recorded with another name than wanted.

    The recorder has no function for this. It takes over the metadata that come with
    rows, also if there are none, so that no row is touched. Raises RecorderError and
    StoppingError.
    """
    recorded = await recorded_metadata(hass, names)
    changed = [
        StatisticMetaData(**{**metadata, "name": names[statistic_id]})
        for statistic_id, metadata in recorded.items()
        if metadata["name"] != names[statistic_id]
    ]
    for index in range(0, len(changed), RENAMED_AT_ONCE):
        running_recorder(hass)
        for metadata in changed[index : index + RENAMED_AT_ONCE]:
            async_add_external_statistics(hass, metadata, [])
        await wait_until_stored(hass)

"""Read what devices report about themselves: serial numbers and versions.

Source: docs/wire/milesight.md, Entities.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched

from ..common.concurrency import gather_parts
from ..common.parse import as_text
from .client import BATCH_SIZE, MilesightClient
from .entity_rows import EntityRow, EntityType
from .features import LatestEndpoint
from .models import DeviceRow, Status

_SERIALS = ("sn", "product_sn")
_SOFTWARE = ("firmware_version", "version.firmware_version")
_HARDWARE = ("hardware_version", "version.hardware_version")
_IDENTIFIERS = frozenset({*_SERIALS, *_SOFTWARE, *_HARDWARE})

_SINGLES = 60
"""How many values are read per inventory from servers without the batch endpoint."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What a device reports about itself, as far as it has."""

    serial: str | None = field(default=None, repr=False)
    software_version: str | None = None
    hardware_version: str | None = None


class DeviceFactsReader:
    """Reads the facts of all devices; what fails keeps its last value."""

    def __init__(self, client: MilesightClient) -> None:
        """Initialize the reader."""
        self._client = client
        self._values: dict[str, str] = {}
        self._next = 0

    async def read(
        self,
        devices: Iterable[DeviceRow],
        entities: Iterable[EntityRow],
        endpoint: LatestEndpoint,
    ) -> dict[str, DeviceFacts]:
        """Return the facts by the server's keys of the devices.

        Servers without the batch endpoint answer for a few devices with each inventory.
        Raises AuthenticationError and UnreachableError.
        """
        wanted = _wanted(devices, entities)
        ids = [entity_id for each in wanted.values() for entity_id in each.values()]
        self._values = {key: self._values[key] for key in ids if key in self._values}
        if endpoint is LatestEndpoint.BATCH:
            await self._read_batches(ids)
        else:
            await self._read_singles(ids)
        return {key: self._facts(each) for key, each in wanted.items()}

    async def _read_batches(self, ids: Sequence[str]) -> None:
        """Read all values."""
        batches = batched(ids, BATCH_SIZE, strict=False)
        # The names of devices do not depend on what is only shown beside them.
        answers, _ = await gather_parts(
            {batch: self._client.statuses(batch) for batch in batches}
        )
        for statuses in answers.values():
            self._keep(statuses)

    async def _read_singles(self, ids: Sequence[str]) -> None:
        """Read the values that have not been read for the longest time."""
        start = self._next if self._next < len(ids) else 0
        self._next = start + _SINGLES
        answers, _ = await gather_parts(
            {key: self._client.status(key) for key in ids[start : self._next]}
        )
        self._keep({key: each for key, each in answers.items() if each is not None})

    def _keep(self, statuses: Mapping[str, Status]) -> None:
        """Keep the texts among some values by entity id."""
        for entity_id, status in statuses.items():
            if text := as_text(status.value):
                self._values[entity_id] = text

    def _facts(self, ids: Mapping[str, str]) -> DeviceFacts:
        """Return the facts of a device by the ids of its entities."""

        def first(identifiers: Sequence[str]) -> str | None:
            """Return the first value that is known."""
            values = (self._values.get(ids.get(each, "")) for each in identifiers)
            return next(filter(None, values), None)

        return DeviceFacts(first(_SERIALS), first(_SOFTWARE), first(_HARDWARE))


def _wanted(
    devices: Iterable[DeviceRow], entities: Iterable[EntityRow]
) -> dict[str, dict[str, str]]:
    """Return the ids of the entities with facts by identifier, by device."""
    by_key = {
        entity.key: entity.id
        for entity in entities
        if entity.type is EntityType.PROPERTY
        and entity.key.endswith(("sn", "_version"))
    }
    return {
        device.key: {
            identifier: by_key[key]
            for identifier in _IDENTIFIERS
            if (key := f"{device.key}.{identifier}") in by_key
        }
        for device in devices
    }

"""Points with the entities that their readings come from."""

from dataclasses import dataclass
from typing import NamedTuple

from ...metering.model import Device, Point
from .entity_rows import EntityRow
from .flags import Flag


class DeviceEntity(NamedTuple):
    """An entity, its device, and the parts of its key: the device's and the rest."""

    prefix: str
    device: Device
    identifier: str
    entity: EntityRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A point, and the entity that its readings come from.

    `identifier` is the part of the entity's key after that of its device.
    `status_id` is the id of the entity that is ONLINE or OFFLINE, if the device has
    one. `flag` says which values of a yes/no thing mean "on".
    """

    point: Point
    entity: EntityRow
    identifier: str
    status_id: str | None
    flag: Flag | None = None

    @property
    def is_status(self) -> bool:
        """Return True if this is the status entity of the device itself."""
        return self.entity.id == self.status_id

    @property
    def follows_status(self) -> bool:
        """Return True if the value is outdated while the device is offline.

        Settings stay valid, because they only change when somebody changes them.
        """
        return (
            self.status_id is not None
            and not self.is_status
            and self.point.enabled_default
        )

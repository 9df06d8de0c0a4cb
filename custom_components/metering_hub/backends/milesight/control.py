"""Set properties and call services. Source: docs/wire/milesight.md, Control."""

from ...metering.model import Kind, Value
from ..common.http import Json
from ..errors import NotFoundError, RejectedError
from .catalogue import Source
from .client import MilesightClient
from .values import enum_value, wire_value


async def write_value(
    client: MilesightClient, source: Source | None, value: Value | None
) -> None:
    """Set a point, or call the service of an ACTION (value `None`).

    The server queues the message to the device and reports the value as the latest one
    at once; only the device's next report shows whether it was applied.

    Raises NotFoundError if the entity was deleted, RejectedError for a refused value.
    """
    if source is None:
        raise NotFoundError("the server no longer has this entity")
    entity = source.entity
    try:
        if source.point.kind is Kind.ACTION:
            await client.call_service({entity.key: _service_argument(source)})
        elif value is not None:
            await client.update_properties({entity.key: wire_value(source, value)})
    except (ValueError, OverflowError) as err:
        raise RejectedError(str(err)) from err


def _service_argument(source: Source) -> Json:
    """Return the only value of a service's enum, or {} for one without parameters."""
    for key in source.entity.labels:
        return enum_value(source.entity, key)
    return {}

"""Set values and call services. Source: ../shared/wire/milesight.md §7."""

from ...metering.model import Kind, Value
from ..common.http import Json
from ..errors import NotFoundError, RejectedError
from .catalogue import Source
from .client import MilesightClient
from .values import typed, wire_value


async def write(
    client: MilesightClient, source: Source | None, value: Value | None
) -> None:
    """Set a point, or press a button (value `None`).

    The server queues the message to the device and takes the value for the latest one
    at once; whether the device took it shows in its next report. Raises RejectedError.
    """
    if source is None:
        raise NotFoundError("the server has no such entity any more")
    entity = source.entity
    try:
        if source.point.kind is Kind.ACTION:
            await client.call_service({entity.key: _argument(source)})
        elif value is not None:
            await client.update_properties({entity.key: wire_value(source, value)})
    except (ValueError, OverflowError) as err:
        raise RejectedError(str(err)) from err


def _argument(source: Source) -> Json:
    """Return what a service without parameters is called with."""
    for key in source.entity.labels:
        return typed(source.entity, key)
    return {}

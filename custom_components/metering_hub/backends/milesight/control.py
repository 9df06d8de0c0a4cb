"""Set properties and call services. Source: docs/wire/milesight.md, Control."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
import math

from ...metering.model import Kind, TextLimits, Value
from ...metering.setting_values import missing_fields
from ..common.concurrency import gather_parts
from ..common.http import Json
from ..common.parse import as_integer, as_number
from ..errors import IncompleteGroupError, NotFoundError, Reason, RejectedError
from .catalogue import Catalogue
from .client import BATCH_SIZE, MilesightClient
from .commands import called_choice
from .entity_rows import EntityRow, EntityType, ValueType
from .features import LatestEndpoint
from .flags import as_flag
from .groups import WriteGroup
from .models import Status
from .sources import Source
from .values import enum_value, wire_value


class Writer:
    """Writes values, one child of an object after the other."""

    def __init__(self, client: MilesightClient) -> None:
        """Initialize the writer."""
        self._client = client
        # Two children that are set at once must not send each other's former value.
        self._lock = asyncio.Lock()

    async def write(
        self,
        catalogue: Catalogue,
        endpoint: LatestEndpoint,
        key: str,
        value: Value | None,
    ) -> None:
        """Set a point, or call the command of an ACTION (value `None`).

        The server queues the message to the device and reports the value as the latest
        one at once; only the device's next report shows whether it was applied.

        Raises NotFoundError if the entity was deleted, RejectedError for a refused
        value, and IncompleteGroupError if the server needs others that are not known.
        """
        if (source := catalogue.sources.get(key)) is None:
            raise NotFoundError(
                "the server no longer has this entity", reason=Reason.NO_LONGER_THERE
            )
        entity = source.entity
        if source.point.kind is Kind.ACTION:
            with _conversion():
                exchange = {entity.key: _argument(entity)}
            await self._send(exchange, is_service=entity.type is EntityType.SERVICE)
        elif value is not None:
            exchange = {entity.key: _to_wire(source, value)}
            group = catalogue.write_groups.get(source.point.group or "")
            if group is None:
                await self._client.update_properties(exchange)
                return
            async with self._lock:
                others = await self._siblings(group, source, endpoint)
                await self._client.update_properties({**others, **exchange})

    async def write_group(
        self, catalogue: Catalogue, key: str, values: Mapping[str, Value]
    ) -> None:
        """Set values of a group, by the keys of its fields, in one request.

        Raises NotFoundError if the group is gone, IncompleteGroupError without a value
        that the server requires, and RejectedError for a refused value.
        """
        if (group := catalogue.write_groups.get(key)) is None:
            raise NotFoundError(
                "the server no longer has these entities",
                reason=Reason.NO_LONGER_THERE,
            )
        if missing := missing_fields(group.group, values):
            raise IncompleteGroupError(", ".join(field.name for field in missing))
        if unknown := values.keys() - group.sources.keys():
            raise RejectedError(
                f"no such value: {', '.join(sorted(unknown))}",
                reason=Reason.IMPOSSIBLE_VALUE,
            )
        exchange = {
            source.entity.key: _to_wire(source, values[field_key])
            for field_key, source in group.sources.items()
            if field_key in values
        }
        async with self._lock:
            await self._send(exchange, is_service=group.is_service)

    async def _send(self, exchange: Mapping[str, Json], *, is_service: bool) -> None:
        """Call a service, or set properties."""
        if is_service:
            await self._client.call_service(exchange)
        else:
            await self._client.update_properties(exchange)

    async def _siblings(
        self, group: WriteGroup, source: Source, endpoint: LatestEndpoint
    ) -> dict[str, Json]:
        """Return the present values of the required siblings of a source, by key.

        They are asked of the server, because a poll may be older than another write.
        """
        siblings = [
            each for each in group.required() if each.entity.id != source.entity.id
        ]
        statuses = await self._statuses([each.entity.id for each in siblings], endpoint)
        known: dict[str, Json] = {}
        missing: set[str] = set()
        for each in siblings:
            status = statuses.get(each.entity.id)
            value = None if status is None else _own_value(each.entity, status.value)
            if value is None:
                missing.add(each.point.key)
            else:
                known[each.entity.key] = value
        if missing:
            names = [each.name for each in group.group.fields if each.key in missing]
            raise IncompleteGroupError(", ".join(names))
        return known

    async def _statuses(
        self, entity_ids: Collection[str], endpoint: LatestEndpoint
    ) -> Mapping[str, Status]:
        """Return the latest values of a few entities by id; raises BackendError."""
        if not entity_ids:
            return {}
        if endpoint is LatestEndpoint.BATCH and len(entity_ids) <= BATCH_SIZE:
            return await self._client.statuses(entity_ids)
        parts, failures = await gather_parts(
            {entity_id: self._client.status(entity_id) for entity_id in entity_ids}
        )
        for error in failures.values():
            raise error
        return {key: status for key, status in parts.items() if status is not None}


def _argument(entity: EntityRow) -> Json:
    """Return the value that a command is called with."""
    if entity.value_type is ValueType.BOOLEAN:
        return True
    if (key := called_choice(entity)) is not None:
        return enum_value(entity, key)
    return {} if entity.value_type is ValueType.OBJECT else ""


def _to_wire(source: Source, value: Value) -> Json:
    """Return the wire value that sets an entity, rounded as the server does.

    Raises RejectedError if the entity cannot have that value.
    """
    if (limits := source.point.text) is not None:
        return _text(limits, value)
    with _conversion():
        wire = wire_value(source, value)
    if isinstance(wire, float) and not math.isfinite(wire):
        raise RejectedError(
            "the value must be a number", reason=Reason.IMPOSSIBLE_VALUE
        )
    digits = source.entity.fraction_digits
    if not isinstance(wire, float) or digits is None or digits < 0:
        return wire
    step = Decimal(1).scaleb(-digits)
    return float(Decimal(str(wire)).quantize(step, ROUND_HALF_UP))


def _text(limits: TextLimits, value: Value) -> str:
    """Return a text; raises RejectedError, without the text, for a wrong length."""
    text = value if isinstance(value, str) else ""
    if not limits.shortest <= len(text) <= limits.longest:
        raise RejectedError(
            f"the length must be between {limits.shortest} and {limits.longest}",
            reason=Reason.IMPOSSIBLE_VALUE,
        )
    return text


def _own_value(entity: EntityRow, value: Json) -> Json:
    """Return a latest value in the type in which the server takes it back."""
    if entity.value_type is ValueType.BOOLEAN:
        return as_flag(value)
    if entity.value_type is ValueType.LONG:
        return as_integer(value)
    if entity.value_type is ValueType.DOUBLE:
        return as_number(value)
    return value if isinstance(value, str) else None


@contextmanager
def _conversion() -> Iterator[None]:
    """Raise RejectedError for a value that cannot be converted."""
    try:
        yield
    except (ValueError, ArithmeticError) as err:
        raise RejectedError(str(err), reason=Reason.IMPOSSIBLE_VALUE) from err

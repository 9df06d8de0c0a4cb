"""Make points of the entities of Beaver IoT.

Source of the identifiers: docs/wire/milesight.md, Entities, Control and Units.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
import hashlib
import re

from ...metering.model import Category, Kind, Limits, Point, Quantity
from .commands import command_category, is_command, is_safe
from .entity_rows import NUMERIC, EntityRow, EntityType, StoreMode, ValueType
from .features import LatestEndpoint
from .flags import Flag, flag_of
from .measurements import Measurement
from .texts import is_secret, text_limits
from .units import measurement_of
from .visibility import CONFIG, HIDDEN, MAIN, Visibility, is_also_reading, visibility_of

STATUS = "@status"
"""The identifier of the entity that is ONLINE or OFFLINE (since 1.3.0)."""

SLOW_POLL = timedelta(minutes=1)
"""The poll interval of servers without the batch endpoint."""

_INTERNAL = frozenset({"ms-offline-timeout", "sn"})
"""The platform's own settings, and the serial number that the device already has."""

_SHOWN = frozenset({STATUS, "@location.@latitude", "@location.@longitude"})
"""The platform's own entities that are shown."""

_UNLIMITED = 1_000_000.0
"""The limit in both directions of numbers for which the server has none."""

_MAX_PRECISION = 6
_MAX_KEY_LENGTH = 180
"""What the recorder's limit of 255 characters leaves for a point, with some reserve."""

_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityContext:
    """What an entity's own row does not contain, but its point needs.

    `key` and `device_key` are those of the point. `identifier` is the part of the
    entity's key after that of its device. `latest_endpoint` is how values are read,
    and `device_name` is what people call the device.
    """

    key: str
    device_key: str
    identifier: str
    latest_endpoint: LatestEndpoint
    device_name: str = ""


def is_internal(identifier: str) -> bool:
    """Return True if an entity only serves the platform itself."""
    if identifier in _SHOWN:
        return False
    return identifier in _INTERNAL or any(
        part.startswith("@") for part in identifier.split(".")
    )


def make_point(
    entity: EntityRow, context: EntityContext, *, is_parent: bool
) -> Point | None:
    """Return the point of an entity, or `None` if Home Assistant cannot show it.

    This leaves out entities that only group others, images, services that take
    parameters, and secrets.
    """
    if entity.type is EntityType.SERVICE or is_command(entity, context.identifier):
        return None if is_parent else _make_action(entity, context)
    if context.identifier == STATUS:
        return _make_connectivity(context)
    if entity.value_type is ValueType.OBJECT:
        return None
    is_hidden = is_secret(entity) and not entity.is_writable
    if is_hidden or (entity.format or "").startswith("IMAGE"):
        return None
    if (flag := flag_of(entity, context.identifier)) is not None:
        return _make_flag(entity, context, flag)
    if entity.labels:
        return _make_choice(entity, context)
    if entity.value_type in NUMERIC:
        return _make_number(entity, context)
    return _make_text(entity, context)


def _make_connectivity(context: EntityContext) -> Point:
    """Return the point of the status entity."""
    return Point(
        key=context.key,
        device_key=context.device_key,
        translation_key="connectivity",
        quantity=Quantity.CONNECTIVITY,
        kind=Kind.FLAG,
        category=Category.DIAGNOSTIC,
        poll_interval=_poll_interval(context),
    )


def _make_named(
    entity: EntityRow,
    context: EntityContext,
    visibility: Visibility,
    quantity: Quantity,
    kind: Kind,
) -> Point:
    """Return a point with the name that the server gives to its entity."""
    return Point(
        key=context.key,
        device_key=context.device_key,
        name=entity.name or context.identifier,
        quantity=quantity,
        kind=kind,
        category=visibility.category,
        enabled_default=visibility.enabled,
        poll_interval=_poll_interval(context),
    )


def _make_flag(entity: EntityRow, context: EntityContext, flag: Flag) -> Point:
    """Return the point of a yes/no thing."""
    visibility = visibility_of(entity, context.identifier, flag)
    point = _make_named(entity, context, visibility, flag.quantity, Kind.FLAG)
    return replace(point, writable=entity.is_writable)


def _make_choice(entity: EntityRow, context: EntityContext) -> Point:
    """Return the point of an enum."""
    visibility = visibility_of(entity, context.identifier)
    point = _make_named(entity, context, visibility, Quantity.TEXT, Kind.STATE)
    options = tuple(entity.labels.values())
    return replace(point, options=options, writable=entity.is_writable)


def _make_text(entity: EntityRow, context: EntityContext) -> Point:
    """Return the point of a text: a setting, or something to read like a version."""
    visibility = CONFIG if entity.is_writable else HIDDEN
    return replace(
        _make_named(entity, context, visibility, Quantity.TEXT, Kind.STATE),
        writable=entity.is_writable,
        text=text_limits(entity) if entity.is_writable else None,
    )


def _make_number(entity: EntityRow, context: EntityContext) -> Point:
    """Return the point of a number: a register, a measured value or a setting."""
    measurement = measurement_of(
        entity.unit,
        context.identifier,
        entity.name or "",
        context.device_name,
        is_whole=entity.value_type is ValueType.LONG,
        is_setting=entity.is_writable and not entity.is_customized,
    )
    visibility = _number_visibility(entity, context, measurement)
    if measurement.kind is Kind.STATE and not entity.is_writable:
        return _make_named(entity, context, HIDDEN, Quantity.TEXT, Kind.STATE)
    is_measured = not entity.is_writable and visibility.enabled
    is_register = measurement.kind is Kind.REGISTER and is_measured
    is_other = visibility.is_snapshot or measurement.kind is Kind.STATE
    quantity = Quantity.OTHER if is_other else measurement.quantity
    kind = Kind.REGISTER if is_register else Kind.INSTANT
    return replace(
        _make_named(entity, context, visibility, quantity, kind),
        unit=measurement.unit,
        role=measurement.role if is_register else None,
        precision=_precision(entity),
        has_history=measurement.has_history and is_measured and _has_rows(entity),
        # Counters of people and pulses begin again with each new day, battery or mode.
        may_restart=is_register and measurement.quantity is Quantity.COUNT,
        writable=entity.is_writable,
        limits=_limits(entity) if entity.is_writable else None,
    )


def _number_visibility(
    entity: EntityRow, context: EntityContext, measurement: Measurement
) -> Visibility:
    """Return the visibility of a number.

    A meter position that could be set is not for everyday use.
    """
    visibility = visibility_of(entity, context.identifier)
    if visibility is MAIN and entity.is_writable:
        return CONFIG if measurement.kind is Kind.REGISTER else MAIN
    if visibility is MAIN and measurement.category is not None:
        return Visibility(measurement.category)
    return visibility


def _has_rows(entity: EntityRow) -> bool:
    """Return True if the server stores the values of an entity."""
    return entity.store_mode in (StoreMode.ALL, StoreMode.HISTORY)


def make_reading(
    entity: EntityRow, context: EntityContext, *, is_wanted: bool
) -> Point | None:
    """Return the point that shows a number which can also be set, or `None`.

    `context` has the point's own key. It `is_wanted` if the user says so.
    """
    is_number = entity.value_type in NUMERIC and not entity.labels
    if entity.type is EntityType.SERVICE or not (is_number and entity.is_writable):
        return None
    if not is_wanted and not is_also_reading(entity, context.identifier):
        return None
    point = _make_number(replace(entity, is_writable=False), context)
    return replace(point, category=None, enabled_default=True)


def _make_action(entity: EntityRow, context: EntityContext) -> Point | None:
    """Return the point of a service, or `None` if it leaves something to choose."""
    identifier = context.identifier
    if not is_command(entity, identifier):
        return None
    visibility = Visibility(
        command_category(identifier), enabled=is_safe(entity, identifier)
    )
    return _make_named(entity, context, visibility, Quantity.OTHER, Kind.ACTION)


def _poll_interval(context: EntityContext) -> timedelta | None:
    """Return the poll interval; `None` is the backend's default."""
    return None if context.latest_endpoint is LatestEndpoint.BATCH else SLOW_POLL


def _precision(entity: EntityRow) -> int | None:
    """Return the number of decimals, `None` if the server does not report it."""
    if entity.value_type is ValueType.LONG:
        return 0
    digits = entity.fraction_digits
    return digits if digits is not None and 0 <= digits <= _MAX_PRECISION else None


def _limits(entity: EntityRow) -> Limits:
    """Return the values that a number can be set to."""
    lowest = -_UNLIMITED if entity.lowest is None else entity.lowest
    highest = _UNLIMITED if entity.highest is None else entity.highest
    if lowest >= highest:
        lowest, highest = -_UNLIMITED, _UNLIMITED
    digits = _precision(entity)
    return Limits(
        lowest=lowest, highest=highest, step=10.0 ** -(2 if digits is None else digits)
    )


def slug(key: str, taken: Collection[str] = ()) -> str:
    """Return a key made of `[a-z0-9_]` without `__` that is not in `taken`.

    Part of a hash of the original key is added where the result is too long, empty or
    taken already.
    """
    result = _NOT_IN_KEYS.sub("_", key.lower()).strip("_")
    if result and len(result) <= _MAX_KEY_LENGTH and result not in taken:
        return result
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{result[:_MAX_KEY_LENGTH].strip('_')}_{digest}".strip("_")

"""Make points of the entities of Beaver IoT.

Source of the identifiers: docs/wire/milesight.md, Entities, Control and Units.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
import hashlib
import re

from ...metering.model import Category, Kind, Limits, Point, Quantity
from .features import LatestEndpoint
from .models import NUMERIC, EntityRow, EntityType, ValueType
from .units import measurement_of

STATUS = "@status"
"""The identifier of the entity that is ONLINE or OFFLINE (since 1.3.0)."""

OFFLINE_AFTER = timedelta(minutes=1500)
"""The time without a report after which servers since 1.3.0 call a device offline."""

SLOW_POLL = timedelta(minutes=1)
"""The poll interval of servers without the batch endpoint."""

_INTERNAL = frozenset({"ms-offline-timeout", "sn"})
"""The platform's own settings, and the serial number that the device already has."""

_UNLIMITED = 1_000_000.0
"""The limit in both directions of numbers for which the server has none."""

_MAX_PRECISION = 6
_MAX_KEY_LENGTH = 180
"""What the recorder's limit of 255 characters leaves for a point, with some reserve."""

_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")

_MAIN_CONTROL = re.compile(
    r"^(socket_status|switch|relay|gpio_output|digital_output|do)(_?\d+)?(_status)?$"
    r"|^(fan_status|fan_mode|target_temperature|valve_opening)$"
)
"""Controls for everyday use; everything else that is writable is configuration."""

_READ_ONLY_SETTING = re.compile(
    r"threshold|interval|timeout|calibration|_(enable|mode|period|time|duration)$"
)
"""Settings that can only be read."""

_SETTING_QUANTITIES = frozenset({Quantity.DURATION, Quantity.TEMPERATURE_DIFFERENCE})
"""Numbers of these quantities are settings, such as tolerances, not measurements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityContext:
    """What an entity's own row does not contain, but its point needs.

    `key` and `device_key` are those of the point. `identifier` is the part of the
    entity's key after that of its device, and `parent_name` the name of its parent
    entity. `has_reports` is True for entities of devices, which report again and again,
    False for those of integrations. `latest_endpoint` is how values are read.
    """

    key: str
    device_key: str
    identifier: str
    parent_name: str | None
    has_reports: bool
    latest_endpoint: LatestEndpoint

    @property
    def last_part(self) -> str:
        """Return the last part of the identifier, in lower case."""
        return self.identifier.rpartition(".")[2].lower()


@dataclass(frozen=True, slots=True)
class _Visibility:
    """The category of a point, and whether its entity is enabled by default."""

    category: Category | None = None
    enabled: bool = True


_MAIN = _Visibility()
_READ_ONLY = _Visibility(Category.DIAGNOSTIC, enabled=False)
_CONFIG = _Visibility(Category.CONFIG, enabled=False)


def is_internal(identifier: str) -> bool:
    """Return True if an entity only serves the platform itself."""
    if identifier == STATUS:
        return False
    return identifier in _INTERNAL or any(
        part.startswith("@") for part in identifier.split(".")
    )


def make_point(
    entity: EntityRow, context: EntityContext, *, is_parent: bool
) -> Point | None:
    """Return the point of an entity, or `None` if Home Assistant cannot show it.

    This leaves out entities that only group others, images, and services that take
    parameters.
    """
    if entity.type is EntityType.SERVICE:
        return None if is_parent else _make_action(entity, context)
    if context.identifier == STATUS:
        return _make_connectivity(context)
    if entity.value_type is ValueType.OBJECT:
        return None
    if (entity.format or "").startswith("IMAGE"):
        return None
    if entity.value_type is ValueType.BOOLEAN:
        return _make_flag(entity, context)
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
    visibility: _Visibility,
    quantity: Quantity,
    kind: Kind,
) -> Point:
    """Return a point with the name that the server gives."""
    name = entity.name or context.identifier
    return Point(
        key=context.key,
        device_key=context.device_key,
        name=f"{context.parent_name} {name}" if context.parent_name else name,
        quantity=quantity,
        kind=kind,
        category=visibility.category,
        enabled_default=visibility.enabled,
        poll_interval=_poll_interval(context),
    )


def _make_flag(entity: EntityRow, context: EntityContext) -> Point:
    """Return the point of a boolean."""
    visibility = _visibility(entity, context)
    point = _make_named(entity, context, visibility, Quantity.OTHER, Kind.FLAG)
    return replace(point, writable=entity.is_writable)


def _make_choice(entity: EntityRow, context: EntityContext) -> Point:
    """Return the point of an enum."""
    visibility = _visibility(entity, context)
    point = _make_named(entity, context, visibility, Quantity.TEXT, Kind.STATE)
    options = tuple(entity.labels.values())
    return replace(point, options=options, writable=entity.is_writable)


def _make_text(entity: EntityRow, context: EntityContext) -> Point:
    """Return the point of a text, such as a version, which can only be read."""
    return _make_named(entity, context, _READ_ONLY, Quantity.TEXT, Kind.STATE)


def _make_number(entity: EntityRow, context: EntityContext) -> Point:
    """Return the point of a number: a register, a measured value or a setting."""
    measurement = measurement_of(entity.unit, context.identifier)
    visibility = _visibility(entity, context)
    if not entity.is_writable and measurement.quantity in _SETTING_QUANTITIES:
        visibility = _READ_ONLY
    elif visibility is _MAIN and measurement.category is not None:
        visibility = _Visibility(measurement.category)
    is_register = measurement.kind is Kind.REGISTER and not entity.is_writable
    is_measured = not entity.is_writable and visibility is not _READ_ONLY
    # Of the other endpoints, one has no times and one has the status of devices.
    has_single = context.latest_endpoint is LatestEndpoint.SINGLE
    can_be_stale = is_measured and context.has_reports and has_single
    kind = Kind.REGISTER if is_register else Kind.INSTANT
    return replace(
        _make_named(entity, context, visibility, measurement.quantity, kind),
        unit=measurement.unit,
        role=measurement.role if is_register else None,
        precision=_precision(entity),
        stale_after=OFFLINE_AFTER if can_be_stale and not is_register else None,
        has_history=measurement.has_history and is_measured,
        # Counters of people and pulses begin again with each new day, battery or mode.
        may_restart=is_register and measurement.quantity is Quantity.COUNT,
        writable=entity.is_writable,
        limits=_limits(entity) if entity.is_writable else None,
    )


def _make_action(entity: EntityRow, context: EntityContext) -> Point | None:
    """Return the point of a service, or `None` if it leaves something to choose."""
    if entity.value_type is not ValueType.OBJECT and len(entity.labels) != 1:
        return None
    return _make_named(entity, context, _CONFIG, Quantity.OTHER, Kind.ACTION)


def _visibility(entity: EntityRow, context: EntityContext) -> _Visibility:
    """Return the visibility of a point by the identifier of its entity."""
    if entity.is_writable:
        return _MAIN if _MAIN_CONTROL.match(context.identifier) else _CONFIG
    return _READ_ONLY if _READ_ONLY_SETTING.search(context.last_part) else _MAIN


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

"""What an entity of Beaver IoT is to Home Assistant: its point, or nothing.

Source of the identifiers: ../shared/wire/milesight.md §5 to §7 and §10.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
import hashlib
import re

from ...metering.model import Category, Kind, Limits, Point, Quantity
from .features import LatestBy
from .models import NUMERIC, EntityRow, EntityType, ValueType
from .units import measure_of

STATUS = "@status"
"""The entity that says whether its device is ONLINE or OFFLINE (since 1.3.0)."""

OFFLINE_AFTER = timedelta(minutes=1500)
"""After this time without a report, servers since 1.3.0 call a device offline."""

SLOW_POLL = timedelta(minutes=1)
"""How often servers are asked that have no batch endpoint."""

_INTERNAL = frozenset({"ms-offline-timeout", "sn"})
"""What is the platform's own business, or the device's serial number once more."""

_UNBOUNDED = 1_000_000.0
"""How far a number can be set in each direction where the server names no limit."""

_LONGEST_FRACTION = 6

_CONTROL = re.compile(
    r"^(socket_status|switch|relay|gpio_output|digital_output|do)(_?\d+)?(_status)?$"
    r"|^(fan_status|fan_mode|target_temperature|valve_opening)$"
)
"""What people want to switch or set all day. All else that can be set is a setting."""

_SETTING = re.compile(
    r"threshold|interval|timeout|calibration|_(enable|mode|period|time|duration)$"
)
"""What looks like a setting although it can only be read."""

_TOLERANCES = frozenset({Quantity.DURATION, Quantity.TEMPERATURE_DIFFERENCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entity belongs: its point's key, its device's, and its own name there.

    `identifier` is the part of its key behind the device's. `parent_name` is the name
    of the entity that it is a part of. `reports` tells a device, which sends its values
    again and again, from an integration. `latest_by` is how the server is read.
    """

    key: str
    device_key: str
    identifier: str
    parent_name: str | None
    reports: bool
    latest_by: LatestBy


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a point stands on its device's page."""

    category: Category | None = None
    enabled: bool = True


_MAIN = _Standing()
_SHOWN_SETTING = _Standing(Category.DIAGNOSTIC, enabled=False)
_HIDDEN_SETTING = _Standing(Category.CONFIG, enabled=False)


def is_internal(identifier: str) -> bool:
    """Tell whether an entity is none that people look at."""
    if identifier == STATUS:
        return False
    return identifier in _INTERNAL or any(
        part.startswith("@") for part in identifier.split(".")
    )


def make_point(entity: EntityRow, place: Place, *, is_parent: bool) -> Point | None:
    """Return the point of an entity; `None` where Home Assistant has no place for it.

    That is what only holds other entities together, pictures, and services that need
    more than a press of a button.
    """
    if entity.type is EntityType.SERVICE:
        return None if is_parent else _action(entity, place)
    if place.identifier == STATUS:
        return _connectivity(place)
    if entity.value_type is ValueType.OBJECT:
        return None
    if (entity.format or "").startswith("IMAGE"):
        return None
    if entity.value_type is ValueType.BOOLEAN:
        return _flag(entity, place)
    if entity.labels:
        return _choice(entity, place)
    if entity.value_type in NUMERIC:
        return _number(entity, place)
    return _text(entity, place)


def _name(entity: EntityRow, place: Place) -> str:
    own = entity.name or place.identifier
    return f"{place.parent_name} {own}" if place.parent_name else own


def _last(place: Place) -> str:
    return place.identifier.rpartition(".")[2].lower()


def _standing(entity: EntityRow, place: Place) -> _Standing:
    """Return where a switch, a choice or a state stands."""
    if entity.writable:
        return _MAIN if _CONTROL.match(place.identifier) else _HIDDEN_SETTING
    return _SHOWN_SETTING if _SETTING.search(_last(place)) else _MAIN


def _poll_interval(place: Place) -> timedelta | None:
    return None if place.latest_by is LatestBy.BATCH else SLOW_POLL


def _connectivity(place: Place) -> Point:
    return Point(
        key=place.key,
        device_key=place.device_key,
        translation_key="connectivity",
        quantity=Quantity.CONNECTIVITY,
        kind=Kind.FLAG,
        category=Category.DIAGNOSTIC,
        poll_interval=_poll_interval(place),
    )


def _named(
    entity: EntityRow, place: Place, standing: _Standing, quantity: Quantity, kind: Kind
) -> Point:
    """Return a point with what all have that the server names."""
    return Point(
        key=place.key,
        device_key=place.device_key,
        name=_name(entity, place),
        quantity=quantity,
        kind=kind,
        category=standing.category,
        enabled_default=standing.enabled,
        poll_interval=_poll_interval(place),
    )


def _flag(entity: EntityRow, place: Place) -> Point:
    standing = _standing(entity, place)
    point = _named(entity, place, standing, Quantity.OTHER, Kind.FLAG)
    return replace(point, writable=entity.writable)


def _choice(entity: EntityRow, place: Place) -> Point:
    standing = _standing(entity, place)
    point = _named(entity, place, standing, Quantity.TEXT, Kind.STATE)
    options = tuple(entity.labels.values())
    return replace(point, options=options, writable=entity.writable)


def _text(entity: EntityRow, place: Place) -> Point:
    """Return a text, which can only be read: versions and the like."""
    return _named(entity, place, _SHOWN_SETTING, Quantity.TEXT, Kind.STATE)


def _number(entity: EntityRow, place: Place) -> Point:
    measure = measure_of(entity.unit, place.identifier)
    standing = _standing(entity, place)
    if not entity.writable and measure.quantity in _TOLERANCES:
        standing = _SHOWN_SETTING
    elif standing is _MAIN and measure.category is not None:
        standing = _Standing(measure.category)
    is_register = measure.kind is Kind.REGISTER and not entity.writable
    is_measured = not entity.writable and standing is not _SHOWN_SETTING
    # Only where values have times, and no status says more.
    may_be_stale = is_measured and place.reports and place.latest_by is LatestBy.SINGLE
    kind = Kind.REGISTER if is_register else Kind.INSTANT
    return replace(
        _named(entity, place, standing, measure.quantity, kind),
        unit=measure.unit,
        role=measure.role if is_register else None,
        precision=_precision(entity),
        stale_after=OFFLINE_AFTER if may_be_stale and not is_register else None,
        has_history=measure.has_history and is_measured,
        writable=entity.writable,
        limits=_limits(entity) if entity.writable else None,
    )


def _precision(entity: EntityRow) -> int | None:
    """Return how many decimals a number has, `None` where nobody says so."""
    if entity.value_type is ValueType.LONG:
        return 0
    digits = entity.fraction_digits
    return digits if digits is not None and 0 <= digits <= _LONGEST_FRACTION else None


def _limits(entity: EntityRow) -> Limits:
    """Return what a number can be set to; without limits, very far."""
    lowest = -_UNBOUNDED if entity.lowest is None else entity.lowest
    highest = _UNBOUNDED if entity.highest is None else entity.highest
    if lowest >= highest:
        lowest, highest = -_UNBOUNDED, _UNBOUNDED
    digits = _precision(entity)
    return Limits(
        lowest=lowest, highest=highest, step=10.0 ** -(2 if digits is None else digits)
    )


def _action(entity: EntityRow, place: Place) -> Point | None:
    """Return a button, where there is nothing to choose but to press it."""
    if entity.value_type is not ValueType.OBJECT and len(entity.labels) != 1:
        return None
    return _named(entity, place, _HIDDEN_SETTING, Quantity.OTHER, Kind.ACTION)


_OTHER = re.compile(r"[^a-z0-9]+")
_LONGEST = 180
"""What the recorder leaves of its 255 characters for a point, with a reserve."""


def slug(key: str, taken: Collection[str] = ()) -> str:
    """Return a key made of `[a-z0-9_]` without `__`, and not one that is taken.

    Where two keys differ only in what is lost, and where one is too long, a piece of
    the key's hash is added.
    """
    made = _OTHER.sub("_", key.lower()).strip("_")
    if made and len(made) <= _LONGEST and made not in taken:
        return made
    mark = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{made[:_LONGEST].strip('_')}_{mark}".strip("_")

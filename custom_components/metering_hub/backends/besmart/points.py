"""Devices and points, made from sensors and their signals."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
import re

from ...metering.model import Category, Device, Kind, Point, Quantity
from .const import QUARTER
from .discovery import FoundSensors
from .memory import ServerMemory
from .models import Sensor, SensorId, SensorState, SignalId, SignalType
from .signals import is_register, known_signal, role_of, signal_unit
from .units import is_energy, quantity_of

STALE_AFTER = timedelta(hours=24)
"""Values arrive late, by a quarter of an hour up to hours; see `data_delay`."""

_PRECISIONS: Mapping[str, int] = {
    "kWh": 3,
    "kvarh": 3,
    "kVAh": 3,
    "MWh": 3,
    "kW": 3,
    "W": 0,
    "V": 1,
    "A": 2,
    "Hz": 2,
    "K": 1,
    "°C": 1,
}
_DISABLED_QUANTITIES = frozenset(
    {Quantity.VOLTAGE, Quantity.CURRENT, Quantity.FREQUENCY}
)
_KEY = re.compile(r"sensor_(\d+)_(\d+)_\w+")
_SIGNAL_KEY = re.compile(r"sensor_(\d+)_(\d+)_signal_(\d+)")
_CACHED_KEYS = 20_000
"""How many parsed keys are cached, because every poll needs all of them."""


def device_key(sensor: SensorId) -> str:
    """Return the key of a sensor's device."""
    return f"sensor_{sensor.client_cid}_{sensor.sensor_mid}"


def point_key(signal: SignalId) -> str:
    """Return the key of a signal's point."""
    return f"{device_key(signal.sensor)}_signal_{signal.moid}"


def signal_of(point: Point) -> SignalId | None:
    """Return the signal of a point; None for points about the data of a sensor."""
    return _parse_signal_key(point.key)


@lru_cache(maxsize=_CACHED_KEYS)
def _parse_signal_key(key: str) -> SignalId | None:
    """Parse the key of a signal's point."""
    if (match := _SIGNAL_KEY.fullmatch(key)) is None:
        return None
    return SignalId(SensorId(int(match[1]), int(match[2])), int(match[3]))


def signals_of(points: Collection[Point]) -> list[SignalId]:
    """Return the signals of points, in a stable order."""
    return sorted(signal for point in points if (signal := signal_of(point)))


def sensor_of(point: Point) -> SensorId | None:
    """Return the sensor that a point belongs to."""
    return _parse_sensor_key(point.key)


@lru_cache(maxsize=_CACHED_KEYS)
def _parse_sensor_key(key: str) -> SensorId | None:
    """Parse the sensor from the key of any of its points."""
    match = _KEY.fullmatch(key)
    return SensorId(int(match[1]), int(match[2])) if match else None


def make_devices(found: FoundSensors) -> dict[str, Device]:
    """Return a device for each sensor that is shown.

    Only the name, the model, the serial number and the workspace are used, and neither
    the owner nor the location.
    """
    return {
        device_key(sensor): _make_device(
            sensor,
            found.sensors.get(sensor),
            found.states[sensor],
            found.workspaces.get(sensor.client_cid),
        )
        for sensor in sorted(found.shown)
    }


def _make_device(
    sensor: SensorId,
    details: Sensor | None,
    states: Sequence[SensorState],
    workspace: str | None,
) -> Device:
    """Return the device of a sensor, with its current meter."""
    meter = states[-1] if states else None
    type_name = details.type_name if details else None
    return Device(
        key=device_key(sensor),
        name=(details.name or str(sensor)) if details else None,
        model=(meter.meter_type if meter else None) or type_name,
        serial=meter.meter_eid if meter else None,
        suggested_area=workspace,
    )


def make_points(found: FoundSensors, memory: ServerMemory) -> dict[str, Point]:
    """Return the points of all sensors, by key."""
    points: list[Point] = []
    for sensor, moids in found.moids.items():
        names: set[str] = set()
        for moid in moids:
            signal = SignalId(sensor, moid)
            points.append(
                make_point(
                    signal,
                    found.types.get(moid),
                    unit=memory.unit(signal),
                    is_growing=memory.is_growing(signal),
                    used_names=names,
                )
            )
        if moids:
            points += _make_data_points(device_key(sensor))
    return {point.key: point for point in points}


def make_point(
    signal: SignalId,
    type_: SignalType | None,
    *,
    unit: str | None,
    is_growing: bool | None,
    used_names: set[str],
) -> Point:
    """Return the point of a signal.

    `unit` is the unit of its data, if known, and takes precedence over the unit of its
    type. A name from the server is made unique among `used_names`, the names of the
    device, and added to them.
    """
    unit = signal_unit(signal.moid, type_, unit)
    known = known_signal(signal.moid, unit)
    has_register = is_register(signal.moid, type_, unit, is_growing)
    kind = _kind(has_register, unit)
    quantity = quantity_of(unit)
    has_role = kind is not Kind.INSTANT and quantity is Quantity.ENERGY
    return Point(
        key=point_key(signal),
        device_key=device_key(signal.sensor),
        name=None if known else _unique_name(signal.moid, type_, used_names),
        translation_key=known.name if known else None,
        placeholders=known.placeholders if known else {},
        quantity=quantity,
        kind=kind,
        unit=unit,
        role=role_of(signal.moid, type_) if has_role else None,
        precision=_PRECISIONS.get(unit or ""),
        enabled_default=quantity not in _DISABLED_QUANTITIES,
        stale_after=STALE_AFTER,
        has_history=has_register is not None
        and not (known is not None and known.per_minute),
        interval=None if kind is Kind.REGISTER else QUARTER,
    )


def _kind(has_register: bool | None, unit: str | None) -> Kind:
    """Return the kind of a signal; an undecided energy is only a measured value."""
    if has_register:
        return Kind.REGISTER
    is_amount = has_register is False and is_energy(unit)
    return Kind.INTERVAL if is_amount else Kind.INSTANT


def _unique_name(moid: int, type_: SignalType | None, used_names: set[str]) -> str:
    """Return the server's name of a type, with its number if the name is taken."""
    name = (type_ and (type_.description or type_.symbol)) or f"Signal {moid}"
    if name.casefold() in used_names:
        name = f"{name} ({moid})"
    used_names.add(name.casefold())
    return name


def _make_data_points(device: str) -> Iterator[Point]:
    """Yield the time of a sensor's latest value, and its age."""
    yield Point(
        key=f"{device}_measured_at",
        device_key=device,
        translation_key="measured_at",
        quantity=Quantity.TIMESTAMP,
        kind=Kind.STATE,
        category=Category.DIAGNOSTIC,
    )
    yield Point(
        key=f"{device}_data_delay",
        device_key=device,
        translation_key="data_delay",
        quantity=Quantity.DURATION,
        kind=Kind.INSTANT,
        unit="min",
        precision=0,
        category=Category.DIAGNOSTIC,
    )

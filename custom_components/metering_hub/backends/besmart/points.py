"""The devices and points that sensors and their signals are."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
import re

from ...metering.model import Category, Device, Kind, Point, Quantity
from .discovery import Discovery
from .memory import Knowledge
from .models import Sensor, SensorId, SensorState, SignalId, SignalType
from .units import (
    KnownSignal,
    is_energy,
    is_register,
    known_signal,
    normal_unit,
    quantity_of,
    role_of,
)

QUARTER = timedelta(minutes=15)
"""The meter profile: how long a value stands, and how long an interval is."""

STALE_AFTER = timedelta(hours=24)
"""Values come a quarter of an hour to hours late; `data_delay` tells how late."""

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
_RARELY_WANTED = frozenset({Quantity.VOLTAGE, Quantity.CURRENT, Quantity.FREQUENCY})
_KEY = re.compile(r"sensor_(\d+)_(\d+)_\w+")
_KEYS_KNOWN = 20_000
"""How many keys are remembered, because every poll asks for all of them."""

_SIGNAL_KEY = re.compile(r"sensor_(\d+)_(\d+)_signal_(\d+)")


def device_key(sensor: SensorId) -> str:
    """Return the key of a sensor's device."""
    return f"sensor_{sensor.client_cid}_{sensor.sensor_mid}"


def point_key(signal: SignalId) -> str:
    """Return the key of a signal's point."""
    return f"{device_key(signal.sensor)}_signal_{signal.moid}"


def signal_of(point: Point) -> SignalId | None:
    """Return the signal that a point shows; `None` where it shows something else."""
    return _signal_of(point.key)


@lru_cache(maxsize=_KEYS_KNOWN)
def _signal_of(key: str) -> SignalId | None:
    if (match := _SIGNAL_KEY.fullmatch(key)) is None:
        return None
    return SignalId(SensorId(int(match[1]), int(match[2])), int(match[3]))


def sensor_of(point: Point) -> SensorId | None:
    """Return the sensor that a point belongs to."""
    return _sensor_of(point.key)


@lru_cache(maxsize=_KEYS_KNOWN)
def _sensor_of(key: str) -> SensorId | None:
    match = _KEY.fullmatch(key)
    return SensorId(int(match[1]), int(match[2])) if match else None


def make_devices(found: Discovery) -> dict[str, Device]:
    """Return a device for each sensor that has signals.

    Of what the server knows of a sensor, only its name, its kind and the number on the
    meter go further: not whose it is, nor where.
    """
    return {
        device_key(sensor): _device(found.sensors[sensor], found.states[sensor])
        for sensor, moids in found.moids.items()
        if moids
    }


def _device(sensor: Sensor, states: Sequence[SensorState]) -> Device:
    meter = states[-1] if states else None
    return Device(
        key=device_key(sensor.id),
        name=sensor.name or str(sensor.id),
        model=(meter.meter_type if meter else None) or sensor.type_name,
        serial=meter.meter_eid if meter else None,
    )


def make_points(found: Discovery, knowledge: Knowledge) -> dict[str, Point]:
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
                    unit=knowledge.units.get(signal),
                    only_grows=knowledge.growing.get(signal),
                    taken=names,
                )
            )
        if moids:
            points += _about_the_data(device_key(sensor))
    return {point.key: point for point in points}


def make_point(
    signal: SignalId,
    type_: SignalType | None,
    *,
    unit: str | None,
    only_grows: bool | None,
    taken: set[str],
) -> Point:
    """Return the point of a signal.

    `unit` is that of its data, if known; it counts more than what the type says. Names
    that are not ours are made to differ from those `taken` by the same device.
    """
    known, unit = _known(signal.moid, type_, unit)
    registers = is_register(signal.moid, type_, unit, only_grows)
    quantity = quantity_of(unit)
    is_undecided = registers is None
    kind = Kind.REGISTER if registers else Kind.INSTANT
    if registers is False and is_energy(unit):
        kind = Kind.INTERVAL
    is_amount = kind in (Kind.REGISTER, Kind.INTERVAL)
    return Point(
        key=point_key(signal),
        device_key=device_key(signal.sensor),
        name=None if known else _name(signal.moid, type_, taken),
        translation_key=known.name if known else None,
        placeholders=known.placeholders if known else {},
        quantity=quantity,
        kind=kind,
        unit=unit,
        role=role_of(signal.moid, type_)
        if is_amount and quantity is Quantity.ENERGY
        else None,
        precision=_PRECISIONS.get(unit or ""),
        enabled_default=quantity not in _RARELY_WANTED,
        stale_after=STALE_AFTER,
        has_history=not is_undecided and not (known is not None and known.per_minute),
        interval=None if kind is Kind.REGISTER else QUARTER,
    )


def signal_unit(moid: int, type_: SignalType | None, unit: str | None) -> str | None:
    """Return a signal's unit: of its data, else as its type says, else as usual."""
    return _known(moid, type_, unit)[1]


def _known(
    moid: int, type_: SignalType | None, unit: str | None
) -> tuple[KnownSignal | None, str | None]:
    unit = unit or normal_unit(type_.unit if type_ else None)
    known = known_signal(moid, unit)
    return known, unit or (known.unit if known else None)


def _name(moid: int, type_: SignalType | None, taken: set[str]) -> str:
    """Return the server's name of a type that is not among the known ones."""
    name = (type_ and (type_.description or type_.symbol)) or f"Signal {moid}"
    if name.casefold() in taken:
        name = f"{name} ({moid})"
    taken.add(name.casefold())
    return name


def _about_the_data(device: str) -> Iterator[Point]:
    """Yield when a sensor's newest value was measured, and how long ago that is."""
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


def signals_of(moids: Mapping[SensorId, Collection[int]]) -> list[SignalId]:
    """Return all signals of all sensors."""
    return [SignalId(sensor, moid) for sensor, of in moids.items() for moid in of]

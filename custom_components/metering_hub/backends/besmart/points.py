"""Devices and points, made from sensors and their signals."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
import re

from ...metering.model import Category, Device, Kind, Point, Quantity
from ...metering.point_settings import PointSettings
from .const import QUARTER
from .discovery import FoundSensors
from .memory import ServerMemory
from .models import Sensor, SensorId, SensorState, SignalId, SignalType
from .signals import decide_kind, known_signal, quantity_of_signal, role_of, signal_unit

STALE_AFTER = timedelta(hours=24)
"""Values arrive late, by a quarter of an hour up to hours; see `data_delay`."""

_PRECISIONS: Mapping[str, int] = {
    "kWh": 3,
    "kvarh": 3,
    "kVAh": 3,
    "MWh": 3,
    "GJ": 3,
    "MJ": 1,
    "m³": 3,
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
_COUNTING = (Kind.REGISTER, Kind.INTERVAL)
_WORDED = (Kind.STATE, Kind.FLAG)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What the data of a signal have shown: their unit, and what their values are.

    `verdict` is the kind of a signal whose values are numbers, and `worded` that of one
    whose values are words.
    """

    unit: str | None = None
    verdict: Kind | None = None
    worded: Kind | None = None

    @classmethod
    def of(cls, signal: SignalId, memory: ServerMemory) -> Learned:
        """Return what is remembered of a signal."""
        kept = memory.signals.verdict(signal)
        return cls(
            unit=memory.signals.unit(signal),
            verdict=kept.kind if kept else None,
            worded=memory.signals.worded(signal),
        )


def make_points(
    found: FoundSensors, memory: ServerMemory, settings: Mapping[str, PointSettings]
) -> dict[str, Point]:
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
                    Learned.of(signal, memory),
                    settings.get(point_key(signal), PointSettings()),
                    used_names=names,
                )
            )
        if moids:
            points += _make_data_points(device_key(sensor))
    return {point.key: point for point in points}


def make_point(
    signal: SignalId,
    type_: SignalType | None,
    learned: Learned,
    settings: PointSettings,
    *,
    used_names: set[str],
) -> Point:
    """Return the point of a signal.

    The kind that the user says comes first. The unit of its data takes precedence over
    the unit of its type. A name from the server is made unique among `used_names`, the
    names of the device, and added to them.
    """
    unit = signal_unit(signal.moid, type_, learned.unit)
    known = known_signal(signal.moid, unit)
    kind = (
        settings.kind
        or learned.worded
        or decide_kind(signal.moid, type_, unit, learned.verdict)
    )
    quantity = _quantity(kind, type_, unit)
    return Point(
        key=point_key(signal),
        device_key=device_key(signal.sensor),
        name=None if known else _unique_name(signal.moid, type_, used_names),
        translation_key=known.name if known else None,
        placeholders=known.placeholders if known else {},
        quantity=quantity,
        kind=kind,
        unit=None if kind in _WORDED else unit,
        role=role_of(signal.moid, type_, unit) if kind in _COUNTING else None,
        precision=_PRECISIONS.get(unit or ""),
        enabled_default=quantity not in _DISABLED_QUANTITIES,
        stale_after=None if kind in _WORDED else STALE_AFTER,
        has_history=kind in _COUNTING
        or (kind is Kind.INSTANT and not (known is not None and known.per_minute)),
        interval=QUARTER if kind in (Kind.INTERVAL, Kind.INSTANT) else None,
    )


def _quantity(kind: Kind, type_: SignalType | None, unit: str | None) -> Quantity:
    """Return what a signal of a kind measures."""
    if kind in _WORDED:
        return Quantity.TEXT if kind is Kind.STATE else Quantity.OTHER
    return quantity_of_signal(type_, unit)


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

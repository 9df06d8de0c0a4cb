"""What all parts of Metering Hub speak: devices, points and their readings.

Nothing here knows Home Assistant or any backend. Every `datetime` is aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

type Value = float | str | bool | datetime
"""What a reading can say. Having no reading is `None`, never a zero."""


class Quantity(StrEnum):
    """What a point measures."""

    APPARENT_ENERGY = "apparent_energy"
    APPARENT_POWER = "apparent_power"
    ATMOSPHERIC_PRESSURE = "atmospheric_pressure"
    BATTERY = "battery"
    CARBON_DIOXIDE = "carbon_dioxide"
    CHARGE = "charge"
    CONNECTIVITY = "connectivity"
    COST = "cost"
    COST_RATE = "cost_rate"
    COUNT = "count"
    CURRENT = "current"
    DEGREE_DAYS = "degree_days"
    DISTANCE = "distance"
    DURATION = "duration"
    ENERGY = "energy"
    FREQUENCY = "frequency"
    GAS = "gas"
    HEAT = "heat"
    HUMIDITY = "humidity"
    ILLUMINANCE = "illuminance"
    IRRADIANCE = "irradiance"
    MOISTURE = "moisture"
    OTHER = "other"
    PM1 = "pm1"
    PM10 = "pm10"
    PM25 = "pm25"
    POWER = "power"
    POWER_FACTOR = "power_factor"
    PRECIPITATION = "precipitation"
    PRESSURE = "pressure"
    PRICE = "price"
    PROBLEM = "problem"
    REACTIVE_ENERGY = "reactive_energy"
    REACTIVE_POWER = "reactive_power"
    SIGNAL_STRENGTH = "signal_strength"
    SOUND_PRESSURE = "sound_pressure"
    TEMPERATURE = "temperature"
    TEMPERATURE_DIFFERENCE = "temperature_difference"
    TEXT = "text"
    TIMESTAMP = "timestamp"
    VOC = "voc"
    VOC_RATIO = "voc_ratio"
    VOLTAGE = "voltage"
    VOLUME_FLOW = "volume_flow"
    WATER = "water"
    WIND_DIRECTION = "wind_direction"
    WIND_SPEED = "wind_speed"


class Kind(StrEnum):
    """How the values of a point behave over time; it decides everything downstream."""

    REGISTER = "register"
    """A meter position: it only grows, and may start again."""

    INTERVAL = "interval"
    """An amount per interval; the live value is the amount since local midnight."""

    INSTANT = "instant"
    """A measured value."""

    STATE = "state"
    """One of a few words, or text."""

    FLAG = "flag"
    """On or off."""

    EVENT = "event"
    """Something that happened; a reading is the last one, its value what it was."""

    ACTION = "action"
    """Something that can be done and has no value."""


class Role(StrEnum):
    """What a point is to a home's energy balance."""

    GRID_DELIVERED = "grid_delivered"
    GRID_RETURNED = "grid_returned"
    GRID_POWER = "grid_power"
    SOLAR = "solar"
    GAS = "gas"
    WATER = "water"
    DEVICE = "device"
    COST = "cost"
    PRICE = "price"


NEW_REGISTER = "new_register"
"""The `quality` of a register's reading at which counting starts anew: whatever lies
between it and the reading before is not counted."""


class Category(StrEnum):
    """Where a point stands on its device's page when it is no plain measurement."""

    DIAGNOSTIC = "diagnostic"
    CONFIG = "config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A meter, or what meters belong to (a site, a building).

    `key` is stable and unique within its entry. The name is either given by the
    server (`name`) or is one of ours (`translation_key`).
    """

    key: str
    name: str | None = None
    translation_key: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = field(default=None, repr=False)
    software_version: str | None = None
    hardware_version: str | None = None
    parent: str | None = None
    configuration_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The lowest and highest value that a number can be set to, and its steps."""

    lowest: float
    highest: float
    step: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measured thing of a device.

    `key` is stable, unique within its entry and matches `[a-z0-9_]` without `__`.
    `unit` is in Home Assistant's spelling. `stale_after` is the longest time without
    a newer reading that the source can be trusted for (`None`: for ever).
    `poll_interval` is how often asking again makes sense (`None`: the backend's
    default). `has_history` says that the backend can tell the point's past.
    `interval` is the length of an INTERVAL point's intervals, and of an INSTANT point
    how long a value stands where no newer one comes. `included_in` is the key
    of a point whose amount contains this one's, so that the two are never added up.
    `limits` are what a `writable` number can be set to.
    """

    key: str
    device_key: str
    quantity: Quantity
    kind: Kind
    name: str | None = None
    translation_key: str | None = None
    placeholders: Mapping[str, str] = field(default_factory=dict, hash=False)
    unit: str | None = None
    role: Role | None = None
    precision: int | None = None
    options: tuple[str, ...] | None = None
    enabled_default: bool = True
    category: Category | None = None
    stale_after: timedelta | None = None
    poll_interval: timedelta | None = None
    has_history: bool = False
    interval: timedelta | None = None
    included_in: str | None = None
    writable: bool = False
    limits: Limits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePeriod:
    """What things cost in [start, end), both aware UTC and local midnights.

    `prices` is per unit of a point, by point key. `fixed_daily` is due for every local
    day, whatever is used. All in the backend's currency.
    """

    start: datetime
    end: datetime
    prices: Mapping[str, float]
    fixed_daily: float | None = None


# Made for every point at every poll: a frozen one would take nearly twice as long.
@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Reading:
    """One value of a point.

    `time` is the moment at which the value was measured, never the moment of asking.
    `confirmed` is a later moment at which the source still vouched for the value (a
    gas meter's hourly position is repeated by every telegram). `since` is the start of
    the span that an INTERVAL amount covers. `extremes` marks the reading of an INSTANT
    point that sums up a whole UTC hour, as the server counts it: `time` is the hour's
    start, `value` its mean, and these its lowest and highest value. `details` is what
    else the source says of an event.
    """

    time: datetime
    value: Value
    quality: str | None = None
    since: datetime | None = None
    extremes: tuple[float, float] | None = None
    details: Mapping[str, str] | None = field(default=None, hash=False)
    confirmed: datetime | None = field(default=None, compare=False)

    @property
    def vouched_for(self) -> datetime:
        """Return the latest moment at which the source stood by this value."""
        return self.confirmed or self.time


@dataclass(frozen=True, slots=True)
class Inventory:
    """The devices and points that a server was found to have.

    `undecided` names the backend's set-up fields that the server leaves open, so that
    a person has to say. `choices` is what a person can choose from in the set-up fields
    that offer what was found: by field name, labels by value.
    """

    devices: Mapping[str, Device]
    points: Mapping[str, Point]
    undecided: frozenset[str] = frozenset()
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def select(self, device_keys: frozenset[str]) -> Inventory:
        """Return the part of this inventory that belongs to the named devices."""
        return Inventory(
            {key: device for key, device in self.devices.items() if key in device_keys},
            {
                key: point
                for key, point in self.points.items()
                if point.device_key in device_keys
            },
            self.undecided,
            self.choices,
        )

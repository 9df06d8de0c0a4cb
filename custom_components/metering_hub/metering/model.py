"""The data model shared by all parts: devices, points and readings.

It is independent of Home Assistant and of any backend. Every `datetime` is aware and in
UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .notifications import Notification

type Value = float | str | bool | datetime
"""The value of a reading. A missing value is `None`, never zero."""


class Quantity(StrEnum):
    """What a point measures."""

    ANGLE = "angle"
    APPARENT_ENERGY = "apparent_energy"
    APPARENT_POWER = "apparent_power"
    AREA = "area"
    ATMOSPHERIC_PRESSURE = "atmospheric_pressure"
    BATTERY = "battery"
    BATTERY_CHARGING = "battery_charging"
    CARBON_DIOXIDE = "carbon_dioxide"
    CARBON_MONOXIDE = "carbon_monoxide"
    CHARGE = "charge"
    COLD = "cold"
    CONDUCTIVITY = "conductivity"
    CONNECTIVITY = "connectivity"
    COORDINATE = "coordinate"
    COST = "cost"
    COST_RATE = "cost_rate"
    COUNT = "count"
    CURRENT = "current"
    DATA_RATE = "data_rate"
    DATA_SIZE = "data_size"
    DEGREE_DAYS = "degree_days"
    DISTANCE = "distance"
    DOOR = "door"
    DURATION = "duration"
    ENERGY = "energy"
    FREQUENCY = "frequency"
    FUEL = "fuel"
    GAS = "gas"
    HEAT = "heat"
    HUMIDITY = "humidity"
    ILLUMINANCE = "illuminance"
    IRRADIANCE = "irradiance"
    LIGHT = "light"
    MASS = "mass"
    MOISTURE = "moisture"
    MOTION = "motion"
    OCCUPANCY = "occupancy"
    OPENING = "opening"
    OTHER = "other"
    OUTLET = "outlet"
    OZONE = "ozone"
    PH = "ph"
    PM1 = "pm1"
    PM10 = "pm10"
    PM25 = "pm25"
    POWER = "power"
    POWER_FACTOR = "power_factor"
    PRECIPITATION = "precipitation"
    PRECIPITATION_INTENSITY = "precipitation_intensity"
    PRESSURE = "pressure"
    PRICE = "price"
    PROBLEM = "problem"
    REACTIVE_ENERGY = "reactive_energy"
    REACTIVE_POWER = "reactive_power"
    RUNNING = "running"
    SAFETY = "safety"
    SIGNAL_STRENGTH = "signal_strength"
    SMOKE = "smoke"
    SOUND = "sound"
    SOUND_PRESSURE = "sound_pressure"
    SPEED = "speed"
    STORED_VOLUME = "stored_volume"
    TAMPER = "tamper"
    TEMPERATURE = "temperature"
    TEMPERATURE_DIFFERENCE = "temperature_difference"
    TEXT = "text"
    TIMESTAMP = "timestamp"
    VIBRATION = "vibration"
    VOC = "voc"
    VOC_RATIO = "voc_ratio"
    VOLTAGE = "voltage"
    VOLUME = "volume"
    VOLUME_FLOW = "volume_flow"
    WATER = "water"
    WINDOW = "window"
    WIND_DIRECTION = "wind_direction"
    WIND_SPEED = "wind_speed"


class Kind(StrEnum):
    """How the values of a point behave over time, which decides how they are shown."""

    REGISTER = "register"
    """A meter position that only grows, and may restart."""

    INTERVAL = "interval"
    """An amount per interval; the latest reading is the amount since local midnight."""

    INSTANT = "instant"
    """A measured value."""

    STATE = "state"
    """One of a list of options, or a text."""

    FLAG = "flag"
    """On or off."""

    EVENT = "event"
    """An event; the latest reading is the last one, and its value the type of event."""

    ACTION = "action"
    """A command without a value."""

    NOTIFICATIONS = "notifications"
    """A list of what is unread; the value of the latest reading is their number."""

    UNDECIDED = "undecided"
    """Positions of a meter or amounts per interval, which nobody knows yet."""


class Role(StrEnum):
    """The role of a point in the energy balance of a home."""

    GRID_DELIVERED = "grid_delivered"
    GRID_RETURNED = "grid_returned"
    GRID_POWER = "grid_power"
    GRID_POWER_DELIVERED = "grid_power_delivered"
    GRID_POWER_RETURNED = "grid_power_returned"
    SOLAR = "solar"
    BATTERY_CHARGE = "battery_charge"
    BATTERY_DISCHARGE = "battery_discharge"
    BATTERY_LEVEL = "battery_level"
    HOME = "home"
    GAS = "gas"
    WATER = "water"
    DEVICE = "device"
    COST = "cost"
    PRICE = "price"


NEW_REGISTER = "new_register"
"""The `quality` of the first reading of a new register: the difference from the reading
before it is not counted."""

ESTIMATED = "estimated"
"""The `quality` of a reading that was not measured, but derived or estimated."""

PARTIAL = "partial"
"""The `quality` of an amount of which a part is missing on the server."""


AS_SHOWN = ""
"""The `server_unit` of a point whose unit is the server's."""


class Category(StrEnum):
    """The entity category of a point that is not a plain measurement."""

    DIAGNOSTIC = "diagnostic"
    CONFIG = "config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A meter, or the site or building that meters belong to.

    `key` is stable and unique within its config entry. The name either comes from the
    server (`name`) or is translated (`translation_key`); with neither of them, it is
    not known at present. `suggested_area` is where a new device is put.
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
    suggested_area: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The range and step of the values that a number can be set to."""

    lowest: float
    highest: float
    step: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimits:
    """The lengths of the texts that a point can be set to.

    A text that `is_secret`, such as a key, is never shown, kept or written to a log.
    """

    shortest: int = 0
    longest: int = 255
    is_secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measured quantity of a device.

    `key` is stable, unique within its config entry and matches `[a-z0-9_]` without
    `__`. A point that `has_class_name` is named after its device class in Home
    Assistant; `name` is then the English one. `unit` is spelled as in Home Assistant.
    A point becomes unavailable when it had no newer reading for `stale_after` (`None`:
    never). `poll_interval` overrides the backend's poll interval. `has_history` is True
    if the backend stores readings of the point. `interval` is the length of an INTERVAL
    point's intervals, and the time between two values of an INSTANT point.
    `included_in` is the key of a point whose amount includes this one's, so the two
    must not be added up. `sum_of` are the keys of the registers whose positions the
    backend adds up to this one's. `limits` is the range of a `writable` number,
    and `text` that of a `writable` text. `group` is the key of the group whose values
    are written together (`SettingGroup`). A point that `is_part` is shown only as part
    of a `Composite`. `factor` is what the user says that one of the server's units is
    worth in `unit`, such as a pulse.
    `capacity` is the most that a REGISTER can advance in an hour, in its unit;
    `may_restart` marks a REGISTER that may start again at any time, such as a count of
    people. `former_keys` are the keys that the same point has, or had, with another
    kind: its entity and the user's settings move from them to `key`. `server_unit` is
    the server's unit, if the user has put `unit` in its place (`AS_SHOWN`: not).
    `tariff_number` is that of the tariff during which a register of several counts, and
    `tariff_numbers` are those that the values of a STATE say which of them does.
    """

    key: str
    device_key: str
    quantity: Quantity
    kind: Kind
    name: str | None = None
    has_class_name: bool = False
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
    sum_of: tuple[str, ...] = ()
    writable: bool = False
    limits: Limits | None = None
    text: TextLimits | None = None
    group: str | None = None
    is_part: bool = False
    factor: float = 1.0
    capacity: float | None = None
    may_restart: bool = False
    former_keys: tuple[str, ...] = ()
    server_unit: str | None = AS_SHOWN
    tariff_number: int | None = None
    tariff_numbers: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def read_unit(self) -> str | None:
        """Return the unit to which a backend converts the values that it reads.

        They are not converted to the unit that the user put in its place.
        """
        return self.unit if self.server_unit == AS_SHOWN else self.server_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePeriod:
    """The prices in [start, end); both are local midnights, in UTC.

    `prices` maps point keys to the price per unit. `fixed_daily` is charged for every
    local day, regardless of usage. All amounts are in the backend's currency.
    """

    start: datetime
    end: datetime
    prices: Mapping[str, float]
    fixed_daily: float | None = None


# Not frozen: a reading is made per point and poll, and freezing doubles its cost.
@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Reading:
    """One value of a point.

    `time` is when the value was measured, never when it was read from the server.
    `confirmed` is a later moment at which the source still reported the value: a gas
    meter's hourly position is repeated by every telegram. `since` is the start of the
    span that an INTERVAL amount covers. `extremes` is set on a reading of an INSTANT
    point that summarizes a whole UTC hour on the server: `time` is the start of the
    hour, `value` its mean, and `extremes` its lowest and highest value. `details` are
    further attributes of an event or a flag. `notifications` are the newest ones of a
    list, which may have more. `stored` is the server's row number, which tells the
    order of arrival.
    """

    time: datetime
    value: Value
    quality: str | None = None
    since: datetime | None = None
    extremes: tuple[float, float] | None = None
    details: Mapping[str, str] | None = field(default=None, hash=False)
    notifications: tuple[Notification, ...] = ()
    confirmed: datetime | None = field(default=None, compare=False)
    stored: int | None = field(default=None, compare=False)

    @property
    def last_confirmed(self) -> datetime:
        """Return the latest moment at which the source reported this value."""
        return self.confirmed or self.time

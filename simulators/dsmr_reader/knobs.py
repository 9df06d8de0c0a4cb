"""The knobs of the simulator: the server, the meter and the data."""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from simulators.dirt import CLEAN, Dirt
from simulators.house import Channel, House
from simulators.times import utcnow

from .posted import Inbox
from .prices import Contract, default_contracts

type Language = Literal["en", "nl"]
type ExtraDevice = Literal["gas", "heat", "water", "none"]
type RegisterOverride = Mapping[str, int | Callable[[int], int]]
"""Field of a reading -> its position (Wh, litres, MJ), or a change to the true one."""

DEFAULT_KEY = "SIMULATED-DSMR-READER-API-KEY"


@dataclass(frozen=True, slots=True)
class Problem:
    """An entry of application/monitoring; `since` is aware."""

    source: str
    description: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ClockError:
    """The meter's clock is off by `shift` during [start, end)."""

    start: datetime
    end: datetime
    shift: timedelta


@dataclass(frozen=True, slots=True)
class Late:
    """The telegrams of [start, end) reach the server at `arrives`; times are aware."""

    start: datetime
    end: datetime
    arrives: datetime


@dataclass(frozen=True, slots=True)
class DeviceType:
    """A kind of M-Bus meter: its register, and its code and unit in the telegram."""

    channel: Channel
    code: str
    unit: str


DEVICE_TYPES = {
    "gas": DeviceType(Channel.GAS, "003", "m3"),
    "heat": DeviceType(Channel.HEAT, "004", "GJ"),
    "water": DeviceType(Channel.WATER, "007", "m3"),
}


@dataclass(eq=False)
class Knobs:
    """Everything that can be changed while the simulator runs; see each line.

    `interval` is the number of seconds between readings: a divisor of 60, or 300 or
    900. `retention` None keeps all readings. `dsmr4` means DSMR 4.2: gas once an hour
    and no voltages. `dsmr2` means DSMR 2.2 or 3.0: also no version, no phases and no
    counters. `luxembourg` means one register in each direction and no tariff.
    `other_device` is a second M-Bus meter, which the telegram has and no row.
    `register_override` changes the latest reading only.
    """

    house: House = field(default_factory=House)
    _: KW_ONLY
    # The server.
    api_key: str = DEFAULT_KEY
    api_enabled: bool = True
    version: str = "5.11.0"
    language: Language = "en"
    date_offset: timedelta | None = None  # How far `Date` is ahead of the host.
    behind_nginx: bool = False  # Keep-alive, gzip, and links without the port.
    clock: Callable[[], datetime] = utcnow
    count_limit: int | None = None  # Counting more rows kills the worker.
    problems: list[Problem] = field(default_factory=list)
    prices: list[Contract] = field(default_factory=list)
    tariff_names: tuple[str, str] = ("Daltarief", "Normaaltarief")
    # The data.
    interval: int = 10
    retention: timedelta | None = timedelta(days=31)
    groups_by_minute: bool = True  # Else each reading is a row of consumption.
    stopped_at: datetime | None = None
    no_readings_today: bool = False
    readings_since: datetime | None = None  # Older ones are deleted, statistics stay.
    late: list[Late] = field(default_factory=list)
    peaks_since: datetime | None = None  # The first quarter-hour peak.
    # The meter.
    telegram: bool = True
    dsmr4: bool = False
    dsmr2: bool = False
    luxembourg: bool = False
    phases: Literal[1, 3] = 3
    extra_device: ExtraDevice = "gas"
    other_device: ExtraDevice = "none"
    clock_errors: list[ClockError] = field(default_factory=list)
    extra_dead_since: datetime | None = None  # It repeats what it had until then.
    extra_clock: Callable[[int], int] | None = None  # Its stamp in a telegram.
    tariff: Literal[1, 2] | None = None  # None: by the clock.
    register_override: RegisterOverride = field(default_factory=dict)
    dirt: Dirt = CLEAN
    # What clients have sent.
    inbox: Inbox = field(default_factory=Inbox)

    def __post_init__(self) -> None:
        """Add two yearly contracts unless there are others."""
        if not self.prices:
            year = self.clock().astimezone(self.house.zone).year
            self.prices = default_contracts(year)

    @property
    def belgian(self) -> bool:
        """Return True for a Belgian meter: another telegram, tariffs reversed."""
        return self.house.belgian

    @belgian.setter
    def belgian(self, value: bool) -> None:
        """Turn the meter into a Belgian one, or back."""
        self.house.belgian = value

    @property
    def device(self) -> DeviceType | None:
        """Return the M-Bus meter, if there is one."""
        return DEVICE_TYPES.get(self.extra_device)

    @property
    def gas_step(self) -> int:
        """Return the seconds between two positions of the M-Bus meter."""
        return 3600 if self.is_hourly else 300

    @property
    def is_hourly(self) -> bool:
        """Return True if the meter has gas once an hour and no voltages."""
        return self.dsmr4 or self.dsmr2

    @property
    def release(self) -> tuple[int, ...]:
        """Return the version as numbers."""
        return tuple(int(part) for part in self.version.split("."))

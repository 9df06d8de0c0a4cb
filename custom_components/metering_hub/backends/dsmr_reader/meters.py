"""Work out which meters a server has, from its meter statistics and latest telegram."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
import hashlib
import re

from .extra_meters import ExtraMeter
from .models import ExtraDevice, MeterStatistics, StoredTelegram
from .telegram import Telegram, parse_telegram
from .units import default_unit

ELECTRICITY_METER = "electricity_meter"
EXTRA_METER = "extra_device"

POWER_KEY = "electricity_power"
ELECTRICITY_KEYS = (
    "electricity_delivered_1",
    "electricity_delivered_2",
    "electricity_returned_1",
    "electricity_returned_2",
)
"""The keys of the registers, which are also the fields of a stored telegram."""

_SECOND_REGISTERS = ("electricity_delivered_2", "electricity_returned_2")
"""The registers that a server stores as zero if the meter does not have them."""

EXTRA_FIELD = "extra_device_delivered"
"""The field of a stored telegram with the position of the extra meter."""

EXTRA_KEYS = frozenset(device.value for device in ExtraDevice)
"""The keys that the extra meter's register can have."""

EXTRA_LAG = timedelta(hours=6)
"""A new position of an extra meter arrives at most this long after its own time."""

MOST_PER_HOUR = 99.999
"""The most kWh in an hour: the meter's power field has five digits, three of them
decimals. Source: docs/wire/dsmr_reader.md, Raw telegram."""

FAST_INTERVAL = timedelta(seconds=10)
"""For power, which is over in a moment, and what is computed of it."""

POLL_INTERVAL = timedelta(minutes=1)
"""For all else that changes by itself. Positions come with the power but are written
less often: each one is a row in the recorder, and the next one contains it."""

SLOW_INTERVAL = timedelta(hours=1)
STALE_AFTER = timedelta(minutes=5)
"""Meters send a telegram every 1 to 10 seconds and the server groups by minute, so five
minutes without one mean that the datalogger has stopped."""

_BELGIAN_VERSION = re.compile(r"50\d{3}")


class Endpoint(StrEnum):
    """The endpoints that points are read from.

    The quarter of an hour is computed of telegrams, and the costs of days and today.
    """

    READING = "reading"
    LIVE = "electricity_live"
    GAS_LIVE = "gas_live"
    TODAY = "today"
    PROBLEMS = "problems"
    PEAK = "quarter_hour_peak"
    STATISTICS = "meter_statistics"
    PRICES = "prices"
    QUARTER_HOUR = "quarter_hour"
    COSTS = "running_costs"


_SINCE: Mapping[Endpoint, tuple[int, int]] = {
    Endpoint.PROBLEMS: (4, 4),
    Endpoint.PRICES: (5, 3),
    Endpoint.PEAK: (5, 9),
}
"""The first version with an endpoint; all others are older than the oldest server.

Source: docs/wire/dsmr_reader.md, Endpoints.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterProfile:
    """Everything that decides which points a server has.

    `fields` are the fields with a value in the latest telegram or the meter statistics;
    `endpoints` are those that this version of the server has. `has_tariffs` is False
    for a meter with one register in each direction. `is_extra_chosen` is set if nothing
    but the person's choice says what the extra meter measures.
    """

    is_belgian: bool
    has_tariffs: bool = True
    energy_unit: str = "kWh"
    power_unit: str = "kW"
    fields: frozenset[str]
    endpoints: frozenset[Endpoint]
    extra: ExtraDevice | None
    extra_unit: str
    extra_serial: str | None = field(default=None, repr=False)
    is_extra_chosen: bool = False


def make_profile(
    statistics: MeterStatistics,
    latest: StoredTelegram | None,
    stored_extra: ExtraMeter | None,
    endpoints: frozenset[Endpoint],
    chosen_extra: ExtraDevice,
) -> MeterProfile:
    """Return the profile of a server's meters.

    `stored_extra` is the extra meter in the raw telegram that the server stores;
    `chosen_extra` is the kind of one that no raw telegram describes.
    """
    telegram = telegram_of(statistics)
    numbers = latest.numbers if latest else {}
    extra = stored_extra.kind if stored_extra else None
    is_other = stored_extra is not None and stored_extra.is_other
    is_chosen = extra is None and not is_other and EXTRA_FIELD in numbers
    if is_chosen:
        extra = chosen_extra
    unit = stored_extra.unit if stored_extra else None
    return MeterProfile(
        is_belgian=is_belgian_meter(statistics),
        has_tariffs=telegram.has_tariffs or any(map(numbers.get, _SECOND_REGISTERS)),
        energy_unit=telegram.energy_unit,
        power_unit=telegram.power_unit,
        fields=frozenset(numbers) | frozenset(statistics.counters),
        endpoints=endpoints,
        extra=extra,
        extra_unit=unit or (default_unit(extra) if extra else ""),
        extra_serial=stored_extra.serial if stored_extra else None,
        is_extra_chosen=is_chosen,
    )


def meter_id(statistics: MeterStatistics) -> str | None:
    """Return a hash of the electricity meter's serial number, if it is known."""
    serial = telegram_of(statistics).serial
    return hashlib.sha256(serial.encode()).hexdigest()[:20] if serial else None


def parse_version(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def endpoints_of(version: str) -> frozenset[Endpoint]:
    """Return the endpoints that a version has.

    They are not probed: a 404 on an endpoint that the version has is a failure.
    """
    number = parse_version(version)
    return frozenset(each for each in Endpoint if number >= _SINCE.get(each, (0, 0)))


def telegram_of(statistics: MeterStatistics) -> Telegram:
    """Return the meters that the last raw telegram names."""
    return parse_telegram(statistics.telegram or "")


def tariff_of(number: int, *, is_belgian: bool) -> str:
    """Return the tariff of a number: 1 is low in the Netherlands, normal in Belgium."""
    return "low" if (number == 1) != is_belgian else "normal"


def is_belgian_meter(statistics: MeterStatistics) -> bool:
    """Return True for a Belgian meter.

    The version alone says little: DSMR-reader stores none of Belgian telegrams or one
    such as "50217", but it stores none of Dutch and Swedish ones either.
    """
    version = statistics.dsmr_version or ""
    is_belgian_version = _BELGIAN_VERSION.fullmatch(version) is not None
    return is_belgian_version or telegram_of(statistics).is_belgian

"""What a server's answers say about its meters, and the devices that they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
import hashlib
import re

from ...metering.model import Device
from .models import DsmrReading, MeterStatistics
from .telegram import ExtraDevice, Telegram, parse_telegram

ELECTRICITY_METER = "electricity_meter"
EXTRA_METER = "extra_device"

FAST = timedelta(seconds=10)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
STALE_AFTER = timedelta(minutes=5)
"""A meter sends every 1 to 10 s and the server groups by minute, so five minutes
without a newer reading mean that the datalogger has stopped."""


class Endpoint(StrEnum):
    """Where readings come from."""

    READING = "reading"
    LIVE = "electricity_live"
    GAS_LIVE = "gas_live"
    TODAY = "today"
    PROBLEMS = "problems"
    PEAK = "quarter_hour_peak"
    STATISTICS = "meter_statistics"
    PRICES = "prices"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterProfile:
    """What decides which points there are.

    `fields` are the fields that the newest reading and the meter statistics have
    values for; `endpoints` those that this server's version knows.
    """

    belgian: bool
    fields: frozenset[str]
    endpoints: frozenset[Endpoint]
    extra: ExtraDevice | None
    extra_unit: str


_BELGIAN_VERSION = re.compile(r"50\d{3}")
_DEFAULT_UNITS: Mapping[ExtraDevice, str] = {
    ExtraDevice.GAS: "m³",
    ExtraDevice.HEAT: "GJ",
    ExtraDevice.WATER: "m³",
}


def make_profile(
    statistics: MeterStatistics,
    reading: DsmrReading | None,
    endpoints: frozenset[Endpoint],
    chosen_extra: ExtraDevice,
) -> MeterProfile:
    """Return what the server's meters have; `chosen_extra` is used if it is unclear."""
    telegram = telegram_of(statistics)
    numbers = reading.numbers if reading else {}
    extra, unit = telegram.extra, telegram.extra_unit
    unknown = extra is None and not telegram.extra_is_other
    if unknown and "extra_device_delivered" in numbers:
        extra = chosen_extra
    return MeterProfile(
        belgian=is_belgian(statistics),
        fields=frozenset(numbers) | frozenset(statistics.counters),
        endpoints=endpoints,
        extra=extra,
        extra_unit=unit or (_DEFAULT_UNITS[extra] if extra else ""),
    )


def make_devices(
    profile: MeterProfile, statistics: MeterStatistics, version: str, url: str
) -> dict[str, Device]:
    """Return the electricity meter, and the meter behind it where there is one."""
    telegram = telegram_of(statistics)
    devices = {
        ELECTRICITY_METER: Device(
            key=ELECTRICITY_METER,
            translation_key=ELECTRICITY_METER,
            manufacturer=telegram.manufacturer,
            model=telegram.model,
            serial=telegram.serial,
            software_version=f"DSMR-reader {version}",
            hardware_version=_dsmr_text(statistics),
            configuration_url=url,
        )
    }
    if profile.extra is not None:
        devices[EXTRA_METER] = Device(
            key=EXTRA_METER,
            translation_key=f"{profile.extra.value}_meter",
            serial=telegram.extra_serial,
            parent=ELECTRICITY_METER,
            configuration_url=url,
        )
    return devices


def meter_id(statistics: MeterStatistics) -> str | None:
    """Return a hash of the electricity meter's serial number."""
    serial = telegram_of(statistics).serial
    return hashlib.sha256(serial.encode()).hexdigest()[:20] if serial else None


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the first two numbers of the server's version."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def telegram_of(statistics: MeterStatistics) -> Telegram:
    """Return what the newest telegram says about the meters."""
    return parse_telegram(statistics.telegram or "")


def tariff_of(number: int, *, belgian: bool) -> str:
    """Return what a number means: 1 is low in Dutch meters, normal in Belgian ones."""
    return "low" if (number == 1) != belgian else "normal"


def is_belgian(statistics: MeterStatistics) -> bool:
    """Tell a Belgian meter, whose tariff 1 is the normal one.

    DSMR-reader keeps no version of Belgian telegrams, or one like "50217".
    """
    if statistics.dsmr_version is None:
        return statistics.telegram is not None
    return _BELGIAN_VERSION.fullmatch(statistics.dsmr_version) is not None


def _dsmr_text(statistics: MeterStatistics) -> str | None:
    """Return a version like "50" or "42" as people write it."""
    if (version := statistics.dsmr_version) is None:
        return None
    return f"DSMR {version[0]}.{version[1:]}" if version.isdecimal() else version

"""What a P1 telegram says about the meters themselves.

DSMR-reader keeps the last telegram as text (`meter-statistics.latest_telegram`). It is
the only place that names the meters and says what kind the second one is. The text and
the serial numbers in it are personal: they go no further than the model's `serial`.
Facts: the P1 companion standard's OBIS codes, and ../shared/wire/dsmr_reader.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import re


class ExtraDevice(StrEnum):
    """What an M-Bus meter behind the electricity meter measures."""

    GAS = "gas"
    HEAT = "heat"
    WATER = "water"


_DEVICE_TYPES: Mapping[int, ExtraDevice] = {
    3: ExtraDevice.GAS,
    4: ExtraDevice.HEAT,
    6: ExtraDevice.WATER,
    7: ExtraDevice.WATER,
    12: ExtraDevice.HEAT,
}
_UNITS: Mapping[str, str] = {"m3": "m³", "gj": "GJ", "mj": "MJ", "kwh": "kWh"}
_MANUFACTURERS: Mapping[str, str] = {
    "ENE": "Sagemcom",
    "FLU": "Fluvius",
    "ISK": "Iskraemeco",
    "KFM": "Kaifa",
    "KMP": "Kamstrup",
    "XMX": "Landis+Gyr",
}
_SERIAL_IN_MODEL = re.compile(r"\d{6,}\w*")
_HEADER = re.compile(r"^/(\w{3})\d(.*?)\s*$", re.MULTILINE)
_SERIAL = re.compile(r"^0-0:96\.1\.1\(([0-9A-Za-z]+)\)", re.MULTILINE)
_TYPE = re.compile(r"^0-(\d):24\.1\.0\((\d+)\)", re.MULTILINE)
_CHANNEL_SERIAL = re.compile(r"^0-(\d):96\.1\.[01]\(([0-9A-Za-z]+)\)", re.MULTILINE)
# DSMR 4 and 5 give the position behind its unit, DSMR 2 and 3 on the next line.
_CHANNEL_UNIT = re.compile(
    r"^0-(\d):24\.(?:2\.[13](?:\(\w+\))?\([\d.]+\*|3\.0\(.*\()(\w+)\)", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """The meters that a telegram names.

    `serial` and `extra_serial` are as printed on the meters. `extra` is `None` where
    no second meter is connected, or where it is of another kind (`extra_is_other`).
    """

    manufacturer: str | None
    model: str | None
    serial: str | None = field(repr=False)
    extra: ExtraDevice | None
    extra_unit: str | None
    extra_serial: str | None = field(repr=False)
    extra_is_other: bool = False


def parse_telegram(text: str) -> Telegram:
    """Read a telegram; what it does not say is `None`."""
    header = _HEADER.search(text)
    serial = _SERIAL.search(text)
    units = _by_channel(_CHANNEL_UNIT, text)
    # Of several meters, DSMR-reader keeps the one that comes last in the telegram.
    channel = next(reversed(units), "")
    type_code = _by_channel(_TYPE, text).get(channel)
    extra = _DEVICE_TYPES.get(int(type_code)) if type_code else None
    return Telegram(
        manufacturer=_MANUFACTURERS.get(header[1].upper()) if header else None,
        model=_model(header[2]) if header else None,
        serial=_decode_serial(serial[1]) if serial else None,
        extra=extra,
        extra_unit=_UNITS.get(units.get(channel, "").lower()),
        extra_serial=_decode_serial(_by_channel(_CHANNEL_SERIAL, text).get(channel)),
        extra_is_other=type_code is not None and extra is None,
    )


def _model(text: str) -> str | None:
    """Return the model part of a header, without the serial that some makers append."""
    return _SERIAL_IN_MODEL.sub("", text).strip("\\ _-") or None


def _by_channel(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    return {match[1]: match[2] for match in pattern.finditer(text)}


def _decode_serial(text: str | None) -> str | None:
    """Return a serial number, which telegrams give as the hex of its characters."""
    if not text:
        return None
    try:
        decoded = bytes.fromhex(text).decode("ascii")
    except ValueError:
        return text
    return decoded.strip() if decoded.isprintable() and decoded.strip() else text

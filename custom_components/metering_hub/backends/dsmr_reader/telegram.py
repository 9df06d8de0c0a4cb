"""Parse the meters' names, kinds and units out of a raw P1 telegram.

DSMR-reader keeps the last telegram as text. It is the only source of the meters' serial
numbers, of the kind of the extra meter, and of the tariffs. The text and the serial
numbers are personal data: nothing of them is passed on but the model's `serial`.
Source: docs/wire/dsmr_reader.md, Raw telegram.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
import re

from .extra_meters import ExtraMeter, parse_extra_meters, parse_time
from .serials import decode_serial

_MANUFACTURERS: Mapping[str, str] = {
    "ENE": "Sagemcom",
    "FLU": "Fluvius",
    "ISK": "Iskraemeco",
    "KAM": "Kamstrup",
    "KFM": "Kaifa",
    "KMP": "Kamstrup",
    "XMX": "Landis+Gyr",
}
_BELGIAN_MAKER = "FLU"
_SERIAL_IN_MODEL = re.compile(r"\d{6,}\w*")
_HEADER = re.compile(r"^/(\w{3})\d(.{0,200})", re.MULTILINE)
_BELGIAN_VERSION = re.compile(r"^0-0:96\.1\.4\(50\d+\)", re.MULTILINE)
_SERIAL = re.compile(r"^0-0:96\.1\.1\(([0-9A-Za-z]+)\)", re.MULTILINE)
_SERIAL_IN_LUXEMBOURG = re.compile(r"^0-0:42\.0\.0\(([0-9A-Za-z]+)\)", re.MULTILINE)
_REGISTER = re.compile(r"^1-0:[12]\.8\.([0-2])\([\d.]+\*(\w+)\)", re.MULTILINE)
_TIME = re.compile(r"^0-0:1\.0\.0\((\d{12}[SW]?)\)", re.MULTILINE)
_POWER = re.compile(r"^1-0:1\.7\.0\([\d.]+\*(\w+)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """The meters that a telegram names; everything it does not name is `None`.

    `serial` is as printed on the meter. `has_tariffs` is False if the meter has one
    register in each direction. `energy_unit` and `power_unit` are those of the
    electricity meter, mostly kWh and kW.
    """

    manufacturer: str | None
    model: str | None
    serial: str | None = field(repr=False)
    is_belgian: bool
    has_tariffs: bool
    energy_unit: str
    power_unit: str
    extra_meters: tuple[ExtraMeter, ...]


def parse_telegram(text: str) -> Telegram:
    """Parse a raw telegram; any text is accepted."""
    header = _HEADER.search(text)
    maker = header[1].upper() if header else ""
    serial = _SERIAL.search(text) or _SERIAL_IN_LUXEMBOURG.search(text)
    registers = _REGISTER.findall(text)
    power = _POWER.search(text)
    return Telegram(
        manufacturer=_MANUFACTURERS.get(maker),
        model=_model(header[2]) if header else None,
        serial=decode_serial(serial[1]) if serial else None,
        is_belgian=maker == _BELGIAN_MAKER or bool(_BELGIAN_VERSION.search(text)),
        has_tariffs=not registers or any(number == "2" for number, _ in registers),
        energy_unit="Wh" if any(unit == "Wh" for _, unit in registers) else "kWh",
        power_unit="W" if power and power[1] == "W" else "kW",
        extra_meters=parse_extra_meters(text),
    )


def telegram_time(text: str) -> datetime | None:
    """Return the time of a raw telegram in UTC; DSMR 2 and 3 have none."""
    found = _TIME.search(text)
    return parse_time(found[1]) if found else None


def _model(text: str) -> str | None:
    """Return the model of a header, without the serial that some makers append."""
    return _SERIAL_IN_MODEL.sub("", text.rstrip()).strip("\\ _-") or None

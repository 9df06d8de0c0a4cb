"""Parse the meters' names, kinds and units out of a raw P1 telegram.

DSMR-reader keeps the last telegram as text. It is the only source of the meters' serial
numbers and of the kind of the extra meter. The text and the serial numbers are personal
data: nothing of them is passed on but the model's `serial`.
Source: docs/wire/dsmr_reader.md, Raw telegram.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
import re

from .models import ExtraDevice
from .units import canonical_unit

_DEVICE_TYPES: Mapping[int, ExtraDevice] = {
    3: ExtraDevice.GAS,
    4: ExtraDevice.HEAT,
    6: ExtraDevice.WATER,
    7: ExtraDevice.WATER,
    12: ExtraDevice.HEAT,
}
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
# DSMR 4 and 5 put the position before its unit, DSMR 2 and 3 on the next line.
_CHANNEL_UNIT = re.compile(
    r"^0-(\d):24\.(?:2\.[13](?:\(\w+\))?\([\d.]+\*|3\.0\(.*\()(\w+)\)", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """The meters that a telegram names; everything it does not name is `None`.

    `serial` and `extra_serial` are as printed on the meters. `extra_is_other` is set if
    the extra meter is of an unsupported kind, in which case `extra` is `None` too.
    """

    manufacturer: str | None
    model: str | None
    serial: str | None = field(repr=False)
    extra: ExtraDevice | None
    extra_unit: str | None
    extra_serial: str | None = field(repr=False)
    extra_is_other: bool = False


def parse_telegram(text: str) -> Telegram:
    """Parse a raw telegram; any text is accepted."""
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
        extra_unit=canonical_unit(units.get(channel, "")),
        extra_serial=_decode_serial(_by_channel(_CHANNEL_SERIAL, text).get(channel)),
        extra_is_other=type_code is not None and extra is None,
    )


def _model(text: str) -> str | None:
    """Return the model of a header, without the serial that some makers append."""
    return _SERIAL_IN_MODEL.sub("", text).strip("\\ _-") or None


def _by_channel(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    """Return the second group of all matches by their first one, an M-Bus channel."""
    return {match[1]: match[2] for match in pattern.finditer(text)}


def _decode_serial(text: str | None) -> str | None:
    """Decode a serial number, which most meters send as the hex of its characters."""
    if not text:
        return None
    try:
        decoded = bytes.fromhex(text).decode("ascii")
    except ValueError:
        return text
    return decoded.strip() if decoded.isprintable() and decoded.strip() else text

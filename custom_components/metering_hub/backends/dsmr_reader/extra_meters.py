"""Parse the meters behind the electricity meter, and find the one that is stored.

A telegram may name several, of which DSMR-reader stores one. Which one depends on its
version and settings, so only the stored value and time tell.
Source: docs/wire/dsmr_reader.md, Extra meter and Raw telegram.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
import re
from zoneinfo import ZoneInfo

from .models import ExtraDevice
from .serials import decode_serial
from .units import telegram_unit

METER_ZONE = ZoneInfo("Europe/Amsterdam")
"""The zone of the meters' clocks; loaded at import, because loading it blocks."""

_DEVICE_TYPES: Mapping[int, ExtraDevice] = {
    3: ExtraDevice.GAS,
    4: ExtraDevice.HEAT,
    6: ExtraDevice.WATER,
    7: ExtraDevice.WATER,
    8: ExtraDevice.WATER,
    9: ExtraDevice.WATER,
    12: ExtraDevice.HEAT,
}
_HEAT_UNITS = frozenset({"GJ", "MJ"})
_OFFSETS = {"W": timezone(timedelta(hours=1)), "S": timezone(timedelta(hours=2))}
"""The offsets from UTC of winter and summer, by the last letter of a time."""

# DSMR 4 and 5 put the position before its unit, DSMR 2 and 3 on the next line.
_LINE = re.compile(
    r"^0-(?P<channel>[1-9]):(?:"
    r"24\.1\.0\((?P<type>\d{1,9})\)"
    r"|96\.1\.[01]\((?P<serial>[0-9A-Za-z]+)\)"
    r"|24\.2\.(?P<code>[13])(?:\((?P<time>\d{12}[SW]?)\))?"
    r"\((?P<position>\d{1,20}(?:\.\d{1,20})?)(?:\*(?P<unit>\w+))?\)"
    r"|24\.3\.0\((?P<old_time>\d{12})\).*\((?P<old_unit>\w+)\)"
    r"\s*\((?P<old_position>\d{1,20}(?:\.\d{1,20})?)\)"
    r")",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraMeter:
    """A meter behind the electricity meter, with its position in a telegram.

    `place` is its M-Bus channel and the code of its position. `kind` is
    `None` if the telegram does not name it, or if it is not supported: `is_other` is
    set then. `unit` is in Home Assistant's spelling, `serial` as printed on the meter,
    `time` in UTC.
    """

    place: str
    kind: ExtraDevice | None
    is_other: bool
    unit: str | None
    serial: str | None = field(repr=False)
    position: Decimal = field(repr=False)
    time: datetime | None

    @property
    def is_corrected(self) -> bool:
        """Return True for gas that the meter has corrected for its temperature."""
        return self.place.endswith("24.2.3")


class StoredMeter:
    """Finds the extra meter that a server stores, and remembers its place."""

    def __init__(self) -> None:
        """Initialize without a place."""
        self._place: str | None = None

    def find(
        self,
        meters: Sequence[ExtraMeter],
        position: Decimal | None,
        time: datetime | None,
    ) -> ExtraMeter | None:
        """Return the meter whose position and time are stored, if there is any.

        The telegram may be newer than what is stored. Then it is the meter at the place
        that is known from before, or else the one that is the nearest. Without a stored
        position, only a known place counts: a single telegram may lack the meter.
        """
        if position is None:
            known = (each for each in meters if each.place == self._place)
            return next(known, None)
        if not meters:
            return None

        def likeness(meter: ExtraMeter) -> tuple[bool, bool, bool, Decimal]:
            """Return how well a meter fits, the most certain sign first."""
            is_equal = meter.position == position
            return (
                is_equal and meter.time == time,
                is_equal,
                meter.place == self._place,
                -abs(meter.position - position),
            )

        found = max(_by_preference(meters), key=likeness)
        if is_stored(found, position, time):
            self._place = found.place
        return found


def likely_meter(meters: Sequence[ExtraMeter]) -> ExtraMeter | None:
    """Return the meter that a server stores most likely, if nothing is stored yet."""
    return next(iter(_by_preference(meters)), None)


def _by_preference(meters: Sequence[ExtraMeter]) -> list[ExtraMeter]:
    """Return the meters in the server's order: corrected gas, then the last one."""
    return sorted(meters, key=lambda meter: meter.is_corrected)[::-1]


def is_stored(meter: ExtraMeter, position: Decimal, time: datetime | None) -> bool:
    """Return True if a position and its time are exactly those of a meter."""
    return (meter.position, meter.time) == (position, time)


@dataclass(slots=True)
class _Channel:
    """What a telegram says about the meter on an M-Bus channel."""

    type_code: str | None = None
    serial: str | None = None


def parse_extra_meters(text: str) -> tuple[ExtraMeter, ...]:
    """Return the meters that have a position, in the order of the telegram."""
    channels: dict[str, _Channel] = {}
    positions: list[tuple[_Channel, re.Match[str]]] = []
    for match in _LINE.finditer(text):
        channel = channels.setdefault(match["channel"], _Channel())
        if match["type"]:
            if channel.type_code:
                # Some telegrams name two meters on the same channel.
                channel = channels[match["channel"]] = _Channel()
            channel.type_code = match["type"]
        elif match["serial"]:
            channel.serial = match["serial"]
        else:
            positions.append((channel, match))
    return tuple(_extra_meter(channel, match) for channel, match in positions)


def _extra_meter(channel: _Channel, match: re.Match[str]) -> ExtraMeter:
    """Return the meter on a channel, with the position of a line."""
    unit = telegram_unit(match["unit"] or match["old_unit"] or "")
    kind, is_other = _kind(channel.type_code, unit)
    code = f"24.2.{match['code']}" if match["code"] else "24.3.0"
    return ExtraMeter(
        place=f"{match['channel']}:{code}",
        kind=kind,
        is_other=is_other,
        unit=unit,
        serial=decode_serial(channel.serial),
        position=Decimal(match["position"] or match["old_position"]),
        time=parse_time(match["time"] or match["old_time"]),
    )


def _kind(type_code: str | None, unit: str | None) -> tuple[ExtraDevice | None, bool]:
    """Return the kind of a meter, and True if it is of an unsupported one.

    Without a type, the unit may tell; gas and water have the same one.
    """
    if type_code is not None:
        kind = _DEVICE_TYPES.get(int(type_code))
        return kind, kind is None
    if unit in _HEAT_UNITS:
        return ExtraDevice.HEAT, False
    return None, unit == "kWh"


def parse_time(text: str | None) -> datetime | None:
    """Return a telegram's time in UTC; `None` if it is not a time.

    DSMR 2 and 3 do not say whether it is summer.
    """
    if text is None:
        return None
    try:
        local = datetime.strptime(text[:12], "%y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return None
    return local.replace(tzinfo=_OFFSETS.get(text[12:], METER_ZONE)).astimezone(UTC)

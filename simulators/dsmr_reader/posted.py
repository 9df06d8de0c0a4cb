"""Readings that a client sends: what is refused, and the rows that are stored.

The texts are those of Django's REST framework, as recorded from DSMR-reader v5.11.0.
Source: docs/wire/dsmr_reader.md, Sending readings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
import re
from zoneinfo import ZoneInfo

from simulators.faults import Json, Row

from .crc import crc16

_LINES = ("l1", "l2", "l3")
_FIRST_ID = 10**9
_REQUIRED = (
    "timestamp",
    "electricity_delivered_1",
    "electricity_returned_1",
    "electricity_delivered_2",
    "electricity_returned_2",
    "electricity_currently_delivered",
    "electricity_currently_returned",
)
_FIELDS = (
    *_REQUIRED,
    *(f"phase_currently_delivered_{line}" for line in _LINES),
    "extra_device_timestamp",
    "extra_device_delivered",
    *(f"phase_currently_returned_{line}" for line in _LINES),
    *(f"phase_voltage_{line}" for line in _LINES),
    *(f"phase_power_current_{line}" for line in _LINES),
)
_BAD_TIME = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
_CODES = {
    "1-0:1.8.1": "electricity_delivered_1",
    "1-0:1.8.0": "electricity_delivered_1",
    "1-0:2.8.1": "electricity_returned_1",
    "1-0:2.8.0": "electricity_returned_1",
    "1-0:1.8.2": "electricity_delivered_2",
    "1-0:2.8.2": "electricity_returned_2",
    "1-0:1.7.0": "electricity_currently_delivered",
    "1-0:2.7.0": "electricity_currently_returned",
    **{
        f"1-0:{number}1.7.0": f"phase_currently_delivered_{line}"
        for number, line in zip((2, 4, 6), _LINES, strict=True)
    },
    **{
        f"1-0:{number}2.7.0": f"phase_currently_returned_{line}"
        for number, line in zip((2, 4, 6), _LINES, strict=True)
    },
}
_NUMBER = re.compile(r"^(1-0:\d+\.\d\.\d)\(([\d.]+)\*k?W", re.MULTILINE)
_TIME = re.compile(r"^0-0:1\.0\.0\((\d{12})([SW])\)", re.MULTILINE)
_GAS = re.compile(r"^0-\d:24\.2\.[13]\((\d{12})([SW])\)\(([\d.]+)\*\w+\)", re.MULTILINE)


class RefusedError(Exception):
    """A row is not stored; `errors` are texts by field."""

    def __init__(self, errors: dict[str, Json]) -> None:
        """Initialize the error."""
        super().__init__()
        self.errors = errors


@dataclass(slots=True)
class Inbox:
    """The rows that were posted, in the order of arrival, and the last telegram."""

    rows: list[Row] = field(default_factory=list)
    telegram: str | None = None

    def __bool__(self) -> bool:
        """Return True if anything was posted."""
        return bool(self.rows)

    def stamps(self) -> Iterator[int]:
        """Yield the time of each row, as whole seconds since 1970 UTC."""
        for row in self.rows:
            yield int(datetime.fromisoformat(str(row["timestamp"])).timestamp())

    def post_row(self, values: Mapping[str, Json], zone: ZoneInfo) -> Row:
        """Store a row of API v2; a second one of the same moment is stored, too.

        Raises RefusedError with the errors by field.
        """
        errors: dict[str, Json] = {}
        row: Row = {"id": _FIRST_ID + len(self.rows)}
        for name in _FIELDS:
            try:
                row[name] = _field(name, values, zone)
            except ValueError as error:
                errors[name] = [str(error)]
        if errors:
            raise RefusedError(errors)
        self.rows.append(row)
        return dict(row)

    def post_telegram(self, text: str, now: datetime, zone: ZoneInfo) -> bool:
        """Store a telegram of API v1; return False if it cannot be parsed.

        One without a time gets that of its arrival.
        """
        body, mark, checksum = text.rpartition("!")
        found: dict[str, Json] = {
            _CODES[code]: number
            for code, number in _NUMBER.findall(text)
            if code in _CODES
        }
        is_old = _TIME.search(text) is None
        if not found or not mark:
            return False
        if not (is_old and not checksum.strip()):
            right = f"{crc16((body + mark).encode()):04X}"
            if right != checksum.strip():
                return False
        time = _TIME.search(text)
        found["timestamp"] = _moment(*time.groups()) if time else now.isoformat()
        if gas := _GAS.search(text):
            found["extra_device_timestamp"] = _moment(gas[1], gas[2])
            found["extra_device_delivered"] = gas[3]
        for name in _REQUIRED:
            found.setdefault(name, "0")
        self.post_row(found, zone)
        self.telegram = text
        return True


def _moment(stamp: str, season: str) -> str:
    """Return a telegram's time as ISO 8601 with its offset."""
    offset = timezone(timedelta(hours=2 if season == "S" else 1))
    time = datetime.strptime(stamp, "%y%m%d%H%M%S").replace(tzinfo=offset)
    return time.isoformat()


def _field(name: str, values: Mapping[str, Json], zone: ZoneInfo) -> Json:
    """Return a field as the server stores it; raises ValueError with its error."""
    value = values.get(name)
    if name not in values or value is None or value == "":
        if name not in _REQUIRED:
            return None
        missing = name not in values
        raise ValueError(
            "This field is required." if missing else "This field may not be null."
        )
    if name.endswith("timestamp"):
        return _stored_time(value, zone)
    if name.startswith("phase_power_current"):
        return _whole(value)
    return _decimal(value, 4 if "voltage" in name else 9, 1 if "voltage" in name else 3)


def _stored_time(value: Json, zone: ZoneInfo) -> str:
    """Return a time with the server's offset; one without an offset is local."""
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(_BAD_TIME) from None
    return time.replace(tzinfo=time.tzinfo or zone).astimezone(zone).isoformat()


def _whole(value: Json) -> int:
    """Return a whole number that is not negative."""
    try:
        number = int(str(value))
    except ValueError:
        raise ValueError("A valid integer is required.") from None
    if number < 0:
        raise ValueError("Ensure this value is greater than or equal to 0.")
    return number


def _decimal(value: Json, digits: int, places: int) -> str:
    """Return a number with all of its decimals, unless it has too many digits."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("A valid number is required.") from None
    if not number.is_finite():
        raise ValueError("A valid number is required.")
    found, exponent = number.as_tuple().digits, int(number.as_tuple().exponent)
    decimals = max(0, -exponent)
    whole = max(0, len(found) - decimals) + max(0, exponent)
    if max(len(found), decimals, whole) > digits:
        raise ValueError(
            f"Ensure that there are no more than {digits} digits in total."
        )
    if decimals > places:
        raise ValueError(f"Ensure that there are no more than {places} decimal places.")
    if whole > digits - places:
        raise ValueError(
            f"Ensure that there are no more than {digits - places} digits before the "
            "decimal point."
        )
    return f"{number:.{places}f}"

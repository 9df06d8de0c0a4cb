"""What a client sends: what is refused, and the rows that are stored.

The texts are those of Django's REST framework, as recorded from DSMR-reader v5.11.0.
Source: docs/wire/dsmr_reader.md, Sending readings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import partial
import re
from zoneinfo import ZoneInfo

from simulators.faults import Json, Row
from simulators.timeline import Timeline

from .crc import crc16
from .fields import Field, checked, decimal, stored_day, stored_time, whole

_LINES = ("l1", "l2", "l3")
_FIRST_ID = 10**9
_REQUIRED = (
    "electricity_delivered_1",
    "electricity_returned_1",
    "electricity_delivered_2",
    "electricity_returned_2",
    "electricity_currently_delivered",
    "electricity_currently_returned",
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
_MOST_AMPERES = 999
_MOST = 2**31 - 1
_KILO = partial(decimal, digits=9, places=3)
_EURO = partial(decimal, digits=8, places=2)
_KNOWN_DAY = (
    "Day statistics (automatically generated data) with this Date already exists."
)
_DAY = {
    **{
        f"electricity{number}{end}": Field(
            _EURO if end == "_cost" else _KILO, is_required=True
        )
        for number in (1, 2)
        for end in ("", "_returned", "_cost")
    },
    "total_cost": Field(_EURO, is_required=True),
    "gas": Field(_KILO),
    "gas_cost": Field(_EURO),
    "fixed_cost": Field(_EURO),
}
_COUNT = Field(partial(whole, most=_MOST))
_STATISTICS = {
    "electricity_tariff": _COUNT,
    "power_failure_count": _COUNT,
    "long_power_failure_count": _COUNT,
    **{
        f"voltage_{kind}_count_{line}": _COUNT
        for kind in ("sag", "swell")
        for line in _LINES
    },
    "rejected_telegrams": _COUNT,
}

_NUMBER = re.compile(r"^(1-0:\d+\.\d\.\d)\(([\d.]+)\*k?W", re.MULTILINE)
_TIME = re.compile(r"^0-0:1\.0\.0\((\d{12})([SW])\)", re.MULTILINE)
_GAS = re.compile(r"^0-\d:24\.2\.[13]\((\d{12})([SW])\)\(([\d.]+)\*\w+\)", re.MULTILINE)


@dataclass(slots=True)
class Inbox:
    """The rows that were posted, in the order of arrival, and the last telegram.

    `statistics` are the fields of the meter's statistics that a client has changed.
    """

    rows: list[Row] = field(default_factory=list)
    telegram: str | None = None
    statistics: Row = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return True if anything was posted."""
        return bool(self.rows)

    def stamps(self) -> Iterator[int]:
        """Yield the time of each row, as whole seconds since 1970 UTC."""
        for row in self.rows:
            yield int(datetime.fromisoformat(str(row["timestamp"])).timestamp())

    def post_row(self, values: Json, zone: ZoneInfo) -> Row:
        """Store a row of API v2; a second one of the same moment is stored, too.

        Raises RefusedError with the errors by field.
        """
        row: Row = {"id": _FIRST_ID + len(self.rows)}
        row |= checked(values, _reading_fields(zone))
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

    def patch_statistics(self, values: Json) -> None:
        """Change fields of the meter's statistics; raises RefusedError."""
        row = checked(values, _STATISTICS)
        given = values if isinstance(values, dict) else {}
        self.statistics |= {name: row[name] for name in row if name in given}


def check_day(values: Json, known: Timeline) -> None:
    """Raise RefusedError for a row of statistics/day that the server refuses.

    `known` are the ordinals of the days that it has.
    """

    def new_day(value: Json) -> str:
        """Return a day without a row."""
        day = stored_day(value)
        ordinal = date.fromisoformat(day).toordinal()
        if known.between(ordinal, ordinal + 1):
            raise ValueError(_KNOWN_DAY)
        return day

    checked(values, {"day": Field(new_day, is_required=True), **_DAY})


def _reading_fields(zone: ZoneInfo) -> Mapping[str, Field]:
    """Return the fields of a reading, in the order of the answer."""
    time, kilo = partial(stored_time, zone=zone), Field(_KILO)
    volt = Field(partial(decimal, digits=4, places=1))
    ampere = Field(partial(whole, most=_MOST_AMPERES))
    return {
        "timestamp": Field(time, is_required=True),
        **dict.fromkeys(_REQUIRED, Field(_KILO, is_required=True)),
        **{f"phase_currently_delivered_{line}": kilo for line in _LINES},
        "extra_device_timestamp": Field(time),
        "extra_device_delivered": kilo,
        **{f"phase_currently_returned_{line}": kilo for line in _LINES},
        **{f"phase_voltage_{line}": volt for line in _LINES},
        **{f"phase_power_current_{line}": ampere for line in _LINES},
    }


def _moment(stamp: str, season: str) -> str:
    """Return a telegram's time as ISO 8601 with its offset."""
    offset = timezone(timedelta(hours=2 if season == "S" else 1))
    time = datetime.strptime(stamp, "%y%m%d%H%M%S").replace(tzinfo=offset)
    return time.isoformat()

"""Read the stored readings of a point, for the action `get_history`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from homeassistant.util.json import JsonValueType

from ..backends.base import Backend
from ..backends.common.times import whole_hour
from ..metering.model import Point, Reading, Value
from ..metering.quality import HOUR_QUALITIES, HourCodes
from ..metering.reading_columns import number
from ..metering.register_rules import Rejected, Rule
from .maths.estimates import Estimator
from .maths.rows import HOUR, HOUR_SECONDS, Row, as_datetime, rounded
from .possible_history import possible_history
from .quality.estimate_source import estimate_end
from .quality.memory import QualityMemory
from .series import make_hours, qualities_of, rejected_and_held

MAX_READINGS = 50_000
"""The most readings of a response; more would block Home Assistant for too long."""

TRAIL = timedelta(hours=2)
"""How long after the end readings are read: the hours before it end between two."""

LEAD = timedelta(hours=48)
"""How long before the start readings are read: earlier ones tell which are wrong."""

type ResponseRows = list[JsonValueType]


@dataclass(slots=True)
class StoredHistory:
    """What a server has stored of a point in [start, end), and what the rules say.

    Either the readings are `found`, each once, or the hours are, which are the `rows`,
    oldest first, after the one `before` them. `codes` are those of the hours that are
    over, by their start. `rejected` are the readings that were rejected or held.
    """

    start: datetime
    end: datetime
    is_raw: bool
    found: dict[tuple[datetime, Value], None] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    before: Row | None = None
    codes: dict[float, int] = field(default_factory=dict)
    rejected: dict[tuple[float, float], Rule] = field(default_factory=dict)

    @property
    def is_too_long(self) -> bool:
        """Return True if a response would be too long."""
        return max(len(self.found), len(self.rows)) > MAX_READINGS

    def add_readings(self, readings: Iterable[Reading]) -> None:
        """Add readings in any order, if the readings are wanted."""
        if self.is_raw:
            self.found |= {
                (reading.time, reading.value): None
                for reading in readings
                if self.start <= reading.time < self.end
            }

    def add_rows(self, rows: Iterable[Row]) -> None:
        """Add hours, oldest first, if the hours are wanted."""
        for row in () if self.is_raw else rows:
            if row.start + HOUR <= self.start:
                self.before = row
            elif row.start < self.end:
                self.rows.append(row)

    def add_codes(self, found: Iterable[HourCodes]) -> None:
        """Add the codes of hours, if the hours are wanted."""
        for each in () if self.is_raw else found:
            for index, code in enumerate(each.codes):
                self.codes[each.start + index * HOUR_SECONDS] = code

    def add_rejected(self, rejected: Iterable[Rejected]) -> None:
        """Add readings that were rejected or held."""
        start, end = self.start.timestamp(), self.end.timestamp()
        self.rejected |= {
            (each.time, rounded(each.value)): each.rule
            for each in rejected
            if start <= each.time < end
        }

    def add_impossible(self, rejected: Sequence[Rejected]) -> None:
        """Add readings that cannot have been measured at their time."""
        self.add_rejected(rejected)
        self.add_readings(
            Reading(time=as_datetime(each.time), value=each.value) for each in rejected
        )

    def response(self) -> ResponseRows:
        """Return the readings or the hours, oldest first."""
        return self._raw_response() if self.is_raw else self._hourly_response()

    def _raw_response(self) -> ResponseRows:
        """Return the readings, each with the rule that rejects or holds it."""
        response: ResponseRows = []
        for time, value in sorted(self.found, key=lambda reading: reading[0]):
            shown: dict[str, JsonValueType] = {
                "time": time.isoformat(),
                "value": _as_json(value),
            }
            if (position := number(value)) is not None:
                rule = self.rejected.get((time.timestamp(), rounded(position)))
                if rule is not None:
                    shown["rejected"] = rule.value
            response.append(shown)
        return response

    def _hourly_response(self) -> ResponseRows:
        """Return the hours: a state and a change, or a mean, minimum and maximum.

        Hours that are over also have a quality, if they can have one.
        """
        response: ResponseRows = []
        before = self.before.sum or 0.0 if self.before else 0.0
        for row in self.rows:
            hour: dict[str, JsonValueType] = {"start": row.start.isoformat()}
            if row.sum is not None:
                hour |= {"state": row.state, "change": rounded(row.sum - before)}
                before = row.sum
            else:
                hour |= {"mean": row.mean, "min": row.min, "max": row.max}
            if (code := self.codes.get(row.start.timestamp())) is not None:
                hour |= HOUR_QUALITIES[code].texts
            response.append(hour)
        return response


def _as_json(value: Value) -> JsonValueType:
    """Return the value of a reading as JSON, with moments in ISO 8601."""
    return value.isoformat() if isinstance(value, datetime) else value


def readings_end(qualities: QualityMemory, point: Point, end: datetime) -> datetime:
    """Return up to when readings are needed for the hours of a point before `end`.

    The reading after a long gap decides its hours, so they are as their import made
    them.
    """
    return estimate_end(qualities, point.key, whole_hour(end)) + TRAIL


async def read_history(
    backend: Backend,
    earliest: datetime,
    point: Point,
    history: StoredHistory,
    *,
    until: datetime,
    is_trusted: bool,
    estimator: Estimator | None,
) -> bool:
    """Read the history of a point; return False if it is too long for a response.

    `earliest` is that of the backend's spec. Readings are read up to `until`, which is
    not before the end of the history. Those of a point that `is_trusted` are taken as
    they are. `estimator` fills the long gaps of a register. Raises BackendError.
    """
    hours = make_hours(point, None, is_trusted=is_trusted, estimator=estimator)
    start, end = history.start - LEAD, until
    async for chunk in possible_history(backend, earliest, [point], start, end):
        readings = chunk.readings.get(point.key, ())
        history.add_impossible(chunk.rejected.get(point.key, ()))
        history.add_readings(readings)
        history.add_rows(hours.add(readings, chunk.until))
        history.add_codes(qualities_of(point, hours))
        history.add_rejected(hours.take_rejected())
        if history.is_too_long:
            return False
    history.add_rows(hours.open_hours(end))
    history.add_codes(qualities_of(point, hours))
    history.add_rejected(rejected_and_held(hours))
    return True

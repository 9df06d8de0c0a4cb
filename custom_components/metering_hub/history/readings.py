"""Read the stored readings of a point, for the action `get_history`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from homeassistant.util.json import JsonValueType

from ..backends.base import Backend
from ..metering.model import Point, Reading, Value
from ..metering.reading_columns import number
from ..metering.register_rules import Rejected, Rule
from .maths.rows import HOUR, Row, as_datetime, rounded
from .possible_history import possible_history
from .series import make_hours, rejected_and_held

MAX_READINGS = 50_000
"""The most readings of a response; more would block Home Assistant for too long."""

LEAD = timedelta(hours=48)
"""How long before the start readings are read: earlier ones tell which are wrong."""

type ResponseRows = list[JsonValueType]


@dataclass(slots=True)
class StoredHistory:
    """What a server has stored of a point in [start, end), and what the rules say.

    Either the readings are `found`, each once, or the hours are, which are the `rows`,
    oldest first, after the one `before` them. `rejected` are the readings that were
    rejected or held.
    """

    start: datetime
    end: datetime
    is_raw: bool
    found: dict[tuple[datetime, Value], None] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    before: Row | None = None
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
            if row.start + HOUR > self.start:
                self.rows.append(row)
            else:
                self.before = row

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
        """Return the hours: a state and a change, or a mean, minimum and maximum."""
        response: ResponseRows = []
        before = self.before.sum or 0.0 if self.before else 0.0
        for row in self.rows:
            hour: dict[str, JsonValueType] = {"start": row.start.isoformat()}
            if row.sum is not None:
                hour |= {"state": row.state, "change": rounded(row.sum - before)}
                before = row.sum
            else:
                hour |= {"mean": row.mean, "min": row.min, "max": row.max}
            response.append(hour)
        return response


def _as_json(value: Value) -> JsonValueType:
    """Return the value of a reading as JSON, with moments in ISO 8601."""
    return value.isoformat() if isinstance(value, datetime) else value


async def read_history(
    backend: Backend,
    earliest: datetime,
    point: Point,
    history: StoredHistory,
    *,
    is_trusted: bool,
) -> bool:
    """Read the history of a point; return False if it is too long for a response.

    `earliest` is that of the backend's spec. The readings of a point that `is_trusted`
    are taken as they are. Raises BackendError.
    """
    hours = make_hours(point, None, is_trusted=is_trusted)
    start, end = history.start - LEAD, history.end
    async for chunk in possible_history(backend, earliest, [point], start, end):
        readings = chunk.readings.get(point.key, ())
        history.add_impossible(chunk.rejected.get(point.key, ()))
        history.add_readings(readings)
        history.add_rows(hours.add(readings, chunk.until))
        history.add_rejected(hours.take_rejected())
        if history.is_too_long:
            return False
    history.add_rows(hours.open_hours(end))
    history.add_rejected(rejected_and_held(hours))
    return True

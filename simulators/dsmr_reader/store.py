"""What DSMR-reader would have stored by now, as timelines instead of tables.

The rules are those of its background processes: readings are grouped by minute once a
newer reading has arrived, gas follows, the statistics of a day follow the first gas of
the next day, and retention leaves two records per hour.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from simulators.dirt import SpotKind
from simulators.timeline import Grid, Merged, Span, Timeline, timeline
from simulators.times import HOUR, MINUTE, QUARTER, epoch

from .knobs import Knobs

_STATISTICS_DELAY = 300
_EMPTY = Timeline()


@lru_cache(maxsize=512)
def midnight(ordinal: int, zone: ZoneInfo) -> int:
    """Return the start of a local day as seconds since 1970 UTC."""
    return epoch(datetime.combine(date.fromordinal(ordinal), time(), zone))


def minute_end(when: int) -> int:
    """Return the end of the minute that a reading falls in."""
    return when // MINUTE * MINUTE + MINUTE


class Store:
    """The tables of the server at one moment; all instants are seconds, UTC."""

    def __init__(self, knobs: Knobs) -> None:
        """Initialize for the current time; timelines are built on first use."""
        if MINUTE % knobs.interval and knobs.interval not in (300, QUARTER):
            raise ValueError(f"Unsupported interval: {knobs.interval}")
        self.knobs = knobs
        self.house = knobs.house
        self.zone = knobs.house.zone
        self.now = epoch(knobs.clock())
        self.today = datetime.fromtimestamp(self.now, self.zone).date()

    def iso(self, when: int) -> str:
        """Return an instant in the API's form: ISO 8601 with the local offset."""
        return datetime.fromtimestamp(when, self.zone).isoformat()

    def ordinal(self, when: int) -> int:
        """Return the local day of an instant."""
        return datetime.fromtimestamp(when, self.zone).toordinal()

    def day_span(self, ordinal: int) -> Span:
        """Return the start and end of a local day, which has 23, 24 or 25 hours."""
        return midnight(ordinal, self.zone), midnight(ordinal + 1, self.zone)

    @cached_property
    def readings(self) -> Timeline:
        """Return the timestamps of datalogger/dsmrreading."""
        repeated = [
            when
            for spot in self.knobs.dirt.of_kind(SpotKind.DUPLICATE)
            for index in self.right_readings.between(spot.start, spot.end)
            if (when := self.right_readings[index]) <= self.now
        ]
        return Merged(self.right_readings, [*self.misplaced, *repeated])

    @cached_property
    def right_readings(self) -> Timeline:
        """Return the timestamps of the readings whose clock was right."""
        return self._readings(self._thin_before(), self._kept_since)

    @cached_property
    def misplaced(self) -> Mapping[int, int]:
        """Return when the readings with a wrong clock were read, by timestamp."""
        found = {}
        for spot in self.knobs.dirt.of_kind(SpotKind.AHEAD, SpotKind.UNSET_CLOCK):
            first = spot.start if spot.kind is SpotKind.UNSET_CLOCK else 0
            for when in range(spot.start, spot.end, self.knobs.interval):
                if self._kept_since <= when <= self.now:
                    found[when - first + spot.amount] = when
        return found

    @cached_property
    def arrivals(self) -> Timeline:
        """Return the moments at which readings were measured, whatever their clock."""
        return Merged(self.all_readings, self.misplaced.values())

    @cached_property
    def all_readings(self) -> Timeline:
        """Return the timestamps of all readings, including the deleted ones."""
        return self._readings(None)

    @cached_property
    def minutes(self) -> Timeline:
        """Return read_at of consumption/electricity: the ends of minutes."""
        if not self.knobs.groups_by_minute:
            return self.right_readings
        return self._minutes(self._thin_before(), self._kept_since)

    @cached_property
    def all_minutes(self) -> Timeline:
        """Return read_at of electricity before retention."""
        return self._minutes(None)

    @cached_property
    def gas(self) -> Timeline:
        """Return read_at of consumption/gas; none is near if the clock is wrong."""
        if self.knobs.extra_clock is not None:
            return _EMPTY
        return self._gas(self._thin_before(), self._kept_since)

    @cached_property
    def all_gas(self) -> Timeline:
        """Return read_at of gas before retention."""
        return self._gas(None)

    @cached_property
    def latest(self) -> int | None:
        """Return the timestamp of the latest reading."""
        return self.all_readings[-1] if self.all_readings else None

    @property
    def gas_shift(self) -> int:
        """Return how far read_at of gas lies before the meter's own timestamp.

        The server shifts it if the version of the telegrams begins with 4.
        """
        knobs = self.knobs
        is_version_4 = knobs.dsmr4 or knobs.luxembourg
        return HOUR if is_version_4 and not (knobs.belgian or knobs.dsmr2) else 0

    def stamp(self, reading: int) -> int:
        """Return the time that the meter's clock gives a reading."""
        return reading + sum(
            int(error.shift.total_seconds())
            for error in self.knobs.clock_errors
            if epoch(error.start) <= reading < epoch(error.end)
        )

    @cached_property
    def newest(self) -> int | None:
        """Return the reading with the latest timestamp, right or wrong."""
        ends = (
            self.all_readings.before(epoch(error.end))
            for error in self.knobs.clock_errors
        )
        candidates = [each for each in (self.latest, *ends) if each is not None]
        return max(candidates, key=self.stamp, default=None)

    def extra_stamp(self, reading: int) -> int:
        """Return the M-Bus meter's own timestamp in a reading."""
        dead_since = self.knobs.extra_dead_since
        last = reading if dead_since is None else min(reading, epoch(dead_since))
        return Grid(self.knobs.gas_step).floor(last)

    def shown_stamp(self, reading: int) -> int:
        """Return the M-Bus meter's timestamp as its clock shows it."""
        if self.knobs.extra_clock is not None:
            return self.knobs.extra_clock(reading)
        stamp = self.extra_stamp(reading)
        spot = self.knobs.dirt.at("gas", reading)
        if spot is None or spot.kind is not SpotKind.STAMP:
            return stamp
        return stamp - spot.start + spot.amount

    @cached_property
    def quarters(self) -> Timeline:
        """Return the quarters of consumption/quarter-hour-peak-electricity."""
        if self.latest is None:
            return _EMPTY
        since = self.knobs.peaks_since
        start = self.all_readings[0] if since is None else epoch(since)
        grid = Grid(QUARTER)
        first = max(grid.floor(self.all_readings[0]), grid.ceil(start))
        gaps = []
        for low, high in self._gaps:
            begin, end = grid.floor(low), grid.floor(high)
            begin += 0 if self._sparse(begin) else QUARTER
            gaps.append((begin, end + (QUARTER if self._sparse(end) else 0)))
        if self._sparse(first):
            first += QUARTER
        return timeline(grid, first, self.latest - QUARTER, gaps)

    @cached_property
    def days(self) -> Timeline:
        """Return the local days (ordinals) of statistics/day."""
        return self._statistics[0]

    @cached_property
    def hours(self) -> Timeline:
        """Return hour_start of statistics/hour."""
        return self._statistics[1]

    @cached_property
    def _gaps(self) -> list[Span]:
        """Return the spans without readings, or whose clock was wrong."""
        late = [each for each in self.knobs.late if self.now < epoch(each.arrives)]
        gaps = [(epoch(gap.start), epoch(gap.end)) for gap in self.house.outages]
        gaps += [(epoch(each.start), epoch(each.end)) for each in late]
        missing = self.knobs.dirt.of_kind(
            SpotKind.AHEAD, SpotKind.OUTAGE, SpotKind.UNSET_CLOCK
        )
        return sorted([*gaps, *((spot.start, spot.end) for spot in missing)])

    def _thin_before(self) -> int | None:
        """Return the whole hour before which retention thins the records."""
        keep = self.knobs.retention
        if keep is None:
            return None
        return (self.now - int(keep.total_seconds())) // HOUR * HOUR

    @property
    def _kept_since(self) -> int:
        """Return the time of the first reading that was not deleted."""
        since = self.knobs.readings_since
        return 0 if since is None else epoch(since)

    def _readings(self, thin_before: int | None, since: int = 0) -> Timeline:
        """Return the timestamps of readings, with or without retention."""
        ends = [self.now]
        if self.knobs.stopped_at is not None:
            ends.append(epoch(self.knobs.stopped_at))
        if self.knobs.no_readings_today:
            ends.append(midnight(self.today.toordinal(), self.zone) - 1)
        grid = Grid(self.knobs.interval)
        start = max(epoch(self.house.start), since)
        return timeline(grid, start, min(ends), self._gaps, thin_before)

    def _minutes(self, thin_before: int | None, since: int = 0) -> Timeline:
        """Return the ends of minutes, with or without retention."""
        if self.latest is None:
            return _EMPTY
        step = self.knobs.interval
        grid = Grid(MINUTE) if step <= MINUTE else Grid(step, MINUTE)
        gaps = [
            (minute_end(last) + 1, minute_end(first)) for last, first in self._breaks
        ]
        start, end = minute_end(self.all_readings[0]), minute_end(self.latest) - MINUTE
        return timeline(grid, max(start, since), end, gaps, thin_before)

    def _gas(self, thin_before: int | None, since: int = 0) -> Timeline:
        """Return read_at of gas, with or without retention."""
        if self.latest is None or self.knobs.device is None:
            return _EMPTY
        shift = self.gas_shift
        grid = Grid(max(self.knobs.gas_step, self.knobs.interval))
        gaps = [
            (self.extra_stamp(last) + 1 - shift, self.extra_stamp(first) - shift)
            for last, first in self._breaks
        ]
        gaps = sorted([*gaps, *self._stamps_without_gas()])
        start = self.extra_stamp(self.all_readings[0])
        # A reading is processed once its minute is over and a newer one has arrived.
        end = min(minute_end(self.latest) - 2 * MINUTE, self.extra_stamp(self.latest))
        return timeline(grid, max(start - shift, since), end - shift, gaps, thin_before)

    def _stamps_without_gas(self) -> list[Span]:
        """Return the spans of read_at without a row although there were telegrams.

        A wrong stamp makes a row elsewhere, and a position of zero makes none.
        """
        shift, step = self.gas_shift, self.knobs.gas_step
        found = [
            (stamp - shift, stamp - shift + 1)
            for spot in self.knobs.dirt.of_kind(SpotKind.ZERO)
            for stamp in range(Grid(step).ceil(spot.start), spot.end, step)
            if spot.covers("gas", stamp)
        ]
        for spot in self.knobs.dirt.of_kind(SpotKind.STAMP):
            # The first and the last stamp are also in telegrams around the spot.
            begin, end = Grid(step).ceil(spot.start), spot.end - step + 1
            found.append((begin - shift, max(begin, end) - shift))
        return found

    @cached_property
    def _breaks(self) -> list[Span]:
        """Return the last reading before and the first one after each outage."""
        around = [
            (self.all_readings.before(low), self.all_readings.since(high))
            for low, high in self._gaps
        ]
        return [(a, b) for a, b in around if a is not None and b is not None]

    def _sparse(self, quarter: int) -> bool:
        """Return True if a quarter has too few readings for a peak."""
        return len(self.all_readings.between(quarter, quarter + QUARTER + 1)) < 2

    @cached_property
    def _statistics(self) -> tuple[Timeline, Timeline]:
        """Return the days and the hours that have statistics by now."""
        if not self.all_minutes or self.latest is None:
            return _EMPTY, _EMPTY
        done = min(minute_end(self.latest) - MINUTE, self.now - _STATISTICS_DELAY)
        if self.knobs.device is not None and self.knobs.extra_dead_since is None:
            done = min(done, self.all_gas[-1] if self.all_gas else 0)
        first_day = self.ordinal(self.all_minutes[0])
        # The last day whose following midnight has passed and been processed.
        last_day = self.ordinal(done) - 1
        day_gaps = self._empty_days()
        days = timeline(Grid(1), first_day, last_day, day_gaps)
        hour_gaps = [
            (self.day_span(day)[0], self.day_span(end)[0]) for day, end in day_gaps
        ]
        for last, first in self._breaks:
            begin = -(-(minute_end(last) + 1) // HOUR) * HOUR
            hour_gaps.append((begin, max(begin, minute_end(first) // HOUR * HOUR)))
        start = self.all_minutes[0] // HOUR * HOUR
        end = self.day_span(last_day)[1] - 1
        return days, timeline(Grid(HOUR), start, end, sorted(hour_gaps))

    def _empty_days(self) -> list[Span]:
        """Return the days without records; one at exactly midnight is not enough."""
        empty: Sequence[int] = sorted(
            {
                day
                for last, first in self._breaks
                for day in range(self.ordinal(last), self.ordinal(first) + 1)
                if self._is_empty(day)
            }
        )
        return [(day, day + 1) for day in empty]

    def _is_empty(self, day: int) -> bool:
        """Return True if a day has no record after its first midnight."""
        start, end = self.day_span(day)
        return not self.all_minutes.between(start + 1, end)

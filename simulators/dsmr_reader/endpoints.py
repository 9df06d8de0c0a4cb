"""The table of endpoints: path, first version, methods, and their answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from simulators.faults import Json, Row
from simulators.timeline import Timeline

from .knobs import Language
from .meter import electricity_live, gas_live, meter_statistics
from .prices import Contract
from .query import (
    Bounds,
    FilterError,
    Query,
    bounds,
    day_in,
    ordering,
    parse_datetime,
    parse_day,
)
from .rows import electricity_row, gas_row, quarter_average, quarter_row, reading_row
from .statistics import day_row, hour_row, today
from .store import Store

type Answer = Callable[[Store, Language], Json]


class Listing(Protocol):
    """A list that can be filtered, ordered and paged."""

    def select(self, store: Store, query: Query, language: Language) -> Sequence[int]:
        """Return the indices of the requested rows, in order; they need no memory."""

    def row(self, store: Store, index: int) -> Row:
        """Return one row."""


@dataclass(frozen=True, slots=True)
class TimelineList:
    """A list of rows ordered by a time (or a day), which is also its only filter."""

    field: str
    times: Callable[[Store], Timeline]
    make: Callable[[Store, int], Row]
    by_day: bool = False

    def select(self, store: Store, query: Query, language: Language) -> Sequence[int]:
        """Return a range of indices."""
        _, descending = ordering(query, (self.field,))
        found = self.within(store, query, language)
        return found[::-1] if descending else found

    def within(self, store: Store, query: Query, language: Language) -> range:
        """Return the range of indices within the filters, oldest first."""
        parse = (
            partial(parse_day, language=language)
            if self.by_day
            else partial(parse_datetime, zone=store.zone, language=language)
        )
        limits = bounds(query, self.field, parse)
        return self.times(store).between(limits.low, limits.high + 1)

    def row(self, store: Store, index: int) -> Row:
        """Return one row."""
        return self.make(store, self.times(store)[index])


@dataclass(frozen=True, slots=True)
class ReadingList:
    """The readings, of which some can have the time of a wrong clock.

    Those that clients have posted have the indices -1, -2 and so on.
    """

    inner: TimelineList

    def select(self, store: Store, query: Query, language: Language) -> Sequence[int]:
        """Return a range of indices, or a list of them if the clock was wrong."""
        if not store.knobs.clock_errors and not store.knobs.inbox:
            return self.inner.select(store, query, language)
        limits = bounds(
            query,
            self.inner.field,
            partial(parse_datetime, zone=store.zone, language=language),
        )
        own = (
            range(len(store.readings))
            if store.knobs.clock_errors
            else self.inner.within(store, query, language)
        )
        found = [(store.stamp(store.readings[index]), index) for index in own]
        # Of one moment, what was posted counts as stored later.
        found += [
            (stamp, -1 - number)
            for number, stamp in enumerate(store.knobs.inbox.stamps())
        ]
        found = [each for each in found if limits.low <= each[0] <= limits.high]
        found.sort(key=lambda each: (each[0], each[1] < 0, abs(each[1])))
        _, descending = ordering(query, (self.inner.field,))
        return [index for _, index in (found[::-1] if descending else found)]

    def row(self, store: Store, index: int) -> Row:
        """Return one row."""
        if index < 0:
            return dict(store.knobs.inbox.rows[-1 - index])
        return self.inner.row(store, index)


@dataclass(frozen=True, slots=True)
class PeakList:
    """The quarter-hour peaks, which can also be ordered by their average."""

    inner: TimelineList

    def select(self, store: Store, query: Query, language: Language) -> Sequence[int]:
        """Return indices by time, or sorted by average (which visits all of them)."""
        # The real server has a bug: the filter on the average requires a date/time.
        bounds(
            query,
            "average_delivered",
            partial(parse_datetime, zone=store.zone, language=language),
        )
        name, descending = ordering(query, (self.inner.field, "average_delivered"))
        if name == self.inner.field:
            return self.inner.select(store, query, language)
        found = self.inner.within(store, query, language)
        return sorted(found, key=partial(self._average, store), reverse=descending)

    def row(self, store: Store, index: int) -> Row:
        """Return one row."""
        return self.inner.row(store, index)

    def _average(self, store: Store, index: int) -> int:
        """Return the average of a peak in W."""
        return quarter_average(store, store.quarters[index])[2]


@dataclass(frozen=True, slots=True)
class PriceList:
    """The contracts; `start` and `end` are dates, and both can be filtered."""

    def select(self, store: Store, query: Query, language: Language) -> Sequence[int]:
        """Return the indices of the contracts that match the filters."""
        errors: dict[str, Json] = {}
        limits = {}
        for name in ("start", "end"):
            try:
                limits[name] = bounds(
                    query, name, partial(parse_day, language=language)
                )
            except FilterError as error:
                errors |= error.errors
        if errors:
            raise FilterError(errors)
        name, descending = ordering(query, ("start", "end"))
        found = [
            index
            for index, contract in enumerate(store.knobs.prices)
            if _valid(contract, limits)
        ]
        key = {"start": _start, "end": _end}[name]
        return sorted(
            found, key=lambda index: key(store.knobs.prices[index]), reverse=descending
        )

    def row(self, store: Store, index: int) -> Row:
        """Return one contract."""
        contract = store.knobs.prices[index]
        return {
            "id": index + 1,
            "start": contract.start.isoformat(),
            "end": contract.end.isoformat(),
            "description": contract.description,
            "electricity_delivered_1_price": contract.electricity_delivered_1_price,
            "electricity_delivered_2_price": contract.electricity_delivered_2_price,
            "gas_price": contract.gas_price,
            "electricity_returned_1_price": contract.electricity_returned_1_price,
            "electricity_returned_2_price": contract.electricity_returned_2_price,
            "fixed_daily_cost": contract.fixed_daily_cost,
        }


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint of the API; exactly one of `answer` and `listing` is set.

    `extra` is the method beside GET, HEAD and OPTIONS.
    """

    since: tuple[int, ...]
    answer: Answer | None = None
    listing: Listing | None = None
    extra: str | None = None
    allow: str = field(init=False)

    def __post_init__(self) -> None:
        """Build the Allow header in the server's order."""
        methods = ["GET", self.extra, "HEAD", "OPTIONS"]
        object.__setattr__(self, "allow", ", ".join(filter(None, methods)))


def _version(store: Store, language: Language) -> Json:
    """Answer application/version."""
    return {"version": store.knobs.version}


def _monitoring(store: Store, language: Language) -> Json:
    """Answer application/monitoring: the problems, latest first."""
    problems: list[Json] = [
        {
            "source": problem.source,
            "description": problem.description,
            "since": problem.since.astimezone(store.zone).isoformat(),
        }
        for problem in sorted(store.knobs.problems, key=lambda item: item.since)[::-1]
    ]
    return {"problems": len(problems), "details": problems}


def _valid(contract: Contract, limits: dict[str, Bounds]) -> bool:
    """Return True if a contract starts and ends within the limits."""
    return day_in(contract.start, limits["start"]) and day_in(
        contract.end, limits["end"]
    )


def _start(contract: Contract) -> int:
    """Return the first day of a contract as an ordinal."""
    return contract.start.toordinal()


def _end(contract: Contract) -> int:
    """Return the last day of a contract as an ordinal."""
    return contract.end.toordinal()


READINGS = ReadingList(
    TimelineList("timestamp", lambda store: store.readings, reading_row)
)
ELECTRICITY = TimelineList("read_at", lambda store: store.minutes, electricity_row)
GAS = TimelineList("read_at", lambda store: store.gas, gas_row)
PEAKS = TimelineList("read_at_start", lambda store: store.quarters, quarter_row)
DAYS = TimelineList("day", lambda store: store.days, day_row, by_day=True)
HOURS = TimelineList("hour_start", lambda store: store.hours, hour_row)

ENDPOINTS = {
    "datalogger/dsmrreading": Endpoint((1, 7), listing=READINGS, extra="POST"),
    "datalogger/meter-statistics": Endpoint(
        (3, 1), lambda store, _: meter_statistics(store), extra="PATCH"
    ),
    "consumption/today": Endpoint((1, 9), lambda store, _: today(store)),
    "consumption/electricity": Endpoint((1, 7), listing=ELECTRICITY),
    "consumption/electricity-live": Endpoint((1, 19), electricity_live),
    "consumption/gas": Endpoint((1, 7), listing=GAS),
    "consumption/gas-live": Endpoint((2, 1), gas_live),
    "consumption/quarter-hour-peak-electricity": Endpoint(
        (5, 9), listing=PeakList(PEAKS)
    ),
    "consumption/energy-supplier-prices": Endpoint((5, 3), listing=PriceList()),
    "statistics/day": Endpoint((1, 7), listing=DAYS, extra="POST"),
    "statistics/hour": Endpoint((1, 7), listing=HOURS),
    "application/version": Endpoint((1, 20), _version),
    "application/monitoring": Endpoint((4, 4), _monitoring),
}

_LINES = ("l1", "l2", "l3")
_DAY_POSITIONS = (
    "electricity1_reading",
    "electricity2_reading",
    "electricity1_returned_reading",
    "electricity2_returned_reading",
    "gas_reading",
)
FIELDS_SINCE = {
    **{f"phase_currently_returned_{line}": (1, 22) for line in _LINES},
    **{f"phase_voltage_{line}": (2, 5) for line in _LINES},
    "tariff_name": (3, 4),
    **{f"phase_power_current_{line}": (3, 5) for line in _LINES},
    "electricity_merged": (3, 6),
    "electricity_returned_merged": (3, 6),
    "fixed_cost": (4, 3),
    **dict.fromkeys(_DAY_POSITIONS, (4, 13)),
    "electricity_reading_timestamp": (5, 10),
    "gas_reading_timestamp": (5, 10),
}

"""Judges weeks and years of series by what the server answers.

The hours of the last week are judged first. Where they are not enough, the days of a
year are, and then the last week with values of a series that has ended.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ...metering.kind_judge import Evidence, Values, judge_kind
from ...metering.model import Kind
from ..common.times import local_midnight, whole_hour
from .kind_evidence import DAY, HOUR, EvidenceReader, Period, interval_hours
from .timeseries_client import Aggregation, Width

WEEK = timedelta(days=7)
YEAR = timedelta(days=366)

LAST_WEEKS_AT_ONCE = 10
"""Days of last values before which a week is examined: four requests for each."""


@dataclass(slots=True)
class Findings:
    """What was found out about series.

    `kinds` has those with a verdict, `lows` the lowest values that were judged, and
    `failed` the series whose requests failed.
    """

    kinds: dict[int, Kind] = field(default_factory=dict)
    lows: Mapping[int, Values] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)

    def rest(self, series_ids: Collection[int]) -> list[int]:
        """Return the series that have no verdict, although no request failed."""
        done = self.kinds.keys() | self.failed
        return [number for number in series_ids if number not in done]


class KindFinder:
    """Judges series, and learns their intervals in whole hours."""

    def __init__(self, reader: EvidenceReader) -> None:
        """Initialize without intervals."""
        self._reader = reader
        self.hours: dict[int, int] = {}

    async def find(
        self, series_ids: Sequence[int], texts: Mapping[int, str], now: datetime
    ) -> Findings:
        """Judge series by a week, by a year, or by their last week.

        `lows` are those of the last week's hours.
        """
        findings = await self.judge_weeks(series_ids, texts, now)
        years = await self.judge_years(findings.rest(series_ids), texts, now)
        findings.kinds |= years.kinds
        findings.failed |= years.failed
        ended: dict[datetime, list[int]] = {}
        for number in findings.rest(years.lows):
            last, _ = years.lows[number][-1]
            if last < now - WEEK:
                ended.setdefault(last, []).append(number)
        largest = sorted(ended, key=lambda last: len(ended[last]), reverse=True)
        for last in largest[:LAST_WEEKS_AT_ONCE]:
            found = await self.judge_weeks(ended[last], texts, last + DAY)
            findings.kinds |= found.kinds
        return findings

    async def judge_weeks(
        self, series_ids: Sequence[int], texts: Mapping[int, str], end: datetime
    ) -> Findings:
        """Judge the hours of a week.

        Nothing but a register has lows that rise for days, so its highs are not needed.
        """
        hour = whole_hour(end)
        week = Period(start=hour - WEEK, end=hour, width=Width.HOUR)
        lows, failed = await self._reader.read(series_ids, week, Aggregation.MIN)
        self._learn_intervals(lows, Width.HOUR)
        kinds = await _judge(lows, {}, texts)
        rest = [n for n in lows if kinds.get(n) is not Kind.REGISTER]
        highs, lost = await self._reader.read(rest, week, Aggregation.MAX)
        for number in rest:
            kinds.pop(number, None)
        kinds |= await _judge({n: lows[n] for n in highs}, highs, texts)
        return Findings(kinds, lows, {*failed, *lost})

    async def judge_years(
        self, series_ids: Sequence[int], texts: Mapping[int, str], now: datetime
    ) -> Findings:
        """Judge the days of a year.

        Their lows prove amounts only if a day has one value: those of a counter that
        restarts every night fluctuate as well.
        """
        day = local_midnight(now, UTC)
        year = Period(start=day - YEAR, end=day, width=Width.DAY)
        lows, failed = await self._reader.read(series_ids, year, Aggregation.MIN)
        self._learn_intervals(lows, Width.DAY)
        kinds = {
            number: kind
            for number, kind in (await _judge(lows, {}, texts)).items()
            if kind is not Kind.INTERVAL or self.hours.get(number, 1) * HOUR >= DAY
        }
        return Findings(kinds, lows, {*failed})

    def _learn_intervals(self, lows: Mapping[int, Values], width: Width) -> None:
        """Remember the intervals that values show."""
        for number, values in lows.items():
            if (hours := interval_hours(values, width)) is not None:
                self.hours[number] = hours


async def _judge(
    lows: Mapping[int, Values],
    highs: Mapping[int, Values],
    texts: Mapping[int, str],
) -> dict[int, Kind]:
    """Return the verdicts on series, given their lows and highs."""
    kinds: dict[int, Kind] = {}
    for number, values in lows.items():
        evidence = Evidence(
            lows=values, highs=highs.get(number, ()), text=texts.get(number, "")
        )
        if (kind := judge_kind(evidence).kind) is not None:
            kinds[number] = kind
        # A series takes a part of a millisecond, but there are thousands.
        await asyncio.sleep(0)
    return kinds

"""Report how well founded the hours of the last 30 days are."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from ...metering.quality import (
    HELD,
    HOUR_QUALITIES,
    MEASURED,
    MISSING,
    UNKNOWN,
    Quality,
)
from ..maths.rows import HOUR_SECONDS, as_datetime, hour_start
from .memory import UNREAD, QualityMemory

REPORTED = timedelta(days=30)
"""The span of a report, up to now."""

MAX_HOLES = 10
"""The holes that a report names."""

_POINTS_AT_ONCE = 20
"""Points that are counted without yielding, which takes a few milliseconds."""

_ESTIMATED = bytes(
    code
    for code, each in enumerate(HOUR_QUALITIES)
    if each.quality is Quality.ESTIMATED
)


@dataclass(frozen=True, slots=True)
class MeterQuality:
    """How many hours of a point have which quality.

    `latest` is the end of the newest hour that is measured or estimated, if any is.
    """

    name: str
    hours: int
    measured: int
    estimated: int
    held: int
    missing: int
    unknown: int
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class Hole:
    """Hours of a point in a row that are missing, from `start` to before `end`."""

    point: str
    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The qualities of the last 30 days by the key of the point.

    `holes` are the newest ones, newest first.
    """

    meters: Mapping[str, MeterQuality] = field(default_factory=dict)
    holes: Sequence[Hole] = ()

    @property
    def measured_share(self) -> float | None:
        """Return the percentage of hours that are measured; None without any hour."""
        hours = sum(meter.hours for meter in self.meters.values())
        if not hours:
            return None
        measured = sum(meter.measured for meter in self.meters.values())
        return round(100 * measured / hours, 1)

    @property
    def missing_hours(self) -> int:
        """Return the number of missing hours of all points together."""
        return sum(meter.missing for meter in self.meters.values())


class CodeSpan(NamedTuple):
    """Hours in a row with the same code, from `start` to before `end` (epoch s)."""

    start: float
    end: float
    code: int


def code_spans(start: float, codes: bytes) -> list[CodeSpan]:
    """Return the spans of hours with the same code; `start` is that of the first."""
    spans = []
    for code, hours in groupby(codes):
        end = start + sum(1 for _ in hours) * HOUR_SECONDS
        spans.append(CodeSpan(start, end, code))
        start = end
    return spans


def codes_until_now(
    qualities: QualityMemory, key: str, start: float, end: float
) -> bytes:
    """Return the codes of the hours of a point in [start, end), which are all over.

    Both are whole hours in epoch seconds. After the last hour with a code, nothing has
    arrived, so these hours are missing.
    """
    codes = qualities.codes(key, start, end)
    if (span := qualities.span(key)) is None or span[1] >= end:
        return codes
    known = max(int((span[1] - start) // HOUR_SECONDS), 0)
    return codes[:known] + bytes((MISSING,)) * (len(codes) - known)


class QualityReporter:
    """Make the report of an entry anew only if it may differ from the last one."""

    def __init__(self, qualities: QualityMemory) -> None:
        """Initialize with an empty report."""
        self._qualities = qualities
        self._made_of: tuple[int, float, Mapping[str, str]] | None = None
        self.report = QualityReport()

    async def async_refresh(self, names: Mapping[str, str], now: datetime) -> None:
        """Report about points, given by key and name, whose hours have a quality."""
        end = hour_start(now.timestamp())
        made_of = (self._qualities.revision, end, names)
        if made_of == self._made_of:
            return
        start = end - REPORTED.total_seconds()
        meters: dict[str, MeterQuality] = {}
        holes: list[Hole] = []
        for index, (key, name) in enumerate(names.items()):
            if index % _POINTS_AT_ONCE == _POINTS_AT_ONCE - 1:
                await asyncio.sleep(0)
            if (span := self._qualities.span(key)) is None:
                continue
            first = min(max(start, span[0]), end)
            codes = codes_until_now(self._qualities, key, first, end)
            meters[key] = _meter_quality(name, first, codes)
            holes += _holes(key, name, first, codes)
            holes = nlargest(MAX_HOLES, holes, key=attrgetter("end", "start"))
        self.report = QualityReport(meters, holes)
        self._made_of = made_of


def _meter_quality(name: str, start: float, codes: bytes) -> MeterQuality:
    """Return how many hours from `start` on have which quality."""
    read = len(codes.rstrip(UNREAD))
    return MeterQuality(
        name=name,
        hours=len(codes),
        measured=codes.count(MEASURED),
        estimated=len(codes) - len(codes.translate(None, _ESTIMATED)),
        held=codes.count(HELD),
        missing=codes.count(MISSING),
        unknown=codes.count(UNKNOWN),
        latest=as_datetime(start + read * HOUR_SECONDS) if read else None,
    )


def _holes(key: str, name: str, start: float, codes: bytes) -> list[Hole]:
    """Return the spans of missing hours of a point."""
    return [
        Hole(key, name, as_datetime(each.start), as_datetime(each.end))
        for each in code_spans(start, codes)
        if each.code == MISSING
    ]

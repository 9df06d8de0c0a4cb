"""List the hours that were not measured and the rejected readings, for `get_gaps`."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from homeassistant.util.json import JsonValueType

from ...metering.quality import HOUR_QUALITIES, MEASURED
from ...metering.register_rules import Rule
from ..maths.rows import HOUR_SECONDS, as_datetime, hour_start
from ..rejected import Rejections
from .memory import QualityMemory
from .report import CodeSpan, code_spans, codes_until_now

MAX_SPANS = 10_000
"""The most spans of a response; more would block Home Assistant for too long."""

type Gaps = dict[str, JsonValueType]


async def list_gaps(
    qualities: QualityMemory,
    rejections: Rejections,
    names: Mapping[str, str],
    start: datetime,
    end: datetime,
) -> Gaps | None:
    """Return the gaps of points by key, or None if there are more than `MAX_SPANS`.

    `names` maps the keys of the points to their names. The hours are those that begin
    or end in [start, end) and are over at `end`. All of them that are in no span are
    measured. `rejected` are the readings that were rejected or held since the start of
    Home Assistant.
    """
    first, last = hour_start(start.timestamp()), hour_start(end.timestamp())
    gaps: Gaps = {}
    count = 0
    for key, name in names.items():
        codes = codes_until_now(qualities, key, first, last)
        spans = [each for each in code_spans(first, codes) if each.code != MEASURED]
        rejected = _rejected(rejections, key, first, end.timestamp())
        count += len(spans) + len(rejected)
        if count > MAX_SPANS:
            return None
        gaps[key] = {
            "name": name,
            "hours": len(codes),
            "measured": codes.count(MEASURED),
            "spans": [_span(each) for each in spans],
            "rejected": rejected,
        }
        await asyncio.sleep(0)
    return gaps


def _span(span: CodeSpan) -> Gaps:
    """Return a span of hours with its quality, and the method of estimates."""
    return {
        "start": as_datetime(span.start).isoformat(),
        "end": as_datetime(span.end).isoformat(),
        "hours": int((span.end - span.start) // HOUR_SECONDS),
        **HOUR_QUALITIES[span.code].texts,
    }


def _rejected(
    rejections: Rejections, key: str, start: float, end: float
) -> list[JsonValueType]:
    """Return the readings of a point that each rule rejects or holds, by span.

    A span are hours in a row that have such readings.
    """
    if (found := rejections.points.get(key)) is None:
        return []
    spans: list[tuple[float, float, int, Rule]] = []
    latest: dict[Rule, int] = {}
    for hour, by_rule in sorted(found.by_hour.items()):
        for rule, count in by_rule.items() if start <= hour < end else ():
            index = latest.get(rule)
            if index is not None and spans[index][1] == hour:
                begin, _, before, _ = spans[index]
                spans[index] = (begin, hour + HOUR_SECONDS, before + count, rule)
            else:
                latest[rule] = len(spans)
                spans.append((hour, hour + HOUR_SECONDS, count, rule))
    return [
        {
            "start": as_datetime(begin).isoformat(),
            "end": as_datetime(until).isoformat(),
            "count": count,
            "rule": rule.value,
        }
        for begin, until, count, rule in spans
    ]

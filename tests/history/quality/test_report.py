"""The report about the last 30 days, and the spans of `get_gaps`."""

from datetime import UTC, datetime, timedelta

from custom_components.metering_hub.history.quality.gaps import list_gaps
from custom_components.metering_hub.history.quality.memory import QualityMemory
from custom_components.metering_hub.history.quality.report import (
    Hole,
    QualityReport,
    QualityReporter,
)
from custom_components.metering_hub.history.rejected import Rejections
from custom_components.metering_hub.metering.quality import (
    COMPARABLE_DAYS,
    HELD,
    LINE,
    MEASURED,
    MISSING,
    HourCodes,
)
from custom_components.metering_hub.metering.register_rules import Rejected, Rule
from homeassistant.core import HomeAssistant

NOW = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = {"gas": "Gas", "heat": "Heat"}


def hours_ago(hours: int) -> datetime:
    """Return a whole hour before that of now."""
    return NOW.replace(minute=0) - hours * HOUR


async def memory_of(
    hass: HomeAssistant, key: str, begin: int, *runs: tuple[int, int]
) -> QualityMemory:
    """Return a memory of a point, from hours ago on."""
    memory = QualityMemory.of(hass, "entry")
    await memory.async_load()
    found = b"".join(bytes((code,)) * count for code, count in runs)
    memory.put(key, [HourCodes(hours_ago(begin).timestamp(), found)])
    return memory


async def test_a_report_counts_the_last_30_days(hass: HomeAssistant) -> None:
    """Hours that are over and have no code yet are missing; older ones do not count."""
    memory = await memory_of(
        hass,
        "gas",
        800,
        (MISSING, 100),
        (MEASURED, 600),
        (MISSING, 3),
        (COMPARABLE_DAYS, 20),
        (LINE, 70),
        (HELD, 5),
    )
    reporter = QualityReporter(memory)
    await reporter.async_refresh(NAMES, NOW)
    meter = reporter.report.meters["gas"]
    assert (meter.name, meter.hours) == ("Gas", 720)
    assert (meter.measured, meter.estimated, meter.held) == (600, 90, 5)
    assert (meter.missing, meter.unknown) == (20 + 3 + 2, 0)
    assert meter.latest == hours_ago(7)
    assert "heat" not in reporter.report.meters
    assert reporter.report.measured_share == 83.3
    assert reporter.report.missing_hours == 25
    assert reporter.report.holes == [
        Hole("gas", "Gas", hours_ago(2), hours_ago(0)),
        Hole("gas", "Gas", hours_ago(100), hours_ago(97)),
        Hole("gas", "Gas", hours_ago(720), hours_ago(700)),
    ]


async def test_a_young_statistic_has_few_hours(hass: HomeAssistant) -> None:
    """Hours before the first code do not count."""
    memory = await memory_of(hass, "heat", 10, (MISSING, 1), (MEASURED, 9))
    reporter = QualityReporter(memory)
    await reporter.async_refresh(NAMES, NOW)
    assert reporter.report.meters["heat"].hours == 10
    assert reporter.report.measured_share == 90.0


async def test_a_report_names_the_newest_holes(hass: HomeAssistant) -> None:
    """There are at most ten of all points together."""
    runs = [(MISSING, 1), (MEASURED, 1)] * 30
    memory = await memory_of(hass, "gas", 60, *runs)
    memory.put(
        "heat",
        [HourCodes(hours_ago(3).timestamp(), bytes((MISSING,) * 2 + (MEASURED,)))],
    )
    reporter = QualityReporter(memory)
    await reporter.async_refresh(NAMES, NOW)
    holes = reporter.report.holes
    assert len(holes) == 10
    assert [hole.end for hole in holes] == sorted(
        (hole.end for hole in holes), reverse=True
    )
    assert {hole.point for hole in holes} == {"gas", "heat"}
    assert reporter.report.missing_hours == 32


async def test_a_report_is_only_made_if_it_may_differ(hass: HomeAssistant) -> None:
    """It is the same object until a code changes or an hour has passed."""
    memory = await memory_of(hass, "gas", 5, (MEASURED, 5))
    reporter = QualityReporter(memory)
    assert reporter.report == QualityReport()
    assert reporter.report.measured_share is None
    await reporter.async_refresh(NAMES, NOW)
    first = reporter.report
    await reporter.async_refresh(dict(NAMES), NOW + timedelta(minutes=20))
    assert reporter.report is first
    await reporter.async_refresh(NAMES, NOW + HOUR)
    assert reporter.report.missing_hours == 1
    memory.put("gas", [HourCodes(hours_ago(0).timestamp(), bytes((MEASURED,)))])
    await reporter.async_refresh(NAMES, NOW + HOUR)
    assert reporter.report.missing_hours == 0


async def test_gaps_are_all_hours_that_are_not_measured(hass: HomeAssistant) -> None:
    """Unknown hours are spans, too; the hour that is not over is none."""
    memory = await memory_of(
        hass, "gas", 8, (MEASURED, 2), (COMPARABLE_DAYS, 3), (MEASURED, 2)
    )
    gaps = await list_gaps(
        memory, Rejections(), {"gas": "Gas"}, hours_ago(9) + HOUR / 2, NOW
    )
    assert gaps == {
        "gas": {
            "name": "Gas",
            "hours": 9,
            "measured": 4,
            "spans": [
                span(9, 8, "unknown"),
                {**span(6, 3, "estimated"), "method": "comparable_days"},
                span(1, 0, "missing"),
            ],
            "rejected": [],
        }
    }


def span(begin: int, end: int, quality: str) -> dict[str, object]:
    """Return a span of the response, from and to hours ago."""
    return {
        "start": hours_ago(begin).isoformat(),
        "end": hours_ago(end).isoformat(),
        "hours": begin - end,
        "quality": quality,
    }


async def test_rejected_readings_are_spans_by_rule(hass: HomeAssistant) -> None:
    """Hours in a row with readings that broke the same rule are one span."""
    memory = await memory_of(hass, "gas", 5, (MEASURED, 5))
    rejections = Rejections()
    rejections.start("gas", None).add(
        Rejected((hours_ago(hour) + offset).timestamp(), 1.0, rule)
        for hour, offset, rule in (
            (5, HOUR / 2, Rule.EXCURSION),
            (5, HOUR / 3, Rule.EXCURSION),
            (4, HOUR / 2, Rule.EXCURSION),
            (4, HOUR / 3, Rule.CAPACITY),
            (2, HOUR / 2, Rule.EXCURSION),
            (90, HOUR / 2, Rule.EXCURSION),
        )
    )
    gaps = await list_gaps(memory, rejections, {"gas": "Gas"}, hours_ago(5), NOW)
    assert gaps is not None
    gas = gaps["gas"]
    assert isinstance(gas, dict)
    assert gas["rejected"] == [
        rejected(5, 3, 3, Rule.EXCURSION),
        rejected(4, 3, 1, Rule.CAPACITY),
        rejected(2, 1, 1, Rule.EXCURSION),
    ]


def rejected(begin: int, end: int, count: int, rule: Rule) -> dict[str, object]:
    """Return rejected readings of the response, from and to hours ago."""
    return {
        "start": hours_ago(begin).isoformat(),
        "end": hours_ago(end).isoformat(),
        "count": count,
        "rule": rule.value,
    }


async def test_too_many_gaps_are_no_response(hass: HomeAssistant) -> None:
    """A response is bounded, whatever is asked."""
    memory = await memory_of(hass, "gas", 24_000, *[(MEASURED, 1), (LINE, 1)] * 12_000)
    start = hours_ago(24_000)
    assert await list_gaps(memory, Rejections(), {"gas": "Gas"}, start, NOW) is None

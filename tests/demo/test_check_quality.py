"""Hours that are marked wrongly are found, whatever the action calls their quality."""

from datetime import UTC, datetime, timedelta

import pytest

from demo.check_quality import (
    UNKNOWN,
    MarkedSpan,
    QualityCheck,
    codes_of,
    known_hours,
    wrong_qualities,
)
from simulators.dirt import Dirt, Spot, SpotKind
from simulators.dirt_quality import LINE, MEASURED, HourQuality
from simulators.dirt_truth import RightLine
from simulators.timeline import Grid, timeline
from simulators.times import DAY, HOUR, MINUTE, epoch, utcnow

KEY = "meter"
START = epoch(utcnow()) // DAY * DAY - 3 * DAY
TEN = 10 * MINUTE

ZERO = Spot(
    SpotKind.ZERO, START + 10 * HOUR - TEN, START + 10 * HOUR + TEN, frozenset({KEY})
)
"""Two wrong readings around an hour, so that its end is an estimate."""

EXPECTED = RightLine(
    KEY,
    lambda at: at - START,
    1,
    timeline(Grid(TEN), START, epoch(utcnow())),
    Dirt([ZERO]),
)


def iso(hours: int) -> str:
    """Return the hour with this number in the form of the action."""
    moment = datetime.fromtimestamp(START, UTC) + timedelta(hours=hours)
    return moment.isoformat()


def span(start: int, end: int, quality: str, method: str | None = None) -> MarkedSpan:
    """Return some hours as the action does."""
    found = MarkedSpan(start=iso(start), end=iso(end), quality=quality)
    if method is not None:
        found["method"] = method
    return found


def test_spans_become_the_codes_of_their_hours() -> None:
    """An estimate has the code of its method."""
    spans = [
        span(1, 3, "estimated", "comparable_days"),
        span(3, 4, "missing"),
        span(6, 7, "unknown"),
    ]
    assert {(at - START) // HOUR: code for at, code in codes_of(spans).items()} == {
        1: HourQuality.COMPARABLE_DAYS,
        2: HourQuality.COMPARABLE_DAYS,
        3: HourQuality.MISSING,
        6: UNKNOWN,
    }


def test_only_hours_that_the_simulator_knows_are_compared() -> None:
    """None is before the first reading, and none is not over."""
    hours = [at for at, _ in known_hours(EXPECTED, START + 3 * HOUR + TEN)]
    assert hours == [START, START + HOUR, START + 2 * HOUR]


def test_wrong_hours_in_a_row_are_one_span() -> None:
    """It ends where another quality is wrong, or the hours are not the next ones."""
    marked = [
        (START, HourQuality.MEASURED.value, MEASURED),
        (START + HOUR, HourQuality.MISSING.value, MEASURED),
        (START + 2 * HOUR, HourQuality.MISSING.value, MEASURED),
        (START + 3 * HOUR, UNKNOWN, LINE),
        (START + 5 * HOUR, UNKNOWN, LINE),
    ]
    found = [*wrong_qualities(marked)]
    assert [((each.start - START) // HOUR, each.hours) for each in found] == [
        (1, 2),
        (3, 1),
        (5, 1),
    ]
    assert str(found[0]).endswith("2 hours: missing instead of measured")
    assert str(found[1]).endswith("1 hours: unknown instead of line")


@pytest.mark.parametrize(
    ("spans", "is_right"),
    [
        ([span(9, 11, "estimated", "line")], True),
        ([span(9, 11, "estimated", "server")], False),
        ([span(9, 10, "estimated", "line")], False),
        ([], False),
        ([span(9, 11, "estimated", "line"), span(20, 21, "missing")], False),
    ],
)
def test_a_check_fails_if_an_hour_is_marked_wrongly(
    spans: list[MarkedSpan], is_right: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is printed with the fault that caused it."""
    check = QualityCheck()
    check.compare("DSMR-reader", KEY, Dirt([ZERO]), EXPECTED, codes_of(spans))
    assert check.report() is is_right
    printed = capsys.readouterr().out
    assert ("WRONG DSMR-reader meter" in printed) is not is_right
    assert ("(zero " in printed) is not is_right


def test_a_check_of_nothing_fails() -> None:
    """Neither does a statistic without qualities pass."""
    assert not QualityCheck().report()
    check = QualityCheck()
    spans = [span(9, 11, "estimated", "line")]
    check.compare("DSMR-reader", KEY, Dirt([ZERO]), EXPECTED, codes_of(spans))
    check.miss("DSMR-reader", "gas")
    assert not check.report()

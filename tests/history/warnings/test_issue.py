"""Which warnings repeat."""

from datetime import UTC, datetime, timedelta

from custom_components.metering_hub.history.maths.checked_hours import DataWarning
from custom_components.metering_hub.history.warnings.issue import repeated
from custom_components.metering_hub.metering.data_quality import WarningRule

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def warning(
    days_ago: float, length: timedelta, rule: WarningRule = WarningRule.SPIKE
) -> DataWarning:
    return DataWarning(
        rule=rule,
        point="gas",
        start=NOW - days_ago * DAY,
        end=NOW - days_ago * DAY + length,
        seen=9,
        expected=6,
        unit="m³",
    )


def test_three_days_of_fourteen_repeat() -> None:
    """Two warnings on one day are one day."""
    hour = timedelta(hours=1)
    found = [warning(days, hour) for days in (1, 1.05, 5, 15, 20)]
    assert repeated(found, NOW) == []
    (again,) = repeated([*found, warning(13, hour)], NOW)
    assert again.newest == found[0]
    assert len(again.days) == 3


def test_a_long_warning_repeats_by_itself() -> None:
    """Days of another rule are others."""
    stale = warning(4, 4 * DAY, WarningRule.STALE)
    found = [stale, warning(2, DAY), warning(20, 2 * DAY, WarningRule.ZERO_RUN)]
    (again,) = repeated(found, NOW)
    assert again.newest == stale

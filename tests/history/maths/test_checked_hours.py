"""The hours that the rules for warnings look at, and what they report."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from custom_components.metering_hub.history.maths.checked_hours import (
    NO_ROW,
    DataWarning,
    complete_days,
)
from custom_components.metering_hub.metering.data_quality import WarningRule
from custom_components.metering_hub.metering.quality import HELD, MEASURED

from .checked import at, meter, span_of
from .readings import clock_elsewhere

__all__ = ["clock_elsewhere"]


def test_hours_have_a_sum_if_each_of_them_is_known() -> None:
    hours = meter(
        [1.0, 2.0, NO_ROW, 4.0, 8.0],
        codes=bytes([MEASURED, MEASURED, MEASURED, HELD, MEASURED]),
    )
    assert hours.total(range(2)) == 3.0
    assert hours.total(range(3)) is None
    assert hours.total(range(3, 5)) is None
    assert hours.total(range(4, 5)) == 8.0


@pytest.mark.parametrize(
    ("of_meter", "given", "shown"),
    [
        ("kWh", None, "kWh"),
        ("kWh", "h", "h"),
        ("kWh", "", ""),
        (None, None, ""),
    ],
)
def test_a_warning_has_rounded_numbers_and_their_unit(
    of_meter: str | None, given: str | None, shown: str
) -> None:
    watched = meter([0.0] * 5, unit=of_meter)
    assert span_of(watched).warning(
        WarningRule.SPIKE,
        watched,
        range(2, 4),
        seen=1.23456,
        expected=6.54321,
        unit=given,
    ) == DataWarning(
        rule=WarningRule.SPIKE,
        point="meter",
        start=at(2),
        end=at(4),
        seen=1.235,
        expected=6.543,
        unit=shown,
    )


@pytest.mark.usefixtures("clock_elsewhere")
def test_the_first_day_is_one_of_the_zone() -> None:
    """It is already the next day where the machine is."""
    start = datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp()
    days = [*complete_days(start, start + 50 * 3600, ZoneInfo("Pacific/Honolulu"))]
    assert [(each.day, each.hours) for each in days] == [
        (date(2026, 7, 1), range(24)),
        (date(2026, 7, 2), range(24, 48)),
    ]

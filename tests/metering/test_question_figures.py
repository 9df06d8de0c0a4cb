"""A week of a series in figures."""

from datetime import UTC, datetime, timedelta

from custom_components.metering_hub.metering.question_figures import Figures, figures_of

START = datetime(2026, 11, 14, tzinfo=UTC)


def week(*values: float) -> list[tuple[datetime, float]]:
    """Return hourly lows."""
    return [(START + timedelta(hours=n), value) for n, value in enumerate(values)]


def test_falls_are_counted() -> None:
    assert figures_of(week(5, 7, 0, 8, 6, 9)) == Figures(
        hours=6, first=5, last=9, lowest=0, highest=9, falls=2, largest_fall=7
    )


def test_what_stands_still_does_not_fall() -> None:
    found = figures_of(week(5, 5, 4, 4))
    assert found is not None
    assert (found.falls, found.largest_fall) == (1, 1)


def test_single_value_has_not_fallen() -> None:
    assert figures_of(week(-1.5)) == Figures(
        hours=1,
        first=-1.5,
        last=-1.5,
        lowest=-1.5,
        highest=-1.5,
        falls=0,
        largest_fall=0,
    )


def test_no_values_have_no_figures() -> None:
    assert figures_of([]) is None

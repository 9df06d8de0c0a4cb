"""Adding up the registers of a meter."""

from datetime import UTC, datetime, timedelta

from custom_components.metering_hub.history.maths.tariff_sums import summed_changes

HOURS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(4)]


def test_a_part_without_a_row_keeps_its_sum() -> None:
    """What it counted meanwhile is in its next hour, so the totals are right again."""
    before = {"a": 1.0, "b": 2.0}
    sums = {
        "a": dict(zip(HOURS, [1.5, 2.5, 3.5, 4.5], strict=True)),
        "b": {HOURS[0]: 2.25, HOURS[3]: 5.0},
    }
    assert summed_changes(sums, before) == dict(
        zip(HOURS, [0.75, 1.0, 1.0, 3.75], strict=True)
    )
    assert before == {"a": 4.5, "b": 5.0}


def test_rounding_does_not_add_up() -> None:
    """Ten thousand hours of a third of a Wh give the total of the parts."""
    hours = [HOURS[0] + timedelta(hours=hour) for hour in range(10_000)]
    part = {hour: (index + 1) / 3e6 for index, hour in enumerate(hours)}
    changes = summed_changes({"a": part, "b": part}, {"a": 0.0, "b": 0.0})
    assert round(sum(changes.values()), 6) == round(2 * part[hours[-1]], 6)

"""What a dashboard may name although it does not exist yet."""

from datetime import UTC, datetime

from demo.dashboard import FILES, without_value


def test_a_month_has_no_value_on_its_first_day() -> None:
    first = without_value(datetime(2026, 12, 1, 4, tzinfo=UTC))
    month = "sensor.main_campus_this_month_s_heating_degree_days"
    assert month.endswith(first)
    assert not "sensor.main_campus_yesterday_s_heating_degree_days".endswith(first)
    assert month in (FILES / "bemserver.yaml").read_text(encoding="utf-8")


def test_any_other_day_excuses_nothing() -> None:
    assert without_value(datetime(2026, 12, 2, 0, tzinfo=UTC)) == ()

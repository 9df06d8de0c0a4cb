"""Holes that a crash test tears into recorded statistics."""

from collections.abc import Container
from itertools import accumulate
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import create_engine, text

from endurance.database import sqlite_address, tear_hole


def make(
    folder: Path, statistic_id: str, hours: int, counting: Container[int] | None = None
) -> None:
    """Make a database with a statistic of so many hours.

    It counts 1 in each of the `counting` hours, or in all.
    """
    sums = accumulate(
        int(counting is None or hour in counting) for hour in range(hours)
    )
    with create_engine(sqlite_address(folder)).begin() as connection:
        for statement in (
            "CREATE TABLE statistics_meta (id INT, statistic_id TEXT, has_sum BOOL)",
            "CREATE TABLE statistics (metadata_id INT, start_ts FLOAT, sum FLOAT)",
        ):
            connection.execute(text(statement))
        connection.execute(
            text("INSERT INTO statistics_meta VALUES (1, :name, 1)"),
            {"name": statistic_id},
        )
        connection.execute(
            text("INSERT INTO statistics VALUES (1, :start, :sum)"),
            [{"start": hour * 3600.0, "sum": each} for hour, each in enumerate(sums)],
        )


def hours_of(folder: Path) -> list[int]:
    """Return the hours that are left."""
    with create_engine(sqlite_address(folder)).begin() as connection:
        rows = connection.execute(
            text("SELECT start_ts FROM statistics ORDER BY start_ts")
        )
        return [int(start // 3600) for (start,) in rows]


@pytest.mark.parametrize("seed", range(20))
def test_a_hole_has_rows_on_both_sides(tmp_path: Path, seed: int) -> None:
    """The first and the last hours stay, so an audit can see the hole."""
    make(tmp_path, "metering_hub:a", 40)
    said = tear_hole(sqlite_address(tmp_path), Random(seed))
    left = hours_of(tmp_path)
    gone = sorted({*range(40)} - {*left})
    assert said == f"{len(gone)} rows of metering_hub:a"
    assert gone == [*range(gone[0], gone[0] + len(gone))]
    assert gone[0] >= 2
    assert gone[-1] < 39


@pytest.mark.parametrize("seed", range(20))
def test_a_hole_takes_away_something_that_was_counted(
    tmp_path: Path, seed: int
) -> None:
    """Hours without an amount need no rows, so nobody can know that they had some."""
    make(tmp_path, "metering_hub:a", 40, counting=range(20, 23))
    assert tear_hole(sqlite_address(tmp_path), Random(seed))
    assert {20, 21, 22} - {*hours_of(tmp_path)}


def test_nothing_is_torn_if_nothing_was_counted(tmp_path: Path) -> None:
    """There is no hole that an audit could find."""
    make(tmp_path, "metering_hub:a", 40, counting=())
    assert tear_hole(sqlite_address(tmp_path), Random(1)) is None


@pytest.mark.parametrize(
    ("statistic_id", "hours"),
    [("sensor.other", 40), ("metering_hub:a", 10), ("metering_hub:a_cost", 40)],
)
def test_other_statistics_keep_all_hours(
    tmp_path: Path, statistic_id: str, hours: int
) -> None:
    """Only a long statistic of ours that is read from a server gets a hole."""
    make(tmp_path, statistic_id, hours)
    assert tear_hole(sqlite_address(tmp_path), Random(1)) is None
    assert len(hours_of(tmp_path)) == hours

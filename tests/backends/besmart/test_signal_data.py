"""Parsing of samples, and which ones count as measurements."""

import asyncio

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.backends.besmart.origins import (
    estimated_times,
    first_time,
    group_by_origin,
    latest_value,
    merge_origins,
)
from custom_components.metering_hub.backends.besmart.samples import Sample
from custom_components.metering_hub.backends.besmart.signal_data import (
    parse_signal_data,
)
from custom_components.metering_hub.backends.common.http import Json
from tests.turns import counting_turns

type Row = tuple[float, float | None, int]
"""Time, value (`None`: deleted) and origin."""


async def merged(*samples: Row) -> list[tuple[float, float]]:
    """Return the values that count for the history."""
    found = await group_by_origin((Sample(*each) for each in samples), 0, 1000)
    return list(merge_origins(found))


async def latest(*samples: Row) -> object:
    """Return the latest of some samples."""
    return latest_value(
        await group_by_origin((Sample(*each) for each in samples), 0, 1000)
    )


async def test_predictions_never_count() -> None:
    assert await merged((1, 5.0, 2), (2, 6.0, 2)) == []
    assert await latest((1, 5.0, 2)) is None


@pytest.mark.parametrize("origin", [0, 6, 17])
async def test_unknown_origins_never_count(origin: int) -> None:
    assert await merged((1, 5.0, origin)) == []


@pytest.mark.parametrize("order", [1, -1])
async def test_history_prefers_corrected_measured_estimated_calculated(
    order: int,
) -> None:
    all_ = [(1, 13.0, 3), (1, 14.0, 4), (1, 11.0, 1), (1, 15.0, 5), (1, 12.0, 2)]
    for best in (15.0, 11.0, 14.0, 13.0):
        assert await merged(*all_[::order]) == [(1, best)]
        all_ = [each for each in all_ if each[1] != best]
    assert await merged(*all_) == []


async def test_the_latest_measured_value_counts_although_others_are_later() -> None:
    samples = [(1, 11.0, 1), (2, 15.0, 5), (3, 14.0, 4), (4, 13.0, 3), (5, 12.0, 2)]
    for expected in ((1, 11.0), (2, 15.0), (3, 14.0), (4, 13.0)):
        assert await latest(*samples) == expected
        del samples[0]
    assert await latest(*samples) is None


async def test_a_correction_of_the_latest_measured_value_replaces_it() -> None:
    assert await latest((1, 11.0, 1), (1, 15.0, 5)) == (1, 15.0)


async def test_the_last_of_two_rows_of_a_time_counts() -> None:
    assert await merged((1, 11.0, 1), (2, 3.0, 1), (1, 12.0, 1)) == [(1, 12), (2, 3)]


async def test_a_deletion_deletes_the_rows_before_it() -> None:
    assert await merged((1, 11.0, 1), (1, 12.0, 5), (1, None, 1)) == []
    assert await merged((1, None, 1), (1, 12.0, 1)) == [(1, 12)]
    assert await merged((1, 11.0, 1), (2, None, 1)) == [(1, 11)]


async def test_a_deleted_prediction_deletes_nothing_measured() -> None:
    assert await merged((1, 11.0, 1), (1, None, 2)) == [(1, 11)]


async def test_times_outside_of_the_window_do_not_count() -> None:
    assert await merged((-1, 1.0, 1), (0, 2.0, 1), (1000, 3.0, 1), (1001, 4.0, 1)) == [
        (0, 2),
        (1000, 3),
    ]


samples = st.lists(
    st.tuples(
        st.integers(0, 20).map(float),
        st.none() | st.integers(0, 9).map(float),
        st.integers(1, 5),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(samples, st.randoms())
def test_the_order_of_times_does_not_matter(rows: list[Row], random: object) -> None:
    """Only the order of rows of the same time matters."""
    times = sorted({row[0] for row in rows})
    random.shuffle(times)  # type: ignore[attr-defined]  # It is a Random.
    shuffled = [row for time_ in times for row in rows if row[0] == time_]
    expected = asyncio.run(merged(*rows))
    assert asyncio.run(merged(*shuffled)) == expected
    assert [at for at, _ in expected] == sorted({at for at, _ in expected})


def test_the_first_time_ignores_predictions_and_deletions() -> None:
    rows = [Sample(3, 1.0, 1), Sample(1, 1.0, 2), Sample(2, None, 1), Sample(4, 1.0, 3)]
    assert first_time(rows, 0, 10) == 3
    assert first_time(rows, 3.5, 10) == 4
    assert first_time(rows, 5, 10) is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"time": 1000, "value": 1.5, "type": "DBL", "origin": 1}, (1, 1.5, 1)),
        ({"time": 1000.5, "value": "1.5"}, (1.0005, 1.5, 1)),
        ({"time": "1000", "value": "1,5", "origin": "5"}, (1, 1.5, 5)),
        ({"time": 1000, "value": 7, "type": "INT", "origin": 4}, (1, 7, 4)),
        ({"time": 1000, "value": 7, "type": "RM", "origin": 1}, (1, None, 1)),
        ({"time": 1000, "type": "RM"}, (1, None, 1)),
        ({"time": 1000, "value": None, "type": "DBL", "origin": 1}, None),
        ({"time": 1000, "value": True}, None),
        ({"time": 1000, "value": float("nan")}, None),
        ({"time": 1000, "value": float("inf")}, None),
        ({"time": 1000, "value": 10**400}, None),
        ({"time": 1000, "value": "1e999"}, None),
        ({"time": 1000, "value": [1]}, None),
        ({"time": 1000, "value": 1, "origin": None}, (1, 1, 1)),
        ({"time": 1000, "value": 1, "origin": 1.5}, None),
        ({"time": 1000, "value": 1, "origin": -1}, None),
        ({"time": 1000, "value": 1, "origin": 10**30}, None),
        ({"time": None, "value": 1}, None),
        ({"time": -5, "value": 1}, None),
        ({"time": 1e300, "value": 1}, None),
        ({"value": 1}, None),
        ({}, None),
    ],
)
async def test_one_sample_as_row_and_in_columns(
    row: dict[str, Json], expected: Row | None
) -> None:
    """An unreadable sample is ignored, and the others are parsed."""
    good: dict[str, Json] = {"time": 5000, "value": 5, "type": "DBL", "origin": 1}
    rows = await parse_signal_data({"data": [row, good], "unit": "kW"})
    wanted = [expected] if expected else []
    assert list(rows.samples) == [*wanted, (5, 5, 1)]
    full = {"origin": 1, "type": "DBL", "time": None, "value": None, **row}
    columns: dict[str, Json] = {name: [full[name], good[name]] for name in good}
    found = await parse_signal_data({"data": columns})
    assert list(found.samples) == [*wanted, (5, 5, 1)]


async def test_columns_of_unequal_length() -> None:
    """Samples without an origin can be predictions, so they are ignored."""
    data: Json = {
        "time": [1000, 2000, 3000, 4000],
        "value": [1, 2, 3],
        "type": ["DBL"],
        "origin": [1, 1],
    }
    found = await parse_signal_data({"data": data})
    assert [sample.time for sample in found.samples] == [1, 2]


async def test_a_hundred_thousand_samples_do_not_block_the_loop() -> None:
    """Parsing and selecting yield to the event loop regularly."""
    rows: Json = [
        {"time": 1000 * (n + 1), "value": n * 0.1, "type": "DBL", "origin": 1}
        for n in range(100_000)
    ]
    async with counting_turns() as turns:
        found = await parse_signal_data({"data": rows})
        values = merge_origins(await group_by_origin(found.samples, 0, 1e9))
    assert len(values) == 100_000
    assert turns.count >= 100


async def test_estimated_times() -> None:
    """A time with a measured or corrected value is not estimated."""
    samples = [(1, 5.0, 1), (1, 6.0, 4), (2, 7.0, 4), (3, 8.0, 3), (4, 9.0, 5)]
    found = await group_by_origin((Sample(*each) for each in samples), 0, 1000)
    assert estimated_times(found) == {2, 3}

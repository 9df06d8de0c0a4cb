"""Which values count by their origins, and where estimates fill gaps."""

import asyncio

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.backends.besmart.origins import (
    CALCULATED,
    CORRECTED,
    ESTIMATED,
    MEASURED,
    estimated_times,
    first_time,
    group_by_origin,
    has_values,
    latest_value,
    merge_origins,
)
from custom_components.metering_hub.backends.besmart.samples import (
    Sample,
    Samples,
    WordSample,
)
from custom_components.metering_hub.backends.besmart.signal_data import (
    parse_signal_data,
)
from custom_components.metering_hub.backends.common.http import Json

QUARTER, HOUR = 900.0, 3600.0


async def counted(samples: Samples) -> list[tuple[float, float]]:
    """Return the values that count."""
    return list(merge_origins(await group_by_origin(samples, 0, 1e9)))


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


async def test_estimated_times() -> None:
    """A time with a measured or corrected value is not estimated."""
    samples = [(1, 5.0, 1), (1, 6.0, 4), (2, 7.0, 4), (3, 8.0, 3), (2000, 9.0, 5)]
    found = await group_by_origin((Sample(*each) for each in samples), 0, 2000)
    assert estimated_times(found, merge_origins(found)) == [2, 3]


@pytest.mark.parametrize("step", [60.0, QUARTER, HOUR])
@pytest.mark.parametrize("origin", [ESTIMATED, CALCULATED])
@pytest.mark.parametrize("known", [MEASURED, CORRECTED])
async def test_an_estimate_never_stands_between_measured_values(
    step: float, origin: int, known: int
) -> None:
    """It only fills what is missing, whatever the usual distance of values is."""
    measured = [Sample(n * step, float(n), known) for n in range(9)]
    between = Sample(3.4 * step, 99.0, origin)
    assert await counted(Samples([*measured, between])) == [s[:2] for s in measured]
    missing = Sample(4 * step, 99.0, origin)
    del measured[4]
    rows = sorted([*measured, missing])
    assert await counted(Samples([missing, *measured])) == [s[:2] for s in rows]


async def test_estimates_before_and_after_all_measured_values_count() -> None:
    rows = [
        Sample(1.0, 1.0, ESTIMATED),
        Sample(QUARTER, 2.0, MEASURED),
        Sample(2 * QUARTER, 3.0, MEASURED),
        Sample(9 * QUARTER, 4.0, CALCULATED),
    ]
    assert await counted(Samples(rows)) == [row[:2] for row in rows]


def columns(**changed: Json) -> Json:
    """Return columns with two rows of one time, and one of another."""
    return {
        "time": [2000, 1000, 2000],
        "value": [22, 11, 21],
        "type": ["DBL", "DBL", "DBL"],
        "origin": [1, 1, 1],
        **changed,
    }


@pytest.mark.parametrize(
    ("acquired", "value"),
    [
        (None, 21.0),
        ([7000, 6000, 6500], 22.0),
        ([6500, 6000, 7000], 21.0),
        ([7000.5, "6000", 7000.25], 22.0),
        # A row without a time of acquisition was acquired before the others.
        ([1, 2, None], 22.0),
    ],
)
@pytest.mark.parametrize("as_rows", [False, True])
async def test_the_newest_acquisition_counts(
    acquired: Json, value: float, as_rows: bool
) -> None:
    """It may stand anywhere; without its time, the last row counts."""
    data = columns() if acquired is None else columns(original_acq=acquired)
    if as_rows and isinstance(data, dict):
        names = [*data]
        data = [
            dict(zip(names, row, strict=True))
            for row in zip(*data.values(), strict=True)  # type: ignore[arg-type]  # Lists.
        ]
    found = await parse_signal_data({"data": data})
    assert await counted(found.samples) == [(1, 11), (2, value)]


async def test_a_column_of_another_length_says_nothing() -> None:
    found = await parse_signal_data({"data": columns(original_acq=[7000, 6000])})
    assert await counted(found.samples) == [(1, 11), (2, 21)]


async def test_a_later_deletion_deletes_an_earlier_acquisition() -> None:
    data = columns(type=["RM", "DBL", "DBL"], original_acq=[7000, 6000, 6500])
    found = await parse_signal_data({"data": data})
    assert await counted(found.samples) == [(1, 11)]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("G11", "G11"),
        (" open ", " open "),
        ("true", True),
        ("False", False),
        (True, True),
        (False, False),
        ("123.4", None),
        ("1,5", None),
        ("nan", None),
        ("1e999", None),
        ("", None),
        ([True], None),
    ],
)
async def test_words_are_what_is_no_number(value: Json, word: object) -> None:
    row: Json = {"time": 1000, "value": value, "type": "STR", "origin": 1}
    found = (await parse_signal_data({"data": [row]})).samples
    words = [sample.value for sample in found.words()]
    assert words == ([] if word is None else [word])
    assert len(list(found)) == (1 if value in ("123.4", "1,5") else 0)


async def test_words_are_deleted_and_predicted_like_numbers() -> None:
    rows = [
        WordSample(1.0, "a", MEASURED),
        WordSample(2.0, "b", MEASURED),
        WordSample(3.0, "c", 2),
        Sample(2.0, None, MEASURED),
    ]
    found = await group_by_origin(Samples(rows).words(), 0, 10)
    assert found[MEASURED] == {1.0: "a"}
    assert await has_values(Samples(rows), 0, 10)
    assert not await has_values(Samples(rows), 2, 10)

"""Parsing of samples, and which ones count as measurements."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.besmart.models import (
    DataQuery,
    SensorId,
    SignalId,
)
from custom_components.metering_hub.backends.besmart.origins import (
    group_by_origin,
    merge_origins,
)
from custom_components.metering_hub.backends.besmart.signal_data import (
    BatchParser,
    parse_signal_data,
)
from custom_components.metering_hub.backends.common.http import Json
from tests.turns import counting_turns

type Row = tuple[float, float | None, int]
"""Time, value (`None`: deleted) and origin."""


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


def test_nothing_is_kept_of_parts_of_batches_that_are_whole_again() -> None:
    """While a server refuses whole batches, each signal may begin one."""
    till = datetime(2026, 11, 21, tzinfo=UTC)
    queries = [
        DataQuery(
            signal=SignalId(SensorId(1, 2), moid),
            since=till - timedelta(hours=2),
            till=till,
        )
        for moid in range(50)
    ]
    parser = BatchParser()
    parts = [parser.part_of([query]) for query in queries]
    assert parser.part_of(queries) is parts[0]
    again = [parser.part_of([query]) for query in queries]
    assert [part is known for part, known in zip(again, parts, strict=True)] == [
        True,
        *[False] * 49,
    ]


async def test_a_batch_that_repeats_the_last_one_is_not_parsed_again() -> None:
    """Its answer is kept for the same signals, unless it can be long."""
    signal = SignalId(SensorId(1, 2), 3)
    till = datetime(2026, 11, 21, tzinfo=UTC)
    query = DataQuery(signal=signal, since=till - timedelta(hours=2), till=till)
    parser = BatchParser()
    part = parser.part_of([query])
    assert parser.part_of([replace(query, till=till + timedelta(hours=1))]) is part
    long = replace(query, since=till - timedelta(days=7))
    assert parser.part_of([query, long]) is not part
    assert parser.part_of([]) is not parser.part_of([])

    def rows(value: float) -> list[dict[str, Json]]:
        """Return an answer with one sample."""
        columns: Json = {"time": [1], "value": [value], "type": ["DBL"], "origin": [1]}
        ids = {"client_cid": 1, "sensor_mid": 2, "signal_type_moid": 3}
        return [{**ids, "data": columns}]

    found = await parser.parse_batch(rows(5), part)
    assert await parser.parse_batch(rows(5), part) is found
    changed = await parser.parse_batch(rows(6), part)
    assert [*changed[signal].samples] == [(0.001, 6, 1)]
    assert [*found[signal].samples] == [(0.001, 5, 1)]


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

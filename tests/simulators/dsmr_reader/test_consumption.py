"""Rows of consumption of wrong telegrams, other groups and other meters."""

from datetime import timedelta

import pytest

from simulators.dirt import Dirt, Spot, SpotKind
from simulators.house import Channel, House
from simulators.times import epoch

from .conftest import NOW, Api
from .helpers import at, rows, units

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
WHEN = NOW.replace(second=0) - HOUR
FIELD = "delivered_1"
KEYS = frozenset({"electricity_delivered_1", "gas"})


async def position(api: Api, minutes: int) -> int:
    """Return the position in the row of a minute that ends after WHEN."""
    moment = WHEN + minutes * MINUTE
    found = await rows(
        api, "consumption/electricity", read_at__gte=moment, read_at__lte=moment
    )
    return units(found[0], FIELD)


async def test_the_highest_position_of_a_minute_counts(api: Api, house: House) -> None:
    begin = epoch(WHEN) + 20
    api.simulator.dirt = Dirt(
        [
            Spot(SpotKind.HIGH, begin, begin + 10, KEYS, amount=7_000_000),
            Spot(SpotKind.ZERO, begin + 100, begin + 110, KEYS),
        ]
    )
    right = house.register(Channel.DELIVERED_1, WHEN + 20 * SECOND)
    assert await position(api, 1) == right + 7_000_000
    # The false low telegram is hidden by the others.
    assert await position(api, 3) == house.register(
        Channel.DELIVERED_1, WHEN + 170 * SECOND
    )


async def test_a_telegram_ahead_is_hidden_in_its_minute(api: Api, house: House) -> None:
    begin = epoch(WHEN) - 1800
    spot = Spot(SpotKind.AHEAD, begin, begin + 10, KEYS, amount=1803)
    api.simulator.dirt = Dirt([spot])
    last = WHEN + 50 * SECOND
    assert await position(api, 1) == house.register(Channel.DELIVERED_1, last)


async def test_no_row_of_gas_without_a_right_stamp(api: Api) -> None:
    begin = epoch(WHEN) // 300 * 300
    nonsense = Spot(SpotKind.STAMP, begin - 100, begin + 700, KEYS, amount=946_684_800)
    zero = Spot(SpotKind.ZERO, begin + 1500, begin + 1501, KEYS)
    api.simulator.dirt = Dirt([nonsense, zero])
    found = await rows(
        api, "consumption/gas", read_at__gte=WHEN - HOUR, read_at__lte=WHEN + HOUR
    )
    missing = set(range(begin - 600, begin + 2100, 300)) - {
        epoch(at(row, "read_at")) for row in found
    }
    assert missing == {begin, begin + 300, begin + 1500}


async def test_rows_that_are_grouped_by_reading(api: Api, house: House) -> None:
    api.simulator.groups_by_minute = False
    span = {"read_at__gte": WHEN, "read_at__lte": WHEN + MINUTE}
    found = await rows(api, "consumption/electricity", **span)
    assert [at(row, "read_at") - WHEN for row in found] == [
        n * 10 * SECOND for n in range(7)
    ]
    for row in found:
        right = house.register(Channel.DELIVERED_1, at(row, "read_at"))
        assert units(row, FIELD) == right


@pytest.mark.parametrize(
    ("knob", "hour"), [("dsmr4", 2), ("dsmr2", 3), ("luxembourg", None)]
)
async def test_only_version_4_shifts_gas(api: Api, knob: str, hour: int | None) -> None:
    setattr(api.simulator, knob, True)
    (row,) = (await api.get("consumption/gas?ordering=-read_at&limit=1")).rows
    if hour is not None:
        assert row["read_at"] == f"2026-11-21T0{hour}:00:00+01:00"
    else:
        assert row["read_at"] == "2026-11-21T02:30:00+01:00"

"""Faults of telegrams change no hour, whether the past is read by the minute or not."""

from datetime import datetime, timedelta

from custom_components.metering_hub.history.maths.registers import RegisterHours
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.metering.register_line import RegisterLine
from simulators.dirt import Dirt, Spot, SpotKind
from simulators.faults import Answer, Fault
from simulators.house import House
from simulators.times import DAY as DAY_SECONDS, HOUR, MINUTE, QUARTER, epoch

from .conftest import ELECTRICITY, NOW, REGISTERS, Connect, Connected, simulated

DAY = timedelta(days=1)
START = NOW.replace(hour=0, minute=0, second=0) - 4 * DAY
EMPTY = Answer(200, '{"count": 0, "results": []}', "application/json")
ALL = frozenset(REGISTERS)
ONLY_ELECTRICITY = frozenset(ELECTRICITY)
GAS = frozenset({"gas"})

TEN_SECONDS = 0.03
"""The kWh that the house uses in ten seconds at most."""


def spot(
    kind: SpotKind,
    day: int,
    hour: float,
    seconds: int,
    keys: frozenset[str],
    amount: int = 0,
    every: int = 0,
) -> Spot:
    """Return a fault that begins at an hour of a day, just before it is full."""
    start = epoch(START) + day * DAY_SECONDS + round(hour * HOUR) - 10
    return Spot(kind, start, start + seconds, keys, amount=amount, every=every)


DIRT = Dirt(
    [
        spot(SpotKind.HIGH, 1, 3, 10, ONLY_ELECTRICITY, 100_000_000),
        spot(SpotKind.ZERO, 1, 6, 30, ALL),
        spot(SpotKind.TENFOLD, 1, 9, 10, ONLY_ELECTRICITY),
        spot(SpotKind.DIP, 1, 12, 20, ONLY_ELECTRICITY),
        spot(SpotKind.ZERO, 1, 15, 4 * MINUTE, ALL, every=MINUTE),
        spot(SpotKind.AHEAD, 1, 18, 10, ALL, 2 * HOUR + 3),
        spot(SpotKind.STAMP, 2, 3, 2 * HOUR, GAS, 946_684_800),
        spot(SpotKind.OUTAGE, 2, 7, QUARTER * 6, ALL),
        spot(SpotKind.TENFOLD, 2, 11, 400, GAS),
        spot(SpotKind.DUPLICATE, 2, 14, 50, ALL),
        spot(SpotKind.EXCHANGE, 2, 18, 10, ONLY_ELECTRICITY),
    ]
)


async def hours(connected: Connected) -> dict[str, dict[datetime, Row]]:
    """Return the hours of the registers, by key and start."""
    points = (await connected.backend.inventory()).points
    wanted = [points[key] for key in REGISTERS]
    makers = {
        point.key: RegisterHours(line=RegisterLine.of(point, is_trusted=False))
        for point in wanted
    }
    found: dict[str, list[Row]] = {key: [] for key in makers}
    async for chunk in connected.backend.history(wanted, START, NOW):
        for key, readings in chunk.readings.items():
            found[key] += makers[key].add(readings, chunk.until)
    for key, maker in makers.items():
        found[key] += maker.open_hours(NOW)
    return {key: {row.start: row for row in rows} for key, rows in found.items()}


async def test_no_hour_differs_from_that_of_telegrams(connect: Connect) -> None:
    by_minute = await connect(simulated(House(7, START), interval=10, dirt=DIRT))
    found = await hours(by_minute)
    requests = by_minute.take_request_count()
    by_telegram = await connect(simulated(House(7, START), interval=10, dirt=DIRT))
    by_telegram.simulator.faults.add(Fault(EMPTY, path="consumption/electricity"))
    right = await hours(by_telegram)
    assert requests < by_telegram.take_request_count() / 2
    for key, rows in right.items():
        assert rows.keys() == found[key].keys()
        for start, row in rows.items():
            difference = abs((found[key][start].sum or 0.0) - (row.sum or 0.0))
            assert difference < TEN_SECONDS, (key, start)

"""Exchanged meters, which only the newest telegram shows."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import orjson
import pytest

from custom_components.metering_hub.backends.common.http import Json
from custom_components.metering_hub.backends.dsmr_reader.meter_exchanges import (
    Exchange,
    MeterExchanges,
    NewRegisters,
)
from custom_components.metering_hub.backends.dsmr_reader.meters import (
    ELECTRICITY_METER,
    EXTRA_METER,
)
from custom_components.metering_hub.metering.model import NEW_REGISTER
from simulators.house import Channel, House, MeterExchange, Outage

from .conftest import ELECTRICITY, NOW, REGISTERS, Connect, Connected, point, simulated

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
START = NOW.replace(hour=0, minute=0, second=0) - 3 * DAY
OLD, NEW = "E0000000000000001", "E0000000000000002"
GAS = "G0000000000000001"
KEY = "electricity_delivered_1"
POINTS = [point(key) for key in REGISTERS]


type Serials = Mapping[str, str | None]


def names(serial: str | None = OLD, extra: str | None = GAS) -> Serials:
    """Return the serial numbers in a telegram of these meters."""
    return {ELECTRICITY_METER: serial, EXTRA_METER: extra}


def seen(*sightings: tuple[Serials, datetime]) -> MeterExchanges:
    """Return exchanges after some telegrams."""
    exchanges = MeterExchanges()
    for serials, time in sightings:
        exchanges.see(serials, time)
    return exchanges


def test_the_first_meter_is_no_exchange() -> None:
    """Nothing is known about the time before."""
    exchanges = MeterExchanges()
    assert exchanges.see(names(), NOW) == frozenset()
    assert exchanges.see(names(), NOW + HOUR) == frozenset()
    assert exchanges.since(START) == []


def test_each_meter_for_itself() -> None:
    """A new gas meter says nothing about the electricity meter."""
    exchanges = seen((names(), NOW))
    assert exchanges.see(names(extra=NEW), NOW + HOUR) == {EXTRA_METER}
    assert exchanges.see(names(NEW, NEW), NOW + 2 * HOUR) == {ELECTRICITY_METER}
    assert exchanges.since(START) == [
        Exchange(EXTRA_METER, NOW, NOW + HOUR),
        Exchange(ELECTRICITY_METER, NOW + HOUR, NOW + 2 * HOUR),
    ]
    assert exchanges.since(NOW + 90 * MINUTE) == [exchanges.since(START)[1]]


def test_a_telegram_without_a_serial_says_nothing() -> None:
    """Servers keep an old telegram, or none, if rows are posted to them."""
    exchanges = seen((names(), NOW))
    assert exchanges.see(names(None, None), NOW + HOUR) == frozenset()
    assert exchanges.see(names(), NOW + 2 * HOUR) == frozenset()


def test_a_clock_that_is_behind_divides_nothing() -> None:
    """The order of arrival then tells the meters apart; live values know at once."""
    exchanges = seen((names(), NOW))
    assert exchanges.see(names(NEW), NOW - HOUR) == {ELECTRICITY_METER}
    assert exchanges.since(START) == []


def test_memory_has_no_serial() -> None:
    """A restart keeps meters and exchanges; digests differ from home to home."""
    exchanges = seen((names(), NOW), (names(NEW), NOW + HOUR))
    memory = exchanges.remember()
    text = orjson.dumps(memory).decode()
    assert not any(serial in text for serial in (OLD, NEW, GAS))
    restored = MeterExchanges()
    restored.restore(orjson.loads(text))
    assert restored.since(START) == exchanges.since(START)
    assert restored.see(names(NEW), NOW + 2 * HOUR) == frozenset()
    assert restored.see(names(OLD), NOW + 3 * HOUR) == {ELECTRICITY_METER}
    other = seen((names(), NOW)).remember()
    assert other["meters"] != seen((names(), NOW)).remember()["meters"]
    assert MeterExchanges().remember() == {}


@pytest.mark.parametrize(
    "memory",
    [
        {},
        {"salt": 5},
        {"salt": "s", "meters": [], "exchanges": {}},
        {"salt": "s", "meters": {"a": None}, "exchanges": [{"meter": "a", "at": "?"}]},
    ],
)
def test_unreadable_memory(memory: Mapping[str, Json]) -> None:
    """What cannot be read is ignored."""
    exchanges = MeterExchanges()
    exchanges.restore(memory)
    assert exchanges.since(START) == []


def test_the_first_telegram_is_where_the_line_breaks() -> None:
    """Of the telegrams since the last look, the one that cannot continue is new."""
    exchanges = seen((names(), NOW), (names(NEW), NOW + HOUR))
    positions = [100.0, 100.5, 101.0, 6000.0, 6000.5]
    new = NewRegisters(exchanges, NOW - HOUR)
    found = [
        new.is_first(ELECTRICITY_METER, NOW + n * 10 * MINUTE, {KEY: position})
        for n, position in enumerate(positions)
    ]
    assert found == [False, False, False, True, False]
    at = NOW + 30 * MINUTE
    assert exchanges.since(START) == [Exchange(ELECTRICITY_METER, at, at)]
    # The retention has deleted that telegram; a later pass begins with the next one.
    later = NewRegisters(exchanges, NOW - HOUR)
    assert later.is_first(ELECTRICITY_METER, at + MINUTE, {KEY: 6000.0})
    assert not NewRegisters(exchanges, at + SECOND).is_pending(ELECTRICITY_METER)


def test_without_a_break_the_seen_telegram_is_the_first() -> None:
    """A new meter may stand where the old one stood."""
    exchanges = seen((names(), NOW), (names(NEW), NOW + HOUR))
    new = NewRegisters(exchanges, NOW)
    times = [NOW, NOW + 30 * MINUTE, NOW + HOUR, NOW + HOUR + SECOND]
    found = [new.is_first(ELECTRICITY_METER, t, {KEY: 100.0}) for t in times]
    assert found == [False, False, True, False]


def exchanged(at: datetime, pause: timedelta) -> House:
    """Return a house with a new meter that stands higher, after a pause."""
    positions = dict.fromkeys([*Channel][:4], 60_000_000)
    return House(
        7,
        START,
        exchange=MeterExchange(at, positions),
        outages=(Outage(at - pause, at),),
    )


async def poll(connected: Connected, moment: datetime) -> dict[str, str | None]:
    """Return the qualities of the latest readings at a moment."""
    connected.simulator.clock = lambda: moment
    found = (await connected.backend.latest(POINTS)).readings
    return {key: reading.quality for key, reading in found.items()}


async def marked(connected: Connected, start: datetime) -> dict[str, list[datetime]]:
    """Return the times of the readings of new registers in the history."""
    end = connected.simulator.clock()
    found: dict[str, list[datetime]] = {key: [] for key in REGISTERS}
    async for chunk in connected.backend.history(POINTS, start, end):
        for key, readings in chunk.readings.items():
            found[key] += [r.time for r in readings if r.quality == NEW_REGISTER]
    return found


EXPECTED = {key: NEW_REGISTER if key in ELECTRICITY else None for key in REGISTERS}


async def test_a_new_meter_is_believed_at_once(connect: Connect) -> None:
    """Its first telegram is marked, live and in history, and survives a restart."""
    at = NOW.replace(second=0) + 20 * MINUTE
    connected = await connect(simulated(exchanged(at, 10 * MINUTE), interval=10))
    before = await poll(connected, at - 11 * MINUTE)
    assert before == dict.fromkeys(REGISTERS)
    assert await poll(connected, at - 5 * MINUTE) == before
    assert await poll(connected, at) == EXPECTED
    assert await poll(connected, at) == EXPECTED
    assert await poll(connected, at + 10 * SECOND) == before
    expected = {key: [at] if key in ELECTRICITY else [] for key in REGISTERS}
    assert await marked(connected, START) == expected
    assert await marked(connected, at - HOUR) == expected
    connected.simulator.clock = lambda: at + HOUR
    memory = connected.backend.remember()
    restarted = await connect(connected.simulator, memory=memory)
    assert await marked(restarted, START) == expected


async def test_a_meter_that_was_exchanged_unseen(connect: Connect) -> None:
    """While Home Assistant was off for hours, the break in the positions tells."""
    at = NOW.replace(second=0) + 20 * MINUTE
    connected = await connect(simulated(exchanged(at, 10 * MINUTE), interval=10))
    later = at + 5 * HOUR
    connected.simulator.clock = lambda: later
    fresh = await connect(connected.simulator, memory=connected.backend.remember())
    assert await poll(fresh, later + 10 * SECOND) == EXPECTED
    assert await marked(fresh, START) == {
        key: [at] if key in ELECTRICITY else [] for key in REGISTERS
    }


async def test_the_same_meter_after_a_pause(connect: Connect) -> None:
    """A pause of the server is no exchange."""
    at = NOW.replace(second=0) + 20 * MINUTE
    house = House(7, START, outages=(Outage(at - 10 * MINUTE, at),))
    connected = await connect(simulated(house, interval=10))
    for minutes in (-11, 0, 10):
        found = await poll(connected, at + minutes * MINUTE)
        assert found == dict.fromkeys(REGISTERS)
    assert await marked(connected, START) == {key: [] for key in REGISTERS}


async def test_a_new_meter_that_is_read_between_registers(connect: Connect) -> None:
    """Its registers are marked when they are asked for next, and only then."""
    at = NOW.replace(second=0) + 20 * MINUTE
    connected = await connect(simulated(exchanged(at, 10 * MINUTE), interval=10))
    before = await poll(connected, at - 11 * MINUTE)
    power = [(await connected.backend.inventory()).points["electricity_power"]]
    for seconds in (0, 10, 20):
        connected.simulator.clock = lambda: at + seconds * SECOND  # noqa: B023  It is called in this cycle only.
        found = (await connected.backend.latest(power)).readings
        assert found["electricity_power"].quality is None
    assert await poll(connected, at + 30 * SECOND) == EXPECTED
    assert await poll(connected, at + 40 * SECOND) == before

"""Wrong clocks of meters, live and in history: what a home sees of them."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from simulators.dsmr_reader import ClockError, DsmrReaderSimulator
from simulators.house import Channel
from simulators.times import epoch

from ..conftest import NOW, Tick, set_up, shown
from ..test_history import HOUR, REGISTERS, euro, imported, simulator, wants_history

__all__ = ["euro", "simulator", "wants_history"]

UNSET = datetime(2000, 1, 1, tzinfo=UTC)
START = (NOW - timedelta(days=8)).replace(minute=0)
DELIVERED = "sensor.electricity_meter_normal_tariff_delivered"
TARIFF = "sensor.electricity_meter_tariff"
GAS = "sensor.gas_meter_meter_reading"
MINUTE = timedelta(minutes=1)


async def test_an_hour_without_a_set_clock(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """An hour of telegrams dated 2000-01-01 adds nothing before the real ones."""
    begin = START + 50 * HOUR
    simulator.clock_errors.append(ClockError(begin, begin + HOUR, UNSET - begin))
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    for key, channel in REGISTERS.items():
        rows = statistics[key]
        assert rows[0]["start"] == START.timestamp()
        assert len(rows) == 8 * 24 + 1, key
        used = simulator.house.true_energy(channel, START, NOW.replace(minute=0))
        total = sum(row["change"] or 0.0 for row in rows[:-1])
        assert total == pytest.approx(used / 1000, abs=0.01), key


async def test_a_telegram_two_hours_ahead(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Sensors go on with the next telegram, and top-ups read what is new."""
    await imported(hass, loaded)
    bad = NOW + 2 * MINUTE
    simulator.clock_errors.append(ClockError(bad, bad + MINUTE, 2 * HOUR))
    expected = {
        minute: simulator.house.register(
            Channel.DELIVERED_2, NOW + (1 if minute == 2 else minute) * MINUTE
        )
        for minute in range(1, 14)
    }
    for minute, position in expected.items():
        await tick(60)
        assert float(shown(hass, DELIVERED)) * 1000 == pytest.approx(position), minute
        assert shown(hass, TARIFF) not in (STATE_UNAVAILABLE, STATE_UNKNOWN)
    await imported(hass, loaded)
    simulator.faults.clear_requests()
    await tick(300)
    statistics = await imported(hass, loaded)
    pages = [r for r in simulator.faults.requests if r.query.get("limit") == "500"]
    assert pages
    for page in pages:
        since = datetime.fromisoformat(page.query["timestamp__gte"])
        assert since > NOW - 13 * HOUR
    [last] = statistics["electricity_delivered_2"][-1:]
    assert last["start"] == NOW.replace(minute=0).timestamp()


@pytest.mark.parametrize("year", [1970, 2000, 2070])
async def test_a_gas_meter_without_a_clock(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    year: int,
) -> None:
    """Its sensor, its history and the dashboard's source take the telegram's time."""
    stamp = epoch(datetime(year, 1, 1, tzinfo=UTC))
    simulator.extra_clock = lambda _: stamp
    await set_up(hass, entry)
    rows = (await imported(hass, entry))["gas"]
    assert len(rows) == 8 * 24 + 1
    for row in rows[1:-1]:
        end = datetime.fromtimestamp(row["start"], UTC) + HOUR
        used = simulator.house.true_energy(Channel.GAS, end - HOUR, end) / 1000
        assert row["change"] == pytest.approx(used, abs=0.1)
    total = simulator.house.true_energy(Channel.GAS, START, NOW.replace(minute=0))
    assert rows[-2]["sum"] == pytest.approx(total / 1000, abs=0.1)
    await tick(600)
    position = simulator.house.register(Channel.GAS, NOW + 10 * MINUTE)
    assert float(shown(hass, GAS)) * 1000 == pytest.approx(position)

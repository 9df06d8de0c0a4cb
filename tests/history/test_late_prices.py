"""Prices that become known later, and what may happen in the middle of pricing."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from freezegun.api import FrozenDateTimeFactory
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorder.access import wait_until_stored
from custom_components.metering_hub.history.recorder.recorder import (
    last_rows,
    recorded_ids,
)
from custom_components.metering_hub.history.recorder.sensor_hours import sensor_hours
from custom_components.metering_hub.prices import action_memory, action_source
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..prices.price_sources import record_prices
from ..prices.test_action_source import NL, Integrations, hour_price, integrations
from .cost_rows import cost_rows
from .test_repricing import (
    CLEAN,
    HOUR,
    HOURS,
    POINT,
    SCOPE,
    START,
    USED,
    Entry,
    _recorder,
    cost_statistic,
    costs_of,
    entry,
    recorder_config,
    write,
)

__all__ = ["_recorder", "entry", "integrations", "recorder_config"]

LONG = 40 * 24
"""Hours of which some are older than 30 days, and others than 3."""

MANY = [
    Row(START + hour * HOUR, state=100.0 + hour, sum=float(hour))
    for hour in range(LONG)
]


@pytest.fixture
def loaded() -> dict[str, dict[str, object]]:
    """Load Nord Pool, with prices in Home Assistant's currency."""
    return {"nordpool": {"areas": ["NL"], "currency": "EUR"}}


def price_of(hour: datetime) -> float:
    """Return the price that the sensor has in an hour."""
    return round((hour - START) // HOUR % 24 / 100 - 0.03, 2)


def prices_of(hours: Iterable[int]) -> dict[datetime, float]:
    """Return the prices of the sensor, by the start of hours with these numbers."""
    starts = (START + number * HOUR for number in hours)
    return {start: price_of(start) for start in starts}


@pytest.fixture
async def sensor(
    hass: HomeAssistant, entry: Entry, freezer: FrozenDateTimeFactory
) -> str:
    """Return the source of a price sensor, which prices forty days."""
    freezer.move_to(START + LONG * HOUR)
    await write(hass, SCOPE.statistic(POINT), MANY)
    registered = er.async_get(hass).async_get_or_create(
        "sensor", "nordpool", "price", suggested_object_id="price"
    )
    entry.book._read_hours = sensor_hours
    entry.add(price_type="sensor", source=f"sensor:{registered.id}")
    return registered.entity_id


def due(holes: set[int], known: Callable[[datetime], float] = price_of) -> list[Row]:
    """Return the costs of all hours that have a price."""
    missing = {START + hour * HOUR for hour in holes}
    return cost_rows(
        MANY, 0.0, 0.0, lambda hour: None if hour in missing else known(hour)
    )


async def all_costs(hass: HomeAssistant) -> Sequence[Row]:
    """Return the recorded costs of forty days."""
    return await last_rows(hass, cost_statistic().statistic_id, LONG + 1)


async def test_a_sensor_with_holes_whose_values_come_late(
    hass: HomeAssistant, entry: Entry, sensor: str, freezer: FrozenDateTimeFactory
) -> None:
    """Exactly the hours of the holes have no cost; late values are taken in."""
    old, month, recent = {100, 101}, {LONG - 20 * 24}, {LONG - 50, LONG - 49}
    holes = old | month | recent
    await record_prices(hass, sensor, prices_of(set(range(LONG)) - holes))
    await entry.price()
    assert await all_costs(hass) == due(holes)
    assert entry.repricer.unpriced == {"energy": 3}
    assert not entry.repricer.awaits_prices
    await record_prices(hass, sensor, prices_of(holes))
    assert await entry.price() == {}
    freezer.tick(3600)
    await entry.price()
    assert await all_costs(hass) == due(old | month)
    assert entry.repricer.unpriced == {"energy": 1}
    freezer.tick(24 * 3600)
    await entry.price()
    assert await all_costs(hass) == due(old)
    assert entry.repricer.unpriced == {}


async def test_a_sensor_that_is_renamed(
    hass: HomeAssistant, entry: Entry, sensor: str, freezer: FrozenDateTimeFactory
) -> None:
    """Its prices count under its new name."""
    await record_prices(hass, sensor, prices_of(range(LONG - 10)))
    await entry.price()
    registry = er.async_get(hass)
    registry.async_update_entity(sensor, new_entity_id="sensor.market_price")
    await hass.async_block_till_done()
    await wait_until_stored(hass)
    await record_prices(hass, "sensor.market_price", prices_of(range(LONG - 10, LONG)))
    entry.start()
    entry.book._read_hours = sensor_hours
    freezer.tick(3600)
    assert await entry.price() == {"energy_cost": 10}
    assert await all_costs(hass) == due(set())


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_an_action_that_answers_for_few_days_at_once(
    hass: HomeAssistant,
    entry: Entry,
    integrations: Integrations,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    is_restarted: bool,
) -> None:
    """The days follow every ten minutes, the latest ones first; then all is done."""
    monkeypatch.setattr(action_source, "PAUSE", 0.0)
    monkeypatch.setattr(action_memory, "MAX_CALLS", 2)
    entry.add(price_type="action", source=NL)
    expected = cost_rows(USED, 0.0, 0.0, hour_price)
    assert (await entry.price())["energy_cost"] < HOURS
    last = (await costs_of(hass))[-1]
    assert (last.start, last.state) == (expected[-1].start, expected[-1].state)
    rounds = 0
    while entry.repricer.awaits_prices:
        rounds += 1
        assert await entry.price() == {}
        if is_restarted:
            entry.start()
        freezer.tick(600)
        assert await entry.price()
    assert rounds == 2
    assert await costs_of(hass) == expected
    asked = len(integrations.asked)
    freezer.tick(600)
    assert await entry.price() == {}
    assert len(integrations.asked) == asked == 5


async def test_an_action_that_refuses(
    hass: HomeAssistant,
    entry: Entry,
    integrations: Integrations,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing waits any more once the tariff is removed."""
    monkeypatch.setattr(action_source, "PAUSE", 0.0)
    integrations.answer = lambda call: {"NL": []}
    key = entry.add(price_type="action", source=NL)
    assert await entry.price() == {}
    assert entry.repricer.awaits_prices
    freezer.tick(1200)
    integrations.answer = None
    assert await entry.price() == {}
    entry.remove(key)
    await entry.price()
    assert not entry.repricer.awaits_prices
    entry.add(price_type="action", source=NL)
    freezer.tick(24 * 3600)
    await entry.price()
    assert await costs_of(hass) == cost_rows(USED, 0.0, 0.0, hour_price)


amounts = st.integers(-50, 50).map(lambda number: number / 100)


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(price=amounts, fee=amounts, start=st.integers(0, 99), length=st.integers(1, 99))
async def test_a_tariff_that_is_removed_and_added_again_has_the_same_rows(
    hass: HomeAssistant,
    entry: Entry,
    price: float,
    fee: float,
    start: int,
    length: int,
) -> None:
    """Also beside one that it overrides for a while."""

    def add() -> str:
        """Add the tariff."""
        first = START + start * HOUR
        end = (first + length * HOUR).astimezone(entry.zone)
        return entry.add(
            price,
            first,
            valid_to=f"{end:%Y-%m-%dT%H:%M:%S}",
            surcharges=[{"amount": fee, "from_hour": 17, "to_hour": 7}],
            daily=0.5,
        )

    async def rows() -> list[Sequence[Row]]:
        """Return all rows of costs."""
        fixed = SCOPE.fixed_cost_statistic("EUR").statistic_id
        return [await costs_of(hass), await last_rows(hass, fixed, HOURS)]

    below, key = entry.add(), add()
    await entry.price()
    before = await rows()
    entry.remove(key)
    await entry.price()
    assert await costs_of(hass) == CLEAN
    key = add()
    await entry.price()
    assert await rows() == before
    entry.remove(key)
    entry.remove(below)
    await entry.price()
    assert await recorded_ids(hass, SCOPE.prefix) == [
        SCOPE.statistic(POINT).statistic_id
    ]


async def test_fixed_costs_of_days_with_23_and_25_hours(
    hass: HomeAssistant, entry: Entry, freezer: FrozenDateTimeFactory
) -> None:
    """Each local day is charged once, at its own midnight."""
    freezer.move_to(datetime(2026, 10, 27, 12, tzinfo=UTC))
    entry.add(daily=0.5, start=datetime(2026, 3, 27, 23, tzinfo=UTC))
    await entry.price()
    fixed = SCOPE.fixed_cost_statistic("EUR").statistic_id
    rows = await last_rows(hass, fixed, 999)
    starts = [row.start for row in rows]
    assert len(rows) == 214
    assert {row.state for row in rows} == {0.5}
    assert rows[-1].sum == 107
    assert [start.astimezone(entry.zone).hour for start in starts] == [0] * 214
    lengths = [later - start for start, later in pairwise(starts)]
    assert [length for length in lengths if length != 24 * HOUR] == [
        timedelta(hours=23),
        timedelta(hours=25),
    ]


@pytest.mark.parametrize("far", [0.0, 0.3, 0.9])
async def test_a_crash_in_the_middle(
    hass: HomeAssistant, entry: Entry, far: float
) -> None:
    """A task that is cancelled leaves nothing that the next start does not mend."""
    await write(hass, cost_statistic(), CLEAN)
    entry.add(0.5)
    task = asyncio.create_task(entry.price())
    entry.reached = lambda share: share >= far and task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await wait_until_stored(hass)
    entry.start()
    await entry.price()
    assert await costs_of(hass) == cost_rows(USED, 0.0, 0.0, lambda _: 0.5)


async def test_another_country_has_other_holidays(
    hass: HomeAssistant, entry: Entry
) -> None:
    """The hours of New Year cost what they do in the country."""

    async def new_year() -> float | None:
        """Return the price of the second hour, which has an amount."""
        await entry.price()
        cost = (await costs_of(hass))[1].state
        return cost and round(cost / ((USED[1].sum or 0) - (USED[0].sum or 0)), 6)

    entry.add(
        price_type="timed",
        rules=[{"weekdays": ["sun"], "price": 0.1}],
        holidays_as_sundays=True,
    )
    await hass.config.async_update(country="NL")
    assert await new_year() == 0.1
    await hass.config.async_update(country="SA")
    assert await new_year() == 0.25
    await hass.config.async_update(country="PL")
    assert await new_year() == 0.1

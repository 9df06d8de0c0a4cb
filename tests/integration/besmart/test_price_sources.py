"""The past of a besmart is priced by a sensor or an action of Home Assistant."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.history.recorder.access import wait_until_stored
from custom_components.metering_hub.prices import action_memory, action_source
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulators.besmart import HOUSE_MID, BesmartSimulator, default_sensors
from simulators.faults import Drop, Fault

from ...prices.price_sources import record_prices
from ...prices.test_action_source import NL, Integrations, hour_price
from ..conftest import NOW, Tick, set_up
from ..test_history import Statistics, imported
from .conftest import START
from .test_history import DELIVERED, NOW_HOUR, start_of, wants_history

__all__ = ["wants_history"]

HOUR = timedelta(hours=1)
YEAR_START = NOW_HOUR - timedelta(days=365)
COST = f"{DELIVERED}_cost"
HOLES = {NOW_HOUR - hours * HOUR for hours in (5, 6, 246, 2406, 7206)}
"""Hours in which the price sensor had no value; three are in the last 30 days."""


@pytest.fixture(autouse=True)
async def _place(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pay in euros, and do not wait between calls."""
    await hass.config.async_update(currency="EUR", time_zone="Europe/Amsterdam")
    monkeypatch.setattr(action_source, "PAUSE", 0.0)


@pytest.fixture
def start() -> datetime:
    """Return when the house's history starts."""
    return START


@pytest.fixture
def simulator(start: datetime, simulator: BesmartSimulator) -> BesmartSimulator:
    """Return a simulator whose house has one signal."""
    simulator.sensors[:] = default_sensors(7, start)[:1]
    simulator.sensor(HOUSE_MID).signals = (32,)
    return simulator


@pytest.fixture
def nord_pool(hass: HomeAssistant) -> Iterator[Integrations]:
    """Return Nord Pool, which is loaded during the test."""
    found = Integrations(hass)
    found.add("nordpool", {"areas": ["NL"], "currency": "EUR"})
    yield found
    found.entries["nordpool"].mock_state(hass, ConfigEntryState.NOT_LOADED)


def add_tariff(hass: HomeAssistant, entry: MockConfigEntry, source: str) -> None:
    """Add a tariff whose prices come from a source, for the whole past."""
    data = {
        "applies_to": "import",
        "valid_from": "2020-01-01T00:00:00",
        "currency": "EUR",
        "unit": "EUR/kWh",
        "price_type": source.partition(":")[0],
        "source": source,
    }
    hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type="tariff",
            title="Dynamic",
            unique_id=None,
        ),
    )


def sensor_price(hour: datetime) -> float:
    """Return the price of the sensor in an hour, which may be negative."""
    return ((hour - YEAR_START) // HOUR * 7 % 40 - 5) / 100


def prices_of(hours: Iterable[datetime]) -> dict[datetime, float]:
    """Return the prices of the sensor by the start of hours."""
    return {hour: sensor_price(hour) for hour in hours}


def unpriced_hours(statistics: Statistics) -> set[datetime]:
    """Return the hours that have an amount but no cost, of those that are over."""
    costs = {row["start"] for row in statistics[COST]}
    return {
        start_of(row)
        for row in statistics[DELIVERED]
        if row["start"] not in costs and row["change"] and start_of(row) < NOW_HOUR
    }


def assert_priced(statistics: Statistics) -> None:
    """Check each cost that is recorded."""
    used = {row["start"]: row["change"] or 0.0 for row in statistics[DELIVERED]}
    for row in statistics[COST]:
        hour = datetime.fromtimestamp(row["start"], UTC)
        cost = used[row["start"]] * sensor_price(hour)
        assert row["change"] == pytest.approx(cost, abs=2e-6), hour


@pytest.mark.parametrize("start", [YEAR_START])
async def test_a_sensor_with_a_year_of_prices(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator, tick: Tick
) -> None:
    """Exactly the hours of its holes have no cost, and how many is shown."""
    registered = er.async_get(hass).async_get_or_create(
        "sensor", "nordpool", "price", suggested_object_id="market_price"
    )
    year = {YEAR_START + number * HOUR for number in range(365 * 24)}
    await record_prices(hass, registered.entity_id, prices_of(year - HOLES))
    add_tariff(hass, entry, f"sensor:{registered.id}")
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    assert len(statistics[COST]) > 360 * 24
    assert_priced(statistics)
    assert unpriced_hours(statistics) == HOLES
    # The running hour has no price either.
    assert sum(entry.runtime_data.history.data.unpriced.values()) in (3, 4)
    er.async_get(hass).async_update_entity(
        registered.entity_id, new_entity_id="sensor.renamed_price"
    )
    await hass.async_block_till_done()
    await wait_until_stored(hass)
    await record_prices(hass, "sensor.renamed_price", prices_of(HOLES))
    await tick(3600)
    statistics = await imported(hass, entry)
    assert_priced(statistics)
    assert unpriced_hours(statistics) == {
        hole for hole in HOLES if NOW - hole > timedelta(days=3)
    }


async def test_an_action_while_the_server_is_down(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BesmartSimulator,
    nord_pool: Integrations,
    tick: Tick,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All days are priced in a while, for which the server is not needed."""
    monkeypatch.setattr(action_memory, "MAX_CALLS", 4)
    await set_up(hass, entry)
    await imported(hass, entry)
    add_tariff(hass, entry, NL)
    await imported(hass, entry)
    # Home Assistant loads the entry again when its first sensors of costs are enabled.
    await tick(60)
    await imported(hass, entry)
    simulator.faults.add(Fault(Drop()))
    statistics = await imported(hass, entry)
    assert 0 < len(statistics[COST]) < len(statistics[DELIVERED])
    for _ in range(3):
        await tick(600)
        statistics = await imported(hass, entry)
    assert not unpriced_hours(statistics)
    assert len(nord_pool.asked) <= 12
    used = {row["start"]: row["change"] or 0.0 for row in statistics[DELIVERED]}
    for row in statistics[COST]:
        cost = used[row["start"]] * hour_price(start_of(row))
        assert row["change"] == pytest.approx(cost, abs=2e-6)


async def test_what_a_removed_tariff_leaves(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    nord_pool: Integrations,
    hass_storage: dict[str, object],
    tick: Tick,
) -> None:
    """Its costs and the prices that were stored for it go, and listeners are told."""
    add_tariff(hass, entry, NL)
    await set_up(hass, entry)
    assert COST in await imported(hass, entry)
    await tick(60)
    assert "metering_hub.prices" in hass_storage
    told: list[int] = []
    entry.runtime_data.history.async_add_listener(lambda: told.append(1))
    hass.config_entries.async_remove_subentry(entry, *entry.subentries)
    assert COST not in await imported(hass, entry)
    assert told
    assert "metering_hub.prices" not in hass_storage

"""Tariffs of the user: their costs in all recorded hours, whenever they change."""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulators.dsmr_reader import DsmrReaderSimulator

from .conftest import NOW, Tick, open_options, set_up
from .test_history import PROGRESS, Statistics, euro, imported, simulator, wants_history

__all__ = ["euro", "simulator", "wants_history"]

ZONE = ZoneInfo("Europe/Amsterdam")
KEY = "electricity_delivered_2"
COST = f"{KEY}_cost"
LATER = NOW.replace(minute=0) - timedelta(days=3)
"""Costs change from then on."""


def tariff(price: float, start: datetime, **more: object) -> ConfigSubentry:
    """Return a tariff for what is bought, from a moment on."""
    data = {
        "applies_to": "import",
        "valid_from": f"{start.astimezone(ZONE):%Y-%m-%dT%H:%M:%S}",
        "currency": "EUR",
        "unit": "EUR/kWh",
        "price_type": "fixed",
        "price": price,
        **more,
    }
    return ConfigSubentry(
        data=MappingProxyType(data),
        subentry_type="tariff",
        title="Tariff",
        unique_id=None,
    )


def assert_priced(
    statistics: Statistics, price: float, start: datetime, before: Statistics
) -> None:
    """Check the costs of all hours: those before a moment are what they were."""
    first = start.timestamp()
    old = {row["start"]: row["change"] for row in before[COST]}
    costs = {row["start"]: row["change"] for row in statistics[COST]}
    used = {row["start"]: row["change"] for row in statistics[KEY]}
    assert costs.keys() == used.keys()
    for hour, change in costs.items():
        due = (used[hour] or 0) * price if hour >= first else old[hour]
        assert change == pytest.approx(due, abs=2e-6), datetime.fromtimestamp(hour, UTC)


async def test_a_tariff_that_is_added_changed_and_removed(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """The whole past follows at once, and the server is not asked for readings."""
    before = await imported(hass, loaded)
    simulator.faults.clear_requests()
    added = tariff(1.0, LATER)
    hass.config_entries.async_add_subentry(loaded, added)
    assert_priced(await imported(hass, loaded), 1.0, LATER, before)
    data = {**added.data, "price": 2.0}
    hass.config_entries.async_update_subentry(loaded, added, data=data)
    assert_priced(await imported(hass, loaded), 2.0, LATER, before)
    hass.config_entries.async_remove_subentry(loaded, added.subentry_id)
    assert (await imported(hass, loaded))[COST] == before[COST]
    assert not [
        request
        for request in simulator.faults.requests
        if "consumption" in request.path
    ]


async def test_progress_is_shown_while_costs_are_computed(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """It ends with what was shown before."""
    await imported(hass, loaded)
    states: list[str] = []
    loaded.runtime_data.history.async_add_listener(
        lambda: states.append(loaded.runtime_data.history.data.state)
    )
    hass.config_entries.async_add_subentry(loaded, tariff(1.0, LATER))
    await imported(hass, loaded)
    assert set(states) == {"pricing", "up_to_date"}
    assert states[-1] == "up_to_date"
    state = hass.states.get(PROGRESS)
    assert state is not None
    assert state.state == "100.0"
    assert state.attributes["unpriced_hours"] == 0


async def test_a_tariff_that_is_changed_while_the_entry_is_not_loaded(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The change is found when the entry is loaded again."""
    before = await imported(hass, loaded)
    added = tariff(1.0, LATER, daily=1.5)
    for _ in range(2):
        assert await hass.config_entries.async_unload(loaded.entry_id)
        hass.config_entries.async_add_subentry(loaded, added)
        await set_up(hass, loaded)
        after = await imported(hass, loaded)
        assert_priced(after, 1.0, LATER, before)
        fixed = {row["start"]: row["state"] for row in after["fixed_cost"]}
        assert [*fixed.values()] == [0.412345] * 5 + [1.5] * 3
        assert await hass.config_entries.async_unload(loaded.entry_id)
        hass.config_entries.async_remove_subentry(loaded, added.subentry_id)
        await set_up(hass, loaded)
        again = await imported(hass, loaded)
        for key in (COST, "fixed_cost"):
            assert [row["state"] for row in again[key]] == [
                row["state"] for row in before[key]
            ]


async def test_a_restart_in_the_middle(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """What was not priced before the entry was unloaded is priced afterwards."""
    before = await imported(hass, loaded)
    history = loaded.runtime_data.history

    def stop() -> None:
        """Unload the entry as soon as costs are computed."""
        if history.data.state == "pricing" and not stopped:
            stopped.append(
                hass.async_create_task(
                    hass.config_entries.async_unload(loaded.entry_id)
                )
            )

    stopped: list[object] = []
    history.async_add_listener(stop)
    hass.config_entries.async_add_subentry(loaded, tariff(1.0, LATER))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert stopped
    await set_up(hass, loaded)
    assert_priced(await imported(hass, loaded), 1.0, LATER, before)


async def test_prices_of_the_server_in_the_users_currency(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """They count once the user says so; all costs are in the new currency then."""
    before = await imported(hass, loaded)
    await hass.config.async_update(currency="PLN")
    await tick(300)
    assert (await imported(hass, loaded))[COST] == before[COST]
    form = await open_options(hass, loaded, "prices")
    assert form["description_placeholders"] == {"currency": "PLN"}
    result = await hass.config_entries.options.async_configure(
        form["flow_id"], {"own_currency": True}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    after = await imported(hass, loaded)
    assert len(after[COST]) == len(after[KEY])
    for row, old in zip(after[COST], before[COST][:-1], strict=False):
        assert row["state"] == old["state"]


async def test_costs_after_the_history_was_cleared(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """They come back with the amounts, and the tariff still counts."""
    before = await imported(hass, loaded)
    hass.config_entries.async_add_subentry(loaded, tariff(1.0, LATER))
    await imported(hass, loaded)
    await hass.services.async_call(
        DOMAIN,
        "clear_history",
        {"entry": loaded.entry_id, "confirm": True},
        blocking=True,
    )
    assert await imported(hass, loaded) == {}
    await tick(300)
    after = await imported(hass, loaded)
    assert_priced(after, 1.0, LATER, before)


async def test_the_stored_fingerprints_are_removed_with_the_entry(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: dict[str, object]
) -> None:
    """Nothing of an entry that is gone stays on disk."""
    await imported(hass, loaded)
    key = f"{DOMAIN}.{loaded.entry_id}.prices"
    assert key in hass_storage
    await hass.config_entries.async_remove(loaded.entry_id)
    assert key not in hass_storage

"""Costs by the energy contracts of a DSMR-reader."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from simulators.dsmr_reader import DsmrReaderSimulator

from ..conftest import NOW, Tick
from ..test_history import euro, imported, simulator, wants_history

__all__ = ["euro", "simulator", "wants_history"]


async def test_costs_of_the_contracts(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Each hour costs its amount times the price of that hour."""
    statistics = await imported(hass, loaded)
    price = 0.26271
    energy = statistics["electricity_delivered_2"]
    cost = statistics["electricity_delivered_2_cost"]
    assert len(cost) == len(energy)
    assert cost[-1]["sum"] == pytest.approx(energy[-1]["sum"] * price, abs=1e-3)
    assert statistics["electricity_returned_2_compensation"][-1]["sum"] > 0
    assert statistics["gas_cost"][-1]["sum"] > 0
    fixed = statistics["fixed_cost"]
    assert len(fixed) == 8
    assert {round(row["change"], 6) for row in fixed} == {0.412345}


async def test_contract_that_is_changed_later(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """New prices reach all hours within an hour."""
    await imported(hass, loaded)
    simulator.prices = [
        replace(contract, electricity_delivered_2_price="1.000000")
        for contract in simulator.prices
    ]
    await tick(3700)
    statistics = await imported(hass, loaded)
    cost = statistics["electricity_delivered_2_cost"]
    used = statistics["electricity_delivered_2"]
    for row, energy in zip(cost, used, strict=True):
        assert row["change"] == pytest.approx(energy["change"], abs=1e-6)


async def test_costs_after_a_pause_that_is_longer_than_the_window(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tick: Tick,
) -> None:
    """Hours imported while Home Assistant had another currency are priced later."""
    before = await imported(hass, loaded)
    await hass.config.async_update(currency="USD")
    await tick(7 * 86_400)
    paused = await imported(hass, loaded)
    keys = ("electricity_delivered_2_cost", "gas_cost", "fixed_cost")
    for key in keys[:2]:
        assert len(paused[key]) == len(before[key])
    await hass.config.async_update(currency="EUR")
    await tick(3700)
    healed = await imported(hass, loaded)
    for key in keys[:2]:
        assert len(healed[key]) - len(paused[key]) > 168
    await hass.services.async_call(
        DOMAIN,
        "clear_history",
        {"entry": loaded.entry_id, "confirm": True},
        blocking=True,
    )
    await tick(300)
    clean = await imported(hass, loaded)
    for key in keys:
        assert [row["sum"] for row in healed[key][:-1]] == pytest.approx(
            [row["sum"] for row in clean[key]][: len(healed[key]) - 1], abs=1e-6
        )


async def test_contract_that_is_removed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """What has no price any more has no costs."""
    assert "gas_cost" in await imported(hass, loaded)
    simulator.prices = [
        replace(contract, gas_price="0.000000") for contract in simulator.prices
    ]
    await tick(3700)
    statistics = await imported(hass, loaded)
    assert "gas_cost" not in statistics
    assert "electricity_delivered_2_cost" in statistics


async def test_contract_that_is_entered_for_the_past(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The hours before the first contract so far are priced, and later sums go on."""
    clean = (await imported(hass, loaded))["electricity_delivered_2_cost"]
    contracts = simulator.prices
    await hass.services.async_call(
        DOMAIN,
        "clear_history",
        {"entry": loaded.entry_id, "confirm": True},
        blocking=True,
    )
    later = (NOW - timedelta(days=5)).date()
    simulator.prices = [replace(each, start=later) for each in contracts]
    await tick(3700)
    some = (await imported(hass, loaded))["electricity_delivered_2_cost"]
    assert 0 < len(some) < len(clean) - 48
    simulator.prices = contracts
    await tick(3700)
    healed = (await imported(hass, loaded))["electricity_delivered_2_cost"]
    assert [row["sum"] for row in healed[: len(clean) - 1]] == pytest.approx(
        [row["sum"] for row in clean[:-1]], abs=1e-6
    )

"""Costs by the energy contracts of a DSMR-reader."""

from dataclasses import replace

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulators.dsmr_reader import DsmrReaderSimulator

from ..conftest import Tick
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
    """New prices reach the hours of the last days within an hour."""
    before = (await imported(hass, loaded))["electricity_delivered_2_cost"]
    simulator.prices = [
        replace(contract, electricity_delivered_2_price="1.000000")
        for contract in simulator.prices
    ]
    await tick(3700)
    statistics = await imported(hass, loaded)
    cost = statistics["electricity_delivered_2_cost"]
    used = statistics["electricity_delivered_2"]
    assert cost[:100] == before[:100]
    for row, energy in list(zip(cost, used, strict=True))[-70:]:
        assert row["change"] == pytest.approx(energy["change"], abs=1e-6)

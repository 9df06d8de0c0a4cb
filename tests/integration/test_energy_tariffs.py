"""The sources on the Energy dashboard follow the tariffs of their entry."""

from types import MappingProxyType

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.energy.data import EnergyManager
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from .conftest import Tick, finish_tasks
from .test_energy_costs import contracts, costs, unpriced
from .test_energy_dashboard import energy, simulator, wants_history

__all__ = ["contracts", "energy", "simulator", "unpriced", "wants_history"]


async def test_a_tariff_is_added_and_removed(
    hass: HomeAssistant, unpriced: MockConfigEntry, energy: EnergyManager, tick: Tick
) -> None:
    """Its cost comes and goes, and comes again with the next tariff."""
    prefix = unpriced.runtime_data.history.prefix
    gas = [(None, None), (None, None), (f"{prefix}gas_cost", None)]

    def add_tariff(name: str) -> ConfigSubentry:
        """Add a tariff for gas."""
        subentry = ConfigSubentry(
            data=MappingProxyType(
                {
                    "applies_to": "gas",
                    "valid_from": "2020-01-01T00:00:00",
                    "currency": "EUR",
                    "unit": "EUR/m³",
                    "price_type": "fixed",
                    "price": 1.5,
                }
            ),
            subentry_type="tariff",
            title=name,
            unique_id=None,
        )
        assert hass.config_entries.async_add_subentry(unpriced, subentry)
        return subentry

    subentry = add_tariff("Gas")
    await finish_tasks(hass)
    await tick(3700)
    assert costs(energy) == gas
    hass.config_entries.async_remove_subentry(unpriced, subentry.subentry_id)
    await finish_tasks(hass)
    await tick(3700)
    assert costs(energy) == [(None, None)] * 3
    add_tariff("Gas, cheaper")
    await finish_tasks(hass)
    await tick(3700)
    assert costs(energy) == gas

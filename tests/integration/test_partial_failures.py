"""One endpoint after the other fails alone: what is unavailable, and for how long."""

from collections.abc import AsyncIterator, Mapping
import re

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulators.faults import Action, Answer, Fault

from .conftest import NOW, Tick
from .four_servers import POLL, Simulator, one_server

JSON = "application/json"
FAULTS: Mapping[str, Action] = {
    "fault": Answer(500, '{"detail": "error"}', JSON),
    "denied": Answer(403, "<html>Forbidden</html>"),
    "not_found": Answer(404, '{"detail": "Not found."}', JSON),
    "malformed": Answer(200, '{"a": [1,', JSON),
    "wrong_shape": Answer(200, "7", JSON),
}

ENDPOINTS: Mapping[str, Mapping[str, str]] = {
    "dsmr_reader": {
        "consumption/today": "today_.*|(month|year)_total_cost",
        "electricity-live": "electricity_tariff|electricity_cost_per_hour",
        "quarter-hour-peak-electricity": "quarter_hour_peak",
        "energy-supplier-prices": ".*_price.*|fixed_daily_cost",
        "application/monitoring": "problems",
        "consumption/gas-live": "gas_currently_delivered",
        "meter-statistics": ".*(count|sags|swells|failures|rejected).*",
        "dsmrreading": (
            "electricity_(delivered|returned|currently|power|total|import|export).*"
            "|phase_.*|gas|quarter_hour_(average|projection)|(power|voltage).*"
        ),
    },
    "bemserver": {
        "degree_days": ".*_degree_days_(yesterday|month)",
        "/events/": "campaign_.*_event",
        "analysis/completeness": ".*_completeness",
        "notifications/count_by_campaign": "campaign_.*_notification.*",
    },
}
"""Patterns of the keys of points that depend on an endpoint, by a part of its path."""

WHOLE: Mapping[str, str] = {
    "besmart": "signals/data",
    "milesight": "status",
}
"""The one endpoint that all values of a server come from."""


@pytest.fixture(autouse=True)
def _all(all_enabled: None) -> None:
    """Show the points of all endpoints."""


@pytest.fixture
async def servers(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, backend: str
) -> AsyncIterator[tuple[Simulator, MockConfigEntry]]:
    """Serve the simulator of a backend, and set up an entry for it."""
    async with one_server(hass, freezer, NOW, backend) as server:
        yield server


def unavailable(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Return the keys of the points whose entities are unavailable."""
    registry = er.async_get(hass)
    return {
        entity.unique_id.removeprefix(f"{entry.unique_id}_")
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
        if (state := hass.states.get(entity.entity_id)) is not None
        and state.state == "unavailable"
    }


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("backend", ENDPOINTS)
async def test_only_what_an_endpoint_has_is_unavailable(
    hass: HomeAssistant,
    servers: tuple[Simulator, MockConfigEntry],
    tick: Tick,
    backend: str,
    fault: str,
) -> None:
    """It is asked for at the next usual poll again, also if its own turn is hourly."""
    simulator, entry = servers
    await tick(POLL[backend])
    usual = unavailable(hass, entry)
    for path, keys in ENDPOINTS[backend].items():
        simulator.faults.add(Fault(FAULTS[fault], path))
        await tick(3600)
        await tick(10)
        lost = unavailable(hass, entry) - usual
        assert lost, path
        assert not {key for key in lost if not re.fullmatch(keys, key)}, path
        simulator.faults.clear_requests()
        await tick(POLL[backend])
        assert simulator.faults.count(path), path
        simulator.faults.clear()
        await tick(POLL[backend])
        assert unavailable(hass, entry) <= usual, path


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("backend", WHOLE)
async def test_all_is_unavailable_without_the_only_endpoint(
    hass: HomeAssistant,
    servers: tuple[Simulator, MockConfigEntry],
    tick: Tick,
    backend: str,
    fault: str,
) -> None:
    """It comes back with the next poll that succeeds."""
    simulator, entry = servers
    await tick(POLL[backend])
    usual = unavailable(hass, entry)
    simulator.faults.add(Fault(FAULTS[fault], WHOLE[backend]))
    await tick(POLL[backend])
    await tick(POLL[backend])
    assert len(unavailable(hass, entry) - usual) > 5
    simulator.faults.clear()
    for _ in range(2):
        await tick(POLL[backend])
    assert unavailable(hass, entry) <= usual

"""Several servers of a kind are told apart, in any language, and no row changes."""

from collections.abc import AsyncIterator

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.metering_hub.const import DOMAIN
from homeassistant.components.recorder.statistics import list_statistic_ids
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import House
from simulators.server import serve

from .conftest import API_KEY, HOUSE_START, set_up
from .test_history import imported

LOW = "electricity_delivered_1"
SERVERS_DEVICE = "dsmr_reader:house___server"


@pytest.fixture
def wants_history() -> bool:
    """Import the history, whose statistics have names."""
    return True


@pytest.fixture(autouse=True)
def short_history(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Import only a few days."""
    options = {**entry.options, "history_start": "2026-11-19"}
    hass.config_entries.async_update_entry(entry, options=options)


@pytest.fixture
async def other(hass: HomeAssistant) -> AsyncIterator[MockConfigEntry]:
    """Serve another DSMR-reader, and return an entry that Home Assistant lacks yet."""
    house = House(8, HOUSE_START)
    simulator = DsmrReaderSimulator(house, api_key=API_KEY, clock=dt_util.utcnow)
    async with serve(simulator.app) as url:
        yield MockConfigEntry(
            domain=DOMAIN,
            title="Summer house",
            minor_version=3,
            unique_id="dsmr_reader:summer_house",
            data={"backend": "dsmr_reader", "url": url, "api_key": API_KEY},
            options={
                "devices": ["electricity_meter"],
                "history_start": "2026-11-19",
            },
        )


async def statistic_names(
    hass: HomeAssistant, entry: MockConfigEntry
) -> dict[str, str]:
    """Return the names of an entry's statistics by their keys."""
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_wait_recording_done(hass)
    known = await get_instance(hass).async_add_executor_job(list_statistic_ids, hass)
    prefix = entry.runtime_data.history.prefix
    return {
        each["statistic_id"].removeprefix(prefix): each["name"]
        for each in known
        if each["statistic_id"].startswith(prefix)
    }


def device_names(hass: HomeAssistant, entry: MockConfigEntry) -> set[str | None]:
    """Return the names of an entry's devices."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {device.name for device in devices}


async def test_two_servers_are_told_apart(
    hass: HomeAssistant, entry: MockConfigEntry, other: MockConfigEntry
) -> None:
    """A second server renames what the first one has, and no row changes."""
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    alone = await statistic_names(hass, entry)
    assert alone[LOW] == "Low tariff delivered · Electricity meter"
    other.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, title="Home")
    await set_up(hass, other)
    first = await statistic_names(hass, entry)
    second = await statistic_names(hass, other)
    assert first[LOW] == "Low tariff delivered · Electricity meter · Home"
    assert second[LOW] == "Low tariff delivered · Electricity meter · Summer house"
    assert first[f"{LOW}_cost"] == f"{first[LOW]} (cost)"
    assert first["fixed_cost"] == "Fixed cost · Home"
    assert not set(first.values()) & set(second.values())
    assert "Electricity meter · Home" in device_names(hass, entry)
    assert "Electricity meter · Summer house" in device_names(hass, other)
    assert await imported(hass, entry) == rows
    await hass.config_entries.async_remove(other.entry_id)
    assert await statistic_names(hass, entry) == {
        **alone,
        "fixed_cost": "Fixed cost · Home",
    }


async def test_names_follow_the_language(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Devices and statistics are renamed with the language, and back, without a row."""
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    english = await statistic_names(hass, entry), device_names(hass, entry)
    runtime = entry.runtime_data
    await hass.config.async_update(language="en", elevation=5)
    await hass.async_block_till_done()
    assert entry.runtime_data is runtime
    await hass.config.async_update(language="nl")
    dutch = await statistic_names(hass, entry)
    assert dutch[LOW] == "Laag tarief afname · Elektriciteitsmeter"
    assert device_names(hass, entry) == {
        "DSMR-reader",
        "Elektriciteitsmeter",
        "Gasmeter",
    }
    assert not set(dutch.values()) & set(english[0].values()) - {
        "Fixed cost · DSMR-reader"
    }
    await hass.config.async_update(language="en")
    assert (await statistic_names(hass, entry), device_names(hass, entry)) == english
    assert await imported(hass, entry) == rows


@pytest.mark.parametrize(
    ("title", "is_renewed"), [("DSMR-reader", True), ("My meter", False)]
)
async def test_only_a_former_default_title_changes(
    hass: HomeAssistant, entry: MockConfigEntry, title: str, *, is_renewed: bool
) -> None:
    """What the user wrote as a title stays."""
    hass.config_entries.async_update_entry(entry, title=title, minor_version=2)
    await set_up(hass, entry)
    host = entry.data["url"].removeprefix("http://")
    assert entry.title == (f"DSMR-reader ({host})" if is_renewed else title)
    assert entry.minor_version == 3


async def test_the_server_is_the_device_behind_its_meters(
    hass: HomeAssistant, entry: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """It has a model, a version and a link, and its meters are connected via it."""
    await set_up(hass, entry)
    server = device_registry.async_get_device_by_identifier(
        (DOMAIN, SERVERS_DEVICE), entry.entry_id
    )
    meter = device_registry.async_get_device_by_identifier(
        (DOMAIN, "dsmr_reader:house_electricity_meter"), entry.entry_id
    )
    assert server is not None
    assert meter is not None
    assert meter.via_device_id == server.id
    assert server.entry_type is dr.DeviceEntryType.SERVICE
    assert (server.model, server.name) == ("DSMR-reader", "DSMR-reader")
    assert server.sw_version == entry.runtime_data.inventory.identity.version
    assert server.configuration_url == entry.data["url"]


async def test_log_and_diagnostics_have_no_title(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    other: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What people publish has neither the title nor the host, which names contain."""
    other.add_to_hass(hass)
    caplog.set_level("DEBUG", "custom_components.metering_hub")
    hass.config_entries.async_update_entry(entry, title="DSMR-reader (house.example)")
    await set_up(hass, entry)
    await imported(hass, entry)
    ours = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.metering_hub")
    ]
    assert any("dsmr_reader_" in line for line in ours)
    host = entry.data["url"].removeprefix("http://")
    assert not [line for line in ours if "house.example" in line or host in line]
    assert await async_setup_component(hass, "diagnostics", {})
    shown = str(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    assert "house.example" not in shown
    assert host not in shown

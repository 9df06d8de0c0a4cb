"""The sum of a meter's tariff registers, from a server to the recorder."""

from collections.abc import Mapping

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.history.recorder.recorder import recorded_metadata
from custom_components.metering_hub.metering.model import Kind
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr

from .conftest import Tick, open_options, set_up
from .series_server import SeriesServer, spec_of
from .test_factors import HOURS, START, make_entry, recorder_config
from .test_history import Statistics, recorded

__all__ = ["recorder_config"]

KEYS = ("series_1_register", "series_2_register")
SUM_KEY = "site_import_total"


@pytest.fixture
def entry(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> MockConfigEntry:
    """Return an entry of a server with two registers of one device."""
    kinds = dict.fromkeys((1, 2), Kind.REGISTER)
    spec = spec_of(SeriesServer(START, kinds, unit="kWh"))
    monkeypatch.setitem(BACKENDS, "series", spec)
    return make_entry(hass)


async def say_role(
    hass: HomeAssistant, entry: MockConfigEntry, key: str, role: str
) -> None:
    """Say in the options which role a register has."""
    configure = hass.config_entries.options.async_configure
    form = await open_options(hass, entry, "points")
    form = await configure(form["flow_id"], {**form["data_schema"]({}), "point": key})
    said = {**form["data_schema"]({}), "role": role}
    step = await configure(form["flow_id"], said)
    assert step["type"] is FlowResultType.CREATE_ENTRY, step
    await hass.async_block_till_done(wait_background_tasks=True)


def changes(statistics: Statistics, key: str) -> Mapping[float, float]:
    """Return the change of each hour of a statistic."""
    return {row["start"]: row["change"] for row in statistics[key]}


async def test_two_registers_have_a_sum_while_both_have_the_role(
    hass: HomeAssistant, entry: MockConfigEntry, tick: Tick
) -> None:
    """It is cleared with them, and stays when one gets another role."""
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    await say_role(hass, entry, KEYS[0], "grid_delivered")
    assert SUM_KEY not in await recorded(hass, entry)
    await say_role(hass, entry, KEYS[1], "grid_delivered")
    statistics = await recorded(hass, entry)
    first, second, total = (changes(statistics, key) for key in (*KEYS, SUM_KEY))
    assert len(total) >= HOURS
    assert total == {
        start: pytest.approx(change + second[start]) for start, change in first.items()
    }
    statistic_id = f"{entry.runtime_data.history.prefix}{SUM_KEY}"
    metadata = (await recorded_metadata(hass, [statistic_id]))[statistic_id]
    assert metadata["name"] == "Total import · Site"
    devices = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
        devices.async_update_device(device.id, name_by_user="House")
    await entry.runtime_data.history.async_refresh()
    metadata = (await recorded_metadata(hass, [statistic_id]))[statistic_id]
    assert metadata["name"] == "Total import · House"

    cleared = await entry.runtime_data.history.clear()
    assert statistic_id in cleared
    await entry.runtime_data.history.async_refresh()
    assert changes(await recorded(hass, entry), SUM_KEY) == total

    await say_role(hass, entry, KEYS[1], "automatic")
    await tick(3 * 3600)
    await hass.async_block_till_done(wait_background_tasks=True)
    statistics = await recorded(hass, entry)
    assert len(statistics[KEYS[0]]) > len(total)
    assert changes(statistics, SUM_KEY) == total

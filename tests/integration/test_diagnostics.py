"""Diagnostics are complete, and contain no personal data."""

import json

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion
from yarl import URL

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault

from . import large_server
from .conftest import API_KEY, NOW, Tick, finish_tasks, set_up


async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    snapshot: SnapshotAssertion,
) -> None:
    """The diagnostics match the snapshot."""
    assert await async_setup_component(hass, "diagnostics", {})
    shown = await get_diagnostics_for_config_entry(hass, hass_client, loaded)
    assert shown == snapshot
    assert shown["data"]["api_key"] == REDACTED


async def test_no_personal_data(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither diagnostics nor the log contain key, address, serials or telegrams."""
    await tick(60)
    simulator.faults.add(Fault(Drop()))
    await tick(60)
    simulator.faults.clear()
    await tick(60)
    assert await async_setup_component(hass, "diagnostics", {})
    shown = str(await get_diagnostics_for_config_entry(hass, hass_client, loaded))
    own_log = "\n".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("custom_components", "homeassistant.config_entries"))
    )
    serials = (simulator.house.serial(NOW), simulator.house.extra_serial())
    port = str(URL(loaded.data["url"]).port)
    for secret in (API_KEY, port, *serials, "1-0:1.8.1"):
        assert secret not in shown
        assert secret not in own_log


async def test_a_large_server(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Places, texts and names are not shown, and not megabytes of points."""
    monkeypatch.setitem(BACKENDS, "large", large_server.SPEC)
    meters = [f"meter_24e124fffef5{number:04x}" for number in range(150)]
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id="large:one",
        data={"backend": "large", "url": "http://localhost"},
        options={
            "devices": ["mqtt_annas_car", *meters[:5]],
            "known_devices": ["mqtt_annas_car", *meters],
            "new_devices": False,
            "points": {"mqtt_annas_car_power": {"factor": 2}},
        },
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    assert await async_setup_component(hass, "diagnostics", {})
    shown = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    text = json.dumps(shown, indent=2)
    assert len(text) < 256 * 1024
    for secret in large_server.SECRETS:
        assert secret not in text, secret
    assert shown["inventory"]["left_out"] == {"devices": 51, "points": 8806}
    car = shown["inventory"]["devices"][0]["key"]
    assert shown["options"]["points"] == {f"{car}_power": {"factor": 2}}
    latest = {
        key.removeprefix(f"{car}_"): reading["value"]
        for key, reading in shown["readings"]["latest"].items()
        if key.startswith(f"{car}_")
    }
    assert latest == {"latitude": REDACTED, "north": REDACTED}
    assert shown["readings"]["count"] == 306


async def test_tariffs_are_counted(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
) -> None:
    """How many there are, of which kinds, is shown; no name, meter or price is."""
    await hass.config_entries.async_remove(entry.entry_id)
    secret = {"meters": ["annas_meter_123456"], "price": 31.4159, "source": "annas"}
    common = {
        "currency": "EUR",
        "unit": "ct/kWh",
        "valid_from": "2020-01-01T00:00:00",
    }
    tariffs = [
        {"applies_to": "import", "price_type": "fixed", **common, **secret},
        {"applies_to": "meters", "price_type": "fixed", **common, **secret},
        {"applies_to": "gas", "price_type": "timed", "rules": [], **common},
    ]
    with_tariffs = MockConfigEntry(
        domain=DOMAIN,
        unique_id=entry.unique_id,
        data=dict(entry.data),
        options={**entry.options, "history": True},
        subentries_data=[
            ConfigSubentryData(
                data=data, subentry_type="tariff", title="Anna", unique_id=None
            )
            for data in tariffs
        ],
    )
    with_tariffs.add_to_hass(hass)
    await set_up(hass, with_tariffs)
    await finish_tasks(hass)
    assert await async_setup_component(hass, "diagnostics", {})
    shown = await get_diagnostics_for_config_entry(hass, hass_client, with_tariffs)
    prices = shown["prices"]
    unpriced = prices.pop("unpriced_hours")
    assert prices == {
        "tariffs": 3,
        "broken_tariffs": 1,
        "price_types": {"fixed": 2, "timed": 1},
        "applies_to": {"import": 1, "meters": 1, "gas": 1},
    }
    assert list(unpriced) == ["import", "export", "gas"]
    assert all(isinstance(hours, int) for hours in unpriced.values())
    text = json.dumps(shown)
    assert "nna" not in text
    assert "31.4159" not in text

"""The config flow, from the menu to the entry."""

from pathlib import Path
import ssl

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.dsmr_reader.totals import TOTALS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.questions import offered_inventory
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import device_registry as dr
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Answer, Drop, Fault, Huge, Truncate, html_error, redirect
from simulators.house import House
from simulators.server import serve
from tests.certificates import self_signed, server_context

from .conftest import API_KEY, HOUSE_START, NOW, Tick, open_options, set_up, shown

ALL = ["electricity_meter", "extra_device"]
SELECTION = {
    "devices": ALL,
    "new_devices": True,
    "history": True,
    "energy_dashboard": True,
    "all_sensors": False,
}


def form(url: str, **changes: object) -> dict[str, object]:
    """Return valid input of the connection form, with changes."""
    return {"url": url, "api_key": API_KEY, "verify_ssl": True, **changes}


async def open_form(hass: HomeAssistant) -> ConfigFlowResult:
    """Start the flow and select DSMR-reader in the menu."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert menu["type"] is FlowResultType.MENU
    assert menu["step_id"] == "user"
    assert "dsmr_reader" in menu["menu_options"]
    step = await choose(hass, menu, {"next_step_id": "dsmr_reader"})
    assert step["step_id"] == "dsmr_reader"
    assert step["errors"] == {}
    return step


async def choose(
    hass: HomeAssistant, step: ConfigFlowResult, user_input: dict[str, object]
) -> ConfigFlowResult:
    """Submit a step of a flow."""
    result = await hass.config_entries.flow.async_configure(step["flow_id"], user_input)
    await hass.async_block_till_done()
    return result


async def finish(
    hass: HomeAssistant, step: ConfigFlowResult, url: str
) -> ConfigFlowResult:
    """Submit valid input, which must create an entry."""
    step = await choose(hass, step, form(url))
    assert step["step_id"] == "selection"
    step = await choose(hass, step, SELECTION)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    return step


async def test_from_menu_to_sensors(hass: HomeAssistant, url: str) -> None:
    """The default selection adds the sensors of all devices."""
    step = await choose(hass, await open_form(hass), form(url))
    assert step["type"] is FlowResultType.FORM
    assert step["step_id"] == "selection"
    assert step["description_placeholders"]["count"] == "2"
    defaults = step["data_schema"]({})
    assert defaults == SELECTION
    step = await choose(hass, step, {**SELECTION, "history_start": "2026-01-01"})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["title"] == f"DSMR-reader ({url.removeprefix('http://')})"
    assert step["data"] == {"backend": "dsmr_reader", **form(url)}
    assert step["options"] == {
        **SELECTION,
        "history_start": "2026-01-01",
        "known_devices": ALL,
    }
    entry = step["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id is not None
    assert entry.unique_id.startswith("dsmr_reader:")
    assert float(shown(hass, "sensor.electricity_meter_normal_tariff_delivered")) > 0


async def test_devices_are_offered_by_name(hass: HomeAssistant, url: str) -> None:
    """The selection shows names instead of keys."""
    step = await choose(hass, await open_form(hass), form(url))
    selector = step["data_schema"].schema["devices"]
    assert selector.config["options"] == [
        {"value": "electricity_meter", "label": "Electricity meter"},
        {"value": "extra_device", "label": "Gas meter"},
    ]


async def test_deselected_device_is_not_added(
    hass: HomeAssistant, url: str, device_registry: dr.DeviceRegistry
) -> None:
    """A deselected device is not added, although new ones would be."""
    step = await choose(hass, await open_form(hass), form(url))
    step = await choose(hass, step, {**SELECTION, "devices": ["electricity_meter"]})
    devices = dr.async_entries_for_config_entry(
        device_registry, step["result"].entry_id
    )
    names = [device.name for device in devices]
    assert names == [step["title"], "Electricity meter"]


@pytest.mark.parametrize(
    ("action", "error"),
    [
        pytest.param(html_error(500), "server_error", id="500 HTML"),
        pytest.param(html_error(502), "server_error", id="502 HTML"),
        pytest.param(html_error(404), "invalid_url", id="404 HTML"),
        pytest.param(Answer(200, "<html></html>"), "invalid_url", id="another site"),
        pytest.param(Answer(200, "{}", "application/json"), "invalid_url", id="{}"),
        pytest.param(html_error(403), "permission_denied", id="a proxy's 403"),
        pytest.param(Answer(401, b""), "invalid_auth", id="a proxy's 401"),
        pytest.param(redirect("https://example.org/"), "invalid_url", id="redirect"),
        pytest.param(Drop(), "cannot_connect", id="dropped"),
        pytest.param(Truncate(), "cannot_connect", id="stops in mid-answer"),
        pytest.param(Huge(50_000_000), "invalid_url", id="50 MB"),
        pytest.param(Answer(429, b"{}", "application/json"), "rate_limited", id="429"),
    ],
)
async def test_broken_server_then_success(
    hass: HomeAssistant,
    url: str,
    simulator: DsmrReaderSimulator,
    action: Answer | Drop | Truncate | Huge,
    error: str,
) -> None:
    """Every error has its message, and the form can be submitted again."""
    simulator.faults.add(Fault(action))
    step = await choose(hass, await open_form(hass), form(url))
    assert step["type"] is FlowResultType.FORM
    assert step["errors"] == {"base": error}
    simulator.faults.clear()
    await finish(hass, step, url)


@pytest.mark.parametrize("key", ["wrong", "with\nnewline", "schlüssel", " "])
async def test_wrong_key(hass: HomeAssistant, url: str, key: str) -> None:
    """Any invalid key is an authentication error."""
    step = await choose(hass, await open_form(hass), form(url, api_key=key))
    assert step["errors"] == {"base": "invalid_auth"}
    await finish(hass, step, url)


async def test_connection_refused(hass: HomeAssistant, url: str) -> None:
    """A refused connection is a connection error."""
    step = await choose(hass, await open_form(hass), form("127.0.0.1:9"))
    assert step["errors"] == {"base": "connection_refused"}
    await finish(hass, step, url)


@pytest.mark.parametrize(
    "typed", ["", "http://", "not an address", "ftp://host", "http://me:secret@host"]
)
async def test_not_an_address(hass: HomeAssistant, url: str, typed: str) -> None:
    """An invalid address is rejected without a request."""
    step = await choose(hass, await open_form(hass), form(typed))
    assert step["errors"] == {"base": "invalid_url"}
    await finish(hass, step, url)


async def test_same_meter_twice(
    hass: HomeAssistant, url: str, simulator: DsmrReaderSimulator
) -> None:
    """The same meter cannot be added twice, not even with another address."""
    await finish(hass, await open_form(hass), url)
    async with serve(simulator.app) as other_url:
        step = await choose(hass, await open_form(hass), form(other_url))
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "already_configured"


async def test_same_address_twice_without_identity(
    hass: HomeAssistant, url: str, simulator: DsmrReaderSimulator
) -> None:
    """A server without identity is identified by its address."""
    simulator.telegram = False
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    step = await choose(hass, result, {"next_step_id": "dsmr_reader"})
    step = await choose(hass, step, form(url))
    step = await choose(hass, step, {**SELECTION, "extra_device": "gas"})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["result"].unique_id is None
    step = await choose(hass, await open_form(hass), form(f"{url}/"))
    assert step["reason"] == "already_configured"


async def test_history_start_in_the_future(hass: HomeAssistant, url: str) -> None:
    """The error is shown at the field, and the form can be submitted again."""
    step = await choose(hass, await open_form(hass), form(url))
    step = await choose(hass, step, {**SELECTION, "history_start": "2026-11-22"})
    assert step["errors"] == {"history_start": "start_in_future"}
    step = await choose(hass, step, {**SELECTION, "history_start": "2026-11-21"})
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_unknown_device_is_refused(hass: HomeAssistant, url: str) -> None:
    """Only devices that were found can be selected."""
    step = await choose(hass, await open_form(hass), form(url))
    with pytest.raises(InvalidData):
        await choose(hass, step, {**SELECTION, "devices": ["fridge"]})


async def test_reauth(
    hass: HomeAssistant, url: str, simulator: DsmrReaderSimulator, tick: Tick
) -> None:
    """Sensors are available again after the new key is entered."""
    entry = (await finish(hass, await open_form(hass), url))["result"]
    simulator.api_key = "changed"
    await tick(10)
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "reauth_confirm"
    step = await choose(hass, flow, form(url))
    assert step["errors"] == {"base": "invalid_auth"}
    step = await choose(hass, step, form(url, api_key="changed"))
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "reauth_successful"
    assert entry.data["api_key"] == "changed"
    assert entry.state is ConfigEntryState.LOADED


async def test_reauth_form_shows_no_secret(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The form suggests the address, but not the stored key."""
    step = await loaded.start_reauth_flow(hass)
    suggested = {
        str(key): (key.description or {}).get("suggested_value")
        for key in step["data_schema"].schema
    }
    assert suggested == {"url": loaded.data["url"], "api_key": None, "verify_ssl": True}


async def test_reconfigure_to_a_new_address(
    hass: HomeAssistant, url: str, simulator: DsmrReaderSimulator
) -> None:
    """The entry is updated with the new address of the server."""
    step = await finish(hass, await open_form(hass), url)
    entry = step["result"]
    async with serve(simulator.app) as new_url:
        flow = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}
        )
        assert flow["step_id"] == "reconfigure"
        step = await choose(hass, flow, form("127.0.0.1:9"))
        assert step["errors"] == {"base": "connection_refused"}
        step = await choose(hass, step, form(new_url))
        assert step["reason"] == "reconfigure_successful"
        assert entry.data["url"] == new_url
        assert entry.title == f"DSMR-reader ({new_url.removeprefix('http://')})"
        assert entry.state is ConfigEntryState.LOADED
        # Who still connects while a server closes breaks the server.
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_another_meter_is_rejected(
    hass: HomeAssistant, url: str, source: str
) -> None:
    """An entry cannot be reconfigured for another meter."""
    step = await finish(hass, await open_form(hass), url)
    entry = step["result"]
    other = DsmrReaderSimulator(
        House(8, HOUSE_START), api_key=API_KEY, clock=lambda: NOW
    )
    async with serve(other.app) as other_url:
        flow = await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": source, "entry_id": entry.entry_id},
            data=entry.data if source == "reauth" else None,
        )
        step = await choose(hass, flow, form(other_url))
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "unique_id_mismatch"
    assert entry.data["url"] == url


async def test_options(
    hass: HomeAssistant, loaded: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """The selection can be changed, and deselected devices are removed."""
    flow = await open_options(hass, loaded, "selection")
    assert flow["data_schema"]({})["devices"] == ALL
    wrong = {**SELECTION, "history_start": "2030-01-01"}
    step = await hass.config_entries.options.async_configure(flow["flow_id"], wrong)
    assert step["errors"] == {"history_start": "start_in_future"}
    chosen = {**SELECTION, "devices": ["electricity_meter"], "history": False}
    step = await hass.config_entries.options.async_configure(flow["flow_id"], chosen)
    await hass.async_block_till_done()
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options == {**chosen, "known_devices": ALL}
    devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
    assert [device.name for device in devices] == ["DSMR-reader", "Electricity meter"]
    assert hass.states.get("sensor.gas_meter_meter_reading") is None


async def test_options_while_the_server_is_down(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Of a server that was never read, the devices of the options are offered."""
    chosen = {**entry.options, "grid_meters": ["electricity_meter"]}
    hass.config_entries.async_update_entry(entry, options=chosen)
    simulator.faults.add(Fault(Drop()))
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    flow = await open_options(hass, entry, "selection")
    assert flow["data_schema"]({})["devices"] == ["electricity_meter", "extra_device"]
    form = {**SELECTION, "devices": ["electricity_meter"], "history": False}
    simulator.faults.clear()
    step = await hass.config_entries.options.async_configure(flow["flow_id"], form)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["data"]["devices"] == ["electricity_meter"]
    assert step["data"]["grid_meters"] == ["electricity_meter"]
    # The entry is set up again at once.
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


async def test_options_of_a_server_that_hangs(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An attempt to read it ends after seconds."""
    monkeypatch.setattr(offered_inventory, "ATTEMPT_SECONDS", 0.0)
    flow = await open_options(hass, entry, "selection")
    assert flow["data_schema"]({})["devices"] == ["electricity_meter", "extra_device"]


async def test_options_of_an_entry_that_was_never_loaded(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A server that answers is asked what it has."""
    flow = await open_options(hass, entry, "selection")
    assert flow["data_schema"]({})["devices"] == ALL


@pytest.mark.parametrize("is_readable", [True, False])
async def test_options_offer_the_stored_inventory(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    hass_storage: dict[str, dict[str, object]],
    tick: Tick,
    is_readable: bool,
) -> None:
    """It has the names of devices and points, and no serial numbers."""
    await tick(31)
    key = f"metering_hub.{loaded.entry_id}.inventory"
    assert "serial" not in str(hass_storage[key])
    if not is_readable:
        hass_storage[key]["data"] = {"devices": [{"other": 1}]}
    await hass.config_entries.async_unload(loaded.entry_id)
    simulator.faults.add(Fault(Drop()))
    flow = await open_options(hass, loaded, "selection")
    assert flow["data_schema"]({})["devices"] == ALL
    menu = await hass.config_entries.options.async_init(loaded.entry_id)
    step = await hass.config_entries.options.async_configure(
        menu["flow_id"], {"next_step_id": "points"}
    )
    if not is_readable:
        assert step["reason"] == "no_points"
        return
    step = await hass.config_entries.options.async_configure(
        step["flow_id"], {"trusted": [DELIVERED], "point": DELIVERED}
    )
    assert step["step_id"] == "point"
    step = await hass.config_entries.options.async_configure(
        step["flow_id"], step["data_schema"]({})
    )
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["data"]["points"] == {DELIVERED: {"trusted": True}}


async def test_stored_inventory_goes_with_the_entry(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: dict[str, dict[str, object]],
    tick: Tick,
) -> None:
    """Nothing is left of an entry that is removed."""
    await tick(31)
    key = f"metering_hub.{loaded.entry_id}.inventory"
    assert key in hass_storage
    await hass.config_entries.async_remove(loaded.entry_id)
    assert key not in hass_storage


DELIVERED = "electricity_delivered_2"
GONE = {"heat": {"trusted": True}}


async def test_trusted_registers(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Registers are offered by name, and only the selected ones are trusted.

    Settings of points that are gone stay, and so does everything else.
    """
    before = {**loaded.options, "points": GONE}
    hass.config_entries.async_update_entry(loaded, options=before)
    step = await open_options(hass, loaded, "points")
    labels = {
        option["value"]: option["label"]
        for option in step["data_schema"].schema["trusted"].config["options"]
    }
    assert labels["gas"] == "Gas meter Meter reading"
    assert labels[DELIVERED] == "Electricity meter Normal tariff delivered"
    # The totals of both tariffs are trusted with their parts.
    assert not TOTALS.keys() & labels.keys()
    assert step["data_schema"]({}) == {"trusted": []}
    configure = hass.config_entries.options.async_configure
    step = await configure(step["flow_id"], {"trusted": [DELIVERED]})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    trusting = {**before, "points": {**GONE, DELIVERED: {"trusted": True}}}
    assert loaded.options == trusting
    assert loaded.state is ConfigEntryState.LOADED
    step = await open_options(hass, loaded, "points")
    assert step["data_schema"]({}) == {"trusted": [DELIVERED]}
    step = await configure(step["flow_id"], {"trusted": []})
    await hass.async_block_till_done()
    assert loaded.options == before


async def test_data_quality(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The choices are stored, shown again, and change no other option."""
    before = {**loaded.options, "points": GONE}
    hass.config_entries.async_update_entry(loaded, options=before)
    step = await open_options(hass, loaded, "data_quality")
    default = {"estimates": True, "disabled_warnings": []}
    assert step["data_schema"]({}) == default
    chosen = {"estimates": False, "disabled_warnings": ["zero_run", "spike"]}
    configure = hass.config_entries.options.async_configure
    step = await configure(step["flow_id"], chosen)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    stored = {"estimates": False, "disabled_warnings": ["spike", "zero_run"]}
    assert loaded.options == {**before, "data_quality": stored}
    assert loaded.state is ConfigEntryState.LOADED
    step = await open_options(hass, loaded, "data_quality")
    assert step["data_schema"]({}) == stored
    step = await configure(step["flow_id"], default)
    assert step["data"] == {**before, "data_quality": default}
    await hass.async_block_till_done()


QUALITY = {"estimates": False, "disabled_warnings": ["stale"]}


async def test_selection_keeps_what_other_steps_ask(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Another selection forgets nothing about points and the quality of data."""
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "points": GONE, "data_quality": QUALITY}
    )
    step = await open_options(hass, loaded, "selection")
    step = await hass.config_entries.options.async_configure(
        step["flow_id"], {**SELECTION, "devices": ["electricity_meter"]}
    )
    assert step["data"]["points"] == GONE
    assert step["data"]["data_quality"] == QUALITY
    await hass.async_block_till_done()


async def test_no_point_to_choose(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Without a selected point there is nothing to choose."""
    step = await open_options(hass, loaded, "selection")
    await hass.config_entries.options.async_configure(
        step["flow_id"], {**SELECTION, "devices": [], "new_devices": False}
    )
    await hass.async_block_till_done()
    step = await open_options(hass, loaded, "points")
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "no_points"


@pytest.mark.parametrize("step", ["selection", "points", "data_quality"])
async def test_options_of_an_entry_unloaded_meanwhile(
    hass: HomeAssistant, loaded: MockConfigEntry, step: str
) -> None:
    """The entry may be unloaded while the menu is open."""
    menu = await hass.config_entries.options.async_init(loaded.entry_id)
    await hass.config_entries.async_unload(loaded.entry_id)
    result = await hass.config_entries.options.async_configure(
        menu["flow_id"], {"next_step_id": step}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == step


def untrusted_context(folder: Path) -> ssl.SSLContext:
    """Return a TLS context with a self-signed certificate for 127.0.0.1."""
    return server_context(self_signed(folder))


async def test_self_signed_certificate(
    hass: HomeAssistant, simulator: DsmrReaderSimulator, tmp_path: Path
) -> None:
    """It is rejected, unless verification is turned off."""
    context = await hass.async_add_executor_job(untrusted_context, tmp_path)
    # The server's side of the refused handshake fails as well, and rightly so.
    hass.loop.set_exception_handler(lambda _loop, _context: None)
    async with serve(simulator.app, ssl_context=context) as url:
        step = await choose(hass, await open_form(hass), form(url))
        assert step["errors"] == {"base": "untrusted_certificate"}
        step = await choose(hass, step, form(url, verify_ssl=False))
        step = await choose(hass, step, SELECTION)
        assert step["type"] is FlowResultType.CREATE_ENTRY
        assert step["result"].state is ConfigEntryState.LOADED


async def test_same_address_with_another_identity(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The same address cannot be added twice, even if its meter has changed."""
    await set_up(hass, entry)
    step = await choose(hass, await open_form(hass), form(entry.data["url"]))
    assert step["reason"] == "already_configured"

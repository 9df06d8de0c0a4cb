"""The config flow of besmart."""

from collections.abc import Callable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from simulators.besmart import CLIENT, HOUSE_MID, WORKSHOP_MID, BesmartSimulator
from simulators.faults import Answer, Drop, Fault, Truncate, html_error
from simulators.server import serve

from ..conftest import open_options, shown
from .conftest import DELIVERED, DEVICES, HOUSE, WORKSHOP, both_editions

SELECTION = {
    "devices": DEVICES,
    "new_devices": True,
    "history": False,
    "energy_dashboard": True,
    "all_sensors": False,
}
HOUSE_ID = f"{CLIENT}.{HOUSE_MID}"
WORKSHOP_ID = f"{CLIENT}.{WORKSHOP_MID}"


def form(url: str, simulator: BesmartSimulator, **changes: str) -> dict[str, str]:
    """Return correct input for the connection form, with some changes."""
    return {
        "url": url,
        "login": simulator.login,
        "password": simulator.password,
        **changes,
    }


async def open_form(hass: HomeAssistant) -> ConfigFlowResult:
    """Start the flow and choose besmart from its menu."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    step = await choose(hass, menu, {"next_step_id": "besmart"})
    assert step["step_id"] == "besmart"
    return step


async def choose(
    hass: HomeAssistant, step: ConfigFlowResult, user_input: dict[str, object]
) -> ConfigFlowResult:
    """Submit a step of a flow."""
    result = await hass.config_entries.flow.async_configure(step["flow_id"], user_input)
    await hass.async_block_till_done()
    return result


async def reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Start the reconfiguration of an entry."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )


def without_lists(simulator: BesmartSimulator) -> None:
    """Remove the lists of sensors and states from the server."""
    for name in ("workspaces", "find", "states"):
        simulator.absent[name] = 404


@both_editions
async def test_from_menu_to_sensors(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    """The user logs in, selects sensors by name, and gets their values."""
    step = await open_form(hass)
    defaults = step["data_schema"]({"login": "a", "password": "b"})
    assert defaults["url"] == "https://api.besmart.energy/api"
    step = await choose(hass, step, form(url, simulator))
    assert step["step_id"] == "selection"
    offered = step["data_schema"].schema["devices"].config["options"]
    names = [sensor.name for sensor in simulator.sensors]
    if simulator.edition == "2021":
        # The newer edition has no list with the names of sensors.
        # One is of the workspace, and one has what others share with the account.
        assert simulator.faults.count("/api/sensors/find") == 2
    assert [each["label"] for each in offered] == sorted(names)
    # No list has all sensors that an account can read.
    assert "sensors" in step["data_schema"].schema
    step = await choose(hass, step, SELECTION)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    entry = step["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert (
        entry.title == f"besmart ({url.removeprefix('http://').removesuffix('/api')})"
    )
    assert simulator.login not in (entry.unique_id or "")
    assert float(shown(hass, DELIVERED)) > 0


@pytest.mark.parametrize("spelling", ["{}/api", "{}", "{}/api/"])
async def test_addresses_with_and_without_api(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator, spelling: str
) -> None:
    """The path of the API is optional."""
    step = await open_form(hass)
    typed = spelling.format(url.removesuffix("/api"))
    step = await choose(hass, step, form(typed, simulator))
    assert step["step_id"] == "selection"


def _wrong_password(simulator: BesmartSimulator) -> None:
    """Change the password on the server."""
    simulator.password = "another"


def _wrong_password_404(simulator: BesmartSimulator) -> None:
    """Change the password on a server that refuses logins with 404."""
    simulator.password = "another"
    simulator.bad_login_status = 404


def _key_needed(simulator: BesmartSimulator) -> None:
    """Require a workspace key."""
    simulator.workspace_key, simulator.key_required = "w-key", True


def _fault(action: object) -> Callable[[BesmartSimulator], None]:
    """Return a function that adds a fault to the server."""

    def spoil(simulator: BesmartSimulator) -> None:
        """Add the fault."""
        simulator.faults.add(Fault(action))  # type: ignore[arg-type]  # An Action.

    return spoil


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        pytest.param(_wrong_password, "invalid_auth", id="wrong password: 401"),
        pytest.param(_wrong_password_404, "invalid_auth", id="wrong password: 404"),
        pytest.param(_key_needed, "invalid_auth", id="no workspace key"),
        pytest.param(_fault(html_error(404)), "invalid_url", id="no API there"),
        pytest.param(_fault(html_error(502)), "server_error", id="502"),
        pytest.param(_fault(Drop()), "cannot_connect", id="hangs up"),
        pytest.param(_fault(Truncate()), "cannot_connect", id="cut off"),
        pytest.param(
            _fault(Answer(200, "{}", "application/json")), "invalid_url", id="no token"
        ),
    ],
)
async def test_errors_are_shown_and_can_be_corrected(
    hass: HomeAssistant,
    url: str,
    simulator: BesmartSimulator,
    spoil: Callable[[BesmartSimulator], None],
    error: str,
) -> None:
    """Each error is shown in the form, which works once the cause is fixed."""
    right = form(url, simulator, password=simulator.password)
    spoil(simulator)
    step = await choose(hass, await open_form(hass), right)
    assert step["errors"] == {"base": error}
    simulator.faults.clear()
    simulator.password, simulator.key_required = right["password"], False
    step = await choose(hass, step, right)
    assert step["step_id"] == "selection"


async def test_workspace_key(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    """The key is sent with the login, and only there."""
    _key_needed(simulator)
    step = await open_form(hass)
    step = await choose(hass, step, form(url, simulator, workspace_key=" w-key "))
    assert step["step_id"] == "selection"
    for request in simulator.faults.requests:
        assert ("X-Auth" in request.headers) == (request.path == "/api/users/token")


@pytest.mark.parametrize("login", ["anna@example.org", " Anna@Example.org "])
async def test_the_same_account_is_not_added_twice(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator, login: str
) -> None:
    """An account is identified by its login, ignoring case and blanks."""
    step = await choose(hass, await open_form(hass), form(url, simulator))
    await choose(hass, step, SELECTION)
    simulator.login = login.strip()
    step = await choose(hass, await open_form(hass), form(url, simulator, login=login))
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "already_configured"


@both_editions
async def test_sensors_that_the_server_does_not_list(
    hass: HomeAssistant,
    url: str,
    simulator: BesmartSimulator,
    device_registry: dr.DeviceRegistry,
) -> None:
    """The user enters them, sees an error for mistakes, and gets all of them."""
    without_lists(simulator)
    step = await choose(hass, await open_form(hass), form(url, simulator))
    assert step["step_id"] == "selection"
    assert "sensors" in step["data_schema"].schema
    for typed, error in (
        ([HOUSE_ID, "582031"], "unknown_sensor"),
        (["a.b"], "invalid_sensor"),
        ([HOUSE_ID, f"{CLIENT}.1"], "unknown_sensor"),
    ):
        answer = {**SELECTION, "devices": [], "sensors": typed}
        step = await choose(hass, step, answer)
        assert step["errors"] == {"sensors": error}, typed
    named = {**SELECTION, "devices": [], "sensors": [HOUSE_ID, f" {WORKSHOP_ID} "]}
    step = await choose(hass, step, named)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["options"]["devices"] == [HOUSE, WORKSHOP]
    entry = step["result"]
    devices = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    assert len([each for each in devices if each.entry_type is None]) == 2
    if simulator.edition == "2026":
        assert float(shown(hass, DELIVERED)) > 0
    else:
        slug = HOUSE_ID.replace(".", "_")
        assert float(shown(hass, f"sensor.{slug}_energy_delivered")) > 0


async def test_adding_another_sensor_later(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    """The options show the sensors entered before, and accept more."""
    without_lists(simulator)
    step = await choose(hass, await open_form(hass), form(url, simulator))
    named = {**SELECTION, "devices": [], "sensors": [HOUSE_ID]}
    entry = (await choose(hass, step, named))["result"]
    step = await open_options(hass, entry, "selection")
    more = {**SELECTION, "devices": [HOUSE], "sensors": [HOUSE_ID, WORKSHOP_ID]}
    result = await hass.config_entries.options.async_configure(step["flow_id"], more)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert sorted(entry.runtime_data.inventory.data.devices) == [HOUSE, WORKSHOP]


async def test_logging_in_again_keeps_the_workspace_key(
    hass: HomeAssistant,
    url: str,
    simulator: BesmartSimulator,
    entry: MockConfigEntry,
) -> None:
    """Only the password is needed; the key, which no form shows, is kept."""
    _key_needed(simulator)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "workspace_key": "w-key"}, unique_id=None
    )
    simulator.password = "changed"
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()
    step = await choose(hass, flow, form(url, simulator, password="wrong"))
    assert step["errors"] == {"base": "invalid_auth"}
    step = await choose(hass, step, form(url, simulator))
    assert step["reason"] == "reauth_successful"
    assert entry.data["password"] == "changed"
    assert entry.data["workspace_key"] == "w-key"
    assert entry.state is ConfigEntryState.LOADED


async def test_moving_to_another_address(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    """The same account can move to another address; another account is refused."""
    step = await choose(hass, await open_form(hass), form(url, simulator))
    entry = (await choose(hass, step, SELECTION))["result"]
    async with serve(simulator.app) as other:
        step = await reconfigure(hass, entry)
        moved = await choose(hass, step, form(f"{other}/api", simulator))
        assert moved["reason"] == "reconfigure_successful"
        assert entry.data["url"] == f"{other}/api"
        simulator.login = "other@example.org"
        step = await reconfigure(hass, entry)
        moved = await choose(hass, step, form(f"{other}/api", simulator))
        assert moved["reason"] == "unique_id_mismatch"

"""The config flow: logging in to a Beaver IoT, and its errors."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulators.faults import Answer, Drop, Fault, html_error
from simulators.milesight import MilesightSimulator, User

from ..conftest import Tick, shown
from ..test_config_flow import choose
from .helpers import credentials, form


async def open_form(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the flow and choose Beaver IoT in its menu."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    step = await choose(hass, menu, {"next_step_id": "milesight"})
    assert step["step_id"] == "milesight"
    assert step["errors"] == {}
    return step


async def finish(
    hass: HomeAssistant, step: ConfigFlowResult, url: str
) -> ConfigFlowResult:
    """Fill in the rest rightly, which must make an entry."""
    step = await choose(hass, step, form(url))
    assert step["step_id"] == "selection", step
    defaults = step["data_schema"]({})
    step = await choose(hass, step, {**defaults, "history": False})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    return step


async def test_from_menu_to_entities(
    hass: HomeAssistant, url: str, simulator: MilesightSimulator, release: str
) -> None:
    """A user logs in, keeps all devices, and gets their entities, in every release."""
    step = await choose(hass, await open_form(hass), form(url))
    assert step["step_id"] == "selection"
    assert step["description_placeholders"]["count"] == "8"
    options = step["data_schema"].schema["devices"].config["options"]
    assert options[0]["label"] == "Boiler plug"
    step = await choose(hass, step, {**step["data_schema"]({}), "history": False})
    assert step["title"] == f"Beaver IoT ({url.removeprefix('http://')})"
    assert step["data"] == {"backend": "milesight", **credentials(url)}
    entry = step["result"]
    assert entry.state is ConfigEntryState.LOADED
    unique_id = entry.unique_id
    assert unique_id is not None
    assert unique_id.startswith("milesight:")
    assert simulator.user.user_id not in unique_id
    power = "sensor.boiler_plug_energy"
    assert float(shown(hass, power)) > 0
    assert shown(hass, "switch.boiler_plug_socket") == "on"


async def test_advanced_settings_need_not_be_opened(
    hass: HomeAssistant, url: str
) -> None:
    """The advanced settings have defaults that work."""
    typed = {name: value for name, value in form(url).items() if name != "advanced"}
    step = await choose(hass, await open_form(hass), {**typed, "advanced": {}})
    assert step["step_id"] == "selection"


@pytest.mark.parametrize("path", ["", "/", "/api/v1", "/device", "/dashboard?x=1"])
async def test_pasted_addresses(hass: HomeAssistant, url: str, path: str) -> None:
    """The address of any page of the server works."""
    step = await choose(hass, await open_form(hass), form(f"{url}{path}"))
    assert step["step_id"] == "selection"


async def test_server_without_nginx(
    hass: HomeAssistant, url: str, simulator: MilesightSimulator, release: str
) -> None:
    """The server's own port works too."""
    simulator.nginx = False
    await finish(hass, await open_form(hass), url)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong"},
        {"username": "nobody@example.com"},
        {"client_secret": "wrong"},
        {"client_id": "wrong"},
        {"tenant": "wrong"},
    ],
)
async def test_wrong_login_names_what_can_be_wrong(
    hass: HomeAssistant, url: str, wrong: dict[str, object]
) -> None:
    """The server does not report what is wrong, so one message names everything."""
    step = await choose(hass, await open_form(hass), form(url, **wrong))
    assert step["errors"] == {"base": "invalid_login"}
    await finish(hass, step, url)


@pytest.mark.parametrize(
    ("action", "error"),
    [
        pytest.param(html_error(500), "server_error", id="500 HTML"),
        pytest.param(html_error(502), "server_error", id="502 HTML"),
        pytest.param(html_error(404), "invalid_url", id="404 HTML"),
        pytest.param(Answer(200, "<html></html>"), "invalid_url", id="HTML of nginx"),
        pytest.param(Answer(200, "{}", "application/json"), "invalid_url", id="{}"),
        pytest.param(Drop(), "cannot_connect", id="dropped"),
    ],
)
async def test_broken_server_then_success(
    hass: HomeAssistant,
    url: str,
    simulator: MilesightSimulator,
    action: Answer | Drop,
    error: str,
) -> None:
    """Every failure has its message, and the same form works afterwards."""
    simulator.faults.add(Fault(action))
    step = await choose(hass, await open_form(hass), form(url))
    assert step["errors"] == {"base": error}
    simulator.faults.clear()
    await finish(hass, step, url)


async def test_nobody_registered(
    hass: HomeAssistant, url: str, simulator: MilesightSimulator
) -> None:
    """A server without a first user has its own message."""
    simulator.initialised = False
    step = await choose(hass, await open_form(hass), form(url))
    assert step["errors"] == {"base": "not_initialised"}
    simulator.initialised = True
    await finish(hass, step, url)


async def test_no_data_permission(
    hass: HomeAssistant, url: str, simulator: MilesightSimulator
) -> None:
    """A user without devices gets a reason instead of an empty list."""
    user = simulator.user
    user.super_admin, user.devices = False, frozenset()
    step = await choose(hass, await open_form(hass), form(url))
    assert step["errors"] == {"base": "no_data_permission"}
    user.devices = None
    await finish(hass, step, url)


async def test_role_without_device_view(
    hass: HomeAssistant, url: str, simulator: MilesightSimulator
) -> None:
    """A user who may not view devices gets a reason."""
    user = simulator.user
    user.super_admin, user.functions = False, frozenset({"dashboard.view"})
    step = await choose(hass, await open_form(hass), form(url))
    assert step["errors"] == {"base": "permission_denied"}
    user.functions = frozenset({"device.view"})
    await finish(hass, step, url)


async def test_same_user_is_set_up_once(
    hass: HomeAssistant, url: str, simulator: MilesightSimulator
) -> None:
    """Each user has one entry, whatever the address."""
    await finish(hass, await open_form(hass), url)
    step = await choose(hass, await open_form(hass), form(f"{url}/device"))
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "already_configured"
    other = User("ha@example.com", "Other-1", "1868211453976543777")
    simulator.others.append(other)
    typed = form(url, username=other.email, password=other.password)
    step = await choose(hass, await open_form(hass), typed)
    assert step["step_id"] == "selection"


async def test_reauth_after_a_new_password(
    hass: HomeAssistant, url: str, simulator: MilesightSimulator, tick: Tick
) -> None:
    """A changed password starts a reauth flow, after which the entry loads."""
    result = await finish(hass, await open_form(hass), url)
    entry: MockConfigEntry = result["result"]
    simulator.user.password = "New-1"
    simulator.sessions.revoke()
    await tick(60)
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["step_id"] == "reauth_confirm"
    step = await choose(hass, flow, form(url, password="still wrong"))
    assert step["errors"] == {"base": "invalid_login"}
    step = await choose(hass, step, form(url, password="New-1"))
    assert step["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert shown(hass, "switch.boiler_plug_socket") == "on"


async def test_reconfigure_as_another_user(
    hass: HomeAssistant, url: str, simulator: MilesightSimulator
) -> None:
    """The login of another user is refused for this entry."""
    result = await finish(hass, await open_form(hass), url)
    entry: MockConfigEntry = result["result"]
    other = User("ha@example.com", "Other-1", "1868211453976543777")
    simulator.others.append(other)
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    typed = form(url, username=other.email, password=other.password)
    step = await choose(hass, flow, typed)
    assert step["reason"] == "unique_id_mismatch"


async def test_unticked_device_stays_away(
    hass: HomeAssistant, url: str, simulator: MilesightSimulator
) -> None:
    """A device that was not selected does not appear."""
    step = await choose(hass, await open_form(hass), form(url))
    defaults = step["data_schema"]({})
    first = next(
        option["value"]
        for option in step["data_schema"].schema["devices"].config["options"]
        if option["label"] == "Boiler plug"
    )
    await choose(hass, step, {**defaults, "devices": [first], "history": False})
    assert hass.states.get("switch.boiler_plug_socket") is not None
    assert hass.states.get("switch.laundry_plug_socket") is None

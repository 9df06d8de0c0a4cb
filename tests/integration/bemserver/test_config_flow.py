"""The config flow of BEMServer: user input, and its errors."""

from collections import Counter
from collections.abc import AsyncIterator
from ssl import SSLContext

import pytest
from yarl import URL

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.flow import found_server
from custom_components.metering_hub.history.statistic import statistic_prefix
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulators.bemserver import DEFAULT_EMAIL, DEFAULT_PASSWORD, BemserverSimulator
from simulators.faults import Answer, Drop, Fault, html_error, redirect
from simulators.server import serve
from tests.certificates import self_signed, server_context

from ..conftest import Tick
from ..test_config_flow import choose
from .conftest import SOME_DEVICES

SELECTION = {
    "devices": SOME_DEVICES,
    "new_devices": False,
    "history": False,
    "energy_dashboard": True,
    "all_sensors": False,
}


BASIC = {"token", "campaigns", "timeseries"}
"""The last parts of the paths of what an entry begins with: the login and two lists."""


def basic_requests(simulator: BemserverSimulator) -> Counter[str]:
    """Return how often each of the basic requests was made."""
    paths = (request.path.rstrip("/") for request in simulator.faults.requests)
    ends = (path.rpartition("/")[2] for path in paths)
    return Counter(end for end in ends if end in BASIC)


def form(url: str, **changes: object) -> dict[str, object]:
    """Return valid input for the connection form, with changes."""
    return {
        "url": url,
        "email": DEFAULT_EMAIL,
        "password": DEFAULT_PASSWORD,
        "verify_ssl": True,
        **changes,
    }


async def open_form(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the flow and choose BEMServer in its menu."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert "bemserver" in menu["menu_options"]
    step = await choose(hass, menu, {"next_step_id": "bemserver"})
    assert step["step_id"] == "bemserver"
    return step


async def finish(
    hass: HomeAssistant, step: ConfigFlowResult, url: str
) -> ConfigFlowResult:
    """Complete the flow with valid input, and return the entry."""
    step = await choose(hass, step, form(url))
    assert step["step_id"] == "selection", step["errors"]
    step = await choose(hass, step, SELECTION)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    return step


async def reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Open the form that changes the address or account of an entry."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )


def scope(entry: ConfigEntry) -> tuple[str | None, str]:
    """Return an entry's unique id and the prefix of its statistic ids."""
    return entry.unique_id, statistic_prefix(entry, BACKENDS["bemserver"])


async def test_from_menu_to_sensors(hass: HomeAssistant, url: str) -> None:
    """The user logs in, selects places and gets sensors."""
    step = await choose(hass, await open_form(hass), form(url))
    assert step["step_id"] == "selection"
    assert "registers" not in step["data_schema"].schema
    step = await choose(hass, step, SELECTION)
    entry = step["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data == {"backend": "bemserver", **form(url)}
    assert entry.unique_id.startswith("bemserver:")
    assert DEFAULT_EMAIL not in entry.unique_id
    assert hass.states.get("sensor.main_campus_site_elec_all") is not None


async def test_the_entry_takes_over_the_inventory_of_the_flow(
    hass: HomeAssistant, url: str, simulator: BemserverSimulator
) -> None:
    """The entry neither logs in again nor reads again what the flow has found."""
    step = await choose(hass, await open_form(hass), form(url))
    before = basic_requests(simulator)
    assert before.keys() == BASIC
    step = await choose(hass, step, SELECTION)
    assert step["result"].state is ConfigEntryState.LOADED
    assert hass.states.get("sensor.main_campus_site_elec_all") is not None
    assert basic_requests(simulator) == before
    await step["result"].runtime_data.inventory.async_refresh()
    assert basic_requests(simulator)["timeseries"] > before["timeseries"]


async def test_the_entry_uses_the_memory_of_a_flow_that_was_left_open(
    hass: HomeAssistant,
    url: str,
    simulator: BemserverSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The entry reads the inventory again, but knows the kinds that were detected."""
    monkeypatch.setattr(found_server, "NEW_FOR", 0.0)

    def looks() -> int:
        return sum(
            len(request.query.getall("timeseries"))
            for request in simulator.faults.requests
            if request.query.get("aggregation") == "min"
        )

    step = await choose(hass, await open_form(hass), form(url))
    learned, before = looks(), basic_requests(simulator)
    await choose(hass, step, {**SELECTION, "devices": [], "new_devices": True})
    assert basic_requests(simulator)["timeseries"] > before["timeseries"]
    # Series with too few values are examined again.
    assert 0 <= looks() - learned < learned / 2


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "wrong"},
        {"password": "x" * 81},
        {"email": "nobody@example.com"},
        {"email": "no-mail"},
        {"email": DEFAULT_EMAIL.upper()},
    ],
)
async def test_wrong_credentials(
    hass: HomeAssistant, url: str, changes: dict[str, object]
) -> None:
    """A wrong password, an unknown user, and an e-mail in another case."""
    step = await choose(hass, await open_form(hass), form(url, **changes))
    assert step["errors"] == {"base": "invalid_auth"}
    step = await choose(hass, step, form(url))
    assert step["step_id"] == "selection"


async def test_deactivated_user(
    hass: HomeAssistant, url: str, simulator: BemserverSimulator
) -> None:
    """The server answers the same as to a wrong password."""
    simulator.reader.is_active = False
    step = await choose(hass, await open_form(hass), form(url))
    assert step["errors"] == {"base": "invalid_auth"}
    simulator.reader.is_active = True
    step = await choose(hass, step, form(url))
    assert step["step_id"] == "selection"


async def test_user_without_rights(
    hass: HomeAssistant, url: str, simulator: BemserverSimulator
) -> None:
    """The server answers 403 after a successful login."""
    body = '{"code":403,"status":"Forbidden","message":"Authorization error"}'
    simulator.faults.add(Fault(Answer(403, body, "application/json"), "/users/"))
    step = await choose(hass, await open_form(hass), form(url))
    assert step["errors"] == {"base": "permission_denied"}
    simulator.faults.clear()
    step = await choose(hass, step, form(url))
    assert step["step_id"] == "selection"


async def test_a_database_that_is_down(
    hass: HomeAssistant, url: str, simulator: BemserverSimulator
) -> None:
    """The server answers 500 to a correct password, and still answers /about/."""
    simulator.database_down = True
    step = await choose(hass, await open_form(hass), form(url))
    assert step["errors"] == {"base": "server_error"}
    simulator.database_down = False
    step = await choose(hass, step, form(url))
    assert step["step_id"] == "selection"


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (html_error(200, "Welcome"), "invalid_url"),
        (html_error(404), "invalid_url"),
        (html_error(502), "server_error"),
        (Drop(), "cannot_connect"),
        (Answer(200, '{"versions":{}}', "application/json"), "invalid_url"),
        (Answer(200, "[]", "application/json"), "invalid_url"),
        (redirect("https://127.0.0.1/about/"), "https_required"),
        (redirect("http://elsewhere.example/"), "invalid_url"),
    ],
)
async def test_something_else_answers(
    hass: HomeAssistant,
    url: str,
    simulator: BemserverSimulator,
    action: Answer | Drop,
    error: str,
) -> None:
    """HTML of a proxy, another server, a redirect to https have separate errors."""
    simulator.faults.add(Fault(action))
    step = await choose(hass, await open_form(hass), form(url))
    assert step["errors"] == {"base": error}
    simulator.faults.clear()
    step = await choose(hass, step, form(url))
    assert step["step_id"] == "selection"


async def test_wrong_port_and_https(hass: HomeAssistant, url: str) -> None:
    """Nothing listens on the port, or does not use https."""
    step = await choose(hass, await open_form(hass), form("127.0.0.1:9"))
    assert step["errors"] == {"base": "connection_refused"}
    step = await choose(hass, step, form(url.replace("http", "https")))
    assert step["errors"] == {"base": "no_https"}
    step = await choose(hass, step, form(url))
    assert step["step_id"] == "selection"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> SSLContext:
    """Return an untrusted TLS context, created before time is frozen."""
    return server_context(self_signed(tmp_path_factory.mktemp("tls")))


async def test_http_to_a_server_with_https(
    hass: HomeAssistant, simulator: BemserverSimulator, context: SSLContext
) -> None:
    """A self-signed certificate is rejected unless the user accepts it."""
    hass.loop.set_exception_handler(lambda _loop, _context: None)
    async with serve(simulator.app, ssl_context=context) as url:
        step = await choose(
            hass, await open_form(hass), form(url.replace("https", "http"))
        )
        assert step["errors"] == {"base": "cannot_connect"}
        step = await choose(hass, step, form(url))
        assert step["errors"] == {"base": "untrusted_certificate"}
        step = await choose(hass, step, form(url, verify_ssl=False))
        assert step["step_id"] == "selection"


@pytest.fixture
async def prefixed(simulator: BemserverSimulator) -> AsyncIterator[str]:
    """Serve the simulator below the path of the documented deployment."""
    simulator.prefix = "/api/v0"
    async with serve(simulator.app) as base_url:
        yield base_url


@pytest.mark.parametrize(
    "typed", ["{url}", "{url}/", "{url}/api/v0", "{host}:{port}/api/v0/"]
)
async def test_prefix_addresses(hass: HomeAssistant, prefixed: str, typed: str) -> None:
    """The API is found below the address, and a typed prefix is kept."""
    parts = URL(prefixed)
    address = typed.format(url=prefixed, host=parts.host, port=parts.port)
    step = await choose(hass, await open_form(hass), form(address))
    assert step["step_id"] == "selection", step["errors"]


async def test_the_same_account_twice(hass: HomeAssistant, prefixed: str) -> None:
    """A server is the same with and without the prefix."""
    step = await choose(hass, await open_form(hass), form(prefixed))
    await choose(hass, step, SELECTION)
    step = await choose(hass, await open_form(hass), form(f"{prefixed}/api/v0"))
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "already_configured"


async def test_reauth_after_the_password_was_changed(
    hass: HomeAssistant, url: str, simulator: BemserverSimulator, tick: Tick
) -> None:
    """Reauthentication starts once, when a login is rejected."""
    entry = (await finish(hass, await open_form(hass), url))["result"]
    simulator.reader.password = "changed-password"  # A simulator's.
    simulator.secret_key = "another-secret-key-of-32-bytes-!"
    await tick(60)
    await tick(60)
    [flow] = hass.config_entries.flow.async_progress()
    failed = simulator.counters.failed_logins
    assert failed <= 3
    step = await choose(hass, flow, form(url))
    assert step["errors"] == {"base": "invalid_auth"}
    step = await choose(hass, step, form(url, password="changed-password"))
    assert step["reason"] == "reauth_successful"
    assert entry.state is ConfigEntryState.LOADED


async def test_another_user_is_another_entry(hass: HomeAssistant, url: str) -> None:
    """An entry is never silently assigned to another user."""
    entry = (await finish(hass, await open_form(hass), url))["result"]
    flow = await reconfigure(hass, entry)
    admin = form(url, email="admin@example.com", password="admin-pass-1")
    step = await choose(hass, flow, admin)
    assert step["reason"] == "unique_id_mismatch"
    assert entry.data["email"] == DEFAULT_EMAIL


async def test_a_server_that_moves_to_another_port(
    hass: HomeAssistant,
    url: str,
    simulator: BemserverSimulator,
    context: SSLContext,
) -> None:
    """Port and scheme may change: the entry and its statistics remain."""
    entry = (await finish(hass, await open_form(hass), url))["result"]
    before = scope(entry)
    hass.loop.set_exception_handler(lambda _loop, _context: None)
    async with (
        serve(simulator.app) as other_port,
        serve(simulator.app, ssl_context=context) as https,
    ):
        for address in (other_port, https):
            flow = await reconfigure(hass, entry)
            step = await choose(hass, flow, form(address, verify_ssl=False))
            assert step["reason"] == "reconfigure_successful"
            assert entry.data["url"] == address
            assert entry.state is ConfigEntryState.LOADED
            assert scope(entry) == before


async def test_an_administrator(hass: HomeAssistant, url: str) -> None:
    """Administrators see all users, and are identified by e-mail."""
    admin = form(url, email="admin@example.com", password="admin-pass-1")
    step = await choose(hass, await open_form(hass), admin)
    assert step["step_id"] == "selection"

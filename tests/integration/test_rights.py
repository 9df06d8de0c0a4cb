"""Users may only do what they have the right to, over the real websocket API."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import (
    CLIENT_ID,
    MockConfigEntry,
    MockUser,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.models import Credentials
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.auth.permissions.models import PermissionLookup
from homeassistant.components.websocket_api.const import DOMAIN as WEBSOCKET_API
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import UnknownUser
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component
from simulators.server import serve

from .composite_server import COMPOSITES, FIRST_VALUES, SPEC as COMPOSITE_SPEC
from .conftest import NOW, set_up
from .plug import PlugServer
from .test_history import euro, imported, simulator

__all__ = ["euro", "simulator"]

ADMIN, USER, READER = "admin", "user", "reader"
OF_ONE, OF_DEVICE, NOBODY = "of one entity", "of one device", "nobody"
GROUPS = {ADMIN: GROUP_ID_ADMIN, USER: GROUP_ID_USER, READER: GROUP_ID_READ_ONLY}
EVERYBODY = (ADMIN, USER, READER, OF_ONE, OF_DEVICE, NOBODY)
ENTITY = "sensor.electricity_meter_low_tariff_delivered"
KEY = "electricity_delivered_1"
SPAN = {"start": (NOW - timedelta(hours=3)).isoformat(), "end": NOW.isoformat()}
UNAUTHORIZED = "Unauthorized"

FOR_ADMINS: frozenset[str] = frozenset({ADMIN})
FOR_READERS = FOR_ADMINS | {USER, READER}
FOR_THE_POINT = FOR_READERS | {OF_ONE, OF_DEVICE}

CALLS: Mapping[str, tuple[tuple[Mapping[str, object], frozenset[str]], ...]] = {
    "import_history": (({"entry": "<entry>"}, FOR_ADMINS),),
    "clear_history": (({"entry": "<entry>", "confirm": False}, FOR_ADMINS),),
    "add_to_energy_dashboard": (({"entry": "<entry>"}, FOR_ADMINS),),
    "restore_energy_dashboard": (({"entry": "<entry>"}, FOR_ADMINS),),
    "send_telegram": (({"entry": "<entry>", "telegram": "/no!"}, FOR_ADMINS),),
    "send_readings": (
        (
            {
                "entry": "<entry>",
                "delivered_1": 1,
                "delivered_2": 1,
                "returned_1": 1,
                "returned_2": 1,
                "power_delivered": 1,
                "power_returned": 1,
            },
            FOR_ADMINS,
        ),
    ),
    "upload_timeseries": (
        (
            {"entry": "<entry>", "source": ENTITY, "what": "states", "series": "1"}
            | SPAN,
            FOR_ADMINS,
        ),
    ),
    "get_history": (
        ({"entity_id": ENTITY, **SPAN}, FOR_THE_POINT),
        ({"entry": "<entry>", "point": KEY, **SPAN}, FOR_THE_POINT),
        ({"statistic_id": f"<prefix>{KEY}", **SPAN}, FOR_THE_POINT),
        ({"entry": "<entry>", "point": "gas", **SPAN}, FOR_READERS),
        ({"entry": "<entry>", "point": "no_entity", **SPAN}, FOR_ADMINS),
    ),
    "get_server_data": (
        ({"entity_id": ENTITY, **SPAN}, FOR_THE_POINT),
        ({"entry": "<entry>", "point": "no_entity", **SPAN}, FOR_ADMINS),
    ),
    "get_costs": (
        ({"entry": "<entry>", **SPAN}, FOR_READERS),
        ({"entry": "<entry>", "role": "import", **SPAN}, FOR_READERS),
        ({"entry": "<entry>", "meters": [KEY], **SPAN}, FOR_THE_POINT),
        ({"entry": "<entry>", "meters": [KEY, "gas"], **SPAN}, FOR_READERS),
        ({"entry": "<entry>", "meters": [KEY, "no_entity"], **SPAN}, FOR_ADMINS),
    ),
    "get_gaps": (
        ({"entry": "<entry>", **SPAN}, FOR_READERS),
        ({"entities": [ENTITY], **SPAN}, FOR_THE_POINT),
    ),
    "get_energy_breakdown": (({"device": "<device>", **SPAN}, FOR_READERS),),
    # A DSMR-reader sets nothing: below, another server does.
    "set_values": (({"entity_id": ENTITY, "values": {"a": 1}}, frozenset(EVERYBODY)),),
}
"""Calls of each action, and who may make them."""


async def user_of(hass: HomeAssistant, entry: MockConfigEntry, who: str) -> MockUser:
    """Return a user with the rights that the name says."""
    group = await hass.auth.async_get_group(GROUPS[who]) if who in GROUPS else None
    user = MockUser(groups=[group] if group else []).add_to_hass(hass)
    user.perm_lookup = PermissionLookup(er.async_get(hass), dr.async_get(hass))
    if who == OF_ONE:
        user.mock_policy({"entities": {"entity_ids": {ENTITY: {POLICY_READ: True}}}})
    if who == OF_DEVICE:
        devices = {electricity_meter(hass, entry).id: {POLICY_READ: True}}
        user.mock_policy({"entities": {"device_ids": devices}})
    return user


def electricity_meter(hass: HomeAssistant, entry: MockConfigEntry) -> dr.DeviceEntry:
    """Return the device of the electricity meter."""
    entity = er.async_get(hass).async_get(ENTITY)
    assert entity is not None
    device = dr.async_get(hass).async_get(entity.device_id or "")
    assert device is not None
    return device


async def token_of(hass: HomeAssistant, user: MockUser) -> str:
    """Return an access token of a user."""
    credential = Credentials(
        id=f"credential-{user.id}",
        auth_provider_type="homeassistant",
        auth_provider_id=None,
        data={"username": user.id},
        is_new=False,
    )
    user.credentials.append(credential)
    refresh = await hass.auth.async_create_refresh_token(
        user, CLIENT_ID, credential=credential
    )
    return hass.auth.async_create_access_token(refresh)


def filled(
    hass: HomeAssistant, entry: MockConfigEntry, data: Mapping[str, object]
) -> dict[str, object]:
    """Return the data of a call with what only this test run knows."""
    history = entry.runtime_data.history
    known = {
        "<entry>": entry.entry_id,
        "<device>": electricity_meter(hass, entry).id,
        f"<prefix>{KEY}": f"{history.prefix}{KEY}",
    }
    return {
        name: known.get(value, value) if isinstance(value, str) else value
        for name, value in data.items()
    }


async def call(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    user: MockUser,
    action: str,
    data: Mapping[str, object],
) -> str | None:
    """Call an action as a user; return what the error says, if there is one."""
    client = await hass_ws_client(hass, await token_of(hass, user))
    await client.send_json_auto_id(
        {
            "type": "call_service",
            "domain": DOMAIN,
            "service": action,
            "service_data": data,
            "return_response": action != "set_values",
        }
    )
    answer = await client.receive_json()
    await client.close()
    return None if answer["success"] else answer["error"]["message"]


@pytest.fixture
def wants_history() -> bool:
    """Import the history, which most actions are about."""
    return True


async def test_each_action_has_calls(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A new action fails here until somebody says who may call it."""
    assert CALLS.keys() == hass.services.async_services_for_domain(DOMAIN).keys()


async def test_who_may_call_what(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, loaded: MockConfigEntry
) -> None:
    """Each action refuses those without the right, and nobody else."""
    before = await imported(hass, loaded)
    # What an administrator may do changes things, so it is done last.
    for who in reversed(EVERYBODY):
        user = await user_of(hass, loaded, who)
        for action, calls in CALLS.items():
            for data, allowed in calls:
                error = await call(
                    hass, hass_ws_client, user, action, filled(hass, loaded, data)
                )
                is_allowed = error != UNAUTHORIZED
                assert is_allowed == (who in allowed), (who, action, data, error)
    assert (await imported(hass, loaded)).keys() == before.keys()


async def test_history_is_not_deleted_without_the_right(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, loaded: MockConfigEntry
) -> None:
    """What a normal user asks for is refused, and what an administrator does is not."""
    before = await imported(hass, loaded)
    data = {"entry": loaded.entry_id, "confirm": True}
    for who, error in ((USER, UNAUTHORIZED), (ADMIN, None)):
        user = await user_of(hass, loaded, who)
        got = await call(hass, hass_ws_client, user, "clear_history", data)
        assert got == error
        if who == USER:
            assert await imported(hass, loaded) == before


async def test_no_user_is_home_assistant_itself(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """An automation may call what its administrator wrote; a deleted user may not."""
    await imported(hass, loaded)
    data = {"entity_id": ENTITY, **SPAN}
    answer = await hass.services.async_call(
        DOMAIN, "get_history", data, blocking=True, return_response=True
    )
    assert answer is not None
    assert answer["point"] == KEY
    with pytest.raises(UnknownUser):
        await hass.services.async_call(
            DOMAIN,
            "get_history",
            data,
            blocking=True,
            return_response=True,
            context=Context(user_id="deleted"),
        )


async def test_an_unloaded_entry_keeps_its_rights(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, loaded: MockConfigEntry
) -> None:
    """Its title, which the error of an unloaded entry has, is told to readers only."""
    await imported(hass, loaded)
    await hass.config_entries.async_unload(loaded.entry_id)
    data = {"entry": loaded.entry_id, "point": KEY, **SPAN}
    for who in (NOBODY, OF_ONE):
        user = await user_of(hass, loaded, who)
        error = await call(hass, hass_ws_client, user, "get_history", data)
        assert (error == UNAUTHORIZED) is (who == NOBODY)


@pytest.fixture
async def thermostat(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PlugServer]:
    """Serve and load thermostats, whose parts are written together."""
    monkeypatch.setitem(BACKENDS, COMPOSITE_SPEC.key, COMPOSITE_SPEC)
    running = PlugServer()
    running.values = dict(FIRST_VALUES)
    running.settable = {COMPOSITES: True}
    async with serve(running.app) as url:
        entry = MockConfigEntry(
            domain=DOMAIN,
            unique_id="composites",
            data={"backend": COMPOSITE_SPEC.key, "url": url},
            options={"devices": [], "new_devices": True, "history": False},
        )
        entry.add_to_hass(hass)
        await set_up(hass, entry)
        yield running
        running.let_go()


async def test_values_are_set_by_those_who_control_them(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, thermostat: PlugServer
) -> None:
    """All entities that are written must be the user's to control."""
    target, mode = "number.hall_target", "select.hall_mode"
    entity = er.async_get(hass).async_get(target)
    assert entity is not None
    values = {"Target": 19.5, "Mode": "cool"}
    data = {"device_id": entity.device_id, "group": "control", "values": values}
    for rights in (
        {},
        {target: POLICY_READ, mode: POLICY_READ},
        {target: POLICY_CONTROL, mode: POLICY_READ},
        {target: POLICY_CONTROL, mode: POLICY_CONTROL},
    ):
        user = user_with(hass, rights)
        error = await call(hass, hass_ws_client, user, "set_values", data)
        is_allowed = [*rights.values()] == [POLICY_CONTROL] * 2
        assert error == (None if is_allowed else UNAUTHORIZED)
        assert (thermostat.values["target"] == values["Target"]) is is_allowed


async def test_parts_are_read_by_those_who_read_the_whole(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, thermostat: PlugServer
) -> None:
    """A part of a valve has no entity of its own."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    data = {"entry": entry.entry_id, "point": "is_open", **SPAN}
    for valve, is_allowed in (
        ("valve.tap_valve_1", True),
        ("valve.tap_valve_2", False),
    ):
        user = user_with(hass, {valve: POLICY_READ})
        error = await call(hass, hass_ws_client, user, "get_server_data", data)
        assert (error != UNAUTHORIZED) is is_allowed


def user_with(hass: HomeAssistant, rights: Mapping[str, str]) -> MockUser:
    """Return a user with a right to each of these entities."""
    user = MockUser(groups=[]).add_to_hass(hass)
    ids = {entity_id: {right: True} for entity_id, right in rights.items()}
    user.mock_policy({"entities": {"entity_ids": ids}})
    return user


FORMS = (
    ("post", "config/config_entries/flow", {"handler": DOMAIN}),
    ("post", "config/config_entries/options/flow", {"handler": "<entry>"}),
    (
        "post",
        "config/config_entries/subentries/flow",
        {"handler": ["<entry>", "tariff"]},
    ),
    ("post", "repairs/issues/fix", {"handler": DOMAIN, "issue_id": "an_issue"}),
    ("get", "diagnostics/config_entry/<entry>", None),
)


async def test_forms_and_diagnostics_are_for_administrators(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded: MockConfigEntry
) -> None:
    """Home Assistant itself refuses its forms to all others."""
    for component in ("config", "repairs", "diagnostics"):
        assert await async_setup_component(hass, component, {})
    ir.async_create_issue(
        hass,
        DOMAIN,
        "an_issue",
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="energy_sources_left",
    )
    for who in GROUPS:
        user = await user_of(hass, loaded, who)
        client = await hass_client(await token_of(hass, user))
        for method, path, data in FORMS:
            url = f"/api/{path.replace('<entry>', loaded.entry_id)}"
            body = None if data is None else filled_body(loaded, data)
            answer = await client.request(method, url, json=body)
            assert answer.status == (200 if who == ADMIN else 401), (who, url)


def filled_body(
    entry: MockConfigEntry, data: Mapping[str, object]
) -> dict[str, object]:
    """Return a body with the id of the entry."""

    def fill(value: object) -> object:
        if isinstance(value, list):
            return [fill(each) for each in value]
        return entry.entry_id if value == "<entry>" else value

    return {name: fill(value) for name, value in data.items()}


async def test_nothing_else_is_offered_to_browsers(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """No command and no view of ours is there, but the file of the dashboard."""
    assert not [name for name in hass.data[WEBSOCKET_API] if DOMAIN in name]
    assert await async_setup_component(hass, "http", {})
    routes = {
        str(route.resource.canonical if route.resource else "")
        for route in hass.http.app.router.routes()
    }
    ours = {route for route in routes if DOMAIN in route}
    assert all(route.startswith(f"/{DOMAIN}_static/") for route in ours)

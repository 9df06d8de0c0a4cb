"""Names with half a surrogate pair, which Home Assistant could store in no file."""

import json
from pathlib import Path

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.common.messages import JSON_TYPE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    restore_state,
)
from homeassistant.helpers.json import JSONEncoder, save_json
from homeassistant.util.json import load_json
from simulators.faults import Fault, Handler, Json

from .conftest import NOW, finish_tasks, set_up
from .four_servers import DOMAIN, connections, serving, simulators

BACKENDS = ("bemserver", "besmart", "dsmr_reader", "milesight")
HALF = "\ud800"
NAMES = ("name", "device_name", "entity_name", "city", "description", "unit_symbol")


def with_half_pairs(value: Json) -> Json:
    """Append half a pair to each name in an answer."""
    if isinstance(value, list):
        return [with_half_pairs(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: f"{each}{HALF}"
        if isinstance(each, str) and key in NAMES
        else with_half_pairs(each)
        for key, each in value.items()
    }


class HalfPairs:
    """An action of a simulator that mutates all names in its JSON."""

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer with other names; orjson could not write them."""
        whole = await handler(request)
        if not isinstance(whole, web.Response) or whole.content_type != JSON_TYPE:
            return whole
        assert isinstance(whole.body, bytes)
        whole.body = json.dumps(with_half_pairs(json.loads(whole.body))).encode()
        return whole


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize("backend", BACKENDS)
async def test_everything_can_still_be_stored(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tmp_path: Path, backend: str
) -> None:
    """Before, one name stopped the registries and the last states for good."""
    simulator = simulators(NOW)[backend]
    simulator.faults.add(Fault(HalfPairs()))
    async with serving(hass, freezer, {backend: simulator}) as hosts:
        entry = MockConfigEntry(
            domain=DOMAIN,
            minor_version=3,
            unique_id=f"{backend}:one",
            data={
                "backend": backend,
                **connections(dict.fromkeys(BACKENDS, hosts[backend]))[backend],
            },
            options={"history": False, "devices": [], "new_devices": True},
        )
        entry.add_to_hass(hass)
        await set_up(hass, entry)
        await finish_tasks(hass)
        texts = stored_texts(hass, tmp_path)
        assert hass.states.async_entity_ids()
    assert not any(HALF in text for text in texts)
    if backend != "dsmr_reader":
        # Otherwise no name was mutated. DSMR-reader has none, but texts of its units.
        assert any("\N{REPLACEMENT CHARACTER}" in text for text in texts)


def stored_texts(hass: HomeAssistant, folder: Path) -> list[str]:
    """Write the registries and last states as Home Assistant does; return the files."""
    last = restore_state.async_get(hass).async_get_stored_states()
    found: dict[str, object] = {
        "areas": ar.async_get(hass)._data_to_save(),
        "devices": dr.async_get(hass)._data_to_save(),
        "entities": er.async_get(hass)._data_to_save(),
        "entries": [each.as_dict() for each in hass.config_entries.async_entries()],
    }
    for name, data in found.items():
        save_json(str(folder / name), {"data": data})
    save_json(
        str(folder / "states"),
        {"data": [each.as_dict() for each in last]},
        encoder=JSONEncoder,
    )
    files = [folder / name for name in (*found, "states")]
    assert all(load_json(str(file)) for file in files)
    return [file.read_text(encoding="utf-8") for file in files]

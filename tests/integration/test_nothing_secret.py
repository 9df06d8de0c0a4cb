"""No diagnostics, log or file name says who somebody is, or where, on any server."""

from collections.abc import Iterator
import dataclasses
from datetime import timedelta
import json
import logging
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.metering.model import Device, Point, Quantity
from homeassistant.core import HomeAssistant
from homeassistant.helpers import instance_id
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulators.besmart import CLIENT

from .conftest import NOW, Tick, finish_tasks, set_up
from .four_servers import connections, four_servers
from .marked_server import DEVICE, DEVICE_KEY, EUI, MARK, POINTS, SPEC

OWN = ("custom_components.metering_hub", "aiomqtt", "mqtt")
OPTIONS = {"devices": [], "known_devices": [], "new_devices": True, "history": True}


async def downloaded(
    hass: HomeAssistant, client: ClientSessionGenerator, entry: MockConfigEntry
) -> str:
    """Return the whole file that a person downloads, as text."""
    assert await async_setup_component(hass, "diagnostics", {})
    http = await client()
    answer = await http.get(f"/api/diagnostics/config_entry/{entry.entry_id}")
    assert answer.status == 200
    return json.dumps(await answer.json(), ensure_ascii=False)


def own_log(caplog: pytest.LogCaptureFixture) -> str:
    """Return all that our code has logged."""
    return "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith(OWN)
    )


def has(text: str, secret: str) -> bool:
    """Return True if a text in lower case has a secret, or the key made of it."""
    key = re.sub(r"[^a-z0-9]+", "_", secret.lower()).strip("_")
    return secret.lower() in text or (len(key) > 3 and key in text)


def test_all_texts_of_a_device_and_a_point_are_marked() -> None:
    """A new text of a device or point fails here until it is planted, too."""
    for item, ours in (
        (DEVICE, {"key", "manufacturer", "translation_key", "parent"}),
        (POINTS[0], {"key", "device_key", "translation_key", "category", "kind"}),
    ):
        for field in dataclasses.fields(item):
            is_text = "str" in str(field.type) and field.name not in ours
            if is_text:
                value = str(getattr(item, field.name))
                assert MARK in value or EUI in value, field.name


async def test_marks_are_not_shown(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
    hass_storage: dict[str, Any],
) -> None:
    """What a server says in any free text is nowhere, and neither are its keys."""
    for name in OWN:
        caplog.set_level(logging.DEBUG, name)
    monkeypatch.setitem(BACKENDS, SPEC.key, SPEC)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=f"{MARK}title",
        unique_id=f"marked:{MARK}",
        data={"backend": SPEC.key, "url": f"http://{MARK}.invalid"},
        options={
            **OPTIONS,
            "devices": [DEVICE_KEY],
            "known_devices": [DEVICE_KEY, f"mqtt_{MARK.lower()}_gone"],
            "points": {f"mqtt_{MARK.lower()}_gone_power": {"factor": 2}},
        },
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await tick(300)
    text = await downloaded(hass, hass_client, entry)
    names = await file_names(hass, hass_storage, 1)
    for where in (text, own_log(caplog), names):
        assert not has(where.lower(), MARK)
        assert not has(where.lower(), EUI)
    shown = json.loads(text)["data"]
    (device,) = shown["inventory"]["devices"]
    assert re.fullmatch("device_[0-9a-f]{8}", device["key"])
    points = shown["inventory"]["points"]
    assert {point["device_key"] for point in points} == {device["key"]}
    assert f"{device['key']}_state" in shown["readings"]["latest"]
    assert shown["readings"]["latest"][f"{device['key']}_state"]["value"] == "option 2"
    assert device["key"] in shown["options"]["known_devices"]
    assert await instance_id.async_get(hass) not in text
    assert await downloaded(hass, hass_client, entry) == text


async def file_names(hass: HomeAssistant, storage: dict[str, Any], least: int) -> str:
    """Return the names of our files, of which there are at least so many."""
    # Files are written half a minute after what they hold has changed.
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=1))
    await finish_tasks(hass)
    names = [name for name in storage if DOMAIN in name]
    assert len(names) >= least, names
    return "\n".join(names).lower()


def secrets_of(entry: MockConfigEntry) -> Iterator[str]:
    """Yield what the simulator of an entry says that identifies something."""
    yield entry.title
    for name, value in entry.data.items():
        if isinstance(value, str) and name not in ("backend", "tenant", "client_id"):
            yield value
    found = entry.runtime_data.inventory.found
    for device in found.devices.values():
        yield from _of_device(device)
    for point in found.points.values():
        yield from _of_point(point)
    for reading in entry.runtime_data.readings.data.readings.values():
        yield from (reading.details or {}).values()
        for each in reading.notifications:
            yield from filter(None, (each.description, each.source))


def _of_device(device: Device) -> Iterator[str]:
    """Yield the texts of a device, but those that are shown as promised."""
    texts = (device.name, device.serial, device.suggested_area)
    yield from (text for text in texts if text and len(text) > 3)


def _of_point(point: Point) -> Iterator[str]:
    """Yield the name of a point, unless its key or quantity says the same."""
    key = re.sub(r"[^a-z0-9]+", "_", (point.name or "").lower()).strip("_")
    if (
        point.name
        and len(point.name) > 3
        and not (key in point.key or key in set(Quantity))
    ):
        yield point.name


@pytest.mark.usefixtures("all_enabled")
async def test_all_four_servers_keep_their_secrets(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
    hass_storage: dict[str, Any],
) -> None:
    """Nothing that the simulators say of people, places and meters is shown."""
    for name in OWN:
        caplog.set_level(logging.DEBUG, name)
    async with four_servers(hass, freezer, NOW) as hosts:
        for backend, data in connections(hosts).items():
            entry = MockConfigEntry(
                domain=DOMAIN,
                title=f"Home of Anna ({hosts[backend]})",
                unique_id=f"{backend}:{hosts[backend]}",
                minor_version=3,
                data={"backend": backend, **data},
                options=OPTIONS,
            )
            entry.add_to_hass(hass)
            await set_up(hass, entry)
        await finish_tasks(hass)
        names = await file_names(hass, hass_storage, 20)
        log = own_log(caplog).lower()
        assert log
        for entry in hass.config_entries.async_entries(DOMAIN):
            text = (await downloaded(hass, hass_client, entry)).lower()
            secrets = {*secrets_of(entry), str(CLIENT), hosts[entry.data["backend"]]}
            assert len(secrets) > 6, entry.data["backend"]
            for secret in secrets:
                assert not has(text, secret), (entry.data["backend"], secret)
                assert not has(log, secret), (entry.data["backend"], secret)
                assert not has(names, secret), (entry.data["backend"], secret)

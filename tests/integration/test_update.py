"""An update of the integration keeps every entity, device, statistic and file.

Where it knows better what an entity is, that replaces the old one (`MOVED`), or
describes it (`RENEWED`); what the user has set stays in any case (`SET_BY_THE_USER`).

`tests/fixtures/before_the_house` is the storage of a Home Assistant that ran commit
68ddc70, with a config entry of each backend (`four_servers.py`). The current code
starts on it an hour later, against the same servers.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
import json
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import flush_store
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from yarl import URL

from homeassistant.bootstrap import DATA_REGISTRIES_LOADED
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    async_add_external_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    category_registry as cr,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    issue_registry as ir,
    label_registry as lr,
    restore_state as rs,
)
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component

from .conftest import NOW, finish_tasks
from .four_servers import DOMAIN, four_servers

FOLDER = Path(__file__).parents[1] / "fixtures" / "before_the_house"
HOUR = timedelta(hours=1)

type Storage = dict[str, Any]
type Statistics = Mapping[str, Mapping[str, Any]]

SET_BY_THE_USER: Mapping[str, Mapping[str, Any]] = {
    "binary_sensor.laundry_plug_device_status": {"disabled_by": "user"},
    "binary_sensor.fridge_plug_device_status": {
        "area_id": "kitchen",
        "icon": "mdi:fridge",
        "labels": ["cold"],
        "name": "Is the fridge on?",
    },
    "sensor.main_feeder_alarm_channel_1": {
        "area_id": "cellar",
        "icon": "mdi:alert",
        "labels": ["danger"],
        "name": "Too much on phase 1",
    },
    "sensor.main_feeder_alarm_channel_2": {"disabled_by": "user"},
    "sensor.main_feeder_alarm_channel_3": {"hidden_by": "user"},
}
"""What the user has set of some entities, in addition to the fixture."""


def read_fixture(name: str, hosts: Mapping[str, str]) -> Any:
    """Return a file of the fixture, with the hosts of the running servers."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    for backend, host in hosts.items():
        text = text.replace(f"{backend}.invalid", host)
    content = json.loads(text)
    if name == "core.entity_registry":
        for entity in content["data"]["entities"]:
            entity.update(SET_BY_THE_USER.get(entity["entity_id"], {}))
    return content


@pytest.fixture
def load_registries() -> bool:
    """Let the fixture `hass` below load the registries, from the storage."""
    return False


@pytest.fixture
async def hass(hass: HomeAssistant, hass_storage: Storage) -> HomeAssistant:
    """Return a Home Assistant whose registries are those of before the update.

    They are loaded before it runs, as always. If it ran, Home Assistant would wait to
    clean up after each removed entity, and not stop waiting when it is stopped.
    """
    hass.set_state(CoreState.not_running)
    for name in ("core.device_registry", "core.entity_registry"):
        hass_storage[name] = read_fixture(name, {})
    dr.async_setup(hass)
    for registry in (ar, cr, dr, er, fr, ir, lr, rs):
        await registry.async_load(hass)
    hass.data[DATA_REGISTRIES_LOADED] = None
    hass.set_state(CoreState.running)
    return hass


@pytest.fixture
async def before(
    hass: HomeAssistant, hass_storage: Storage, freezer: FrozenDateTimeFactory
) -> AsyncIterator[Storage]:
    """Serve all four servers, and return the storage of before the update."""
    await hass.config.async_update(currency="EUR", time_zone="Europe/Amsterdam")
    async with four_servers(hass, freezer, NOW) as hosts:
        stored = {
            file.stem: read_fixture(file.stem, hosts)
            for file in sorted(FOLDER.glob("*.json"))
        }
        hass_storage.update(json.loads(json.dumps(stored)))
        add_statistics(hass, stored["statistics"])
        await async_wait_recording_done(hass)
        freezer.move_to(NOW + HOUR)
        yield stored


@pytest.fixture
async def updated(hass: HomeAssistant, before: Storage) -> HomeAssistant:
    """Return the Home Assistant of before, with the current code."""
    await start(hass)
    return hass


async def start(hass: HomeAssistant) -> None:
    """Start the current code on the storage of before, and let it import history."""
    await hass.config_entries.async_initialize()
    assert await async_setup_component(hass, "energy", {})
    assert await async_setup_component(hass, DOMAIN, {})
    for _ in range(2):
        await finish_tasks(hass)
        await async_wait_recording_done(hass)
    entries = hass.config_entries.async_entries(DOMAIN)
    assert [entry.state for entry in entries] == [ConfigEntryState.LOADED] * 4


def add_statistics(hass: HomeAssistant, statistics: Statistics) -> None:
    """Put the statistics of before into the recorder."""
    for statistic in statistics.values():
        columns = dict(statistic["rows"])
        hours = columns.pop("hour")
        rows = [
            StatisticData(
                start=datetime.fromtimestamp(hour * 3600, UTC),
                **{name: values[index] for name, values in columns.items()},
            )
            for index, hour in enumerate(hours)
        ]
        metadata: StatisticMetaData = statistic["metadata"]
        async_add_external_statistics(hass, metadata, rows)


async def read_statistics(
    hass: HomeAssistant,
) -> tuple[dict[str, StatisticMetaData], dict[str, list[StatisticsRow]]]:
    """Return the metadata and the rows of all statistics of the integration."""

    def read() -> tuple[dict[str, StatisticMetaData], dict[str, list[StatisticsRow]]]:
        metadata = get_metadata(hass, statistic_source=DOMAIN)
        rows = statistics_during_period(
            hass,
            datetime(2020, 1, 1, tzinfo=UTC),
            None,
            set(metadata),
            "hour",
            None,
            {"state", "sum", "mean", "min", "max"},
        )
        return {key: found for key, (_, found) in metadata.items()}, rows

    return await get_instance(hass).async_add_executor_job(read)


OLD_IDENTITY = "besmart:anna"

READINGS_AN_HOUR = 3
"""The fewest readings of a register in an hour: one of them may move by an hour."""

ENTITY_FIELDS = (
    *("id", "platform", "unique_id", "entity_id", "config_entry_id", "device_id"),
    *("disabled_by", "hidden_by", "name", "area_id", "icon", "labels"),
    *("entity_category", "translation_key"),
    *("original_device_class", "unit_of_measurement", "capabilities"),
)
DEVICE_FIELDS = ("id", "identifiers", "via_device_id", "name", "model", "manufacturer")


def table(
    items: list[Mapping[str, Any]], key: str, fields: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Return what a registry keeps of its items, by their keys."""
    return {item[key]: {field: item[field] for field in fields} for item in items}


NEVER_ANY_DATA = "bemserver:campus_timeseries_49"
UNDECIDED = {
    "unique_id": NEVER_ANY_DATA,
    "original_device_class": None,
    "capabilities": None,
}
"""A series without any value was taken for amounts; now it waits for its values."""

MOVED = {
    f"sensor.{name}": f"binary_sensor.{name}"
    for name in (
        "main_feeder_alarm_channel_1",
        "main_feeder_alarm_channel_2",
        "main_feeder_alarm_channel_3",
        "well_pump_current_alarm",
    )
}
"""Texts with two labels are yes or no. The entity is another one, as Home Assistant
moves none to another platform."""

RENEWED: Mapping[str, Mapping[str, Any]] = {
    **{
        key: {"translation_key": key}
        for key in (
            *("firmware_version", "hardware_version", "tsl_version"),
            *("reboot", "reporting_interval", "total_current"),
        )
    },
    **{
        key: {"translation_key": "setting"}
        for key in (
            *("child_lock", "power_consumption_enable"),
            *("over_current_protection_enable", "over_current_protection_threshold"),
        )
    },
    **{f"current_chn{n}": {"translation_key": "current_chn"} for n in (1, 2, 3)},
    **{
        key: {"original_device_class": "problem", "capabilities": None}
        for key in ("current_alarm", *(f"current_chn{n}_alarm" for n in (1, 2, 3)))
    },
    "device_status": {
        "entity_category": "diagnostic",
        "translation_key": "device_status",
    },
    "house_mode": {
        "capabilities": {"options": ["home", "away"]},
        "entity_category": None,
        "translation_key": "choice",
    },
    "led_mode": {
        "capabilities": {"options": ["off", "on", "Follow"]},
        "translation_key": "choice",
    },
    "motor_running": {"original_device_class": "running"},
    "query_device_status": {
        "entity_category": "diagnostic",
        "translation_key": "query_device_status",
    },
    "socket_status": {
        "original_device_class": "outlet",
        "translation_key": "socket_status",
    },
}
"""What Beaver IoT's entities are known to mean now, by their identifiers: names and
states are translated, a status is a diagnosis, and classes are Home Assistant's."""

BEAVER_IOT_ENTITY = re.compile(
    r"milesight:user_\w+?_(?:device_[0-9a-f]{16}|integration)_(\w+)"
)


def besmart_identity(hass: HomeAssistant) -> str:
    """Return the unique id of besmart's entry, which now includes the server."""
    (entry,) = (
        entry
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.data["backend"] == "besmart"
    )
    assert entry.unique_id is not None
    return entry.unique_id


def expected_item(item: Mapping[str, Any], identity: str) -> dict[str, Any]:
    """Return what the update should make of an item of a registry."""
    text = json.dumps(item).replace(OLD_IDENTITY, identity)
    expected: dict[str, Any] = json.loads(text)
    unique_id = expected.get("unique_id", "")
    if unique_id == f"{NEVER_ANY_DATA}_amount":
        expected |= UNDECIDED
    if found := BEAVER_IOT_ENTITY.fullmatch(unique_id):
        expected |= RENEWED.get(found[1], {})
    if (moved := MOVED.get(expected.get("entity_id", ""))) is not None:
        expected |= {"entity_id": moved, "id": None}
    return expected


SERVERS = {
    "besmart": {"model": "besmart", "manufacturer": "besmart.energy"},
    "milesight": {"model": "Beaver IoT", "manufacturer": "Milesight"},
}
"""What is known of the devices of servers now, besides the title of their entry."""


def devices_of_servers(
    hass: HomeAssistant, devices: Collection[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Return the devices of servers by their backends: each has the title as a name."""
    titles = {
        f"{entry.unique_id}___server": entry.title
        for entry in hass.config_entries.async_entries(DOMAIN)
    }
    found = {
        identifier.partition(":")[0]: device
        for device in devices
        for _, identifier in device["identifiers"]
        if titles.get(identifier) == device["name"]
    }
    assert len(found) == len(titles)
    return found


def expected_device(
    device: dict[str, Any], servers: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a device that is reached via that of its server, or is that itself."""
    ((_, identifier),) = device["identifiers"]
    backend = identifier.partition(":")[0]
    server = servers[backend]
    if device["id"] == server["id"]:
        return {**device, "name": server["name"], **SERVERS[backend]}
    return {**device, "via_device_id": device["via_device_id"] or server["id"]}


async def test_registries_are_kept(
    updated: HomeAssistant, before: Storage, hass_storage: Storage
) -> None:
    """Every entity and device is the one of before, and none is there twice.

    Unique ids, entity ids, and what the user has set stay. Of Beaver IoT it is now
    known what an entity means: see `RENEWED`. Until 1.0, an entity of another platform
    may take the place of the old one, with all that the user has set: see `MOVED`.
    """
    identity = besmart_identity(updated)
    await flush_store(er.async_get(updated)._store)
    await flush_store(dr.async_get(updated)._store)
    for name, items, key, fields in (
        ("core.entity_registry", "entities", "entity_id", ENTITY_FIELDS),
        ("core.device_registry", "devices", "id", DEVICE_FIELDS),
    ):
        old = table(before[name]["data"][items], key, fields)
        now = table(hass_storage[name]["data"][items], key, fields)
        assert old
        for moved in now.keys() & set(MOVED.values()):
            now[moved]["id"] = None
        expected = {
            item[key]: item
            for item in (expected_item(each, identity) for each in old.values())
        }
        if items == "devices":
            servers = devices_of_servers(updated, now.values())
            expected = {
                each: expected_device(device, servers)
                for each, device in expected.items()
            }
        assert {each: now.get(each) for each in expected} == expected
        assert not now.keys() & MOVED.keys()
        for each in now.keys() - expected.keys():
            assert not re.search(r"_\d+$", now[each].get("entity_id", ""))


def contains(now: object, before: object) -> bool:
    """Return True if everything of before is still there, with the same values."""
    if isinstance(now, dict) and isinstance(before, dict):
        return before.keys() <= now.keys() and all(
            contains(now[key], each) for key, each in before.items()
        )
    if isinstance(now, list) and isinstance(before, list):
        return all(each in now for each in before)
    return now == before


async def test_entries_and_files_are_kept(
    updated: HomeAssistant, before: Storage, hass_storage: Storage
) -> None:
    """Config entries stay, and the files keep what was in them."""
    memories = {}
    for entry in before["core.config_entries"]["data"]["entries"]:
        kept = updated.config_entries.async_get_known_entry(entry["entry_id"])
        if entry["unique_id"] == OLD_IDENTITY:
            # Its statistics keep their ids, although its identity has changed.
            entry["unique_id"] = kept.unique_id
            entry["data"]["scope"] = kept.data["scope"]
        # The title of before was the default, which has the host of the server now.
        host = URL(entry["data"]["url"]).host_port_subcomponent
        entry["title"] = f"{entry['title']} ({host})"
        for field in ("unique_id", "title", "data", "options"):
            assert getattr(kept, field) == entry[field], entry["title"]
        name = f"{DOMAIN}.{entry['entry_id']}"
        if name in before:
            memories[name] = before[name]
            del hass_storage[name]
        assert await updated.config_entries.async_unload(kept.entry_id)
    assert len(memories) == 2
    for name, memory in memories.items():
        # When series begin is asked again, because each data state has its own time.
        known = {key: each for key, each in memory["data"].items() if key != "first"}
        assert contains(hass_storage[name]["data"], known), name


async def test_removed_energy_sources_stay_away(
    hass: HomeAssistant, before: Storage, hass_storage: Storage
) -> None:
    """A source that the user removed was offered before, and is not added again."""
    offered = before[f"{DOMAIN}.energy_dashboard"]["data"]
    sources = hass_storage["energy"]["data"]["energy_sources"]
    removed = sources.pop(0)["stat_energy_from"]
    assert any(removed in statistic_ids for statistic_ids in offered.values())
    expected = json.loads(json.dumps(hass_storage["energy"]["data"]))
    await start(hass)
    assert (await async_get_manager(hass)).data == expected


async def test_every_entity_works(updated: HomeAssistant, before: Storage) -> None:
    """Each entity that is enabled has a state again, restored from no registry.

    What was disabled, by the user or by default, still has none.
    """
    entities = before["core.entity_registry"]["data"]["entities"]
    entity_ids: dict[bool, set[str]] = {True: set(), False: set()}
    for entity in entities:
        entity_id = MOVED.get(entity["entity_id"], entity["entity_id"])
        entity_ids[entity["disabled_by"] is None].add(entity_id)
    states = {state.entity_id: state for state in updated.states.async_all()}
    assert entity_ids[True] <= states.keys()
    assert not entity_ids[False] & states.keys()
    restored = {
        entity_id
        for entity_id in entity_ids[True]
        if states[entity_id].attributes.get("restored")
    }
    assert not restored


RENAMED = {
    "Boiler plug Active Power": "Boiler plug Power",
    "Boiler plug Power Consumption": "Boiler plug Energy",
    "Building A A CO2": "Building A CO2",
    "Building A A elec all": "Building A Elec all",
    "Building A A elec appliances": "Building A Elec appliances",
    "Building A A elec cooling": "Building A Elec cooling",
    "Building A A elec heating": "Building A Elec heating",
    "Building A A elec index": "Building A Elec index",
    "Building A A elec lighting": "Building A Elec lighting",
    "Building A A elec ventilation": "Building A Elec ventilation",
    "Building A A gas heating": "Building A Gas heating",
    "Building A A gas index": "Building A Gas index",
    "Building A A indoor humidity": "Building A Indoor humidity",
    "Building A A power": "Building A Power",
    "Building A A water index": "Building A Water index",
    "Fridge plug Active Power": "Fridge plug Power",
    "Fridge plug Power Consumption": "Fridge plug Energy",
    "Laundry plug Active Power": "Laundry plug Power",
    "Laundry plug Power Consumption": "Laundry plug Energy",
    "Office Office elec": "Office Elec",
    "Well pump Total Current": "Well pump Total current",
}
"""The statistics whose names have changed: they leave out what they repeat of their
place, and those of Beaver IoT are called what Home Assistant calls their class."""


SHORTER = {
    "Delivered, low tariff": "Low tariff delivered",
    "Delivered, normal tariff": "Normal tariff delivered",
    "Returned, low tariff": "Low tariff returned",
    "Returned, normal tariff": "Normal tariff returned",
    **{f"Reactive energy, quadrant {n}": f"Q{n} reactive energy" for n in range(1, 5)},
}
"""The names of entities that begin with what differs now."""

NOTE = re.compile(r"(?P<name>.*?)(?P<note> \((?:cost|compensation)\))?")


def expected_name(was: str, devices: Collection[str], title: str) -> str:
    """Return the name that the update should give to a statistic.

    The name of its device, or the title of its server, is behind its own one now.
    """
    if was == "DSMR-reader fixed cost":
        return f"Fixed cost · {title}"
    parts = NOTE.fullmatch(RENAMED.get(was, was))
    assert parts is not None
    device = max((each for each in devices if was.startswith(each)), key=len)
    own = parts["name"].removeprefix(f"{device} ")
    return f"{SHORTER.get(own, own)} · {device}{parts['note'] or ''}"


async def test_statistics_go_on(updated: HomeAssistant, before: Storage) -> None:
    """Ids, metadata and hours stay, and the hour since the update is added.

    Names begin with what differs: see `expected_name`. The rules have another
    version, so the rows are those of a new import: they differ by what is now on the
    line between two readings, and a held value now counts. The totals of both tariffs
    are new.
    """
    metadata, rows = await read_statistics(updated)
    statistics: Statistics = before["statistics"]
    devices = {
        each["name"] for each in before["core.device_registry"]["data"]["devices"]
    }
    (title,) = {
        entry.title
        for entry in updated.config_entries.async_entries(DOMAIN)
        if entry.data["backend"] == "dsmr_reader"
    }
    known = {
        key: {**was, "name": expected_name(was["name"], devices, title)}
        for key, was in ((key, each["metadata"]) for key, each in statistics.items())
    }
    assert {key: metadata.get(key) for key in known} == known
    assert {key.rpartition("_electricity_")[2] for key in metadata.keys() - known} == {
        "export_total",
        "import_total",
    }
    for key, statistic in statistics.items():
        *hours, _ = statistic["rows"]["hour"]
        sums = statistic["rows"].get("sum")
        if sums is not None:
            now = [row["sum"] for row in rows[key][: len(hours)]]
            assert now == sorted(now), key
            most = max(after - before for before, after in pairwise([0.0, *sums]))
            tolerance = most / READINGS_AN_HOUR
            assert now == pytest.approx(sums[: len(hours)], abs=tolerance), key
        assert [int(row["start"] // 3600) for row in rows[key]][: len(hours)] == hours
    registers = [key for key in rows if key.endswith("electricity_delivered_1")]
    assert len(registers) == 1
    assert rows[registers[0]][-1]["start"] == (NOW.timestamp() // 3600 + 1) * 3600

"""An update of the integration keeps every entity, device, statistic and file.

`tests/fixtures/before_the_house` is the storage of a Home Assistant that ran commit
68ddc70, with a config entry of each backend (`four_servers.py`). The current code
starts on it an hour later, against the same servers.
"""

from collections.abc import AsyncIterator, Mapping
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
from homeassistant.core import HomeAssistant
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


def read_fixture(name: str, hosts: Mapping[str, str]) -> Any:
    """Return a file of the fixture, with the hosts of the running servers."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    for backend, host in hosts.items():
        text = text.replace(f"{backend}.invalid", host)
    return json.loads(text)


@pytest.fixture
def load_registries() -> bool:
    """Let the fixture `hass` below load the registries, from the storage."""
    return False


@pytest.fixture
async def hass(hass: HomeAssistant, hass_storage: Storage) -> HomeAssistant:
    """Return a Home Assistant whose registries are those of before the update."""
    for name in ("core.device_registry", "core.entity_registry"):
        hass_storage[name] = read_fixture(name, {})
    dr.async_setup(hass)
    for registry in (ar, cr, dr, er, fr, ir, lr, rs):
        await registry.async_load(hass)
    hass.data[DATA_REGISTRIES_LOADED] = None
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
    *("disabled_by", "hidden_by", "entity_category", "translation_key"),
    *("original_device_class", "unit_of_measurement", "capabilities"),
)
DEVICE_FIELDS = ("id", "identifiers", "via_device_id", "name", "model", "manufacturer")


def table(items: list[Mapping[str, Any]], fields: tuple[str, ...]) -> dict[str, Any]:
    """Return what a registry keeps of its items, by their ids."""
    return {item["id"]: {field: item[field] for field in fields} for item in items}


NEVER_ANY_DATA = "bemserver:campus_timeseries_49"
UNDECIDED = {
    "unique_id": NEVER_ANY_DATA,
    "original_device_class": None,
    "capabilities": None,
}
"""A series without any value was taken for amounts; now it waits for its values."""


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
    moved: dict[str, Any] = json.loads(text)
    if moved.get("unique_id") == f"{NEVER_ANY_DATA}_amount":
        moved |= UNDECIDED
    return moved


async def test_registries_are_kept(
    updated: HomeAssistant, before: Storage, hass_storage: Storage
) -> None:
    """Every entity and device is the one of before, and none is there twice."""
    identity = besmart_identity(updated)
    await flush_store(er.async_get(updated)._store)
    await flush_store(dr.async_get(updated)._store)
    for name, key, fields in (
        ("core.entity_registry", "entities", ENTITY_FIELDS),
        ("core.device_registry", "devices", DEVICE_FIELDS),
    ):
        old = table(before[name]["data"][key], fields)
        now = table(hass_storage[name]["data"][key], fields)
        assert old
        for item_id, item in old.items():
            assert now.get(item_id) == expected_item(item, identity), name
        for item_id in now.keys() - old.keys():
            assert not re.search(r"_\d+$", now[item_id].get("entity_id", ""))


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
    """Each entity that is enabled has a state again, restored from no registry."""
    enabled = {
        entity["entity_id"]
        for entity in before["core.entity_registry"]["data"]["entities"]
        if entity["disabled_by"] is None
    }
    states = {state.entity_id: state for state in updated.states.async_all()}
    restored = {
        entity_id
        for entity_id in enabled
        if states[entity_id].attributes.get("restored")
    }
    assert not restored
    assert enabled <= states.keys()


async def test_statistics_go_on(updated: HomeAssistant, before: Storage) -> None:
    """Ids, metadata and hours stay, and the hour since the update is added.

    Names leave out what they repeat of their place: "A elec index" of Building A. The
    rules have another version, so the rows are those of a new import: they differ
    by what is now on the line between two readings, and a held value now counts. The
    totals of both tariffs are new.
    """
    metadata, rows = await read_statistics(updated)
    statistics: Statistics = before["statistics"]
    known = {key: found["metadata"] for key, found in statistics.items()}
    for key, was in known.items():
        name = metadata[key]["name"].casefold()
        assert {**metadata[key], "name": None} == {**was, "name": None}
        assert was["name"].casefold().replace("a a ", "a ").endswith(name.split()[-1])
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

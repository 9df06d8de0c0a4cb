"""Faults that older versions left in the recorder are found and repaired."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from sqlalchemy import Connection, delete, select, update

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history.audit import audit
from custom_components.metering_hub.history.audit.audit import RULES_VERSION
from custom_components.metering_hub.history.audit.auditor import Auditor
from custom_components.metering_hub.history.audit.check_queries import FaultKind
from custom_components.metering_hub.history.audit.memory import Span
from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.recorder import get_instance, session_scope
from homeassistant.setup import async_setup_component
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Fault, drop_fields
from simulators.house import Channel, House, MeterExchange

from .conftest import NOW, Tick, set_up
from .test_history import euro, imported, simulator, wants_history

__all__ = ["euro", "simulator", "wants_history"]

HOUR = timedelta(hours=1)
SEAM = (NOW - timedelta(days=4)).replace(minute=0)
REGISTER = "electricity_delivered_1"

type Damage = Callable[[Connection, int], None]


async def damage(
    hass: HomeAssistant, entry: MockConfigEntry, how: Damage, *keys: str
) -> None:
    """Change the recorded rows of some statistics of an entry."""
    await imported(hass, entry)
    prefix = entry.runtime_data.history.prefix

    def execute() -> None:
        """Change the rows in the recorder's thread."""
        with session_scope(hass=hass) as session:
            connection = session.connection()
            for key in keys:
                query = select(StatisticsMeta.id).where(
                    StatisticsMeta.statistic_id == f"{prefix}{key}"
                )
                how(connection, connection.execute(query).scalar_one())

    await get_instance(hass).async_add_executor_job(execute)


def deletion(start: datetime, end: datetime) -> Damage:
    """Return how a refused batch was lost: the rows in [start, end) are missing."""

    def execute(connection: Connection, number: int) -> None:
        connection.execute(
            delete(Statistics).where(
                Statistics.metadata_id == number,
                Statistics.start_ts >= start.timestamp(),
                Statistics.start_ts < end.timestamp(),
            )
        )

    return execute


def step(start: datetime, amount: float) -> Damage:
    """Return how an import that was cut off left a step in the sums at `start`."""

    def execute(connection: Connection, number: int) -> None:
        connection.execute(
            update(Statistics)
            .where(
                Statistics.metadata_id == number,
                Statistics.start_ts >= start.timestamp(),
            )
            .values(sum=Statistics.sum + amount)
        )

    return execute


def false_high(start: datetime, amount: float) -> Damage:
    """Return how older rules booked a false high reading: the rows look sound."""

    def execute(connection: Connection, number: int) -> None:
        step(start, amount)(connection, number)
        connection.execute(
            update(Statistics)
            .where(
                Statistics.metadata_id == number,
                Statistics.start_ts == start.timestamp(),
            )
            .values(state=Statistics.state + amount)
        )

    return execute


def auditor_of(entry: MockConfigEntry) -> Auditor:
    """Return the auditor of an entry."""
    found = entry.runtime_data.history.auditor
    assert isinstance(found, Auditor)
    return found


def found_by(entry: MockConfigEntry) -> Mapping[str, list[tuple[FaultKind, datetime]]]:
    """Return the faults of the last audit by statistic id without the prefix."""
    prefix = entry.runtime_data.history.prefix
    report = auditor_of(entry).report
    assert report is not None
    return {
        key.removeprefix(prefix): [(each.kind, each.start) for each in faults]
        for key, faults in report.faults.items()
    }


async def audited(
    hass: HomeAssistant, entry: MockConfigEntry, *, is_complete: bool = True
) -> None:
    """Audit after an import."""
    auditor_of(entry).async_request(is_complete=is_complete)
    await entry.runtime_data.history.async_refresh()
    await imported(hass, entry)


async def test_the_first_import_is_audited(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """All rows of all statistics are checked, and nothing is wrong with them."""
    statistics = await imported(hass, loaded)
    report = auditor_of(loaded).report
    assert report is not None
    assert report.faults == {}
    assert report.unjudged.keys() <= {f"{loaded.runtime_data.history.prefix}fixed_cost"}
    assert report.statistics == len(statistics)
    assert report.hours == sum(map(len, statistics.values()))
    memory = auditor_of(loaded).memory
    assert set(memory.versions.values()) == {RULES_VERSION}
    assert (memory.repaired, memory.newest_repair) == (0, None)


async def test_a_higher_register_is_no_fault(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The first audit knows from the import where the new meter stands higher."""
    simulator.house = House(
        7,
        simulator.house.start,
        exchange=MeterExchange(
            SEAM + timedelta(minutes=20), {Channel.DELIVERED_1: 90_000_000}
        ),
    )
    await set_up(hass, entry)
    rows = (await imported(hass, entry))[REGISTER]
    assert rows[-1]["state"] is not None
    assert rows[-1]["state"] > 90_000
    assert found_by(entry) == {}
    assert "imported again" not in caplog.text
    assert auditor_of(entry).memory.repaired == 0
    kept = auditor_of(entry).memory.kept
    # The register, and the total of both tariffs.
    assert list(kept.values()) == 2 * [[Span(SEAM, SEAM + HOUR)]]
    await audited(hass, entry)
    assert found_by(entry) == {}


async def test_holes_in_twelve_statistics(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The hours of a lost batch are found in registers and costs, and come back."""
    clean = await imported(hass, loaded)
    keys = [
        key
        for key, rows in clean.items()
        if rows[0].get("sum") is not None and key != "fixed_cost"
    ]
    assert len(keys) == 12
    await damage(hass, loaded, deletion(SEAM, SEAM + 24 * HOUR), *keys)
    assert await imported(hass, loaded) != clean
    await audited(hass, loaded)
    found = found_by(loaded)
    assert {key: faults[0] for key, faults in found.items()} == dict.fromkeys(
        keys, (FaultKind.HOLE, SEAM)
    )
    # The amount of the first hour after the hole is not what the sum changes by.
    after = (FaultKind.CONTRADICTION, SEAM + 24 * HOUR)
    steps = [each for faults in found.values() for each in faults[1:]]
    assert set(steps) == {after}
    assert await imported(hass, loaded) == clean
    assert auditor_of(loaded).memory.repaired == 12 + len(steps)
    assert auditor_of(loaded).left == {}
    await audited(hass, loaded)
    assert found_by(loaded) == {}


@pytest.mark.parametrize("amount", [-3.967, -417.0, 12.5])
async def test_a_step_at_a_seam(
    hass: HomeAssistant, loaded: MockConfigEntry, amount: float
) -> None:
    """An import that was cut off, or a year that was cut, is healed from the seam."""
    clean = await imported(hass, loaded)
    await damage(hass, loaded, step(SEAM, amount), REGISTER, f"{REGISTER}_cost")
    await audited(hass, loaded)
    kind = FaultKind.NEGATIVE if amount < 0 else FaultKind.CONTRADICTION
    assert found_by(loaded) == {
        REGISTER: [(kind, SEAM)],
        f"{REGISTER}_cost": [(kind, SEAM)],
    }
    assert await imported(hass, loaded) == clean


async def test_a_start_after_a_crash(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A start audits all rows unless Home Assistant stopped properly before."""
    clean = await imported(hass, loaded)
    await damage(hass, loaded, step(SEAM, -3.967), REGISTER)
    await hass.config_entries.async_reload(loaded.entry_id)
    await imported(hass, loaded)
    assert auditor_of(loaded).report is None
    memory = auditor_of(loaded).memory.as_json()
    store = auditor_of(loaded)._store
    await hass.config_entries.async_unload(loaded.entry_id)
    await store.async_save({**memory, "is_clean": False})
    await hass.config_entries.async_setup(loaded.entry_id)
    assert await imported(hass, loaded) == clean
    assert found_by(loaded) == {REGISTER: [(FaultKind.NEGATIVE, SEAM)]}


async def test_every_night(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
    tick: Tick,
) -> None:
    """At night, the rows since the last audited one are audited, and no others."""
    monkeypatch.setattr(audit, "REWRITTEN", 2 * HOUR)
    await imported(hass, loaded)
    recent = NOW.replace(minute=0) + HOUR
    freezer.move_to(NOW + timedelta(hours=14))
    await tick(300)
    await damage(hass, loaded, step(SEAM, -4.0), REGISTER)
    await damage(hass, loaded, step(recent, -5.0), REGISTER)
    before = auditor_of(loaded).report
    # Summer time is over, so three o'clock is two o'clock UTC.
    freezer.move_to((NOW + timedelta(days=1)).replace(hour=1, minute=59))
    for _ in range(14):
        await tick(300)
        await imported(hass, loaded)
    assert auditor_of(loaded).report is not before
    assert found_by(loaded) == {REGISTER: [(FaultKind.NEGATIVE, recent)]}


async def test_new_rules(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """What older rules have imported is imported again once, though it looks sound."""
    clean = await imported(hass, loaded)
    await damage(hass, loaded, false_high(SEAM, 100_000.0), REGISTER)
    await audited(hass, loaded)
    assert found_by(loaded) == {}
    memory = auditor_of(loaded).memory.as_json()
    store = auditor_of(loaded)._store
    await hass.config_entries.async_unload(loaded.entry_id)
    await store.async_save({**memory, "versions": {REGISTER: RULES_VERSION - 1}})
    await hass.config_entries.async_setup(loaded.entry_id)
    assert await imported(hass, loaded) == clean
    assert set(auditor_of(loaded).memory.versions.values()) == {RULES_VERSION}
    simulator.faults.clear_requests()
    await tick(300)
    await imported(hass, loaded)
    assert len(simulator.faults.requests) < 20


@pytest.fixture
async def unrepairable(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> MockConfigEntry:
    """Return an entry with a fault in hours that the server no longer has."""
    await damage(hass, loaded, step(SEAM, -3.967), REGISTER)
    simulator.faults.add(Fault(drop_fields(REGISTER), "dsmrreading"))
    await audited(hass, loaded)
    return loaded


async def solve(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    choice: str,
) -> None:
    """Choose an option of the repair issue."""
    assert await async_setup_component(hass, REPAIRS, {})
    client = await hass_client()
    issue_id = f"history_faults_{entry.entry_id}"
    answer = await client.post(
        "/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue_id}
    )
    assert answer.status == HTTPStatus.OK
    menu = await answer.json()
    assert menu["menu_options"] == ["keep", "clear"]
    assert menu["description_placeholders"]["count"] == "1"
    answer = await client.post(
        f"/api/repairs/issues/fix/{menu['flow_id']}", json={"next_step_id": choice}
    )
    assert (await answer.json())["type"] == "create_entry"
    await imported(hass, entry)


@pytest.mark.parametrize("choice", ["keep", "clear"])
async def test_what_cannot_be_repaired(
    hass: HomeAssistant,
    unrepairable: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    issue_registry: ir.IssueRegistry,
    choice: str,
) -> None:
    """The user keeps or clears the hours, and they are not reported again."""
    entry = unrepairable
    issue = (DOMAIN, f"history_faults_{entry.entry_id}")
    found = issue_registry.async_get_issue(*issue)
    assert found is not None
    assert found.translation_placeholders == {
        "title": "DSMR-reader",
        "count": "1",
        "first": SEAM.date().isoformat(),
        "statistics": f"{entry.runtime_data.history.prefix}{REGISTER}",
    }
    before = {row["start"]: row for row in (await imported(hass, entry))[REGISTER]}
    await solve(hass, hass_client, entry, choice)
    after = {row["start"]: row for row in (await imported(hass, entry))[REGISTER]}
    changed = {
        start
        for start, row in after.items()
        if row["change"] != pytest.approx(before[start]["change"], abs=1e-6)
    }
    if choice == "keep":
        assert changed == set()
    else:
        assert changed == {SEAM.timestamp()}
        assert after[SEAM.timestamp()]["change"] == pytest.approx(0, abs=1e-6)
    assert issue_registry.async_get_issue(*issue) is None
    await audited(hass, entry)
    assert found_by(entry) == {}
    assert issue_registry.async_get_issue(*issue) is None
    rows = await imported(hass, entry)
    amounts = {row["start"]: row["change"] for row in rows[REGISTER]}
    costs = {row["start"]: row["change"] for row in rows[f"{REGISTER}_cost"]}
    seam = SEAM.timestamp()
    used = [start for start in costs if amounts[start] > 0.1 and start != seam]
    near = min(used, key=lambda start: abs(start - seam))
    price = costs[near] / amounts[near]
    assert costs[seam] == pytest.approx(amounts[seam] * price, abs=1e-5)


async def test_the_next_start_looks_for_what_is_left(
    hass: HomeAssistant,
    unrepairable: MockConfigEntry,
    issue_registry: ir.IssueRegistry,
) -> None:
    """As long as the user has not decided, each start audits all rows."""
    store = auditor_of(unrepairable)._store
    await hass.config_entries.async_unload(unrepairable.entry_id)
    stored = await store.async_load()
    assert stored is not None
    assert stored["is_clean"] is False
    await hass.config_entries.async_remove(unrepairable.entry_id)
    assert not await asyncio.to_thread(Path(store.path).exists)
    issue = (DOMAIN, f"history_faults_{unrepairable.entry_id}")
    assert issue_registry.async_get_issue(*issue) is None

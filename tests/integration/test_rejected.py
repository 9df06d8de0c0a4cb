"""Rejected readings are visible: in History import, get_history and diagnostics."""

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault, Json, MutateJson
from simulators.house import Channel

from .conftest import NOW, Tick, open_options, set_up
from .test_history import (
    HOUR,
    PROGRESS,
    Statistics,
    euro,
    imported,
    simulator,
    wants_history,
)
from .test_history_actions import call

__all__ = ["euro", "simulator", "wants_history"]

POINT = "electricity_delivered_1"
MINUTE = timedelta(minutes=1)
FALSE = [NOW - 2 * HOUR + minutes * MINUTE for minutes in (-1, 0, 1)]
"""The times of telegrams with a false zero."""


@pytest.fixture(autouse=True)
def false_zeros(simulator: DsmrReaderSimulator) -> None:
    """Let three telegrams contain a false zero."""
    add_false_zeros(simulator)


def add_false_zeros(
    simulator: DsmrReaderSimulator, times: Collection[datetime] = FALSE
) -> None:
    """Let three telegrams contain a false zero, whenever they are read."""

    def zero(answer: Json) -> Json:
        """Return a page of telegrams with the false zeros."""
        assert isinstance(answer, dict)
        rows = answer["results"]
        assert isinstance(rows, list)
        for row in rows:
            assert isinstance(row, dict)
            if datetime.fromisoformat(str(row["timestamp"])) in times:
                row["electricity_delivered_1"] = "0.000"
        return answer

    simulator.faults.add(Fault(MutateJson(zero), "datalogger/dsmrreading"))


def attributes(hass: HomeAssistant) -> dict[str, object]:
    """Return the attributes of the sensor of the import."""
    state = hass.states.get(PROGRESS)
    assert state is not None
    return {**state.attributes}


async def test_false_zeros_are_counted_once(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """Each top-up reads them again, and the newest one is shown."""
    await imported(hass, loaded)
    for _ in range(3):
        shown = attributes(hass)
        assert shown["state"] == "up_to_date"
        assert shown["rejected"] == 3
        assert shown["newest_rejected"] == {
            "time": FALSE[-1].isoformat(),
            "value": 0.0,
            "reason": "excursion",
            "point": POINT,
        }
        await tick(300)
        await imported(hass, loaded)


async def test_nothing_was_rejected(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """A clean history has no example."""
    simulator.faults.clear()
    await set_up(hass, entry)
    await imported(hass, entry)
    shown = attributes(hass)
    assert shown["rejected"] == 0
    assert shown["newest_rejected"] is None


async def test_diagnostics_count_by_rule(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded: MockConfigEntry
) -> None:
    """They contain no values and no times."""
    await imported(hass, loaded)
    assert await async_setup_component(hass, "diagnostics", {})
    shown = await get_diagnostics_for_config_entry(hass, hass_client, loaded)
    assert shown["history"] == {
        "last_update_success": True,
        "state": "up_to_date",
        "rejected": {"excursion": 3},
    }


@pytest.mark.parametrize("start", [NOW - 3 * HOUR, FALSE[0], FALSE[-1]])
async def test_raw_history_marks_rejected_readings(
    hass: HomeAssistant, loaded: MockConfigEntry, start: datetime
) -> None:
    """The rules need the readings before the start, which may be a false one."""
    await imported(hass, loaded)
    answer = await call(
        hass,
        "get_history",
        loaded,
        point=POINT,
        start=start.isoformat(),
        resolution="raw",
    )
    rejected = [each for each in FALSE if each >= start]
    assert answer["rejected"] == len(rejected)
    assert {"excursion", "future", "too_old"} <= {*answer["rules"]}
    assert [each for each in answer["readings"] if "rejected" in each] == [
        {"time": time.isoformat(), "value": 0.0, "rejected": "excursion"}
        for time in rejected
    ]
    assert answer["readings"][0]["time"] == start.isoformat()


async def test_a_false_zero_that_nothing_has_decided(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A reading is held as long as it is the latest one."""
    await imported(hass, loaded)
    answer = await call(
        hass,
        "get_history",
        loaded,
        point=POINT,
        start=(FALSE[0] - 2 * MINUTE).isoformat(),
        end=(FALSE[0] + MINUTE).isoformat(),
        resolution="raw",
    )
    assert [each.get("rejected") for each in answer["readings"]] == [
        None,
        None,
        "undecided",
    ]


async def test_hourly_history_follows_the_believed_readings(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """The hours of the false zeros have the true amounts, from the first hour on."""
    await imported(hass, loaded)
    start = FALSE[0].replace(minute=0)
    answer = await call(
        hass,
        "get_history",
        loaded,
        point=POINT,
        start=start.isoformat(),
        end=(start + 2 * HOUR).isoformat(),
    )
    assert [hour["start"] for hour in answer["readings"]] == [
        start.isoformat(),
        (start + HOUR).isoformat(),
    ]
    house = simulator.house
    for index, hour in enumerate(answer["readings"]):
        begin = start + index * HOUR
        used = house.true_energy(Channel.DELIVERED_1, begin, begin + HOUR) / 1000
        assert hour["change"] == pytest.approx(used, abs=1e-6)
    assert answer["rejected"] == 3


async def test_readings_of_a_trusted_meter(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """They are taken as they are, and the rules that would reject them do not run."""
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "points": {POINT: {"trusted": True}}}
    )
    await hass.config_entries.async_reload(loaded.entry_id)
    await imported(hass, loaded)
    assert attributes(hass)["rejected"] == 0
    answer = await call(
        hass,
        "get_history",
        loaded,
        point=POINT,
        start=(NOW - 3 * HOUR).isoformat(),
        resolution="raw",
    )
    assert answer["rejected"] == 0
    assert "excursion" not in answer["rules"]
    assert 0.0 in [each["value"] for each in answer["readings"]]


async def trust(hass: HomeAssistant, entry: MockConfigEntry, *keys: str) -> None:
    """Trust these registers only, in the options of an entry."""
    step = await open_options(hass, entry, "points")
    await hass.config_entries.options.async_configure(
        step["flow_id"], {"trusted": [*keys]}
    )
    await hass.async_block_till_done()


def counted(rows: Statistics) -> float:
    """Return all that the register with the false zeros has counted."""
    return sum(row["change"] or 0.0 for row in rows[POINT])


async def test_history_follows_the_trust(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """The meter is imported again, and only this one, and back when it is not trusted.

    With its false zeros taken as they are, it counts its whole position again.
    """
    before = await imported(hass, loaded)
    await trust(hass, loaded, POINT)
    after = await imported(hass, loaded)
    position = simulator.house.register(Channel.DELIVERED_1, FALSE[-1]) / 1000
    assert counted(after) - counted(before) == pytest.approx(position, abs=0.1)
    assert after["gas"] == before["gas"]
    assert attributes(hass)["rejected"] == 0
    await trust(hass, loaded)
    assert await imported(hass, loaded) == before
    assert attributes(hass)["rejected"] == 3


async def test_a_failed_import_with_trust_is_tried_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The next import of the entry makes up for it, also after a reload."""
    before = await imported(hass, loaded)
    simulator.faults.add(Fault(Drop(), "datalogger/dsmrreading", skip=3))
    await trust(hass, loaded, POINT)
    await imported(hass, loaded)
    assert attributes(hass)["state"] == "failed"
    simulator.faults.clear()
    add_false_zeros(simulator)
    await hass.config_entries.async_reload(loaded.entry_id)
    after = await imported(hass, loaded)
    assert counted(after) > counted(before) + 1000
    await tick(300)
    await imported(hass, loaded)
    assert attributes(hass)["rows"] < 100


async def test_memory_of_trust_is_removed_with_the_entry(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: dict[str, object]
) -> None:
    """No file is left."""
    await imported(hass, loaded)
    await trust(hass, loaded, POINT)
    await imported(hass, loaded)
    stored = f"{DOMAIN}.{loaded.entry_id}.trusted"
    assert stored in hass_storage
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert stored not in hass_storage

"""Every hour that an import stores has its quality, and estimates give way."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history.quality.memory import QualityMemory
from custom_components.metering_hub.metering.quality import HOUR_QUALITIES
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault
from simulators.house import Channel, Outage

from .conftest import NOW, Tick, set_up
from .test_history import (
    REGISTERS,
    Statistics,
    euro,
    imported,
    simulator,
    wants_history,
)
from .test_history_actions import call

__all__ = ["euro", "simulator", "wants_history"]

HOUR = timedelta(hours=1)
GAP = Outage(
    datetime(2026, 11, 20, 8, 20, tzinfo=UTC),
    datetime(2026, 11, 20, 16, 20, tzinfo=UTC),
)
FIRST = datetime(2026, 11, 20, 8, tzinfo=UTC)
LAST = datetime(2026, 11, 20, 17, tzinfo=UTC)
POINT = "electricity_delivered_2"
NIGHT = "electricity_delivered_1"
TOTALS = {"electricity_import_total", "electricity_export_total"}
GAS_SENSOR = "sensor.gas_meter_meter_reading"


def letters(entry: MockConfigEntry, key: str, start: datetime, end: datetime) -> str:
    """Return the letters of the stored codes of the hours in [start, end)."""
    memory: QualityMemory = entry.runtime_data.history.qualities
    codes = memory.codes(key, start.timestamp(), end.timestamp())
    return "".join(HOUR_QUALITIES[code].letter for code in codes)


def errors(rows: Statistics, simulator: DsmrReaderSimulator) -> float:
    """Return by how much the hours around the gap are wrong, in kWh altogether."""
    total = 0.0
    for row in rows[POINT]:
        start = datetime.fromtimestamp(row["start"], UTC)
        if FIRST <= start < LAST:
            used = simulator.house.true_energy(Channel.DELIVERED_2, start, start + HOUR)
            total += abs((row["change"] or 0.0) - used / 1000)
    return total


async def test_an_outage_is_estimated_until_its_readings_arrive(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The hours of a long gap say so, and are measured once their readings are there.

    A day later, the comparison of the last 30 days finds readings that came late.
    """
    simulator.house.outages = (GAP,)
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    for key in (POINT, "gas"):
        assert letters(entry, key, FIRST - HOUR, LAST + HOUR) == "MDDDDDDDDDM", key
    # The night's tariff has no use on comparable days that could be scaled.
    assert letters(entry, NIGHT, FIRST - HOUR, LAST + HOUR) == "MLLLLLLLLLM"
    end = NOW.replace(minute=0)
    assert letters(entry, POINT, LAST, end) == "M" * ((end - LAST) // HOUR)
    assert letters(entry, POINT, end - 193 * HOUR, end - 190 * HOUR) == "UMM"
    estimated = errors(rows, simulator)
    assert estimated > 0.01
    await tick(300)
    assert {
        key: found[:-2] for key, found in (await imported(hass, entry)).items()
    } == {key: found[:-2] for key, found in rows.items()}
    simulator.house.outages = ()
    await tick(25 * 3600)
    rows = await imported(hass, entry)
    assert errors(rows, simulator) < 1e-5
    for key in REGISTERS:
        assert letters(entry, key, FIRST - HOUR, LAST + HOUR) == "M" * 11, key


async def test_a_restart_changes_no_estimate(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
) -> None:
    """What is read again gives the same rows, also after the memory was lost."""
    simulator.house.outages = (GAP,)
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await imported(hass, entry) == rows
    assert entry.runtime_data.history.data.rows == 0
    assert letters(entry, POINT, FIRST - HOUR, LAST + HOUR) == "MDDDDDDDDDM"
    assert await hass.config_entries.async_unload(entry.entry_id)
    await QualityMemory.of(hass, entry.entry_id).async_remove()
    await set_up(hass, entry)
    assert await imported(hass, entry) == rows
    assert letters(entry, POINT, FIRST - HOUR, LAST + HOUR) == "MDDDDDDDDDM"


async def test_deleted_readings_leave_measured_hours(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
) -> None:
    """Fewer readings of the same hours are no news, whatever is imported again."""
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    simulator.house.outages = (GAP,)
    await call(hass, "import_history", entry)
    after = await imported(hass, entry)
    assert after[POINT] == rows[POINT]
    assert letters(entry, POINT, FIRST - HOUR, LAST + HOUR) == "M" * 11


async def test_rows_that_are_left_keep_their_quality(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
) -> None:
    """The server has lost the latest readings; what was imported of them stays."""
    await set_up(hass, entry)
    await imported(hass, entry)
    simulator.house.outages = (Outage(FIRST, NOW + HOUR),)
    assert await hass.config_entries.async_reload(entry.entry_id)
    rows = await imported(hass, entry)
    assert datetime.fromtimestamp(rows[POINT][-1]["start"], UTC) == NOW.replace(
        minute=0
    )
    hours = (NOW - FIRST) // HOUR
    for key in REGISTERS:
        assert letters(entry, key, FIRST, FIRST + hours * HOUR) == "M" * hours, key


async def test_thinning_leaves_measured_hours(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
) -> None:
    """The server keeps two readings an hour of older days, which stay measured."""
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    simulator.retention = timedelta(days=2)
    await call(hass, "import_history", entry)
    after = await imported(hass, entry)
    start, end = NOW.replace(minute=0) - 191 * HOUR, NOW.replace(minute=0)
    for key in REGISTERS:
        assert letters(entry, key, start, end) == "M" * 191, key
        assert after[key][:-1] == rows[key][:-1], key


async def test_straight_lines_instead_of_estimates(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
) -> None:
    """Registers are imported again once when the user turns estimates off, or on."""
    simulator.house.outages = (GAP,)
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    options = dict(entry.options)
    hass.config_entries.async_update_entry(
        entry, options={**options, "data_quality": {"estimates": False}}
    )
    assert await hass.config_entries.async_reload(entry.entry_id)
    straight = await imported(hass, entry)
    assert letters(entry, POINT, FIRST - HOUR, LAST + HOUR) == "MLLLLLLLLLM"
    changes = [
        row["change"]
        for row in straight[POINT]
        if FIRST < datetime.fromtimestamp(row["start"], UTC) < LAST - HOUR
    ]
    assert max(changes) - min(changes) < 2e-6
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await imported(hass, entry) == rows


async def test_nothing_is_coded_that_is_not_stored(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    hass_storage: dict[str, object],
) -> None:
    """An import that fails codes nothing; clearing and removing leave nothing."""
    simulator.faults.add(Fault(Drop(), "dsmrreading", skip=2))
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    memory = entry.runtime_data.history.qualities
    for key in REGISTERS:
        span = memory.span(key)
        assert span is None or span[1] <= rows[key][-1]["start"] + 3600
    simulator.faults.clear()
    await call(hass, "import_history", entry)
    assert memory.span(POINT) is not None
    await call(hass, "clear_history", entry, confirm=True)
    assert memory.span(POINT) is None
    stored = f"{DOMAIN}.{entry.entry_id}.qualities"
    assert stored in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert stored not in hass_storage


async def gaps_of(hass: HomeAssistant, **fields: object) -> Mapping[str, Any]:
    """Return the points of the response of `get_gaps`."""
    answer = await hass.services.async_call(
        DOMAIN, "get_gaps", fields, blocking=True, return_response=True
    )
    assert isinstance(answer, dict)
    points = answer["points"]
    assert isinstance(points, dict)
    return points


async def test_gaps_of_a_server_and_of_sensors(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
) -> None:
    """The gap is a span with its method; a sensor has the gaps of its point."""
    simulator.house.outages = (GAP,)
    await set_up(hass, entry)
    await imported(hass, entry)
    points = await gaps_of(hass, entry=entry.entry_id, start=FIRST - 5 * HOUR)
    assert points.keys() == REGISTERS.keys() | TOTALS
    assert points[POINT]["spans"] == [
        {
            "start": FIRST.isoformat(),
            "end": LAST.isoformat(),
            "hours": 9,
            "quality": "estimated",
            "method": "comparable_days",
        }
    ]
    assert points[POINT]["hours"] == points[POINT]["measured"] + 9
    assert await gaps_of(hass, entities=GAS_SENSOR, start=FIRST - 5 * HOUR) == {
        "gas": points["gas"]
    }
    all_hours = (await gaps_of(hass, entry=entry.entry_id))[POINT]
    assert all_hours["hours"] == 720
    assert [each["quality"] for each in all_hours["spans"]] == [
        "unknown",
        "estimated",
    ]


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, "entry_or_entities"),
        ({"entities": [GAS_SENSOR], "entry": "any"}, "entry_or_entities"),
        ({"entities": ["sensor.of_nobody"]}, "entry_or_entities"),
        ({"entities": []}, "entry_or_entities"),
        (
            {"entities": ["sensor.electricity_meter_power_delivered"]},
            "without_quality",
        ),
        (
            {"entities": [GAS_SENSOR], "start": "2026-11-20", "end": "2026-11-19"},
            "end_before_start",
        ),
        ({"entities": [GAS_SENSOR], "end": "2030-01-01"}, "in_the_future"),
    ],
)
async def test_bad_questions_for_gaps_are_explained(
    hass: HomeAssistant, loaded: MockConfigEntry, fields: dict[str, object], key: str
) -> None:
    """Each has a translated message of its own."""
    await imported(hass, loaded)
    with pytest.raises(ServiceValidationError) as refused:
        await gaps_of(hass, **fields)
    assert refused.value.translation_key == key


@pytest.mark.parametrize(("begin", "end"), [(-6, 0), (-12, 4), (0, 0), (-3, -3)])
async def test_hours_of_get_history_have_the_stored_quality(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    begin: int,
    end: int,
) -> None:
    """They are computed again as the import did, also if a gap is cut off."""
    simulator.house.outages = (GAP,)
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    start, stop = FIRST + begin * HOUR, LAST + end * HOUR
    answer = await call(
        hass,
        "get_history",
        entry,
        point=POINT,
        start=start.isoformat(),
        end=stop.isoformat(),
    )
    hours = answer["readings"]
    assert isinstance(hours, list)
    memory = entry.runtime_data.history.qualities
    codes = memory.codes(POINT, start.timestamp(), stop.timestamp())
    assert len(hours) == len(codes)
    for hour, code in zip(hours, codes, strict=True):
        expected = HOUR_QUALITIES[code]
        assert hour["quality"] == expected.quality, hour
        assert hour.get("method") == expected.method, hour
    recorded = {
        datetime.fromtimestamp(row["start"], UTC).isoformat(): row["change"]
        for row in rows[POINT]
    }
    for hour in hours:
        assert hour["change"] == pytest.approx(recorded[hour["start"]], abs=1e-5)


async def test_the_report_follows_the_import(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Estimated hours are counted, and missing ones while the server is silent."""
    simulator.house.outages = (GAP,)
    await set_up(hass, entry)
    await imported(hass, entry)
    history = entry.runtime_data.history
    meter = history.data.quality.meters[POINT]
    assert (meter.hours, meter.estimated, meter.missing) == (192, 9, 0)
    assert meter.latest == NOW.replace(minute=0)
    before = history.data.quality.missing_hours
    simulator.faults.add(Fault(Drop(), "dsmrreading"))
    for _ in range(3):
        await tick(3600)
    assert history.data.quality.meters[POINT].missing == 3
    assert history.data.quality.missing_hours == before + 3 * len(REGISTERS)
    assert history.data.quality.holes[0].end == NOW.replace(minute=0) + 3 * HOUR
    assert history.data.quality.meters[POINT].latest == NOW.replace(minute=0)


async def test_hours_are_measured_as_they_end(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tick: Tick,
) -> None:
    """Each top-up writes the latest hours only, and codes those that are over."""
    await set_up(hass, entry)
    await imported(hass, entry)
    for _ in range(15):
        await tick(300)
        await imported(hass, entry)
        assert entry.runtime_data.history.data.rows < 40
    end = NOW.replace(minute=0) + HOUR
    assert letters(entry, POINT, end - 5 * HOUR, end) == "M" * 5

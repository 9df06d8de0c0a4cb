"""Water, gas and heat are counted exactly; texts and booleans are entities."""

from datetime import timedelta
from functools import partial

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorder.home_assistant import (
    HomeAssistantRecorder,
)
from custom_components.metering_hub.history.statistic import Statistic, statistic_prefix
from custom_components.metering_hub.history.write_queue import WriteQueue
from custom_components.metering_hub.history.writer import StatisticWriter
from custom_components.metering_hub.questions.open_questions import contradiction_id
from custom_components.metering_hub.questions.repair_flows import ContradictedFlow
from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from simulators.besmart import (
    CLIENT,
    GAS,
    HEAT,
    HEAT_KWH,
    TARIFF,
    UTILITIES_MID,
    UTILITY_TYPES,
    VALVE,
    WATER,
    BesmartSimulator,
    Estimate,
    Revision,
    Sensor,
    utilities,
)

from ..conftest import NOW, set_up
from ..test_history import imported
from .conftest import LATEST, START, both_editions

BUILDING = f"sensor_{CLIENT}_{UTILITIES_MID}"
NOW_HOUR = NOW.replace(minute=0)

approx = partial(pytest.approx, abs=1e-6)


@pytest.fixture
def wants_history() -> bool:
    """Import the history."""
    return True


@pytest.fixture
def simulator(simulator: BesmartSimulator) -> BesmartSimulator:
    """Return a simulator of a building with all kinds of meters."""
    simulator.types |= UTILITY_TYPES
    simulator.sensors.append(utilities(7, START))
    return simulator


def building(simulator: BesmartSimulator) -> Sensor:
    """Return the sensor of the building."""
    return simulator.sensor(UTILITIES_MID)


def entity_id(hass: HomeAssistant, platform: str, moid: int) -> str:
    """Return the entity of a signal of the building."""
    registry = er.async_get(hass)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    unique_id = f"{entry.unique_id}_{BUILDING}_signal_{moid}"
    found = registry.async_get_entity_id(platform, "metering_hub", unique_id)
    assert found is not None
    return found


async def assert_exact(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """Compare the imported totals with what the meters counted."""
    rows = await imported(hass, entry)
    sensor = building(simulator)
    for moid in (WATER, GAS, HEAT, HEAT_KWH):
        found = rows[f"{BUILDING}_signal_{moid}"]
        used = simulator.amount(sensor, moid, START, LATEST) / 1000
        assert used > 0
        assert sum(row["change"] or 0 for row in found) == approx(used), moid
        for row in found:
            start = max(row["start"], START.timestamp())
            end = min(row["start"] + 3600, LATEST.timestamp())
            change = simulator.amount(sensor, moid, int(start), int(end)) / 1000
            assert row["change"] == approx(change if end > start else 0), (moid, row)


@both_editions
async def test_all_media_are_counted(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """Each hour is exact, and each state is the position of the meter."""
    await assert_exact(hass, loaded, simulator)
    for moid, device_class, unit in (
        (WATER, "water", "m³"),
        (GAS, "gas", "m³"),
        (HEAT, "energy", "GJ"),
        (HEAT_KWH, "energy", "kWh"),
    ):
        state = hass.states.get(entity_id(hass, "sensor", moid))
        assert state is not None
        assert float(state.state) == simulator.shown(building(simulator), moid, LATEST)
        assert state.attributes["state_class"] == "total_increasing"
        assert state.attributes["device_class"] == device_class
        assert state.attributes["unit_of_measurement"] == unit


@both_editions
async def test_texts_and_booleans(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """They are a text and an on or off entity, without statistics."""
    tariff = hass.states.get(entity_id(hass, "sensor", TARIFF))
    valve = hass.states.get(entity_id(hass, "binary_sensor", VALVE))
    assert tariff is not None
    assert valve is not None
    is_odd = LATEST.timestamp() // 3600 % 2 == 1
    assert tariff.state == ("G12w" if is_odd else "G12")
    assert valve.state == ("on" if is_odd else "off")
    assert "state_class" not in tariff.attributes
    rows = await imported(hass, loaded)
    assert not {f"{BUILDING}_signal_{moid}" for moid in (TARIFF, VALVE)} & rows.keys()


async def test_means_of_an_earlier_version_wait_for_an_answer(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """Nothing is added to the means of a water meter, and all else is counted."""
    prefix = statistic_prefix(entry, BACKENDS["besmart"])
    water = f"{BUILDING}_signal_{WATER}"
    means = Statistic(
        statistic_id=f"{prefix}{water}",
        name="Water",
        unit="m³",
        unit_class="volume",
        is_measured=True,
    )
    writer = StatisticWriter.of(means, None)
    start = NOW_HOUR - timedelta(hours=3)
    writer.add([Row(start=start, state=None, sum=None, mean=5.0, min=4.0, max=6.0)])
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    assert [(row["mean"], row["sum"]) for row in rows[water]] == [(5.0, None)]
    assert rows[f"{BUILDING}_signal_{GAS}"]
    issue_id = contradiction_id(entry.entry_id, water)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is not None
    sources = (await async_get_manager(hass)).data or {}
    assert f"{prefix}{water}" not in str(sources)
    flow = ContradictedFlow(entry, water)
    flow.hass = hass
    await flow.async_step_init()
    assert (await flow.async_step_change())["type"] is FlowResultType.CREATE_ENTRY
    await assert_exact(hass, entry, simulator)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None


class TestOddRows:
    """A server with estimates between measured rows, and rows acquired again."""

    @pytest.fixture
    def simulator(
        self, simulator: BesmartSimulator, order: str, keeps: bool
    ) -> BesmartSimulator:
        """Return a simulator with rows that must not count."""
        always = NOW + timedelta(days=1)
        simulator.events += [
            Revision(START, NOW - timedelta(hours=3), offset=-700, origin=1),
            Estimate(START, always, offset=400),
        ]
        simulator.null_origins = True
        simulator.order = order  # type: ignore[assignment]  # Checked by the test.
        simulator.keeps_acquisitions = simulator.extra_columns = keeps
        return simulator

    @pytest.mark.parametrize("order", ["acquired", "shuffled", "newest_first"])
    @pytest.mark.parametrize("keeps", [False, True])
    async def test_only_the_last_measured_rows_count(
        self,
        hass: HomeAssistant,
        loaded: MockConfigEntry,
        simulator: BesmartSimulator,
    ) -> None:
        """Whatever their order; without an origin they are measured."""
        await assert_exact(hass, loaded, simulator)

"""The entities of besmart: their values, their delay and their availability."""

from datetime import UTC, datetime, timedelta
import json

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.diagnostics import (
    async_get_config_entry_diagnostics,
)
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.json import JSONEncoder
from simulators.besmart import (
    HOUSE_MID,
    INVERTER_MID,
    PV_PER_QUARTER,
    BesmartSimulator,
    Garble,
    Late,
    Revision,
)

from ..conftest import NOW, Tick, set_up, shown
from .conftest import (
    DELAY,
    DELIVERED,
    HOUSE,
    LATEST,
    MEASURED_AT,
    QUARTER,
    approx,
    both_editions,
    true,
)

SOLAR_POWER = "sensor.falownik_sloneczny_solar_power"
SOLAR_ENERGY = "sensor.falownik_sloneczny_solar_energy"


@both_editions
@pytest.mark.usefixtures("all_enabled")
async def test_all_signals_show_what_the_meters_showed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    entity_registry: er.EntityRegistry,
    tick: Tick,
) -> None:
    """Every signal is a sensor with the latest measured value and its unit."""
    # Entities that were just enabled are read by the next poll.
    await tick(300)
    found = er.async_entries_for_config_entry(entity_registry, loaded.entry_id)
    keys = {entity.unique_id.partition("sensor_")[2]: entity for entity in found}
    for sensor in simulator.sensors:
        for moid in sensor.signals:
            kind = simulator.types[moid]
            entity = keys[f"{sensor.client_cid}_{sensor.sensor_mid}_signal_{moid}"]
            at = LATEST if kind.step >= 900 else simulator.clock() - QUARTER
            value = simulator.shown(sensor, moid, at)
            assert float(shown(hass, entity.entity_id)) == approx(value), moid
            unit = kind.unit.replace(".", "")
            state = hass.states.get(entity.entity_id)
            assert state is not None
            assert state.attributes["unit_of_measurement"] == unit
    assert shown(hass, DELIVERED) == str(true(simulator, 32, LATEST))


@both_editions
async def test_the_measurement_time_and_the_delay_are_shown(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """Values are a quarter of an hour late, and the entities show that."""
    assert shown(hass, MEASURED_AT) == LATEST.isoformat()
    assert float(shown(hass, DELAY)) == 15
    await tick(300)
    assert shown(hass, MEASURED_AT) == LATEST.isoformat()
    assert float(shown(hass, DELAY)) == 20


async def test_kinds_of_sensors(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Device and state classes match the quantities."""
    for entity_id, device_class, state_class in (
        (DELIVERED, "energy", "total_increasing"),
        ("sensor.dom_zlocieniec_energy_returned", "energy", "total_increasing"),
        (
            "sensor.dom_zlocieniec_q1_reactive_energy",
            "reactive_energy",
            "total_increasing",
        ),
        (
            "sensor.dom_zlocieniec_apparent_energy_delivered",
            None,
            "total_increasing",
        ),
        (SOLAR_POWER, "power", "measurement"),
        (MEASURED_AT, "timestamp", None),
        (DELAY, "duration", "measurement"),
    ):
        state = hass.states.get(entity_id)
        assert state is not None, entity_id
        assert state.attributes.get("device_class") == device_class, entity_id
        assert state.attributes.get("state_class") == state_class, entity_id


async def test_solar_energy_of_intervals_is_todays_amount(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator, tick: Tick
) -> None:
    """Energies per quarter are summed up from midnight in Poland."""
    simulator.types[70] = PV_PER_QUARTER
    await set_up(hass, entry)
    sensor = simulator.sensor(INVERTER_MID)
    midnight = datetime(2026, 11, 20, 23, tzinfo=UTC)

    def produced(until: datetime) -> float:
        """Return the true production since midnight."""
        quarters = (until - midnight) // QUARTER
        ends = (midnight + (n + 1) * QUARTER for n in range(quarters))
        return sum(simulator.shown(sensor, 70, end) for end in ends)

    assert produced(LATEST) > 0
    assert float(shown(hass, SOLAR_ENERGY)) == approx(produced(LATEST))
    state = hass.states.get(SOLAR_ENERGY)
    assert state is not None
    assert state.attributes["last_reset"] == midnight.isoformat()
    for _ in range(6):
        await tick(300)
    later = produced(LATEST + timedelta(minutes=30))
    assert float(shown(hass, SOLAR_ENERGY)) == approx(later)


async def test_a_value_in_another_kind_of_unit_is_not_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """A power that becomes an energy is unavailable until its point is replaced."""
    assert float(shown(hass, SOLAR_POWER)) > 0
    simulator.types[70] = PV_PER_QUARTER
    await tick(300)
    assert shown(hass, SOLAR_POWER) == STATE_UNAVAILABLE
    await tick(3600)
    await hass.async_block_till_done(wait_background_tasks=True)
    state = hass.states.get(SOLAR_POWER)
    assert state is not None
    assert state.attributes["unit_of_measurement"] == "kWh"


async def test_another_prefix_is_converted(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """If the server switches to MWh, the entities do not change."""
    simulator.reply_units = {32: "MW.h"}
    await tick(900)
    expected = true(simulator, 32, LATEST + QUARTER)
    assert float(shown(hass, DELIVERED)) == approx(expected)
    await tick(3600)
    state = hass.states.get(DELIVERED)
    assert state is not None
    assert state.attributes["unit_of_measurement"] == "kWh"


async def test_late_and_corrected_values_appear(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator, tick: Tick
) -> None:
    """A disconnected meter shows its last value, and corrections replace values."""
    before = LATEST - timedelta(hours=3)
    simulator.events.append(
        Late(before + QUARTER, NOW + QUARTER, arrives=NOW + QUARTER, mid=HOUSE_MID)
    )
    simulator.events.append(
        Revision(before, before + QUARTER, offset=-500, at=NOW + timedelta(minutes=5))
    )
    await set_up(hass, entry)
    wrong = true(simulator, 32, before) - 0.5
    assert float(shown(hass, DELIVERED)) == approx(wrong)
    assert float(shown(hass, DELAY)) == 195
    await tick(300)
    assert float(shown(hass, DELIVERED)) == approx(true(simulator, 32, before))
    await tick(600)
    expected = true(simulator, 32, LATEST + QUARTER)
    assert float(shown(hass, DELIVERED)) == approx(expected)


@pytest.mark.parametrize("value", [None, "no number", "NaN", [], {}, True])
async def test_an_unreadable_sample_is_ignored(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: BesmartSimulator,
    value: object,
) -> None:
    """The latest readable value is shown."""
    event = Garble(LATEST, NOW, mid=HOUSE_MID, moid=32, value=value)  # type: ignore[arg-type]  # JSON.
    simulator.events.append(event)
    await set_up(hass, entry)
    expected = true(simulator, 32, LATEST - QUARTER)
    assert shown(hass, DELIVERED) == str(expected)


async def test_values_expire_after_a_day(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    tick: Tick,
) -> None:
    """Entities keep their value for a day and then become unavailable."""
    moment = simulator.clock()
    stopped = Late(
        moment, moment + timedelta(days=9), arrives=moment.max.replace(tzinfo=UTC)
    )
    simulator.events.append(stopped)
    await tick(23 * 3600)
    expected = true(simulator, 32, LATEST)
    assert float(shown(hass, DELIVERED)) == approx(expected)
    assert float(shown(hass, DELAY)) == 23 * 60 + 15
    await tick(24 * 3600)
    assert shown(hass, DELIVERED) == STATE_UNAVAILABLE
    assert float(shown(hass, DELAY)) == 47 * 60 + 15


async def test_personal_data_is_not_exposed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BesmartSimulator,
    device_registry: dr.DeviceRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No attribute, log or diagnostics has the owner or the place of a sensor."""
    found = await async_get_config_entry_diagnostics(hass, loaded)
    diagnostics = json.dumps(found, cls=JSONEncoder, ensure_ascii=False)
    states = json.dumps(
        [state.as_dict() for state in hass.states.async_all()],
        cls=JSONEncoder,
        ensure_ascii=False,
    )
    devices = [
        (device.name, device.model, device.hw_version, device.configuration_url)
        for device in dr.async_entries_for_config_entry(
            device_registry, loaded.entry_id
        )
    ]
    for sensor in simulator.sensors:
        person = sensor.location
        secrets = [person.ppe, person.street, person.postcode, sensor.sensor_eid]
        for secret in filter(None, secrets):
            for place in (diagnostics, states, str(devices), caplog.text):
                assert secret not in place
        assert sensor.name not in diagnostics
        assert str(sensor.meters[-1].eid) not in states
    for secret in (simulator.login, simulator.password):
        assert secret not in diagnostics + states + caplog.text
    # Its key has the client number, so a hash stands for it.
    assert HOUSE not in diagnostics
    assert found["inventory"]["devices"]


async def test_the_serial_number_is_in_the_device_registry(
    hass: HomeAssistant, loaded: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """Name and model are the server's, and the meter's number is the serial number."""
    devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
    found = {device.name: (device.model, device.serial_number) for device in devices}
    assert found["Warsztat „Pod lasem”"] == ("CX2000-9", "0135-WŻ/7")

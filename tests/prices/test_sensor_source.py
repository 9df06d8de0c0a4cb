"""Prices of a sensor, with the statistics of a real recorder."""

from datetime import UTC, datetime
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.metering_hub.history.recorder.access import wait_until_stored
from custom_components.metering_hub.history.recorder.sensor_hours import sensor_hours
from custom_components.metering_hub.prices.maths.series import PriceSeries
from custom_components.metering_hub.prices.maths.tariff import Base
from custom_components.metering_hub.prices.sources import (
    async_remove_unused,
    entity_of,
    make_source,
    sensor_source,
    source_error,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er

from .price_sources import HOUR, NOW, add_tariff, issues, prices_at, record_prices

# The test package lets SQLAlchemy log every statement, which takes most of the time.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

START = datetime(2025, 11, 21, tzinfo=UTC)
RUNNING = datetime(2026, 11, 21, 10, tzinfo=UTC)
YEAR = 365 * 24
SENSOR = "sensor.power_price"
HOLES = frozenset({5, 100, 101, YEAR - 1})


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """Exclude a sensor from the recorder."""
    return {"commit_interval": 0, "exclude": {"entities": ["sensor.excluded"]}}


@pytest.fixture(autouse=True)
def _environment(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Run a recorder at a fixed time."""
    freezer.move_to(NOW)


@pytest.fixture
def registered(hass: HomeAssistant) -> er.RegistryEntry:
    """Register the price sensor."""
    return er.async_get(hass).async_get_or_create(
        "sensor", "test", "price", suggested_object_id="power_price"
    )


def price(number: int) -> float:
    """Return the price of an hour of the year, which may be negative."""
    return (number % 50 - 10) / 100


async def record(
    hass: HomeAssistant, unit: str | None, hours: int = YEAR, factor: float = 1
) -> None:
    """Record the hourly means of the sensor, with holes."""
    means = {
        START + number * HOUR: price(number) * factor
        for number in range(hours)
        if number not in HOLES
    }
    await record_prices(hass, SENSOR, means, unit)


def show(
    hass: HomeAssistant,
    state: str = "0.31",
    unit: str | None = "EUR/kWh",
    state_class: str | None = "measurement",
    entity_id: str = SENSOR,
) -> None:
    """Let a sensor have a state."""
    attributes = {"unit_of_measurement": unit, "state_class": state_class}
    hass.states.async_set(
        entity_id, state, {key: each for key, each in attributes.items() if each}
    )


async def load(
    hass: HomeAssistant,
    source: str,
    start: datetime = START,
    end: datetime = RUNNING + HOUR,
    base: Base = Base.ENERGY,
) -> PriceSeries:
    """Load the prices of a sensor."""
    return await make_source(hass, source, base, "EUR", sensor_hours).load(start, end)


async def test_a_year_with_holes(
    hass: HomeAssistant, registered: er.RegistryEntry
) -> None:
    """Each hour has its mean, and one without a mean has no price."""
    await record(hass, "EUR/kWh")
    show(hass)
    source = sensor_source(hass, SENSOR)
    assert source == f"sensor:{registered.id}"
    add_tariff(hass, source, "sensor")
    series = await load(hass, source)
    assert prices_at(series, START, range(YEAR)) == [
        None if number in HOLES else round(price(number), 9) for number in range(YEAR)
    ]
    # The hours since then were not recorded, but the state is the running hour's price.
    assert prices_at(series, START, range(YEAR, YEAR + 10)) == [None] * 10
    assert series.at(RUNNING) == 0.31
    assert len(series.prices) == YEAR - len(HOLES) + 1
    assert series.is_complete
    assert not issues(hass)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("EUR/MWh", 1000), ("ct/kWh", 100), ("€/kWh", 1), ("EUR/Wh", 0.001)],
)
async def test_units_are_converted(
    hass: HomeAssistant, unit: str, factor: float
) -> None:
    """The recorded unit counts for the past, and the state's for the running hour."""
    await record(hass, unit, hours=10, factor=factor)
    show(hass, "31", "ct/kWh")
    series = await load(hass, f"sensor:{SENSOR}")
    expected = [None if number in HOLES else price(number) for number in range(10)]
    assert prices_at(series, START, range(10)) == expected
    assert series.at(RUNNING) == pytest.approx(0.31)


@pytest.mark.parametrize("unit", ["EUR/m³", "SEK/kWh", "kWh", "EUR", "%", None])
async def test_other_units_have_no_price(hass: HomeAssistant, unit: str | None) -> None:
    """What is not in the currency per kWh is no price, and an issue says so."""
    await record(hass, unit, hours=10)
    show(hass, unit=unit)
    source = f"sensor:{SENSOR}"
    add_tariff(hass, source, "sensor")
    series = await load(hass, source)
    assert not series.prices
    ((key, placeholders),) = issues(hass)
    assert key == "price_sensor_unit"
    assert placeholders == {
        "tariffs": "House: Dynamic",
        "name": SENSOR,
        "unit": unit or "-",
        "expected": "EUR/kWh",
    }


async def test_prices_per_volume(hass: HomeAssistant) -> None:
    """A tariff of volumes takes prices per volume only."""
    await record(hass, "EUR/m³", hours=5)
    show(hass, "1.2", "EUR/m³")
    series = await load(hass, f"sensor:{SENSOR}", base=Base.VOLUME)
    assert prices_at(series, START, range(2)) == [price(0), price(1)]
    assert series.at(RUNNING) == 1.2


async def test_a_corrected_unit_resolves_the_issue(hass: HomeAssistant) -> None:
    """The past keeps its price while only the state has another unit."""
    await record(hass, "EUR/kWh", hours=3)
    show(hass, unit="EUR")
    source = f"sensor:{SENSOR}"
    add_tariff(hass, source, "sensor")
    series = await load(hass, source)
    assert (series.at(START), series.at(RUNNING)) == (price(0), None)
    assert [key for key, _ in issues(hass)] == ["price_sensor_unit"]
    show(hass)
    series = await load(hass, source)
    assert (series.at(START), series.at(RUNNING)) == (price(0), 0.31)
    assert not issues(hass)


@pytest.mark.parametrize("state", ["unavailable", "unknown", "nan", "inf", "cheap", ""])
async def test_a_state_that_is_no_number_is_no_price(
    hass: HomeAssistant, state: str
) -> None:
    """The running hour has no price then."""
    await record(hass, "EUR/kWh", hours=3)
    show(hass, state)
    series = await load(hass, f"sensor:{SENSOR}")
    assert series.at(RUNNING) is None
    assert series.at(START) == price(0)


async def test_the_state_is_the_price_of_the_running_hour_only(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A recorded mean goes before the state, which is not that of other hours."""
    await record(hass, "EUR/kWh", hours=3)
    show(hass)
    source = f"sensor:{SENSOR}"
    series = await load(hass, source, end=RUNNING)
    assert series.at(RUNNING) is None
    series = await load(hass, source, RUNNING + HOUR, RUNNING + 5 * HOUR)
    assert not series.prices
    freezer.move_to(START)
    series = await load(hass, source)
    assert series.at(START) == price(0)


async def test_a_renamed_sensor_is_followed(
    hass: HomeAssistant, registered: er.RegistryEntry
) -> None:
    """Home Assistant renames its statistic, too."""
    await record(hass, "EUR/kWh", hours=3)
    source = sensor_source(hass, SENSOR)
    er.async_get(hass).async_update_entity(SENSOR, new_entity_id="sensor.tibber")
    await hass.async_block_till_done()
    await wait_until_stored(hass)
    show(hass, entity_id="sensor.tibber")
    assert entity_of(hass, source) == "sensor.tibber"
    series = await load(hass, source)
    assert series.at(START) == price(0)
    assert series.at(RUNNING) == 0.31


async def test_a_deleted_sensor_is_an_issue(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    registered: er.RegistryEntry,
) -> None:
    """The issue goes with the tariff, and with the entry."""
    await record(hass, "EUR/kWh", hours=3)
    source = sensor_source(hass, SENSOR)
    entry = add_tariff(hass, source, "sensor")
    er.async_get(hass).async_remove(SENSOR)
    assert entity_of(hass, source) is None
    assert not (await load(hass, source)).prices
    assert [key for key, _ in issues(hass)] == ["price_sensor_missing"]
    (subentry_id,) = entry.subentries
    hass.config_entries.async_remove_subentry(entry, subentry_id)
    await async_remove_unused(hass)
    assert not issues(hass)
    entry = add_tariff(hass, source, "sensor")
    await load(hass, source)
    await async_remove_unused(hass)
    assert len(issues(hass)) == 1
    await hass.config_entries.async_remove(entry.entry_id)
    assert not issues(hass)


async def test_a_deleted_sensor_without_a_registry_entry(hass: HomeAssistant) -> None:
    """What was recorded of it still counts, and an issue says that it is gone."""
    await record(hass, "EUR/kWh", hours=3)
    source = sensor_source(hass, SENSOR)
    assert source == f"sensor:{SENSOR}"
    add_tariff(hass, source, "sensor")
    series = await load(hass, source)
    assert series.at(START) == price(0)
    assert [key for key, _ in issues(hass)] == ["price_sensor_missing"]


@pytest.mark.parametrize(
    ("entity_id", "state_class"), [(SENSOR, None), ("sensor.excluded", "measurement")]
)
async def test_a_sensor_that_is_never_recorded_is_an_issue(
    hass: HomeAssistant, entity_id: str, state_class: str | None
) -> None:
    """Its state is no price: the hour would lose it when it is over."""
    show(hass, entity_id=entity_id, state_class=state_class)
    source = sensor_source(hass, entity_id)
    add_tariff(hass, source, "sensor")
    assert not (await load(hass, source)).prices
    assert [key for key, _ in issues(hass)] == ["price_sensor_not_recorded"]
    assert source_error(hass, source, Base.ENERGY, "EUR") == "price_sensor_not_recorded"


async def test_a_new_sensor_is_no_issue(hass: HomeAssistant) -> None:
    """It has no hour in the statistics yet, but the running hour has its price."""
    show(hass)
    source = sensor_source(hass, SENSOR)
    add_tariff(hass, source, "sensor")
    assert (await load(hass, source)).prices == {RUNNING.timestamp(): 0.31}
    assert not issues(hass)


async def test_nothing_is_said_while_home_assistant_starts(hass: HomeAssistant) -> None:
    """The integration of the sensor may not be loaded yet."""
    add_tariff(hass, f"sensor:{SENSOR}", "sensor")
    hass.set_state(CoreState.starting)
    await load(hass, f"sensor:{SENSOR}")
    assert not issues(hass)
    hass.set_state(CoreState.running)
    await load(hass, f"sensor:{SENSOR}")
    assert [key for key, _ in issues(hass)] == ["price_sensor_missing"]


@pytest.mark.parametrize(
    ("unit", "base", "error"),
    [
        ("EUR/kWh", Base.ENERGY, None),
        ("ct/m³", Base.VOLUME, None),
        ("EUR/m³", Base.ENERGY, "price_per_other_unit"),
        ("SEK/kWh", Base.ENERGY, "price_in_other_currency"),
        ("EUR/day", Base.ENERGY, "price_unit_unknown"),
        (None, Base.ENERGY, "price_unit_unknown"),
    ],
)
def test_errors_of_the_form(
    hass: HomeAssistant, unit: str | None, base: Base, error: str | None
) -> None:
    """A form refuses what could never be a price."""
    show(hass, unit=unit)
    assert source_error(hass, f"sensor:{SENSOR}", base, "EUR") == error
    assert source_error(hass, "sensor:gone", base, "EUR") == "price_sensor_missing"

"""A tariff is added in Home Assistant's own flow, after a look at what it costs."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.prices.stored import read_tariff
from homeassistant.config_entries import ConfigSubentryData, SubentryFlowResult
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import Channel, House

from ..history.refusals import refusing
from ..prices.price_sources import record_prices
from .conftest import API_KEY, set_up
from .four_servers import connections, four_servers
from .test_history import euro, wants_history

__all__ = ["euro", "wants_history"]

HOUR = timedelta(hours=1)
ZONE = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 11, 2, 10, 30, tzinfo=UTC)
FIRST = datetime(2026, 10, 24, tzinfo=ZONE).astimezone(UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=ZONE).astimezone(UTC)
SENSOR = "sensor.price"
EXTENTS = "SELECT statistics_meta.statistic_id, count"
"""The first query of a preview."""

type Form = dict[str, Any]
type Table = dict[str, dict[str, float]]

IMPORT: Form = {
    "name": "Green",
    "applies_to": "import",
    "valid_from": "2026-01-01 00:00:00",
    "price_type": "fixed",
}
FIXED: Form = {"unit": "EUR/kWh", "price": 0.25}


@pytest.fixture
def simulator(freezer: FrozenDateTimeFactory) -> DsmrReaderSimulator:
    """Return a simulated DSMR-reader whose history begins in October."""
    freezer.move_to(NOW)
    return DsmrReaderSimulator(
        House(7, FIRST), api_key=API_KEY, clock=dt_util.utcnow, interval=900
    )


@pytest.fixture
async def recorded(hass: HomeAssistant, loaded: MockConfigEntry) -> MockConfigEntry:
    """Return an entry whose history is imported."""
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_wait_recording_done(hass)
    return loaded


@pytest.fixture
async def idle(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return an entry that is loaded, and imports nothing: Home Assistant starts."""
    hass.set_state(CoreState.starting)
    await set_up(hass, entry)
    return entry


async def begin(
    hass: HomeAssistant, entry: MockConfigEntry, subentry_id: str | None = None
) -> SubentryFlowResult:
    """Click on *Add tariff*, or on *Change tariff*."""
    source = "reconfigure" if subentry_id else "user"
    context = {
        "source": source,
        **({"subentry_id": subentry_id} if subentry_id else {}),
    }
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "tariff"), context=context
    )


async def submit(
    hass: HomeAssistant, shown: SubentryFlowResult, form: Form
) -> SubentryFlowResult:
    """Submit the form of a step."""
    return await hass.config_entries.subentries.async_configure(shown["flow_id"], form)


async def preview(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    basics: Form,
    price: Form,
    surcharges: Form | None = None,
) -> SubentryFlowResult:
    """Fill in all forms, up to the preview."""
    shown = await begin(hass, entry)
    assert shown["step_id"] == "user"
    for step, form in (("price", basics), ("surcharges", price)):
        shown = await submit(hass, shown, form)
        assert (shown["step_id"], shown["errors"]) == (step, {})
    shown = await submit(hass, shown, surcharges or {})
    assert shown["step_id"] == "preview"
    return shown


def text_of(shown: SubentryFlowResult) -> str:
    """Return the text of the preview."""
    placeholders = shown["description_placeholders"]
    assert placeholders is not None
    return placeholders["preview"]


def table_of(shown: SubentryFlowResult) -> Table:
    """Return the numbers of the table, by the name of the meter and the heading."""
    lines = [line for line in text_of(shown).splitlines() if line.startswith("|")]
    headings, _, *rows = (
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines
    )
    return {
        row[0]: {
            heading: float(cell.split()[0])
            for heading, cell in zip(headings[1:], row[1:], strict=True)
        }
        for row in rows
    }


def hours(start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the hours in [start, end)."""
    while start < end:
        yield start
        start += HOUR


def amounts(
    simulator: DsmrReaderSimulator, channel: Channel
) -> Mapping[datetime, float]:
    """Return the true amounts of the recorded hours in October."""
    return {
        hour: simulator.house.true_energy(channel, hour, hour + HOUR) / 1000
        for hour in hours(FIRST, NOVEMBER)
    }


LOW = "Low tariff delivered · Electricity meter"
NORMAL = "Normal tariff delivered · Electricity meter"
METERS = {LOW: Channel.DELIVERED_1, NORMAL: Channel.DELIVERED_2}


async def test_fixed_price_with_surcharges(
    hass: HomeAssistant, recorded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """The preview has the true cost of October in its parts, and nothing is written."""
    shown = await preview(
        hass,
        recorded,
        IMPORT,
        FIXED,
        {
            "surcharges": [
                {"amount": 0.1, "from_hour": 17, "to_hour": 20},
                {"amount": 21, "type": "percent"},
            ],
            "daily": 0.5,
            "monthly": 6.2,
        },
    )
    table = table_of(shown)
    assert table.keys() == METERS.keys()
    for name, channel in METERS.items():
        used = amounts(simulator, channel)
        assert len(used) == 8 * 24 + 1
        fee = sum(
            0.1 * each
            for hour, each in used.items()
            if 17 <= hour.astimezone(ZONE).hour < 20
        )
        total, row = sum(used.values()), table[name]
        assert row["Amount"] == pytest.approx(total, abs=0.006)
        assert row["Price"] == pytest.approx(total * 0.25, abs=0.006)
        assert row["Surcharge 1"] == pytest.approx(fee, abs=0.006)
        tax = (total * 0.25 + fee) * 0.21
        assert row["Surcharge 2"] == pytest.approx(tax, abs=0.006)
        cost = (total * 0.25 + fee) * 1.21
        assert row["Cost"] == pytest.approx(cost, abs=0.006)
        assert row["Mean price"] == pytest.approx(cost / total, abs=1e-4)
    text = text_of(shown)
    assert "**2026-10-01 to 2026-10-31**" in text
    assert f"Fixed costs: {31 * 0.5 + 6.2:.2f} EUR" in text
    assert "without a price" not in text
    recorded_hours = 8 * 24 + 1 + 24 + 11 + 1
    assert f"once it is saved: {recorded_hours}" in text
    assert not recorded.subentries
    saved = await submit(hass, shown, {})
    assert saved["type"] is FlowResultType.CREATE_ENTRY
    (tariff,) = recorded.subentries.values()
    assert tariff.title == "Green"
    assert tariff.data["currency"] == "EUR"
    assert read_tariff("", "", tariff.data, ZONE, "EUR") is not None
    assert "name" not in tariff.data


async def test_price_by_hours_or_registers(
    hass: HomeAssistant, recorded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Rules price their hours, others are counted; or registers have their price."""
    shown = await preview(
        hass,
        recorded,
        {**IMPORT, "price_type": "timed"},
        {
            "unit": "ct/kWh",
            "rules": [
                {"price": 10, "weekdays": ["sat", "sun"]},
                {"price": 20, "from_hour": 22, "to_hour": 6},
            ],
            "holidays_as_sundays": False,
        },
    )

    def price(hour: datetime) -> float | None:
        local = hour.astimezone(ZONE)
        if local.weekday() >= 5:
            return 0.1
        return 0.2 if local.hour >= 22 or local.hour < 6 else None

    for name, channel in METERS.items():
        used = amounts(simulator, channel)
        cost = sum(each * (price(hour) or 0.0) for hour, each in used.items())
        assert table_of(shown)[name]["Cost"] == pytest.approx(cost, abs=0.006)
    used = [amounts(simulator, channel) for channel in METERS.values()]
    left = sum(
        price(hour) is None and any(round(each[hour], 3) for each in used)
        for hour in hours(FIRST, NOVEMBER)
    )
    assert f"get no costs: {left}" in text_of(shown)
    shown = await preview(
        hass,
        recorded,
        {**IMPORT, "price_type": "registers"},
        {"unit": "EUR/MWh", "price_1": 200, "price_2": 300},
    )
    for (name, channel), price in zip(METERS.items(), (0.2, 0.3), strict=True):
        cost = sum(amounts(simulator, channel).values()) * price
        assert table_of(shown)[name]["Cost"] == pytest.approx(cost, abs=0.006)


async def test_gas_by_its_energy_and_energy_returned(
    hass: HomeAssistant, recorded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Gas that is counted in m³ has a price per kWh; what is returned has one, too."""
    basics = {**IMPORT, "applies_to": "gas"}
    shown = await begin(hass, recorded)
    shown = await submit(hass, shown, basics)
    shown = await submit(hass, shown, {"unit": "EUR/kWh", "price": 0.1})
    assert shown["errors"] == {"heating_value": "no_heating_value"}
    price = {"unit": "EUR/kWh", "price": 0.1, "heating_value": 9.77}
    shown = await preview(hass, recorded, basics, price)
    ((_, row),) = table_of(shown).items()
    cost = sum(amounts(simulator, Channel.GAS).values()) * 9.77 * 0.1
    assert row["Cost"] == pytest.approx(cost, abs=0.006)
    shown = await preview(hass, recorded, {**IMPORT, "applies_to": "export"}, FIXED)
    earned = sum(row["Cost"] for row in table_of(shown).values())
    returned = sum(
        sum(amounts(simulator, channel).values()) * 0.25
        for channel in (Channel.RETURNED_1, Channel.RETURNED_2)
    )
    assert earned == pytest.approx(returned, abs=0.02)


@pytest.fixture
async def sensor(hass: HomeAssistant) -> str:
    """Record a price sensor with an hourly mean but for five hours of October."""
    registry = er.async_get(hass)
    entity = registry.async_get_or_create(
        "sensor", "test", "price", suggested_object_id="price"
    )
    attributes = {"unit_of_measurement": "EUR/MWh", "state_class": "measurement"}
    hass.states.async_set(entity.entity_id, "90", attributes)
    known = {
        hour: sensor_price(hour)
        for hour in hours(FIRST, NOVEMBER)
        if not is_missing(hour)
    }
    await record_prices(hass, entity.entity_id, known, "EUR/MWh")
    return entity.entity_id


def sensor_price(hour: datetime) -> float:
    """Return the price of the sensor in an hour, which may be negative."""
    return float(hour.hour * 10 - 30)


def is_missing(hour: datetime) -> bool:
    """Return True if the sensor has no price of an hour."""
    return hour.day == 28 and hour.hour < 5


async def test_price_of_a_sensor(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    sensor: str,
) -> None:
    """Hours that the sensor has no price of are counted, and cost nothing."""
    basics = {**IMPORT, "price_type": "sensor"}
    price = {"unit": "EUR/kWh", "sensor": sensor}
    shown = await preview(hass, recorded, basics, price)
    for name, channel in METERS.items():
        cost = sum(
            each * sensor_price(hour) / 1000
            for hour, each in amounts(simulator, channel).items()
            if not is_missing(hour)
        )
        assert table_of(shown)[name]["Cost"] == pytest.approx(cost, abs=0.006)
    assert "get no costs: 5" in text_of(shown)
    await submit(hass, shown, {})
    (tariff,) = recorded.subentries.values()
    assert sensor not in tariff.data["source"]
    er.async_get(hass).async_update_entity(sensor, new_entity_id="sensor.renamed")
    shown = await begin(hass, recorded, tariff.subentry_id)
    shown = await submit(hass, shown, {**basics, "name": "Renamed"})
    assert suggested(shown)["sensor"] == "sensor.renamed"


def suggested(shown: SubentryFlowResult) -> Form:
    """Return the values that a form suggests."""
    schema = shown["data_schema"]
    assert schema is not None
    return {
        str(marker): marker.description["suggested_value"]
        for marker in schema.schema
        if marker.description and "suggested_value" in marker.description
    }


async def test_sensor_that_is_none(hass: HomeAssistant, idle: MockConfigEntry) -> None:
    """A sensor that does not exist, or has another unit, is refused."""
    basics = {**IMPORT, "price_type": "sensor"}
    hass.states.async_set("sensor.warm", "20", {"unit_of_measurement": "°C"})
    shown = await submit(hass, await begin(hass, idle), basics)
    for entity_id in ("sensor.none", "sensor.warm"):
        form = {"unit": "EUR/kWh", "sensor": entity_id}
        shown = await submit(hass, shown, form)
        assert shown["step_id"] == "price"
        assert shown["errors"].keys() == {"sensor"}


async def test_change_of_a_tariff(hass: HomeAssistant, idle: MockConfigEntry) -> None:
    """The stored values are suggested, and replaced without a reload."""
    first = await preview(hass, idle, IMPORT, FIXED, {"monthly": 5})
    await submit(hass, first, {})
    (stored,) = idle.subentries.values()
    runtime = idle.runtime_data
    shown = await begin(hass, idle, stored.subentry_id)
    assert shown["step_id"] == "reconfigure"
    assert "copy_from" not in shown["data_schema"].schema
    basics = suggested(shown)
    assert basics == {**IMPORT, "name": "Green"}
    shown = await submit(hass, shown, {**basics, "valid_to": "2026-10-16 00:00:00"})
    assert suggested(shown) == FIXED
    shown = await submit(hass, shown, {**FIXED, "price": 0.5})
    assert suggested(shown)["monthly"] == 5
    shown = await submit(hass, shown, {})
    assert text_of(shown).startswith("Nothing is recorded yet")
    result = await submit(hass, shown, {})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    (changed,) = idle.subentries.values()
    assert changed.subentry_id == stored.subentry_id
    assert changed.data["price"] == 0.5
    assert changed.data["valid_to"] == "2026-10-16T00:00:00"
    assert "monthly" not in changed.data
    assert idle.runtime_data is runtime


async def test_copy_of_a_tariff(
    hass: HomeAssistant, idle: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """A tariff of another entry fills in the pages after the first one."""
    data = {
        "applies_to": "import",
        "valid_from": "2026-01-01T00:00:00",
        "currency": "EUR",
        "unit": "ct/kWh",
        "price_type": "timed",
        "rules": [{"price": 12.5, "from_hour": 7, "to_hour": 21}],
        "holidays_as_sundays": True,
        "surcharges": [{"amount": 21, "type": "percent"}],
        "monthly": 4,
    }
    other = MockConfigEntry(
        domain=DOMAIN,
        title="Neighbour",
        data={"backend": "besmart"},
        subentries_data=[
            ConfigSubentryData(
                data=data, subentry_type="tariff", title="Day", unique_id=None
            )
        ],
    )
    other.add_to_hass(hass)
    (copied,) = other.subentries
    shown = await begin(hass, idle)
    options = shown["data_schema"].schema["copy_from"].config["options"]
    assert options == [{"value": copied, "label": "Day (Neighbour)"}]
    shown = await submit(hass, shown, {**IMPORT, "copy_from": copied})
    price = suggested(shown)
    assert price["rules"] == data["rules"]
    assert price["unit"] == "ct/kWh"
    fields = ("unit", "rules", "holidays_as_sundays")
    shown = await submit(hass, shown, {name: price[name] for name in fields})
    assert suggested(shown) == {"surcharges": data["surcharges"], "monthly": 4}
    shown = await submit(hass, shown, suggested(shown))
    await submit(hass, shown, {})
    (tariff,) = idle.subentries.values()
    assert tariff.data == {**data, "monthly": 4.0}


async def test_errors_of_the_first_page(
    hass: HomeAssistant, idle: MockConfigEntry
) -> None:
    """What cannot be right is refused where it was entered."""
    await submit(hass, await preview(hass, idle, IMPORT, FIXED), {})
    shown = await begin(hass, idle)
    for form, errors in (
        ({"valid_from": "2026-01-01 00:30:00"}, {"valid_from": "not_full_hour"}),
        ({"valid_to": "2027-01-01 00:00:01"}, {"valid_to": "not_full_hour"}),
        ({"valid_to": "2026-01-01 00:00:00"}, {"valid_to": "end_before_start"}),
        ({"applies_to": "meters"}, {"meters": "no_meters"}),
        (
            {"applies_to": "gas", "price_type": "registers"},
            {"price_type": "no_registers"},
        ),
        ({}, {"valid_from": "same_beginning"}),
    ):
        shown = await submit(hass, shown, {**IMPORT, **form})
        assert (shown["step_id"], shown["errors"]) == ("user", errors)
    assert shown["description_placeholders"]["conflict"] == "Green"
    shown = await submit(hass, shown, {**IMPORT, "valid_from": "2026-01-01 01:00:00"})
    assert shown["step_id"] == "price"


async def test_errors_of_the_price(hass: HomeAssistant, idle: MockConfigEntry) -> None:
    """A unit that means nothing here is refused, and so are rules without a price."""
    shown = await submit(hass, await begin(hass, idle), IMPORT)
    for unit, error in (
        ("EUR", "unknown_unit"),
        ("USD/kWh", "unknown_unit"),
        ("EUR/m³", "unit_of_other_meters"),
    ):
        shown = await submit(hass, shown, {"unit": unit, "price": 1})
        assert shown["errors"] == {"unit": error}
    shown = await submit(hass, shown, {"unit": "EUR/kWh", "price": "nan"})
    assert shown["errors"] == {"price": "bad_number"}
    timed = {**IMPORT, "price_type": "timed"}
    shown = await submit(hass, await begin(hass, idle), timed)
    for rules, error in (
        ([], "no_rules"),
        ([{"price": 1, "from_hour": 7, "to_hour": 7}], "equal_hours"),
        ([{"price": 1, "from_hour": 7.5}], "not_whole_hours"),
        ([{"price": "inf"}], "bad_number"),
    ):
        form = {"unit": "EUR/kWh", "rules": rules, "holidays_as_sundays": False}
        shown = await submit(hass, shown, form)
        assert shown["errors"] == {"rules": error}


async def test_errors_of_the_surcharges(
    hass: HomeAssistant, idle: MockConfigEntry
) -> None:
    """A surcharge that would never apply is refused."""
    shown = await submit(hass, await begin(hass, idle), IMPORT)
    shown = await submit(hass, shown, FIXED)
    for surcharge, error in (
        ({"from_hour": 7, "to_hour": 7}, "equal_hours"),
        (
            {"valid_from": "2026-02-01", "valid_to": "2026-02-01"},
            "surcharge_ends_first",
        ),
    ):
        form = {"surcharges": [{"amount": 1, **surcharge}]}
        shown = await submit(hass, shown, form)
        assert shown["errors"] == {"surcharges": error}


async def test_database_that_fails(hass: HomeAssistant, idle: MockConfigEntry) -> None:
    """Without the preview, which says why, the tariff can be saved."""
    with refusing(hass, lambda *_: True, EXTENTS):
        shown = await preview(hass, idle, IMPORT, FIXED)
    assert "Home Assistant's database did not accept" in text_of(shown)
    await submit(hass, shown, {})
    assert len(idle.subentries) == 1


async def test_preview_that_takes_long(
    hass: HomeAssistant, recorded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """The progress is shown, and then the preview, or nothing if it is closed."""
    flows, done = hass.config_entries.subentries, Event()

    def is_late(*_: object) -> bool:
        """Let the database answer once that is wanted."""
        return not done.wait(10)

    async def begin_preview(basics: Form) -> SubentryFlowResult:
        """Fill in all forms, and wait until something is shown."""
        shown = await begin(hass, recorded)
        for form in (basics, FIXED):
            shown = await submit(hass, shown, form)
        last = hass.async_create_task(submit(hass, shown, {}))
        while not last.done():
            freezer.tick(0.01)
            await asyncio.sleep(0)
        return await last

    with refusing(hass, is_late, EXTENTS):
        shown = await begin_preview(IMPORT)
        assert shown["type"] is FlowResultType.SHOW_PROGRESS
        assert shown["step_id"] == "calculation"
        assert shown["progress_action"] == "preview"
        done.set()
        await hass.async_block_till_done(wait_background_tasks=True)
    shown = await flows.async_configure(shown["flow_id"])
    assert (shown["type"], shown["step_id"]) == (FlowResultType.FORM, "preview")
    assert table_of(shown).keys() == METERS.keys()
    await submit(hass, shown, {})
    assert len(recorded.subentries) == 1
    done.clear()
    with refusing(hass, is_late, EXTENTS):
        shown = await begin_preview({**IMPORT, "valid_from": "2026-02-01 00:00:00"})
        assert shown["type"] is FlowResultType.SHOW_PROGRESS
        flows.async_abort(shown["flow_id"])
        await hass.async_block_till_done()
        done.set()
        await hass.async_block_till_done(wait_background_tasks=True)
    assert not flows.async_progress()


async def test_equal_tariff_that_is_stored_meanwhile(
    hass: HomeAssistant, idle: MockConfigEntry
) -> None:
    """Of two flows at a time, the second one cannot store the same beginning."""
    one, two = [await preview(hass, idle, IMPORT, FIXED) for _ in range(2)]
    await submit(hass, one, {})
    shown = await submit(hass, two, {})
    assert shown["errors"] == {"valid_from": "same_beginning"}
    assert len(idle.subentries) == 1


async def test_hours_of_other_tariffs(
    hass: HomeAssistant, recorded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """A tariff for chosen meters goes first, and its hours are not in the preview.

    One that begins later is shown alone, as if it had applied.
    """
    meters = {**IMPORT, "applies_to": "meters", "meters": ["electricity_delivered_1"]}
    shown = await preview(hass, recorded, meters, FIXED)
    assert table_of(shown).keys() == {LOW}
    await submit(hass, shown, {})
    shown = await preview(hass, recorded, IMPORT, FIXED)
    text = text_of(shown)
    assert f"| {LOW} |" in text
    assert "not in the costs above: 193" in text
    (row,) = (line for line in text.splitlines() if line.startswith(f"| {LOW}"))
    assert row.endswith("| - | - |")
    later = {**IMPORT, "valid_from": "2027-01-01 00:00:00"}
    shown = await preview(hass, recorded, later, FIXED)
    for name, channel in METERS.items():
        cost = sum(amounts(simulator, channel).values()) * 0.25
        assert table_of(shown)[name]["Cost"] == pytest.approx(cost, abs=0.006)
    assert "does not apply in all of this time" in text_of(shown)
    assert "once it is saved: 0" in text_of(shown)
    over = {**IMPORT, "valid_to": "2026-10-25 00:00:00"}
    shown = await preview(hass, recorded, over, FIXED)
    assert "**2026-10-01 to 2026-10-31**" in text_of(shown)
    assert "does not apply in all of this time" in text_of(shown)
    assert "once it is saved: 24" in text_of(shown)


async def test_forms_over_http(
    hass: HomeAssistant, idle: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    """The frontend gets every form as it draws it."""
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    url = "/api/config/config_entries/subentries/flow"
    answer = await client.post(url, json={"handler": [idle.entry_id, "tariff"]})
    shown = await answer.json()
    fields = {field["name"]: field for field in shown["data_schema"]}
    assert fields["valid_from"]["default"] == "2026-01-01 00:00:00"
    roles = fields["applies_to"]["selector"]["select"]
    assert roles["options"] == ["import", "export", "gas", "meters"]
    assert fields["applies_to"]["default"] == "import"
    assert "copy_from" not in fields
    assert fields["valid_to"]["selector"] == {"datetime": {}}
    types = fields["price_type"]["selector"]["select"]["options"]
    assert types[:4] == ["fixed", "timed", "registers", "sensor"]
    rules = [
        {"price": 1, "from_hour": 7.0, "to_hour": 23, "months": [], "weekdays": []}
    ]
    for form in (
        {**IMPORT, "valid_to": " 00:00:00", "price_type": "timed"},
        {"unit": "EUR/kWh", "rules": rules, "holidays_as_sundays": True},
        {"surcharges": []},
        {},
    ):
        answer = await client.post(f"{url}/{shown['flow_id']}", json=form)
        assert answer.status == 200
        shown = await answer.json()
        if shown.get("step_id") == "price":
            fields = {field["name"]: field for field in shown["data_schema"]}
            listed = fields["rules"]["selector"]["object"]
            assert listed["fields"]["months"]["selector"]["select"]["multiple"]
            units = fields["unit"]["selector"]["select"]
            assert units["options"] == ["EUR/kWh", "ct/kWh", "EUR/MWh"]
    assert shown["type"] == "create_entry"
    (tariff,) = idle.subentries.values()
    assert "valid_to" not in tariff.data
    assert tariff.data["rules"] == [{"price": 1.0, "from_hour": 7, "to_hour": 23}]


async def test_entry_that_is_not_loaded(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Without the server, nobody knows what there is to price."""
    shown = await begin(hass, entry)
    assert (shown["type"], shown["reason"]) == (FlowResultType.ABORT, "not_loaded")


async def test_history_that_is_switched_off(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Without a history, there is nothing that costs could be made of."""
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "history": False}
    )
    await set_up(hass, entry)
    shown = await begin(hass, entry)
    assert shown["reason"] == "history_switched_off"


async def test_every_backend_has_tariffs(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Each of the four can be priced; one without selected meters says so."""
    async with four_servers(hass, freezer, dt_util.utcnow()) as hosts:
        for backend, data in connections(hosts).items():
            entry = MockConfigEntry(
                domain=DOMAIN,
                unique_id=f"{backend}:x",
                data={"backend": backend, **data},
                options={"devices": [], "known_devices": [], "new_devices": True},
            )
            entry.add_to_hass(hass)
            assert [*entry.supported_subentry_types] == ["tariff"]
            await set_up(hass, entry)
            shown = await begin(hass, entry)
            assert shown.get("step_id") == "user", (backend, shown)
            hass.config_entries.subentries.async_abort(shown["flow_id"])

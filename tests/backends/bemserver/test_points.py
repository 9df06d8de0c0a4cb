"""Devices and points out of a catalogue: places, roles, units, kinds."""

from dataclasses import dataclass, replace
from datetime import timedelta

from aiohttp import web
import pytest

from custom_components.metering_hub.backends.bemserver.kinds import judge
from custom_components.metering_hub.backends.bemserver.units import (
    canonical_unit,
    family_of,
    measured_quantity,
)
from custom_components.metering_hub.metering.model import Kind, Quantity, Role
from simulators.bemserver import RAW
from simulators.bemserver.model import EnergyLink, Place, PlaceLink, put
from simulators.faults import Answer, Fault, Handler, MutateJson

from .conftest import Campus, Connect


async def test_nothing_counts_twice(campus: Campus) -> None:
    """Only what nothing contains is a source; the rest hangs below it."""
    shown = {
        point.key: (point.role, point.included_in)
        for point in campus.series()
        if point.role or point.included_in
    }
    site = "timeseries_1_amount"
    assert shown[site] == (Role.GRID_DELIVERED, None)
    assert shown["timeseries_2_amount"] == (Role.DEVICE, site)
    building = "timeseries_10_amount"
    # The site is divided by its end uses, so not by its buildings as well.
    assert shown[building] == (None, site)
    assert shown["timeseries_11_amount"] == (None, building)
    assert shown["timeseries_7_amount"] == (Role.GAS, None)
    assert shown["timeseries_8_amount"] == (None, "timeseries_7_amount")
    assert shown["timeseries_12_amount"] == (None, "timeseries_7_amount")
    assert shown["timeseries_40_amount"] == (Role.SOLAR, None)
    assert shown["timeseries_62_amount"] == (Role.GRID_DELIVERED, None)
    assert shown["timeseries_60_amount"] == (Role.DEVICE, "timeseries_62_amount")
    sources = {Role.GRID_DELIVERED, Role.SOLAR, Role.GAS}
    for role, container in shown.values():
        assert (role in sources) == (container is None)


async def test_a_site_without_end_uses_is_divided_by_its_buildings(
    campus: Campus,
) -> None:
    """The buildings are the devices then, and their end uses parts of them."""
    for number in range(2, 7):
        campus.simulator.world.delete_series(number)
    await campus.look()
    building = campus.point("timeseries_10_amount")
    assert (building.role, building.included_in) == (Role.DEVICE, "timeseries_1_amount")
    heating = campus.point("timeseries_11_amount")
    assert (heating.role, heating.included_in) == (Role.DEVICE, building.key)


async def test_a_building_without_its_site_is_a_source(campus: Campus) -> None:
    """Where the site has no meter of its own, the buildings' ones are the grid."""
    campus.simulator.world.delete_series(1)
    await campus.look()
    for number in (10, 20, 30):
        point = campus.point(f"timeseries_{number}_amount")
        assert (point.role, point.included_in) == (Role.GRID_DELIVERED, None)


async def test_panels_of_a_building_are_in_those_of_the_site(campus: Campus) -> None:
    """Two solar sources, of which one contains the other, would count twice."""
    world = campus.simulator.world
    put(world.production["building"], [EnergyLink(55, "building", 2, 2, 2)])
    await campus.look()
    point = campus.point("timeseries_55_amount")
    assert (point.role, point.included_in) == (None, "timeseries_40_amount")
    assert point.device_key == "building_2"


async def test_a_series_hangs_on_its_smallest_place(campus: Campus) -> None:
    """But what is linked as energy, on the place that it is the energy of."""
    devices = {point.key: point.device_key for point in campus.series()}
    assert devices["timeseries_17"] == "space_1"
    assert devices["timeseries_90"] == "storey_1"
    assert devices["timeseries_92"] == "zone_1"
    assert devices["timeseries_40_amount"] == "site_1"
    assert devices["timeseries_42"] == "site_1"
    assert devices["timeseries_54_register"] == "campaign_1"
    parents = {key: d.parent for key, d in campus.inventory.devices.items()}
    assert parents["space_1"] == "storey_1"
    assert parents["storey_1"] == "building_1"
    assert parents["building_1"] == "site_1"
    assert parents["site_1"] == parents["zone_1"] == "campaign_1"
    assert parents["campaign_1"] is None
    assert "storey_2" not in parents


async def test_a_campaign_that_is_invisible(campus: Campus) -> None:
    """A scope may be visible without its campaign: no name, and no time zone."""
    campus.simulator.groups[0].campaigns.discard(2)
    inventory = await campus.look()
    assert "site_3" not in inventory.devices
    point = campus.point("timeseries_51_amount")
    assert point.device_key == "campaign_2"
    assert inventory.devices["campaign_2"].name == "All"
    latest = await campus.poll("timeseries_51_amount")
    reading = latest.readings["timeseries_51_amount"]
    assert reading.since == campus.clock().replace(day=20, hour=23, minute=0)


async def test_a_time_zone_that_does_not_exist(campus: Campus) -> None:
    """Days begin as in the other campaigns then."""
    campus.simulator.world.campaigns[2].timezone = "Mars/Olympus_Mons"
    await campus.look()
    latest = await campus.poll("timeseries_51_amount")
    assert latest.readings["timeseries_51_amount"].since is not None


async def test_intervals_of_a_day_are_known(campus: Campus) -> None:
    """As the property says, or as the values lie apart."""
    assert campus.point("timeseries_61_amount").interval == timedelta(days=1)
    assert campus.point("timeseries_60_amount").interval is None


async def test_an_interval_is_inferred(connect: Connect) -> None:
    """Without the property, the gaps between values tell."""
    campus = await connect()
    campus.simulator.world.series[61].interval = None
    await campus.look()
    assert campus.point("timeseries_61_amount").interval == timedelta(days=1)


@dataclass(frozen=True)
class FailFor:
    """Answer 500 to every request about a series."""

    series: str

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.series in request.query.getall("timeseries", []):
            return web.Response(status=500)
        return await handler(request)


async def test_what_could_not_be_looked_at_is_no_point(connect: Connect) -> None:
    """A meter that is taken for amounts, for an hour, would spoil its history."""
    campus = await connect(series=300)
    campus.simulator.faults.add(Fault(FailFor("54"), "/timeseries_data/aggregate"))
    before = await campus.look()
    assert not [key for key in before.points if key.startswith("timeseries_54")]
    campus.simulator.faults.clear()
    campus.clock.forward(hours=1)
    after = await campus.look()
    assert "timeseries_54_register" in after.points
    assert not before.points.keys() - after.points.keys()


async def test_a_series_that_begins_has_no_history_before_its_kind(
    campus: Campus,
) -> None:
    """Until a few values tell, it has a sensor; then it is what it is."""
    assert not campus.point("timeseries_49_amount").has_history
    series = campus.simulator.world.series[49]
    for hour in range(12):
        campus.clock.forward(hours=1)
        at = campus.clock() - timedelta(minutes=10)
        campus.simulator.store.post(series, RAW, {at: 1000.0 + hour})
    campus.clock.forward(hours=13)
    await campus.look()
    assert campus.point("timeseries_49_register").has_history


async def test_kinds_outlive_a_restart_and_a_reset(connect: Connect) -> None:
    """A verdict is for good: a meter that was exchanged stays a meter."""
    campus = await connect()
    await campus.look()
    assert campus.point("timeseries_54_register").kind is Kind.REGISTER
    memory = campus.backend.remember()
    again = await connect()
    simulator = again.simulator
    for state in ("Raw", "Clean"):
        simulator.store.correct(
            simulator.world.series[54], state, {simulator.clock(): 0.5}
        )
    again.backend.restore(memory)
    await again.backend.connect()
    again.asked()
    await again.look()
    assert again.point("timeseries_54_register").kind is Kind.REGISTER
    # Only the series without any data are looked at again.
    assert again.asked("/timeseries_data/") <= 4


async def test_a_memory_of_nonsense_is_no_harm(connect: Connect) -> None:
    """It may be of another version, or damaged."""
    campus = await connect()
    campus.backend.restore(
        {"states": [1], "registers": "13", "amounts": [None], "hours": 3, "first": {}}
    )
    await campus.backend.connect()
    await campus.look()
    assert (await campus.poll()).readings


async def test_a_person_decides_the_kind(connect: Connect) -> None:
    """What is chosen is not looked at, and has its own key."""
    campus = await connect(registers=["55"], amounts=["54", "13"])
    await campus.look()
    assert campus.point("timeseries_55_register").kind is Kind.REGISTER
    assert campus.point("timeseries_54_amount").kind is Kind.INTERVAL
    assert campus.point("timeseries_13_amount").kind is Kind.INTERVAL
    assert await campus.backend.check_setup() == {}


async def test_only_what_is_open_can_be_chosen(campus: Campus) -> None:
    """Linked amounts and measured values have no choice."""
    choices = campus.inventory.choices["registers"]
    assert choices == campus.inventory.choices["amounts"]
    assert choices["13"] == "A elec index (Building A)"
    assert not {"1", "16", "42"} & choices.keys()


async def test_half_a_catalogue_is_none(campus: Campus) -> None:
    """What a list does not answer would look as if it had gone."""
    campus.simulator.faults.add(
        Fault(Answer(200, "{}", "application/json"), "/timeseries_by_sites/")
    )
    with pytest.raises(Exception, match="no list"):
        await campus.look()


async def test_rows_that_make_no_sense_are_left_out(
    campus: Campus, connect: Connect
) -> None:
    """A row with missing or wrong fields costs itself only."""

    def spoil(rows: object) -> object:
        bad = [None, 3, {}, {"id": "x"}, {"id": 5, "name": None}, {"name": "x"}]
        return [*bad, *rows] if isinstance(rows, list) else rows

    spoiled = await connect()
    spoiled.simulator.faults.add(Fault(MutateJson(spoil)))  # type: ignore[arg-type]  # Any JSON.
    assert (await spoiled.look()).points.keys() == campus.inventory.points.keys()


async def test_a_renamed_place_keeps_its_key(campus: Campus) -> None:
    """Keys are made of numbers, which stay."""
    world = campus.simulator.world
    world.places["site"][1] = Place(1, "Another name", 1)
    before = campus.inventory.devices
    campus.clock.forward(hours=1)
    after = (await campus.look()).devices
    assert after["site_1"] == replace(before["site_1"], name="Another name")


async def test_a_place_that_appears(campus: Campus) -> None:
    """A storey is a device once it has a series."""
    put(campus.simulator.world.place_links["storey"], [PlaceLink(54, "storey", 2)])
    campus.clock.forward(hours=1)
    await campus.look()
    assert campus.point("timeseries_54_register").device_key == "storey_2"


async def test_states_are_told_by_their_names(connect: Connect) -> None:
    """Another server may number them otherwise, and have more."""
    campus = await connect()

    def other(rows: object) -> object:
        return [
            {"id": 3, "name": "Estimated"},
            {"id": 2, "name": "CLEAN"},
            {"id": 1, "name": "raw"},
        ]

    campus.simulator.faults.add(
        Fault(MutateJson(other), "/timeseries_data_states/")  # type: ignore[arg-type]  # Any JSON.
    )
    await campus.look()
    await campus.poll("timeseries_1_amount")
    asked = [
        request.query["data_state"]
        for request in campus.simulator.faults.requests
        if request.path == "/timeseries_data/"
    ]
    assert set(asked) == {"2"}


async def test_clean_that_appears_later_is_found(connect: Connect) -> None:
    """A day or two after the clean-up task was switched on."""
    campus = await connect()
    simulator = campus.simulator
    states = {n: s.states for n, s in simulator.world.series.items()}
    simulator.without_clean()
    await campus.look()
    await campus.poll("timeseries_16")
    for number, series in simulator.world.series.items():
        series.states = states[number]
    shown = simulator.position(16, campus.clock(), RAW)
    assert (await campus.poll("timeseries_16")).readings["timeseries_16"].value == shown
    campus.clock.forward(hours=25)
    campus.asked()
    await campus.poll("timeseries_16")
    used = {
        request.query["data_state"]
        for request in simulator.faults.requests
        if request.path == "/timeseries_data/"
    }
    assert used <= {"1", "2"}
    simulator.faults.clear_requests()
    await campus.poll("timeseries_16")
    assert simulator.faults.requests[-1].query["data_state"] == "2"


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("kilowatt_hour", "kWh"),
        ("kilowatt_hours", "kWh"),
        ("kW*h", "kWh"),
        ("kWh", "kWh"),
        ("Wh", "Wh"),
        ("m³", "m³"),
        ("m**3", "m³"),
        ("m ** 3", "m³"),
        ("m^3", "m³"),
        ("meter ** 3", "m³"),
        ("degC", "°C"),
        ("°C", "°C"),
        ("percent", "%"),
        ("ppm", "ppm"),
        ("m**3/h", "m³/h"),
        ("BTU", "BTU"),
        ("furlong", "furlong"),
        ("", None),
        (" ", None),
    ],
)
def test_units_in_home_assistants_spelling(typed: str, unit: str | None) -> None:
    assert canonical_unit(typed) == unit


@pytest.mark.parametrize(
    ("unit", "name", "quantity"),
    [
        ("W", "A power", Quantity.POWER),
        ("%", "A indoor humidity", Quantity.HUMIDITY),
        ("%", "Valve opening", Quantity.COUNT),
        ("ppm", "A CO2", Quantity.CARBON_DIOXIDE),
        ("ppm", "Something", Quantity.COUNT),
        ("°C", "Supply", Quantity.TEMPERATURE),
        ("m/s", "Wind on the roof", Quantity.WIND_SPEED),
        (None, "Boiler on", Quantity.COUNT),
    ],
)
def test_what_is_measured(unit: str | None, name: str, quantity: Quantity) -> None:
    assert measured_quantity(unit, name) is quantity
    assert family_of(unit) == "other"


@pytest.mark.parametrize(
    ("lows", "verdict"),
    [
        ([1, 2, 3, 4, 5, 6, 7.0], (Kind.REGISTER, True)),
        ([1, 1, 1, 2, 2, 3, 4, 5.0], (Kind.REGISTER, True)),
        ([0, 0, 0, 0, 0, 0, 2.0], (Kind.REGISTER, False)),
        ([1, 2, 3, 2, 5, 6, 7.0], (Kind.INTERVAL, True)),
        ([7, 6, 5, 4, 3, 2, 1.0], (Kind.INTERVAL, True)),
        ([0.0] * 9, (Kind.INTERVAL, False)),
        ([4.0] * 9, (Kind.INTERVAL, False)),
        ([1, 2.0], (Kind.REGISTER, False)),
        ([], (Kind.INTERVAL, False)),
    ],
)
def test_meters_are_told_by_their_values(
    lows: list[float], verdict: tuple[Kind, bool]
) -> None:
    assert judge(lows) == verdict

"""Devices and points: places, roles and energy links."""

from collections import Counter
from dataclasses import replace

from custom_components.metering_hub.metering.model import Role
from simulators.bemserver.model import EnergyLink, Place, PlaceLink, put

from .conftest import Campus, Connect


async def test_no_energy_counts_twice(campus: Campus) -> None:
    """Only what nothing contains is a source; everything else is included in it."""
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
    """The buildings are the devices, and include their end uses."""
    for number in range(2, 7):
        campus.simulator.world.delete_series(number)
    await campus.read_inventory()
    building = campus.point("timeseries_10_amount")
    assert (building.role, building.included_in) == (Role.DEVICE, "timeseries_1_amount")
    heating = campus.point("timeseries_11_amount")
    assert (heating.role, heating.included_in) == (Role.DEVICE, building.key)


async def test_a_building_without_its_site_is_a_source(campus: Campus) -> None:
    """If the site has no meter of its own, the buildings' meters are the grid."""
    campus.simulator.world.delete_series(1)
    await campus.read_inventory()
    for number in (10, 20, 30):
        point = campus.point(f"timeseries_{number}_amount")
        assert (point.role, point.included_in) == (Role.GRID_DELIVERED, None)


async def test_panels_of_a_building_are_included_in_the_site(campus: Campus) -> None:
    """Two solar sources, one of which contains the other, would count twice."""
    world = campus.simulator.world
    put(world.production["building"], [EnergyLink(55, "building", 2, 2, 2)])
    await campus.read_inventory()
    point = campus.point("timeseries_55_amount")
    assert (point.role, point.included_in) == (None, "timeseries_40_amount")
    assert point.device_key == "building_2"


async def test_a_series_belongs_to_its_smallest_place(campus: Campus) -> None:
    """But linked energy belongs to the place whose energy it is."""
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


async def test_rooms_are_suggested_as_areas(campus: Campus) -> None:
    """Anything else is too large, or not one place, for an area."""
    devices = campus.inventory.devices
    areas = {key: device.suggested_area for key, device in devices.items()}
    assert areas["space_1"] == "Meeting room"
    for key in ("storey_1", "building_1", "site_1", "zone_1", "campaign_1"):
        assert areas[key] is None


async def test_a_campaign_that_is_invisible(campus: Campus) -> None:
    """A scope may be visible without its campaign: no name, and no time zone."""
    campus.simulator.groups[0].campaigns.discard(2)
    inventory = await campus.read_inventory()
    assert "site_3" not in inventory.devices
    point = campus.point("timeseries_51_amount")
    assert point.device_key == "campaign_2"
    assert inventory.devices["campaign_2"].name == "All"
    latest = await campus.poll("timeseries_51_amount")
    reading = latest.readings["timeseries_51_amount"]
    assert reading.since == campus.clock().replace(day=20, hour=23, minute=0)


async def test_few_series_of_a_large_campaign_are_enabled(
    connect: Connect,
) -> None:
    """Linked energy, and a hundred series of each device."""
    campus = await connect(series=2000)
    inventory = await campus.read_inventory()
    enabled = Counter(
        point.device_key for point in campus.series() if point.enabled_default
    )
    linked = {point.device_key for point in campus.series() if point.role}
    for device, count in enabled.items():
        assert count <= 100 + 12 * (device in linked)
    assert sum(enabled.values()) < len(inventory.points) * 0.7


async def test_a_renamed_place_keeps_its_key(campus: Campus) -> None:
    """Keys consist of ids, which never change."""
    world = campus.simulator.world
    world.places["site"][1] = Place(1, "Another name", 1)
    before = campus.inventory.devices
    campus.clock.forward(hours=1)
    after = (await campus.read_inventory()).devices
    assert after["site_1"] == replace(before["site_1"], name="Another name")


async def test_a_new_place(campus: Campus) -> None:
    """A storey is a device once it has a series."""
    put(campus.simulator.world.place_links["storey"], [PlaceLink(54, "storey", 2)])
    campus.clock.forward(hours=1)
    await campus.read_inventory()
    assert campus.point("timeseries_54_register").device_key == "storey_2"

"""What counts the same is not counted twice."""

from custom_components.metering_hub.backends.milesight.catalogue import Catalogue
from custom_components.metering_hub.metering.meter_roles import with_meter_roles
from custom_components.metering_hub.metering.model import Role
from simulators.faults import Json

from .stored_servers import StoredServer, captured_server


async def catalogue_of(**units: str) -> Catalogue:
    """Return the catalogue of a meter with registers in these units."""
    key = "mqtt-device.device.meter"
    entities: list[dict[str, Json]] = [
        {
            "entity_id": str(number),
            "entity_key": f"{key}.{identifier}",
            "entity_name": identifier,
            "entity_type": "PROPERTY",
            "entity_value_type": "DOUBLE",
            "entity_access_mod": "R",
            "entity_value_attribute": {"unit": unit},
        }
        for number, (identifier, unit) in enumerate(units.items(), 10)
    ]
    devices: list[dict[str, Json]] = [{"id": "1", "key": key, "name": "Meter"}]
    return await StoredServer(devices, entities).catalogue()


async def links(**units: str) -> dict[str, tuple[Role | None, str | None]]:
    """Return the role of each register, and the register that includes it."""
    catalogue = await catalogue_of(**units)
    prefix = "mqtt_device_device_meter_"
    return {
        key.removeprefix(prefix): (
            source.point.role,
            (source.point.included_in or "").removeprefix(prefix) or None,
        )
        for key, source in catalogue.sources.items()
    }


async def test_the_same_in_another_unit_is_included() -> None:
    assert await links(energy_wh="Wh", energy_total="kWh") == {
        "energy_wh": (Role.DEVICE, "energy_total"),
        "energy_total": (Role.DEVICE, None),
    }


async def test_channels_are_included_in_their_sum() -> None:
    found = await links(total="kWh", ch_1="kWh", ch_2="kWh")
    assert found["ch_1"] == found["ch_2"] == (Role.DEVICE, "total")
    assert found["total"] == (Role.DEVICE, None)


async def test_counters_of_different_things_are_not_linked() -> None:
    found = await links(light="kWh", sauna="kWh", relay="kWh", relay_2="kWh")
    assert set(found.values()) == {(Role.DEVICE, None)}


async def test_water_that_is_counted_twice_is_one_source() -> None:
    assert await links(water_l="L", water_m3="m³") == {
        "water_l": (None, "water_m3"),
        "water_m3": (Role.WATER, None),
    }


async def test_meter_of_both_directions_is_a_consumer_until_it_is_at_the_grid() -> None:
    inventory = (await catalogue_of(energy_import="kWh", energy_export="kWh")).inventory
    device = next(iter(inventory.devices))
    assert inventory.grid_candidates == {device}
    selected = frozenset({device})
    for options, delivered, returned in (
        ({}, Role.DEVICE, None),
        ({"grid_meters": [device]}, Role.GRID_DELIVERED, Role.GRID_RETURNED),
        ({"solar_meters": [device]}, None, Role.SOLAR),
    ):
        points = with_meter_roles(inventory, selected, options).points
        assert points[f"{device}_energy_import"].role is delivered
        assert points[f"{device}_energy_export"].role is returned


async def test_what_people_made_on_the_server_is_not_linked() -> None:
    catalogue = await captured_server().catalogue()
    made = [each for each in catalogue.sources.values() if each.entity.is_customized]
    assert len(made) >= 6
    assert {each.point.included_in for each in made} == {None}


async def test_setting_and_reading_of_one_entity_are_announced_together() -> None:
    catalogue = await captured_server().catalogue()
    source = catalogue.sources["system_integration_set_temp"]
    key = catalogue.keys_by_id[source.entity.id]
    assert key == source.point.key
    reading = f"{key}_reading"
    assert catalogue.with_readings(frozenset({key, "other"})) == {key, reading, "other"}
    assert catalogue.sources[reading].entity is source.entity
    assert not catalogue.sources[reading].point.writable

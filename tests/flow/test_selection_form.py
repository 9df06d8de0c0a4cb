"""The options that a submitted selection form makes."""

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.flow.selection_form import (
    device_names,
    read_selection,
    selection_schema,
)
from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import Device, Kind, Point, Quantity
from homeassistant.core import HomeAssistant


def inventory(*keys: str) -> Inventory:
    return Inventory({key: Device(key=key) for key in keys}, {})


def test_known_devices_are_stored() -> None:
    """A deselected device stays deselected, although new ones are added."""
    offered = inventory("attic", "cellar")
    form = {"devices": ["cellar"], "new_devices": True}
    assert read_selection(form, offered, offered) == {
        "devices": ["cellar"],
        "new_devices": True,
        "known_devices": ["attic", "cellar"],
    }


def test_device_from_a_setup_field_is_selected() -> None:
    """It was not offered, because the server does not list it."""
    form = {"devices": ["cellar"], "new_devices": False, "meters": ["7.1"]}
    found = inventory("attic", "cellar", "7_1")
    assert read_selection(form, inventory("attic", "cellar"), found) == {
        "devices": ["7_1", "cellar"],
        "new_devices": False,
        "meters": ["7.1"],
        "known_devices": ["7_1", "attic", "cellar"],
    }


def test_no_sensors_without_a_value_unless_asked_for() -> None:
    """A stored choice is the default of the next form."""
    schema = selection_schema(BACKENDS["milesight"], inventory(), {}, {})
    assert schema({})["all_sensors"] is False
    asked = {"all_sensors": True}
    schema = selection_schema(BACKENDS["milesight"], inventory(), {}, asked)
    assert schema({})["all_sensors"] is True


async def test_devices_with_readings_are_listed_first(hass: HomeAssistant) -> None:
    """A gateway, and a device whose points are all disabled, come after them."""
    names = {"a": "Workshop", "b": "attic", "c": "Button", "d": "Annex", "e": "barn"}
    devices = [Device(key=key, name=name) for key, name in names.items()]
    points = [
        made_point("a"),
        made_point("b", enabled_default=False),
        made_point("c", kind=Kind.ACTION),
        made_point("e"),
    ]
    found = Inventory(
        {each.key: each for each in devices}, {each.key: each for each in points}
    )
    labels = await device_names(hass, found)
    assert [*labels.values()] == ["barn", "Workshop", "Annex", "attic", "Button"]
    schema = selection_schema(BACKENDS["milesight"], found, labels, {})
    assert schema({})["devices"] == [*labels]


def made_point(
    device: str, *, kind: Kind = Kind.INSTANT, enabled_default: bool = True
) -> Point:
    return Point(
        key=f"{device}_point",
        device_key=device,
        quantity=Quantity.OTHER,
        kind=kind,
        enabled_default=enabled_default,
    )

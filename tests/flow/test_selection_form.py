"""The options that a submitted selection form makes."""

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.flow.selection_form import (
    read_selection,
    selection_schema,
)
from custom_components.metering_hub.metering.model import Device, Inventory


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


def test_devices_are_listed_by_name() -> None:
    """They are sorted by name instead of key."""
    names = {"building_1": "Workshop", "building_2": "annex", "building_3": "Hall"}
    schema = selection_schema(
        BACKENDS["dsmr_reader"], inventory(*names), names, options={}
    )
    listed = next(field for field in schema.schema if field == "devices")
    assert listed.default() == ["building_2", "building_3", "building_1"]

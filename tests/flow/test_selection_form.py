"""What a filled selection form becomes."""

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.flow.selection_form import (
    read_selection,
    selection_schema,
)
from custom_components.metering_hub.metering.model import Device, Inventory


def inventory(*keys: str) -> Inventory:
    return Inventory({key: Device(key=key) for key in keys}, {})


def test_what_there_was_to_choose_is_remembered() -> None:
    """A device that was left out stays out, though new ones are followed."""
    offered = inventory("attic", "cellar")
    form = {"devices": ["cellar"], "new_devices": True}
    assert read_selection(form, offered, offered) == {
        "devices": ["cellar"],
        "new_devices": True,
        "known_devices": ["attic", "cellar"],
    }


def test_a_device_that_the_form_itself_named_is_chosen() -> None:
    """It was not on the list, because the server did not know that we may ask."""
    form = {"devices": ["cellar"], "new_devices": False, "meters": ["7.1"]}
    found = inventory("attic", "cellar", "7_1")
    assert read_selection(form, inventory("attic", "cellar"), found) == {
        "devices": ["7_1", "cellar"],
        "new_devices": False,
        "meters": ["7.1"],
        "known_devices": ["7_1", "attic", "cellar"],
    }


def test_devices_are_listed_by_name() -> None:
    """A person looks for a name, not for the server's number."""
    names = {"building_1": "Workshop", "building_2": "annex", "building_3": "Hall"}
    schema = selection_schema(
        BACKENDS["dsmr_reader"], inventory(*names), names, options={}
    )
    listed = next(field for field in schema.schema if field == "devices")
    assert listed.default() == ["building_2", "building_3", "building_1"]

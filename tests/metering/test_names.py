"""Names of points and devices beside those of their places."""

import pytest

from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import Device, Kind, Point, Quantity
from custom_components.metering_hub.metering.names import (
    combined_name,
    device_paths,
    short_names,
)

DEVICES = {
    device.key: device
    for device in (
        Device(key="campus", name="Campus Paris"),
        Device(key="annex", name="Annex", parent="campus"),
        Device(key="a", name="Building A", parent="campus"),
        Device(key="a_1", name="Storey 1", parent="a"),
        Device(key="a_101", name="Room 101", parent="a_1"),
        Device(key="b", name="Building B", parent="campus"),
        Device(key="b_101", name="Room 101", parent="b"),
        Device(key="meter", translation_key="meter"),
    )
}


def path(*names: str) -> str:
    """Return the path of a device."""
    return " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} ".join(names)


def inventory(**names: tuple[str, str | None]) -> Inventory:
    """Return an inventory with points of these devices and names."""
    points = {
        key: Point(
            key=key,
            device_key=device,
            name=name,
            quantity=Quantity.ENERGY,
            kind=Kind.REGISTER,
        )
        for key, (device, name) in names.items()
    }
    return Inventory(DEVICES, points)


@pytest.mark.parametrize(
    ("device", "name", "short"),
    [
        ("annex", "Annex site elec", "Site elec"),
        ("annex", "annex_site_elec", "site_elec"),
        ("annex", "ANNEX - elec", "Elec"),
        ("annex", "Annex (elec)", "(elec)"),
        ("annex", "Campus Annex elec", "Elec"),
        ("annex", "Site annex elec", "Site annex elec"),
        ("annex", "Annexes elec", "Annexes elec"),
        ("annex", "Annex", "Annex"),
        ("annex", "", ""),
        ("annex", "_elec", "_elec"),
        ("a", "A gas index", "Gas index"),
        ("a_101", "Building A Room 101 temperature", "Temperature"),
        ("a_101", "101 sensors", "101 sensors"),
        ("meter", "Meter 1", "Meter 1"),
        ("gone", "Annex elec", "Annex elec"),
    ],
)
def test_names_do_not_repeat_their_place(device: str, name: str, short: str) -> None:
    assert short_names(inventory(point=(device, name))) == {"point": short}


def test_names_stay_apart() -> None:
    found = inventory(
        first=("a", "A elec"),
        second=("a", "Building elec"),
        elsewhere=("b", "B elec"),
        translated=("b", None),
    )
    assert short_names(found) == {
        "first": "A elec",
        "second": "Building elec",
        "elsewhere": "Elec",
    }


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("Power L1", "1"), "Power L1 \N{MIDDLE DOT} 1"),
        (("Air living room", "living room"), "Air living room"),
        (("Meter", "Meter", None), "Meter"),
        (
            ("Power", "Meter \N{MIDDLE DOT} Home", "Home"),
            "Power \N{MIDDLE DOT} Meter \N{MIDDLE DOT} Home",
        ),
        (
            ("Main meter \N{MIDDLE DOT} Home", "Main meter"),
            "Main meter \N{MIDDLE DOT} Home",
        ),
        (("Power L1", "Power"), "Power L1 \N{MIDDLE DOT} Power"),
    ],
)
def test_a_name_repeats_no_part(parts: tuple[str | None, ...], name: str) -> None:
    assert combined_name(*parts) == name


def test_a_room_is_shown_with_what_it_is_in() -> None:
    names = {key: device.name or "Meter" for key, device in DEVICES.items()}
    alone = Inventory({k: d for k, d in DEVICES.items() if k != "meter"}, {})
    assert [*device_paths(alone, names).items()] == [
        ("annex", "Annex"),
        ("a", "Building A"),
        ("a_1", path("Building A", "Storey 1")),
        ("a_101", path("Building A", "Storey 1", "Room 101")),
        ("b", "Building B"),
        ("b_101", path("Building B", "Room 101")),
        ("campus", "Campus Paris"),
    ]
    several = device_paths(Inventory(DEVICES, {}), names)
    assert several["b_101"] == path("Campus Paris", "Building B", "Room 101")


def test_devices_of_one_path_are_sorted_by_their_keys() -> None:
    twins = {key: Device(key=key, name="Room") for key in ("c", "a", "b")}
    names = dict.fromkeys(twins, "Room")
    assert [*device_paths(Inventory(twins, {}), names)] == ["a", "b", "c"]


def test_a_circle_of_devices_ends() -> None:
    devices = {
        "a": Device(key="a", name="A", parent="b"),
        "b": Device(key="b", name="B", parent="a"),
    }
    paths = device_paths(Inventory(devices, {}), {"a": "A", "b": "B"})
    assert paths == {"b": path("A", "B"), "a": path("B", "A")}

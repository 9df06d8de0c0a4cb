"""Where meters are: at the grid, at an inverter, or behind another one."""

from dataclasses import replace

import pytest

from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.meter_roles import (
    grid_candidates,
    meter_choices,
    open_candidates,
    solar_choices,
    solar_devices,
    with_meter_roles,
)
from custom_components.metering_hub.metering.model import (
    Device,
    Kind,
    Point,
    Quantity,
    Role,
)

IMPORT, EXPORT = Role.GRID_DELIVERED, Role.GRID_RETURNED
METERS: dict[str, tuple[Role, ...]] = {
    "home": (IMPORT, EXPORT),
    "pv": (IMPORT, EXPORT),
    "sauna": (IMPORT,),
    "inverter": (Role.SOLAR,),
}


def found(**meters: tuple[Role, ...]) -> Inventory:
    """Return the inventory of a server that guesses the roles of these meters."""
    points = {
        f"{device}_{role}": Point(
            key=f"{device}_{role}",
            device_key=device,
            quantity=Quantity.ENERGY,
            kind=Kind.REGISTER,
            role=role,
            unit="kWh",
        )
        for device, roles in meters.items()
        for role in roles
    }
    return Inventory(
        {device: Device(key=device) for device in meters},
        points,
        grid_candidates=grid_candidates(points.values()),
        solar_candidates=solar_devices(points.values()),
    )


def roles(inventory: Inventory, **options: object) -> dict[str, Role | None]:
    """Return the roles after the choice of the user, by point key."""
    return {
        key: point.role for key, point in applied(inventory, **options).points.items()
    }


def applied(inventory: Inventory, **options: object) -> Inventory:
    """Return an inventory after the choice of the user; all devices are selected."""
    return with_meter_roles(inventory, frozenset(inventory.devices), options)


def test_a_single_meter_is_at_the_grid() -> None:
    """One meter, and an inverter that says what it is, leave nothing open."""
    inventory = found(home=METERS["home"], inverter=METERS["inverter"])
    assert applied(inventory).points == inventory.points
    assert open_candidates(applied(inventory)) == frozenset()


def test_nobody_is_at_the_grid_until_the_user_says_so() -> None:
    """Of several meters, none has a role, and neither is one an individual device."""
    inventory = applied(found(**METERS))
    assert {key: p.role for key, p in inventory.points.items() if p.role} == {
        "inverter_solar": Role.SOLAR
    }
    assert open_candidates(inventory) == {"home", "pv", "sauna"}
    assert inventory.grid_candidates == {"home", "pv", "sauna"}
    assert solar_choices(inventory) == set(METERS)


def test_the_others_are_devices_without_an_export() -> None:
    inventory = found(**METERS)
    assert roles(inventory, grid_meters=["home"]) == {
        "home_grid_delivered": IMPORT,
        "home_grid_returned": EXPORT,
        "pv_grid_delivered": Role.DEVICE,
        "pv_grid_returned": None,
        "sauna_grid_delivered": Role.DEVICE,
        "inverter_solar": Role.SOLAR,
    }
    assert open_candidates(applied(inventory, grid_meters=["home"])) == frozenset()


def test_a_solar_meter_counts_what_it_returns() -> None:
    """The inverter has another meter of the same production, which counts no longer."""
    assert roles(found(**METERS), grid_meters=["home"], solar_meters=["pv"]) == {
        "home_grid_delivered": IMPORT,
        "home_grid_returned": EXPORT,
        "pv_grid_delivered": None,
        "pv_grid_returned": Role.SOLAR,
        "sauna_grid_delivered": Role.DEVICE,
        "inverter_solar": None,
    }


def test_a_solar_meter_of_one_direction_counts_in_it() -> None:
    chosen = roles(found(**METERS), grid_meters=["home"], solar_meters=["sauna"])
    assert chosen["sauna_grid_delivered"] is Role.SOLAR


def test_a_production_is_not_counted_twice() -> None:
    """Registers beside a signal of production are not a second production."""
    inventory = found(home=METERS["home"], roof=(IMPORT, EXPORT, Role.SOLAR))
    assert roles(inventory, grid_meters=["home"], solar_meters=["roof"]) == {
        "home_grid_delivered": IMPORT,
        "home_grid_returned": EXPORT,
        "roof_grid_delivered": None,
        "roof_grid_returned": None,
        "roof_solar": Role.SOLAR,
    }


def test_the_meter_that_is_left_is_at_the_grid() -> None:
    """Beside a solar meter, there is only one that can be."""
    inventory = found(home=METERS["home"], pv=METERS["pv"])
    assert roles(inventory, solar_meters=["pv"])["home_grid_delivered"] is IMPORT


def test_what_is_certain_is_not_asked() -> None:
    """Beside a meter at the grid, and where only one can be, nothing is open."""
    inventory = found(home=METERS["home"], pv=METERS["pv"])
    assert open_candidates(applied(inventory)) == {"home", "pv"}
    chosen = {"solar_meters": ["pv"]}
    deselected = with_meter_roles(inventory, frozenset({"pv"}), chosen)
    assert deselected.points["home_grid_delivered"].role is None
    assert open_candidates(deselected) == frozenset()
    exports = found(home=METERS["home"], one=(EXPORT,), two=(EXPORT,))
    assert open_candidates(applied(exports, grid_meters=["home"])) == frozenset()


def test_a_single_consumer_is_not_at_the_grid() -> None:
    """The server's meters count consumers, unless the user says otherwise."""
    consumers = replace(found(sauna=METERS["sauna"]), meters_are_consumers=True)
    assert roles(consumers) == {"sauna_grid_delivered": Role.DEVICE}
    assert roles(consumers, grid_meters=["sauna"]) == {"sauna_grid_delivered": IMPORT}


@pytest.mark.parametrize(
    ("field", "role"),
    [("solar_meters", Role.SOLAR), ("battery_meters", Role.BATTERY_DISCHARGE)],
)
def test_a_meter_is_in_one_place(field: str, role: Role) -> None:
    """What is at an inverter or a battery is not at the grid."""
    chosen = roles(found(**METERS), grid_meters=["home", "pv"], **{field: ["pv"]})
    assert chosen["pv_grid_returned"] is role


def test_a_point_that_keeps_its_role_is_the_same() -> None:
    inventory = found(**METERS)
    points = applied(inventory, grid_meters=["home"]).points
    assert points["home_grid_delivered"] is inventory.points["home_grid_delivered"]


def test_the_choices_of_meters_are_taken_from_the_options() -> None:
    options = {"grid_meters": ["home"], "solar_meters": [], "devices": ["home"]}
    assert meter_choices(options) == {"grid_meters": ["home"], "solar_meters": []}


def test_deselected_meters_are_not_candidates() -> None:
    inventory = found(**METERS)
    selected = with_meter_roles(inventory, frozenset({"home", "inverter"}), {})
    assert selected.points["home_grid_delivered"].role is IMPORT
    assert selected.select(frozenset({"home"})).grid_candidates == {"home"}


def test_a_meter_that_is_missing_for_a_while_stays_the_one() -> None:
    """No other meter takes its place, although it is the only one left."""
    assert roles(found(sauna=METERS["sauna"]), grid_meters=["home"]) == {
        "sauna_grid_delivered": Role.DEVICE
    }


@pytest.mark.parametrize(
    ("point", "role"),
    [("home_grid_delivered", "grid_delivered"), ("pv_grid_returned", "solar")],
)
def test_what_is_said_about_a_point_counts(point: str, role: str) -> None:
    """A role of a single point says where its meter is, too."""
    inventory = found(home=METERS["home"], pv=METERS["pv"])
    chosen = roles(inventory, points={point: {"role": role}})
    assert chosen["home_grid_delivered"] is IMPORT
    assert chosen["pv_grid_delivered"] is Role.DEVICE


def test_a_server_that_knows_its_meters_is_believed() -> None:
    inventory = Inventory({}, found(**METERS).points)
    assert with_meter_roles(inventory, frozenset(METERS), {}) is inventory


def test_battery_meters_charge_and_discharge() -> None:
    """A meter at a battery is neither at the grid nor a consumer."""
    chosen = {"grid_meters": ["home"], "battery_meters": ["pv"]}
    assert roles(found(**METERS), **chosen) == {
        "home_grid_delivered": IMPORT,
        "home_grid_returned": EXPORT,
        "pv_grid_delivered": Role.BATTERY_CHARGE,
        "pv_grid_returned": Role.BATTERY_DISCHARGE,
        "sauna_grid_delivered": Role.DEVICE,
        "inverter_solar": Role.SOLAR,
    }


def test_the_only_meter_beside_a_battery_is_at_the_grid() -> None:
    """Nobody has to say so."""
    meters = found(home=METERS["home"], pv=METERS["pv"])
    assert roles(meters, battery_meters=["pv"]) == {
        "home_grid_delivered": IMPORT,
        "home_grid_returned": EXPORT,
        "pv_grid_delivered": Role.BATTERY_CHARGE,
        "pv_grid_returned": Role.BATTERY_DISCHARGE,
    }
    assert open_candidates(applied(meters, battery_meters=["pv"])) == frozenset()

"""What fuels, waters and directions become: links decide before names."""

from custom_components.metering_hub.metering.model import Kind, Quantity, Role
from simulators.bemserver.fuels import add_fuels

from .conftest import NOW, Connect


async def test_fuels_and_directions(connect: Connect) -> None:
    campus = await connect()
    add_fuels(campus.simulator.world, NOW, campus.simulator.store.start)
    await campus.read_inventory()
    shown = {
        int(point.key.split("_")[1]): (
            point.quantity,
            point.kind,
            point.unit,
            point.role,
        )
        for point in campus.series()
    }
    amount, register = Kind.INTERVAL, Kind.REGISTER
    assert {number: shown[number] for number in range(201, 209)} == {
        201: (Quantity.FUEL, amount, "L", None),
        202: (Quantity.FUEL, amount, "m³", None),
        203: (Quantity.FUEL, amount, "kg", None),
        204: (Quantity.FUEL, amount, "t", None),
        205: (Quantity.GAS, amount, "m³", Role.GAS),
        206: (Quantity.HEAT, amount, "MJ", Role.GAS),
        207: (Quantity.HEAT, amount, "kWh", None),
        208: (Quantity.VOLUME, amount, "m³", None),
    }
    assert {number: shown[number] for number in range(211, 218)} == {
        211: (Quantity.WATER, register, "m³", None),
        212: (Quantity.WATER, register, "m³", None),
        213: (Quantity.FUEL, register, "L", None),
        214: (Quantity.FUEL, register, "kg", None),
        215: (Quantity.GAS, register, "m³", None),
        216: (Quantity.VOLUME, register, "m³", None),
        217: (Quantity.MASS, Kind.INSTANT, "kg", None),
    }
    assert {number: shown[number][2] for number in (221, 222, 223)} == {
        221: None,
        222: "rad",
        223: "°",
    }
    directions = [campus.point(f"timeseries_{number}") for number in (221, 222, 223)]
    assert not any(point.has_history for point in directions)


async def test_fuel_by_mass_is_counted(connect: Connect) -> None:
    """Its history consists of amounts that add up to those of the server."""
    campus = await connect()
    simulator = campus.simulator
    add_fuels(simulator.world, NOW, simulator.store.start)
    await campus.read_inventory()
    key = "timeseries_203_amount"
    end = NOW.replace(hour=0, minute=0)
    start = end.replace(day=end.day - 2)
    readings = (await campus.history([key], start, end))[key]
    total = sum(float(reading.value) for reading in readings)
    assert total == simulator.amount(203, start, end) > 0

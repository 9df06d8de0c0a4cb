"""Every field of Home Assistant's energy preferences is filled, or refused."""

from collections.abc import Mapping
from types import UnionType
from typing import get_args, get_type_hints, is_typeddict

import pytest

from custom_components.metering_hub.dashboard.energy_sources import (
    SourceKind,
    StatisticIds,
    make_candidates,
)
from custom_components.metering_hub.dashboard.preferences import HAS_HOME, SourceList
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from homeassistant.components.energy import data as energy_data

_PRICE = "Home Assistant refuses prices for external statistics; the cost is one, too"
_BATTERY_POWER = "no platform says which sign the power of a battery has"
_INVERTED = "no platform counts the power that is returned to the grid as positive"
REFUSED: Mapping[str, str] = {
    "grid.entity_energy_price": _PRICE,
    "grid.number_energy_price": _PRICE,
    "grid.entity_energy_price_export": _PRICE,
    "grid.number_energy_price_export": _PRICE,
    "grid.cost_adjustment_day": "costs per day are a statistic of their own",
    "grid.power_config.stat_rate": "it is the same as the stat_rate of the source",
    "grid.power_config.stat_rate_inverted": _INVERTED,
    "gas.entity_energy_price": _PRICE,
    "gas.number_energy_price": _PRICE,
    "water.entity_energy_price": _PRICE,
    "water.number_energy_price": _PRICE,
    "battery.stat_rate": _BATTERY_POWER,
    "battery.power_config.stat_rate": _BATTERY_POWER,
    "battery.power_config.stat_rate_inverted": _BATTERY_POWER,
    "battery.power_config.stat_rate_from": _BATTERY_POWER,
    "battery.power_config.stat_rate_to": _BATTERY_POWER,
    "battery.capacity": "no platform knows the usable capacity of a battery",
}
"""Why a field is never filled. Home Assistant requires some of them to be there."""


def fields_of(kind: str, shape: type) -> set[str]:
    """Return the fields of a source, with those of what is nested in it."""
    found = set()
    for name, hint in get_type_hints(shape).items():
        nested = [each for each in (hint, *get_args(hint)) if is_typeddict(each)]
        for each in nested:
            found |= fields_of(f"{kind}.{name}", each)
        if not nested and name != "type":
            found.add(f"{kind}.{name}")
    return found


def known_fields() -> set[str]:
    """Return all fields that the installed Home Assistant has."""
    union: UnionType = energy_data.SourceType.__value__
    found = set()
    for shape in get_args(union):
        kind = get_args(get_type_hints(shape)["type"])[0]
        found |= fields_of(kind, shape)
    for kind in (SourceKind.DEVICE, SourceKind.WATER_DEVICE):
        found |= fields_of(kind, energy_data.DeviceConsumption)
    return found


INCLUDED = {"plug_energy": "main_energy", "tap_water": "main_water"}


def point(key: str, role: Role | None, quantity: Quantity = Quantity.ENERGY) -> Point:
    """Return a point of a device that has the first word of its key."""
    is_counted = quantity in (Quantity.ENERGY, Quantity.GAS, Quantity.WATER)
    return Point(
        key=key,
        device_key=key.split("_", maxsplit=1)[0],
        quantity=quantity,
        kind=Kind.REGISTER if is_counted else Kind.INSTANT,
        role=role,
        included_in=INCLUDED.get(key),
    )


POINTS = (
    point("net_in", Role.GRID_DELIVERED),
    point("net_out", Role.GRID_RETURNED),
    point("net_power", Role.GRID_POWER, Quantity.POWER),
    point("two_in", Role.GRID_DELIVERED),
    point("two_from", Role.GRID_POWER_DELIVERED, Quantity.POWER),
    point("two_to", Role.GRID_POWER_RETURNED, Quantity.POWER),
    point("roof_energy", Role.SOLAR),
    point("roof_power", None, Quantity.POWER),
    point("cell_in", Role.BATTERY_CHARGE),
    point("cell_out", Role.BATTERY_DISCHARGE),
    point("cell_level", Role.BATTERY_LEVEL, Quantity.BATTERY),
    point("half_in", Role.BATTERY_CHARGE),
    point("panel_energy", Role.HOME),
    point("panel_power", None, Quantity.POWER),
    point("gas_volume", Role.GAS, Quantity.GAS),
    point("gas_flow", None, Quantity.VOLUME_FLOW),
    point("water_volume", Role.WATER, Quantity.WATER),
    point("water_flow", None, Quantity.VOLUME_FLOW),
    point("main_energy", Role.DEVICE),
    point("plug_energy", Role.DEVICE),
    point("plug_power", None, Quantity.POWER),
    point("main_water", Role.DEVICE, Quantity.WATER),
    point("tap_water", Role.DEVICE, Quantity.WATER),
    point("tap_flow", None, Quantity.VOLUME_FLOW),
)
IDS = StatisticIds(
    amounts={p.key: f"x:{p.key}" for p in POINTS if p.kind is Kind.REGISTER},
    money={p.key: f"x:{p.key}_cost" for p in POINTS if p.kind is Kind.REGISTER},
    sensors={p.key: f"sensor.{p.key}" for p in POINTS if p.kind is Kind.INSTANT},
)


def filled_fields() -> set[str]:
    """Return the fields that our sources have with a value."""
    found = set()
    for candidate in make_candidates(POINTS, IDS):
        named = candidate.with_name("Name")
        if candidate.kind is SourceKind.SOLAR:
            named = named.with_forecast("entry")
        config = named.config
        for name, value in config.items():
            place = f"{candidate.kind}.{name}"
            if isinstance(value, dict):
                found |= {f"{place}.{each}" for each in value}
            elif value and name != "type":
                found.add(place)
    return found


def test_every_field_is_filled_or_refused() -> None:
    """A field that Home Assistant adds is decided on, and none is both."""
    known, filled = known_fields(), filled_fields()
    if not HAS_HOME:
        filled = {each for each in filled if not each.startswith("home.")}
    assert known - filled - REFUSED.keys() == set(), "Fill or refuse these."
    assert filled - known == set(), "Home Assistant does not know these."
    assert filled & REFUSED.keys() == set()
    assert REFUSED.keys() - known == set(), "These are gone."


def test_every_list_is_known() -> None:
    """All lists of the preferences have sources of ours."""
    assert set(get_type_hints(energy_data.EnergyPreferences)) == {*SourceList}


def test_home_assistant_accepts_every_source() -> None:
    """What is made passes the schema of what the dashboard's settings save."""
    found = make_candidates(POINTS, IDS, has_home=HAS_HOME)
    lists = (SourceKind.DEVICE, SourceKind.WATER_DEVICE)
    sources = [dict(each.config) for each in found if each.kind not in lists]
    assert len(energy_data.ENERGY_SOURCE_SCHEMA(sources)) == len(sources)
    for each in found:
        if each.kind in lists:
            assert energy_data.DEVICE_CONSUMPTION_SCHEMA(dict(each.config))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (SourceKind.GAS, {"stat_rate": "sensor.gas_flow"}),
        (SourceKind.WATER, {"stat_rate": "sensor.water_flow"}),
        (
            SourceKind.BATTERY,
            {
                "stat_energy_from": "x:cell_out",
                "stat_energy_to": "x:cell_in",
                "stat_soc": "sensor.cell_level",
            },
        ),
        (
            SourceKind.HOME,
            {"stat_energy_to": "x:panel_energy", "stat_rate": "sensor.panel_power"},
        ),
    ],
)
def test_new_fields_have_the_right_statistics(
    kind: SourceKind, expected: Mapping[str, str]
) -> None:
    """A battery that is counted in one direction only is no source."""
    (found,) = (each for each in make_candidates(POINTS, IDS) if each.kind is kind)
    assert expected.items() <= found.config.items()


def test_two_sensors_are_the_power_of_a_connection_without_a_net_one() -> None:
    """Home Assistant subtracts one from the other."""
    net, two = (
        each.config
        for each in make_candidates(POINTS, IDS)
        if each.kind is SourceKind.GRID
    )
    assert (net["stat_rate"], "power_config" in net) == ("sensor.net_power", False)
    assert two["power_config"] == {
        "stat_rate_from": "sensor.two_from",
        "stat_rate_to": "sensor.two_to",
    }


def test_older_releases_get_no_home() -> None:
    """They would refuse all sources, and the dashboard with them."""
    found = make_candidates(POINTS, IDS, has_home=False)
    assert SourceKind.HOME not in {each.kind for each in found}

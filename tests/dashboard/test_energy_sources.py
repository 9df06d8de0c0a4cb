"""The sources of the Energy dashboard that are made from points."""

from collections.abc import Iterable

from custom_components.metering_hub.dashboard.energy_sources import (
    Candidate,
    SourceKind,
    StatisticIds,
    make_candidates,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role


def point(
    key: str,
    role: Role | None,
    quantity: Quantity = Quantity.ENERGY,
    *,
    kind: Kind = Kind.REGISTER,
    device: str = "meter",
    included_in: str | None = None,
) -> Point:
    return Point(
        key=key,
        device_key=device,
        quantity=quantity,
        kind=kind,
        role=role,
        included_in=included_in,
    )


def power(key: str, role: Role | None = None, device: str = "meter") -> Point:
    return point(key, role, Quantity.POWER, kind=Kind.INSTANT, device=device)


def candidates(
    points: Iterable[Point], *, money: Iterable[str] = (), missing: Iterable[str] = ()
) -> list[Candidate]:
    """Return the candidates of points, which have statistics by default."""
    points = [*points]
    counted = {p.key for p in points if p.quantity is not Quantity.POWER}
    return make_candidates(
        points,
        StatisticIds(
            amounts={key: f"x:{key}" for key in counted - {*missing}},
            money={key: f"x:{key}_money" for key in money},
            sensors={p.key: f"sensor.{p.key}" for p in points if p.key not in counted},
        ),
    )


TARIFFS = [
    point("in_1", Role.GRID_DELIVERED),
    point("in_2", Role.GRID_DELIVERED),
    point("out_1", Role.GRID_RETURNED),
    point("out_2", Role.GRID_RETURNED),
]


def test_a_connection_knows_the_sums_of_its_registers() -> None:
    """Beside one of them, its energy would be counted twice."""
    ids = StatisticIds(
        amounts={each.key: f"x:{each.key}" for each in TARIFFS},
        money={},
        sensors={},
        sums={
            "in_1": frozenset({"x:in_total"}),
            "in_2": frozenset({"x:in_total"}),
            "out_1": frozenset({"x:out_total"}),
        },
    )
    first, second = make_candidates(TARIFFS, ids)
    assert first.sums == {"x:in_total", "x:out_total"}
    assert second.sums == {"x:in_total"}


def test_tariffs_are_paired_and_share_a_power_sensor() -> None:
    found = candidates([*TARIFFS, power("p", Role.GRID_POWER)], money=["in_1", "out_1"])
    assert [c.statistics for c in found] == [
        ("x:in_1", "x:out_1"),
        ("x:in_2", "x:out_2"),
    ]
    first, second = (c.config for c in found)
    assert (first["stat_cost"], first["stat_compensation"]) == (
        "x:in_1_money",
        "x:out_1_money",
    )
    assert first["stat_rate"] == "sensor.p"
    assert (second["stat_cost"], second["stat_compensation"]) == (None, None)
    assert "stat_rate" not in second


def test_meter_without_export_has_import_only() -> None:
    (found,) = candidates([point("in", Role.GRID_DELIVERED)])
    assert found.statistics == ("x:in",)
    assert (found.config["stat_energy_from"], found.config["stat_energy_to"]) == (
        "x:in",
        None,
    )


def test_pairs_do_not_mix_meters() -> None:
    """Import and export are paired per device."""
    found = candidates(
        [
            point("in_a", Role.GRID_DELIVERED, device="a"),
            point("out_b", Role.GRID_RETURNED, device="b"),
        ]
    )
    assert [c.statistics for c in found] == [("x:in_a",), ("x:out_b",)]


def test_point_without_statistic_is_not_a_source() -> None:
    found = candidates(TARIFFS, missing=["in_2", "out_2", "out_1"])
    assert [c.statistics for c in found] == [("x:in_1",)]
    assert candidates(TARIFFS, missing=[p.key for p in TARIFFS]) == []


def test_solar_gas_and_water() -> None:
    found = candidates(
        [
            point("pv", Role.SOLAR, device="roof"),
            power("pv_power", device="roof"),
            point("gas", Role.GAS, Quantity.GAS, device="gas"),
            point("gas_kwh", Role.GAS, device="boiler"),
            point("water", Role.WATER, Quantity.WATER, device="water"),
        ],
        money=["gas"],
    )
    assert [(c.kind, c.statistics) for c in found] == [
        (SourceKind.SOLAR, ("x:pv",)),
        (SourceKind.GAS, ("x:gas",)),
        (SourceKind.GAS, ("x:gas_kwh",)),
        (SourceKind.WATER, ("x:water",)),
    ]
    assert found[0].config["stat_rate"] == "sensor.pv_power"
    assert [c.config.get("stat_cost") for c in found] == [
        None,
        "x:gas_money",
        None,
        None,
    ]


def test_included_in_must_be_a_device_too() -> None:
    """The dashboard would otherwise refer to something that it does not show."""
    found = candidates(
        [
            point("site", Role.GRID_DELIVERED, device="site"),
            point("house", Role.DEVICE, device="house", included_in="site"),
            point("heating", Role.DEVICE, device="house", included_in="house"),
        ]
    )
    devices = [c.config for c in found if c.kind is SourceKind.DEVICE]
    assert devices == [
        {"stat_consumption": "x:house"},
        {"stat_consumption": "x:heating", "included_in_stat": "x:house"},
    ]


def test_power_sensor_must_be_unambiguous() -> None:
    """With several power sensors, it is unclear which one belongs to an energy."""
    plug = [point("e", Role.DEVICE, device="plug"), power("p", device="plug")]
    strip = [
        point("e1", Role.DEVICE, device="strip"),
        point("e2", Role.DEVICE, device="strip"),
        power("p1", device="strip"),
    ]
    found = {c.statistics[0]: c.config for c in candidates([*plug, *strip])}
    assert found["x:e"] == {"stat_consumption": "x:e", "stat_rate": "sensor.p"}
    assert "stat_rate" not in found["x:e1"] | found["x:e2"]


def test_water_devices_have_their_own_list() -> None:
    (found,) = candidates([point("tap", Role.DEVICE, Quantity.WATER)])
    assert found.kind is SourceKind.WATER_DEVICE


def test_other_quantities_are_not_energy() -> None:
    points = [
        point("heat", Role.DEVICE, Quantity.HEAT),
        point("reactive", Role.GRID_DELIVERED, Quantity.REACTIVE_ENERGY),
        point("plain", None),
    ]
    assert candidates(points) == []

"""Make sources of the Energy dashboard from the points of a config entry."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import zip_longest

from ..metering.model import Kind, Point, Quantity, Role


class SourceKind(StrEnum):
    """The kinds of sources on the Energy dashboard."""

    GRID = "grid"
    SOLAR = "solar"
    BATTERY = "battery"
    HOME = "home"
    GAS = "gas"
    WATER = "water"
    DEVICE = "device_consumption"
    WATER_DEVICE = "device_consumption_water"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A source that can be added to the Energy dashboard.

    `statistics` are the ids of the statistics that count its `points`, which are all of
    one quantity, and `sums` those of statistics that count the same energy together
    with other registers. `config` is the source as the dashboard's preferences store
    it.
    """

    kind: SourceKind
    points: tuple[Point, ...]
    statistics: tuple[str, ...]
    config: Mapping[str, object]
    sums: frozenset[str] = frozenset()

    @property
    def quantity(self) -> Quantity:
        """Return the quantity of what is counted."""
        return self.points[0].quantity

    @property
    def name(self) -> str:
        """Return the name that the dashboard shows, or else the statistics."""
        return str(self.config.get("name") or ", ".join(self.statistics))

    def with_name(self, name: str) -> Candidate:
        """Return a source that the dashboard shows with a name."""
        return replace(self, config={**self.config, "name": name})

    def with_forecast(self, entry_id: str) -> Candidate:
        """Return a solar source that shows the forecast of a config entry."""
        return replace(
            self, config={**self.config, "config_entry_solar_forecast": [entry_id]}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticIds:
    """The ids of the statistics of points, by point key.

    `amounts` count the points, `money` their cost or compensation, and `sensors` show
    momentary values: power, flow, and the level of a battery. Points without a
    statistic are missing. `sums` are the ids of the statistics that include a point,
    together with the other registers of its role.
    """

    amounts: Mapping[str, str]
    money: Mapping[str, str]
    sensors: Mapping[str, str]
    sums: Mapping[str, frozenset[str]] = field(default_factory=dict)


_RATES: Mapping[Quantity, Quantity] = {
    Quantity.ENERGY: Quantity.POWER,
    Quantity.GAS: Quantity.VOLUME_FLOW,
    Quantity.WATER: Quantity.VOLUME_FLOW,
}
"""The quantity of the sensor that shows how fast an amount grows."""

SENSOR_QUANTITIES = frozenset({*_RATES.values(), Quantity.BATTERY})
"""The quantities of the sensors that a source of the Energy dashboard can show."""

_GAS_QUANTITIES = frozenset({Quantity.GAS, Quantity.ENERGY, Quantity.HEAT})
_ROLES: Mapping[Role, tuple[SourceKind, frozenset[Quantity]]] = {
    Role.SOLAR: (SourceKind.SOLAR, frozenset({Quantity.ENERGY})),
    Role.GAS: (SourceKind.GAS, _GAS_QUANTITIES),
    Role.WATER: (SourceKind.WATER, frozenset({Quantity.WATER})),
}
COUNTED_ROLES = frozenset(
    {
        *(Role.GRID_DELIVERED, Role.GRID_RETURNED, Role.DEVICE, Role.HOME),
        *(Role.BATTERY_CHARGE, Role.BATTERY_DISCHARGE, *_ROLES),
    }
)
"""The roles of points that are counted on the Energy dashboard."""

_DEVICE_KINDS: Mapping[Quantity, SourceKind] = {
    Quantity.ENERGY: SourceKind.DEVICE,
    Quantity.WATER: SourceKind.WATER_DEVICE,
}


def make_candidates(
    points: Iterable[Point], statistic_ids: StatisticIds, *, has_home: bool = True
) -> list[Candidate]:
    """Return the sources that can be made from points.

    Older releases of Home Assistant do not have a source for the whole home.
    """
    maker = _CandidateMaker([*points], statistic_ids)
    homes = maker.homes() if has_home else ()
    return [
        *(*maker.grid(), *maker.sources(), *maker.batteries()),
        *(*homes, *maker.devices()),
    ]


class _CandidateMaker:
    """Makes candidates from the points of one entry."""

    def __init__(self, points: list[Point], ids: StatisticIds) -> None:
        """Initialize with the points and the ids of their statistics."""
        self._points = points
        self._ids = ids
        self._counted = [point for point in points if point.key in ids.amounts]

    def grid(self) -> Iterator[Candidate]:
        """Yield a grid connection for each pair of import and export registers.

        A power sensor is used for the first connection of its device only.
        """
        for device_key, imported, exported in self._pairs(
            Role.GRID_DELIVERED, Role.GRID_RETURNED
        ):
            power = self._grid_power(device_key)
            for from_grid, to_grid in zip_longest(imported, exported):
                yield self._connection(from_grid, to_grid, power)
                power = {}

    def _connection(
        self,
        from_grid: Point | None,
        to_grid: Point | None,
        power: Mapping[str, object],
    ) -> Candidate:
        """Return a grid connection with import, export or both."""
        from_id, to_id = (
            self._ids.amounts[point.key] if point else None
            for point in (from_grid, to_grid)
        )
        return Candidate(
            kind=SourceKind.GRID,
            points=tuple(each for each in (from_grid, to_grid) if each),
            statistics=tuple(each for each in (from_id, to_id) if each),
            sums=frozenset[str]().union(
                *(
                    self._ids.sums.get(each.key, ())
                    for each in (from_grid, to_grid)
                    if each
                )
            ),
            config={
                "type": SourceKind.GRID.value,
                "stat_energy_from": from_id,
                "stat_energy_to": to_id,
                "stat_cost": self._money(from_grid),
                "stat_compensation": self._money(to_grid),
                "entity_energy_price": None,
                "number_energy_price": None,
                "entity_energy_price_export": None,
                "number_energy_price_export": None,
                "cost_adjustment_day": 0.0,
                **power,
            },
        )

    def _grid_power(self, device_key: str) -> dict[str, object]:
        """Return the net power of a device at the grid, or else that of each direction.

        Of two sensors, Home Assistant makes one of its own.
        """
        if net := self._sensor(device_key, Role.GRID_POWER):
            return {"stat_rate": net}
        both = {
            "stat_rate_from": self._sensor(device_key, Role.GRID_POWER_DELIVERED),
            "stat_rate_to": self._sensor(device_key, Role.GRID_POWER_RETURNED),
        }
        return {"power_config": both} if all(both.values()) else {}

    def sources(self) -> Iterator[Candidate]:
        """Yield the solar, gas and water sources."""
        for role, (kind, quantities) in _ROLES.items():
            for point in self._with_role(role):
                if point.quantity not in quantities:
                    continue
                config: dict[str, object] = {
                    "type": kind.value,
                    "stat_energy_from": self._ids.amounts[point.key],
                    **self._rate(point),
                }
                if kind is SourceKind.SOLAR:
                    config["config_entry_solar_forecast"] = None
                else:
                    config |= {
                        "stat_cost": self._money(point),
                        "entity_energy_price": None,
                        "number_energy_price": None,
                    }
                yield self._counting(kind, point, config)

    def batteries(self) -> Iterator[Candidate]:
        """Yield the batteries of which both directions are counted."""
        for device_key, discharged, charged in self._pairs(
            Role.BATTERY_DISCHARGE, Role.BATTERY_CHARGE
        ):
            level = self._sensor(device_key, Role.BATTERY_LEVEL)
            for from_battery, to_battery in zip(discharged, charged, strict=False):
                from_id, to_id = (
                    self._ids.amounts[each.key] for each in (from_battery, to_battery)
                )
                yield Candidate(
                    kind=SourceKind.BATTERY,
                    points=(from_battery, to_battery),
                    statistics=(from_id, to_id),
                    config={
                        "type": SourceKind.BATTERY.value,
                        "stat_energy_from": from_id,
                        "stat_energy_to": to_id,
                        **({"stat_soc": level} if level else {}),
                    },
                )

    def homes(self) -> Iterator[Candidate]:
        """Yield the meters of the whole home."""
        for point in self._with_role(Role.HOME):
            if point.quantity is Quantity.ENERGY:
                config = {
                    "type": SourceKind.HOME.value,
                    "stat_energy_to": self._ids.amounts[point.key],
                    **self._rate(point),
                }
                yield self._counting(SourceKind.HOME, point, config)

    def devices(self) -> Iterator[Candidate]:
        """Yield the individual devices, with the device that each is included in."""
        found = [
            (point, _DEVICE_KINDS[point.quantity])
            for point in self._with_role(Role.DEVICE)
            if point.quantity in _DEVICE_KINDS
        ]
        kinds = {point.key: kind for point, kind in found}
        for point, kind in found:
            config: dict[str, object] = {
                "stat_consumption": self._ids.amounts[point.key],
                **self._rate(point),
            }
            # The dashboard accepts only another individual device here.
            if point.included_in and kinds.get(point.included_in) is kind:
                config["included_in_stat"] = self._ids.amounts[point.included_in]
            yield self._counting(kind, point, config)

    def _counting(
        self, kind: SourceKind, point: Point, config: Mapping[str, object]
    ) -> Candidate:
        """Return a candidate that counts one point."""
        counted = self._ids.amounts[point.key]
        return Candidate(
            kind=kind, points=(point,), statistics=(counted,), config=config
        )

    def _pairs(self, *roles: Role) -> Iterator[tuple[str, list[Point], list[Point]]]:
        """Yield each device with its counted energy of two roles."""
        for device_key in dict.fromkeys(point.device_key for point in self._counted):
            first, second = (
                [
                    point
                    for point in self._with_role(role)
                    if point.device_key == device_key
                    and point.quantity is Quantity.ENERGY
                ]
                for role in roles
            )
            yield device_key, first, second

    def _with_role(self, role: Role) -> list[Point]:
        """Return the counted points with a role."""
        return [point for point in self._counted if point.role is role]

    def _money(self, point: Point | None) -> str | None:
        """Return the statistic of a point's cost or compensation, if there is one."""
        return self._ids.money.get(point.key) if point else None

    def _sensor(self, device_key: str, role: Role) -> str | None:
        """Return the first sensor of a device with a role, if there is one."""
        found = (
            self._ids.sensors[point.key]
            for point in self._points
            if point.device_key == device_key
            and point.role is role
            and point.key in self._ids.sensors
        )
        return next(found, None)

    def _rate(self, point: Point) -> dict[str, object]:
        """Return the sensor of a point's power or flow, if it is unambiguous."""
        if (quantity := _RATES.get(point.quantity)) is None:
            return {}
        rates = [
            self._ids.sensors[other.key]
            for other in self._points
            if other.device_key == point.device_key
            and other.quantity is quantity
            and other.kind is Kind.INSTANT
            and other.key in self._ids.sensors
        ]
        same_device = [
            other
            for other in self._counted
            if other.device_key == point.device_key
            and _RATES.get(other.quantity) is quantity
        ]
        return {"stat_rate": rates[0]} if len(rates) == len(same_device) == 1 else {}

"""Make sources of the Energy dashboard from the points of a config entry."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from ..metering.model import Kind, Point, Quantity, Role


class SourceKind(StrEnum):
    """The kinds of sources on the Energy dashboard."""

    GRID = "grid"
    SOLAR = "solar"
    GAS = "gas"
    WATER = "water"
    DEVICE = "device_consumption"
    WATER_DEVICE = "device_consumption_water"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A source that can be added to the Energy dashboard.

    `statistics` are the ids of the statistics that it counts, all of one quantity.
    `config` is the source as the dashboard's preferences store it.
    """

    kind: SourceKind
    quantity: Quantity
    statistics: tuple[str, ...]
    config: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticIds:
    """The ids of the statistics of points, by point key.

    `amounts` count the points, `money` their cost or compensation, and `rates` are
    power sensors. Points without a statistic are missing. `forecasts` are the ids of
    the config entries that predict the solar production.
    """

    amounts: Mapping[str, str]
    money: Mapping[str, str]
    rates: Mapping[str, str]
    forecasts: tuple[str, ...] = ()


_GAS_QUANTITIES = frozenset({Quantity.GAS, Quantity.ENERGY, Quantity.HEAT})
_ROLES: Mapping[Role, tuple[SourceKind, frozenset[Quantity]]] = {
    Role.SOLAR: (SourceKind.SOLAR, frozenset({Quantity.ENERGY})),
    Role.GAS: (SourceKind.GAS, _GAS_QUANTITIES),
    Role.WATER: (SourceKind.WATER, frozenset({Quantity.WATER})),
}
COUNTED_ROLES = frozenset(
    {Role.GRID_DELIVERED, Role.GRID_RETURNED, Role.DEVICE, *_ROLES}
)
"""The roles of points that are counted on the Energy dashboard."""

_DEVICE_KINDS: Mapping[Quantity, SourceKind] = {
    Quantity.ENERGY: SourceKind.DEVICE,
    Quantity.WATER: SourceKind.WATER_DEVICE,
}


def make_candidates(
    points: Iterable[Point], statistic_ids: StatisticIds
) -> list[Candidate]:
    """Return the sources that can be made from points."""
    maker = _CandidateMaker([*points], statistic_ids)
    return [*maker.grid(), *maker.sources(), *maker.devices()]


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
        rates = self._rates_of_grid()
        for device_key in dict.fromkeys(point.device_key for point in self._counted):
            imported, exported = (
                [
                    point
                    for point in self._with_role(role)
                    if point.device_key == device_key
                    and point.quantity is Quantity.ENERGY
                ]
                for role in (Role.GRID_DELIVERED, Role.GRID_RETURNED)
            )
            for from_grid, to_grid in zip_longest(imported, exported):
                rate = rates.pop(device_key, None)
                yield self._connection(from_grid, to_grid, rate)

    def _connection(
        self, from_grid: Point | None, to_grid: Point | None, rate: str | None
    ) -> Candidate:
        """Return a grid connection with import, export or both."""
        from_id, to_id = (
            self._ids.amounts[point.key] if point else None
            for point in (from_grid, to_grid)
        )
        return Candidate(
            kind=SourceKind.GRID,
            quantity=Quantity.ENERGY,
            statistics=tuple(each for each in (from_id, to_id) if each),
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
                **({"stat_rate": rate} if rate else {}),
            },
        )

    def sources(self) -> Iterator[Candidate]:
        """Yield the solar, gas and water sources.

        The forecast is that of all solar sources together, so the first one has it.
        """
        forecasts = [*self._ids.forecasts] or None
        for role, (kind, quantities) in _ROLES.items():
            for point in self._with_role(role):
                if point.quantity not in quantities:
                    continue
                config: dict[str, object] = {
                    "type": kind.value,
                    "stat_energy_from": self._ids.amounts[point.key],
                }
                if kind is SourceKind.SOLAR:
                    config |= {
                        "config_entry_solar_forecast": forecasts,
                        **self._rate(point),
                    }
                    forecasts = None
                else:
                    config |= {
                        "stat_cost": self._money(point),
                        "entity_energy_price": None,
                        "number_energy_price": None,
                    }
                yield self._counting(kind, point, config)

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
            kind=kind, quantity=point.quantity, statistics=(counted,), config=config
        )

    def _with_role(self, role: Role) -> list[Point]:
        """Return the counted points with a role."""
        return [point for point in self._counted if point.role is role]

    def _money(self, point: Point | None) -> str | None:
        """Return the statistic of a point's cost or compensation, if there is one."""
        return self._ids.money.get(point.key) if point else None

    def _rates_of_grid(self) -> dict[str, str]:
        """Return the sensors of the grid power, by device key."""
        return {
            point.device_key: self._ids.rates[point.key]
            for point in self._points
            if point.role is Role.GRID_POWER and point.key in self._ids.rates
        }

    def _rate(self, point: Point) -> dict[str, object]:
        """Return the power sensor of a point's device, if it is unambiguous."""
        rates = [
            self._ids.rates[other.key]
            for other in self._points
            if other.device_key == point.device_key
            and other.quantity is Quantity.POWER
            and other.kind is Kind.INSTANT
            and other.key in self._ids.rates
        ]
        same_device = [
            other
            for other in self._counted
            if other.device_key == point.device_key
            and other.quantity is Quantity.ENERGY
        ]
        is_certain = (
            len(rates) == len(same_device) == 1 and point.quantity is Quantity.ENERGY
        )
        return {"stat_rate": rates[0]} if is_certain else {}

"""What an entry's points are on the Energy dashboard: sources of which kind."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from ..metering.model import Kind, Point, Quantity, Role


class SourceKind(StrEnum):
    """The parts of the Energy dashboard."""

    GRID = "grid"
    SOLAR = "solar"
    GAS = "gas"
    WATER = "water"
    DEVICE = "device_consumption"
    WATER_DEVICE = "device_consumption_water"

    @property
    def is_device(self) -> bool:
        """Tell whether this is one of many parts of a whole, not the whole itself."""
        return self in (SourceKind.DEVICE, SourceKind.WATER_DEVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something to show on the Energy dashboard.

    `statistics` are what it counts, all of one quantity. `config` is how the
    dashboard's preferences say it.
    """

    kind: SourceKind
    quantity: Quantity
    statistics: tuple[str, ...]
    config: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticIds:
    """Under which ids points are counted.

    `amounts` and `money` are by point key; `rates` are live power sensors by the key of
    their point. What is not there has no statistic.
    """

    amounts: Mapping[str, str]
    money: Mapping[str, str]
    rates: Mapping[str, str]


_GAS_QUANTITIES = frozenset({Quantity.GAS, Quantity.ENERGY})
_ROLES: Mapping[Role, tuple[SourceKind, frozenset[Quantity]]] = {
    Role.SOLAR: (SourceKind.SOLAR, frozenset({Quantity.ENERGY})),
    Role.GAS: (SourceKind.GAS, _GAS_QUANTITIES),
    Role.WATER: (SourceKind.WATER, frozenset({Quantity.WATER})),
}
COUNTED_ROLES = frozenset(
    {Role.GRID_DELIVERED, Role.GRID_RETURNED, Role.DEVICE, *_ROLES}
)
"""What points on the Energy dashboard are."""

_DEVICE_KINDS: Mapping[Quantity, SourceKind] = {
    Quantity.ENERGY: SourceKind.DEVICE,
    Quantity.WATER: SourceKind.WATER_DEVICE,
}


def make_candidates(
    points: Iterable[Point], statistic_ids: StatisticIds
) -> list[Candidate]:
    """Return all that these points are on the Energy dashboard."""
    maker = _Maker([*points], statistic_ids)
    return [*maker.grid(), *maker.wholes(), *maker.devices()]


class _Maker:
    """Makes candidates out of the points of one entry."""

    def __init__(self, points: list[Point], ids: StatisticIds) -> None:
        self._points = points
        self._ids = ids
        self._counted = [point for point in points if point.key in ids.amounts]

    def grid(self) -> Iterator[Candidate]:
        """Yield a connection for each pair of registers, in their order.

        A live power can stand beside one connection only.
        """
        rates = self._rates_of_grid()
        for device_key in dict.fromkeys(point.device_key for point in self._counted):
            delivered, returned = (
                [
                    point
                    for point in self._with_role(role)
                    if point.device_key == device_key
                    and point.quantity is Quantity.ENERGY
                ]
                for role in (Role.GRID_DELIVERED, Role.GRID_RETURNED)
            )
            for taken, given in zip_longest(delivered, returned):
                yield self._connection(taken, given, rates.pop(device_key, None))

    def _connection(
        self, taken: Point | None, given: Point | None, rate: str | None
    ) -> Candidate:
        taken_id, given_id = (
            self._ids.amounts[point.key] if point else None for point in (taken, given)
        )
        return Candidate(
            kind=SourceKind.GRID,
            quantity=Quantity.ENERGY,
            statistics=tuple(each for each in (taken_id, given_id) if each),
            config={
                "type": SourceKind.GRID.value,
                "stat_energy_from": taken_id,
                "stat_energy_to": given_id,
                "stat_cost": self._money(taken),
                "stat_compensation": self._money(given),
                "entity_energy_price": None,
                "number_energy_price": None,
                "entity_energy_price_export": None,
                "number_energy_price_export": None,
                "cost_adjustment_day": 0.0,
                **({"stat_rate": rate} if rate else {}),
            },
        )

    def wholes(self) -> Iterator[Candidate]:
        """Yield the sources of sun, gas and water."""
        for role, (kind, quantities) in _ROLES.items():
            for point in self._with_role(role):
                if point.quantity not in quantities:
                    continue
                config: dict[str, object] = {
                    "type": kind.value,
                    "stat_energy_from": self._ids.amounts[point.key],
                }
                if kind is SourceKind.SOLAR:
                    config |= {"config_entry_solar_forecast": None, **self._rate(point)}
                else:
                    config |= {
                        "stat_cost": self._money(point),
                        "entity_energy_price": None,
                        "number_energy_price": None,
                    }
                yield self._counting(kind, point, config)

    def devices(self) -> Iterator[Candidate]:
        """Yield the single consumers, with the one that each is a part of."""
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
            # The dashboard knows only other consumers as wholes.
            if point.included_in and kinds.get(point.included_in) is kind:
                config["included_in_stat"] = self._ids.amounts[point.included_in]
            yield self._counting(kind, point, config)

    def _counting(
        self, kind: SourceKind, point: Point, config: Mapping[str, object]
    ) -> Candidate:
        counted = self._ids.amounts[point.key]
        return Candidate(
            kind=kind, quantity=point.quantity, statistics=(counted,), config=config
        )

    def _with_role(self, role: Role) -> list[Point]:
        return [point for point in self._counted if point.role is role]

    def _money(self, point: Point | None) -> str | None:
        return self._ids.money.get(point.key) if point else None

    def _rates_of_grid(self) -> dict[str, str]:
        """Return the power from and to the grid by device key."""
        return {
            point.device_key: self._ids.rates[point.key]
            for point in self._points
            if point.role is Role.GRID_POWER and point.key in self._ids.rates
        }

    def _rate(self, point: Point) -> dict[str, object]:
        """Return the live power of a point's device, if it is certain which that is."""
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
